//! The distance chain.

use contract::{Mpp, Size, postprocessing::Distance};

use super::{DistanceMaps, Scratch, pixels_of};
use crate::dome::Height;
use crate::gradient::plane;
use crate::separable::{BLOCK, Lines, Separable, Spans, Wanted, fit};
use crate::simd::{self, Work};
use crate::smooth::gaussian;
use crate::{Connectivity, Labels, Mask};

/// Heights of a unit of the distance map. The map may overshoot 1 by 0.31 before it is cut.
const UNIT: f32 = 50_000.0;

/// Least rise above the reconstruction, 0.001 in units of the distance map: what is lower is noise
/// of the network's arithmetic.
const RISE: u16 = 50;

pub(super) fn run(
    maps: &DistanceMaps<'_>,
    parameters: &Distance,
    mpp: Mpp,
    scratch: &mut Scratch,
) -> Labels {
    let nucleus_area_min = pixels_of(parameters.nucleus_area_min_um2, mpp);
    scratch.mask.threshold(maps.size, maps.np, parameters.np_threshold);
    scratch.components.find(&scratch.mask, Connectivity::Four);
    scratch.components.remove_small(&mut scratch.mask, nucleus_area_min);
    find_heights(maps, parameters, scratch);
    find_markers(parameters, scratch);
    scratch.marker_components.find(&scratch.markers, Connectivity::Eight);
    for level in &mut scratch.levels {
        *level = u16::MAX - *level;
    }
    scratch.flood(1, nucleus_area_min)
}

/// Heights at the pixels of the mask; elsewhere they are not read.
fn find_heights(maps: &DistanceMaps<'_>, parameters: &Distance, scratch: &mut Scratch) {
    let Scratch { mask, levels, gaussian: filter, wanted, lines, .. } = scratch;
    let sigma = parameters.smoothing_sigma_px;
    let filter = match filter {
        Some((known, filter)) if known.to_bits() == sigma.to_bits() => filter,
        other => &mut other.insert((sigma, gaussian(sigma))).1,
    };
    levels.resize(maps.size.pixels(), 0);
    fit(lines, maps.size.width);
    simd::run(Heights { maps, filter, mask, wanted, lines, out: levels });
}

struct Heights<'a> {
    maps: &'a DistanceMaps<'a>,
    filter: &'a mut Separable,
    mask: &'a Mask,
    wanted: &'a mut Wanted,
    lines: &'a mut Lines,
    out: &'a mut [u16],
}

impl Work for Heights<'_> {
    type Output = ();

    #[inline(always)]
    fn work(self) {
        let Size { width, height } = self.maps.size;
        let map = plane(self.maps.size, self.maps.dist);
        for block in (0..height).step_by(BLOCK) {
            self.wanted.of_rows(self.mask, block);
            self.filter.block(map, block, self.wanted, self.lines);
            let rows = self.lines.iter().zip(self.wanted.rows());
            for (y, (line, spans)) in (block..height).zip(rows) {
                quantise(spans, line, &mut self.out[y * width..][..width]);
            }
        }
    }
}

#[inline(always)]
fn quantise(spans: &Spans, line: &[f32], heights: &mut [u16]) {
    for span in spans.iter() {
        let end = span.end.min(heights.len());
        for (height, &value) in heights[span.start..end].iter_mut().zip(&line[span.start..end]) {
            *height = height_of(value);
        }
    }
}

/// A cast from f32 cuts at 0 and at 65535 and takes NaN as 0.
#[inline(always)]
fn height_of(distance: f32) -> u16 {
    (distance * UNIT + 0.5) as u16
}

/// The domes that are high enough.
fn find_markers(parameters: &Distance, scratch: &mut Scratch) {
    let Scratch { mask, markers, levels, domes, .. } = scratch;
    let height = Height { height: height_of(parameters.dome_height), rise: RISE };
    domes.find(levels, mask, height, markers);
    drop_low(markers, levels, height_of(parameters.marker_floor));
}

/// Clears the markers below `floor`.
fn drop_low(markers: &mut Mask, heights: &[u16], floor: u16) {
    let (width, words) = (markers.size().width, markers.words_per_row());
    for (index, word) in markers.words_mut().iter_mut().enumerate() {
        let first = index / words * width + index % words * crate::mask::WORD;
        let mut left = *word;
        while left != 0 {
            let bit = left.trailing_zeros();
            left &= left - 1;
            *word &= !(u64::from(heights[first + bit as usize] < floor) << bit);
        }
    }
}

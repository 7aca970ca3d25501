//! Steps 2 to 5 of the HoVer chain in one pass over the rows: gradients, edges, levels and marker
//! pixels, only where the mask is. No map of the tile's size is written but the levels.

use contract::Size;

use super::HoverMaps;
use crate::Mask;
use crate::gradient::{GradientBounds, plane};
use crate::mask::{WORD, pack_lanes};
use crate::separable::{BLOCK, LANES, Lines, Separable, Spans, Wanted, fit};
use crate::simd::{self, Work};

/// Rows that are being worked on.
#[derive(Clone, Debug, Default)]
pub(super) struct Edges {
    wanted: Wanted,
    spans_above: Spans,
    gradient_h: Lines,
    gradient_v: Lines,
    /// `1 − edge` of a row, with one pixel on either side.
    inner: Vec<f32>,
    /// The last three rows of it, blurred along the row.
    blurred: [Vec<f32>; 3],
}

/// What an edge is.
#[derive(Clone, Copy, Debug)]
pub(super) struct EdgeRule {
    pub(super) bounds: GradientBounds,
    pub(super) threshold: f32,
}

/// What is known, and what is to be written: the level of each pixel of `mask`, and `markers`, its
/// pixels that are no edge.
#[derive(Debug)]
pub(super) struct Front<'a> {
    pub(super) maps: &'a HoverMaps<'a>,
    /// Filters of the horizontal and of the vertical gradient.
    pub(super) filters: &'a mut (Separable, Separable),
    pub(super) rule: EdgeRule,
    pub(super) mask: &'a Mask,
    pub(super) levels: &'a mut [u16],
    pub(super) markers: &'a mut Mask,
}

/// The greatest level.
const LEVEL_MAX: f32 = 65535.0;

struct Find<'a> {
    edges: &'a mut Edges,
    front: Front<'a>,
}

impl Work for Find<'_> {
    type Output = ();

    #[inline(always)]
    fn work(self) {
        self.edges.rows(self.front);
    }
}

impl Edges {
    /// Writes levels and markers.
    pub(super) fn find(&mut self, front: Front<'_>) {
        simd::run(Find { edges: self, front });
    }

    #[inline(always)]
    fn rows(&mut self, front: Front<'_>) {
        let Front { maps, filters, rule, mask, levels, markers } = front;
        let Size { width, height } = maps.size;
        self.resize(width);
        markers.reset(maps.size);
        let words = mask.words_per_row();
        for block in (0..height).step_by(BLOCK) {
            self.wanted.of_rows(mask, block);
            let Self { wanted, gradient_h, gradient_v, .. } = self;
            filters.0.block(plane(maps.size, maps.h), block, wanted, gradient_h);
            filters.1.block(plane(maps.size, maps.v), block, wanted, gradient_v);
            for y in block..height.min(block + BLOCK) {
                let marker_row = &mut markers.words_mut()[y * words..][..words];
                self.inner_row(rule, y - block, mask.row(y), marker_row);
                self.blur_row(y, width);
                if y > 0 {
                    self.level_row(y - 1, height, &mut levels[(y - 1) * width..][..width]);
                }
                self.spans_above.clone_from(&self.wanted.rows()[y - block]);
            }
        }
        if height > 0 {
            self.level_row(height - 1, height, &mut levels[(height - 1) * width..][..width]);
        }
    }

    fn resize(&mut self, width: usize) {
        let lanes = width.next_multiple_of(LANES);
        fit(&mut self.gradient_h, width);
        fit(&mut self.gradient_v, width);
        self.inner.resize(lanes + 2, 0.0);
        for row in &mut self.blurred {
            row.resize(lanes, 0.0);
        }
    }

    /// `1 − edge` of row `row` of the block on the mask and 0 elsewhere; the bits of the pixels that are no edge.
    #[inline(always)]
    fn inner_row(&mut self, rule: EdgeRule, row: usize, mask_row: &[u64], marker_row: &mut [u64]) {
        let EdgeRule { bounds: GradientBounds { h, v }, threshold } = rule;
        let (scale_h, scale_v) = (1.0 / (h.1 - h.0), 1.0 / (v.1 - v.0));
        self.inner.fill(0.0);
        for x in self.wanted.rows()[row].iter().flat_map(|span| span.step_by(LANES)) {
            let bits = (mask_row[x / WORD] >> (x % WORD)) as u32 & 0xFFFF;
            let (gh, gv) =
                (&self.gradient_h[row][x..x + LANES], &self.gradient_v[row][x..x + LANES]);
            let inner = &mut self.inner[x + 1..][..LANES];
            let mut flags = [0u8; LANES];
            for lane in 0..LANES {
                let to_h = 1.0 - (gh[lane] - h.0) * scale_h;
                let to_v = 1.0 - (gv[lane] - v.0) * scale_v;
                // A NaN is not greater than anything.
                let edge = if to_h > 0.0 { to_h } else { 0.0 };
                let edge = if to_v > edge { to_v } else { edge };
                let edge = if edge > 1.0 { 1.0 } else { edge };
                let inside = bits & (1 << lane) != 0;
                inner[lane] = if inside { 1.0 - edge } else { 0.0 };
                flags[lane] = u8::from(edge < threshold);
            }
            let marks = pack_lanes(flags) & bits;
            marker_row[x / WORD] |= u64::from(marks) << (x % WORD);
        }
    }

    #[inline(always)]
    fn blur_row(&mut self, y: usize, width: usize) {
        if width == 0 {
            return;
        }
        let reflected = |x: usize| 1 + x.min(width - 1);
        self.inner[0] = self.inner[reflected(1)];
        self.inner[width + 1] = self.inner[reflected(width.saturating_sub(2))];
        let row = &mut self.blurred[y % 3];
        let length = row.len();
        let (left, middle, right) =
            (&self.inner[..length], &self.inner[1..=length], &self.inner[2..length + 2]);
        for x in 0..length {
            row[x] = 0.25 * (left[x] + right[x]) + 0.5 * middle[x];
        }
    }

    /// Levels of row `y`, whose spans are `spans_above`, when the row below has been blurred.
    #[inline(always)]
    fn level_row(&mut self, y: usize, height: usize, levels: &mut [u16]) {
        let above = if y == 0 { 1.min(height - 1) } else { y - 1 };
        let below = if y + 1 == height { height.saturating_sub(2) } else { y + 1 };
        let rows = [above, y, below].map(|row| &self.blurred[row % 3]);
        for x in self.spans_above.iter().flat_map(|span| span.step_by(LANES)) {
            let [up, middle, down] = rows.map(|row| &row[x..x + LANES]);
            let mut lanes = [0u16; LANES];
            for lane in 0..LANES {
                let blurred = 0.25 * (up[lane] + down[lane]) + 0.5 * middle[lane];
                lanes[lane] = ((1.0 - blurred) * LEVEL_MAX + 0.5) as i32 as u16;
            }
            let end = levels.len().min(x + LANES);
            levels[x..end].copy_from_slice(&lanes[..end - x]);
        }
    }
}

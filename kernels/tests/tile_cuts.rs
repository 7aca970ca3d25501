//! A nucleus does not depend on the tile that its maps were cut to.
//!
//! Maps of 800² px are looked at whole, and cut into cores of 256² px with a margin of 64 px around
//! each; a nucleus belongs to the core that holds its centre. Every nucleus whose component of the
//! mask stays clear of its tile's edge must be the same to the pixel.

use std::collections::BTreeSet;
use std::ops::Range;

use contract::postprocessing::{Distance, Hover};
use contract::{Mpp, Size};
use kernels::gradient::GradientBounds;
use kernels::instances::{self, DistanceMaps, HoverMaps, Scratch, published_hover};
use kernels::measure::{ClassMaps, measure};
use kernels::{Connectivity, Labels, Mask, label};

const WHOLE: usize = 800;
const CORE: usize = 256;
const MARGIN: usize = 64;

/// How far the filters reach: a Sobel of 21 px and the blur after it.
const REACH: usize = 12;

#[test]
fn hover_with_given_bounds_finds_the_same_nuclei_in_any_tile() {
    let maps = Maps::synthetic(WHOLE, 500);
    let mpp = Mpp::new(0.25).unwrap();
    let bounds = GradientBounds::measure(maps.size, &maps.h, &maps.v, 21);
    let parameters = published_hover(mpp, bounds);

    assert_same_nuclei(&maps, |maps, scratch| hover(maps, &parameters, mpp, scratch));
}

#[test]
fn distance_finds_the_same_nuclei_in_any_tile() {
    let maps = Maps::synthetic(WHOLE, 500);
    let parameters = Distance {
        np_threshold: 0.5,
        smoothing_sigma_px: 1.4,
        dome_height: 0.12,
        marker_floor: 0.3,
        nucleus_area_min_um2: 1.0,
    };
    let mpp = Mpp::new(0.25).unwrap();

    assert_same_nuclei(&maps, |maps, scratch| {
        let maps = DistanceMaps { size: maps.size, np: &maps.np, dist: &maps.dist };
        instances::distance(&maps, &parameters, mpp, scratch)
    });
}

/// A nucleus as the raster indices of its pixels in the whole image, ascending.
type Nucleus = Vec<usize>;

fn assert_same_nuclei(maps: &Maps, chain: impl Fn(&Maps, &mut Scratch) -> Labels) {
    let mut scratch = Scratch::default();
    let whole: BTreeSet<Nucleus> =
        nuclei(&chain(maps, &mut scratch), (0, 0)).into_iter().map(|(_, pixels)| pixels).collect();
    let (mut compared, mut left_out) = (0, 0);
    for (core_x, core_y) in cores() {
        let tile = (around(&core_x), around(&core_y));
        let cut = maps.cut(&tile.0, &tile.1);
        let clear = clear_of_edge(&cut, &tile);
        for ((x, y), nucleus) in nuclei(&chain(&cut, &mut scratch), (tile.0.start, tile.1.start)) {
            let owns = core_x.contains(&(x as usize)) && core_y.contains(&(y as usize));
            if !owns {
                continue;
            }
            if !nucleus.iter().all(|&pixel| clear.get(pixel % WHOLE, pixel / WHOLE)) {
                left_out += 1;
                continue;
            }
            assert!(whole.contains(&nucleus), "the nucleus at ({x}, {y}) is another in its tile");
            compared += 1;
        }
    }
    assert!(compared > 400 && left_out < 25, "{compared} compared, {left_out} left out");
}

fn cores() -> impl Iterator<Item = (Range<usize>, Range<usize>)> {
    let steps = || (0..WHOLE).step_by(CORE).map(|start| start..(start + CORE).min(WHOLE));
    steps().flat_map(move |y| steps().map(move |x| (x, y.clone())))
}

fn around(core: &Range<usize>) -> Range<usize> {
    core.start.saturating_sub(MARGIN)..(core.end + MARGIN).min(WHOLE)
}

/// Pixels of the whole image whose component of the mask stays away from the cut edges of the tile.
fn clear_of_edge(cut: &Maps, tile: &(Range<usize>, Range<usize>)) -> Mask {
    let width = cut.size.width;
    let mask = Mask::from_fn(cut.size, |x, y| cut.np[y * width + x] >= 0.5);
    let labels = label::label(&mask, Connectivity::Four);
    let near = |at: usize, range: &Range<usize>| {
        (range.start > 0 && at < REACH) || (range.end < WHOLE && at + REACH >= range.len())
    };
    let mut touching = vec![false; labels.count() as usize + 1];
    for (i, &id) in labels.values().iter().enumerate() {
        touching[id as usize] |= near(i % width, &tile.0) || near(i / width, &tile.1);
    }
    Mask::from_fn(Size::new(WHOLE, WHOLE), |x, y| {
        let inside = tile.0.contains(&x) && tile.1.contains(&y);
        inside && !touching[labels.get(x - tile.0.start, y - tile.1.start) as usize]
    })
}

/// Centre and pixels of each nucleus, in the whole image.
fn nuclei(labels: &Labels, (left, top): (usize, usize)) -> Vec<((f64, f64), Nucleus)> {
    let regions = measure(labels, ClassMaps::NONE);
    let mut nuclei: Vec<_> = regions
        .iter()
        .map(|region| {
            let (x, y) = region.centroid();
            ((x + left as f64, y + top as f64), Nucleus::new())
        })
        .collect();
    let width = labels.size().width;
    for (i, &id) in labels.values().iter().enumerate().filter(|(_, id)| **id > 0) {
        nuclei[id as usize - 1].1.push((i / width + top) * WHOLE + i % width + left);
    }
    nuclei
}

fn hover(maps: &Maps, parameters: &Hover, mpp: Mpp, scratch: &mut Scratch) -> Labels {
    let maps = HoverMaps { size: maps.size, np: &maps.np, h: &maps.h, v: &maps.v };
    instances::hover(&maps, parameters, mpp, scratch)
}

struct Maps {
    size: Size,
    np: Vec<f32>,
    h: Vec<f32>,
    v: Vec<f32>,
    dist: Vec<f32>,
}

impl Maps {
    /// Discs, some of which overlap, with a little noise on every map.
    fn synthetic(edge: usize, discs: usize) -> Self {
        let mut random = Random(1);
        let size = Size::new(edge, edge);
        let mut maps = Self::empty(size);
        for _ in 0..discs {
            let (x, y) = (random.below(edge as f32), random.below(edge as f32));
            maps.draw(x, y, 6.0 + random.below(8.0));
        }
        for map in [&mut maps.np, &mut maps.h, &mut maps.v, &mut maps.dist] {
            for value in map {
                *value += random.below(0.06) - 0.03;
            }
        }
        maps
    }

    fn empty(size: Size) -> Self {
        let map = || vec![0.0; size.pixels()];
        Self { size, np: map(), h: map(), v: map(), dist: map() }
    }

    fn draw(&mut self, centre_x: f32, centre_y: f32, radius: f32) {
        let span = |centre: f32| {
            (centre - radius).max(0.0) as usize..((centre + radius) as usize + 1).min(WHOLE)
        };
        for (x, y) in span(centre_y).flat_map(|y| span(centre_x).map(move |x| (x, y))) {
            let i = y * self.size.width + x;
            let (dx, dy) = (x as f32 - centre_x, y as f32 - centre_y);
            let inside = 1.0 - (dx * dx + dy * dy).sqrt() / radius;
            if inside > self.dist[i] {
                self.dist[i] = inside;
                (self.h[i], self.v[i]) = (dx / radius, dy / radius);
                self.np[i] = (0.5 + inside * radius / 4.0).min(1.0);
            }
        }
    }

    fn cut(&self, columns: &Range<usize>, rows: &Range<usize>) -> Self {
        let part = |map: &[f32]| {
            rows.clone()
                .flat_map(|y| map[y * self.size.width..][columns.clone()].to_vec())
                .collect()
        };
        let size = Size::new(columns.len(), rows.len());
        let [np, h, v, dist] = [&self.np, &self.h, &self.v, &self.dist].map(|map| part(map));
        Self { size, np, h, v, dist }
    }
}

struct Random(u64);

impl Random {
    fn below(&mut self, limit: f32) -> f32 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
        (self.0 >> 40) as f32 / (1u32 << 24) as f32 * limit
    }
}

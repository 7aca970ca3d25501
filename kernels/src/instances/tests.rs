use contract::postprocessing::{Distance, Hover};
use proptest::prelude::*;

use super::*;
use crate::dome::{Domes, Height};
use crate::fill::fill_holes;
use crate::gradient::{GradientBounds, horizontal, vertical};
use crate::label::{label, remove_small};
use crate::open::{Ellipse, open};
use crate::reflect::reflect;
use crate::smooth::smooth;
use crate::watershed::watershed;
use crate::{Connectivity, Mask};

#[test]
fn an_area_is_rounded_up_to_whole_pixels() {
    let mpp = |value: f64| Mpp::new(value).unwrap();

    assert_eq!(pixels_of(0.625, mpp(0.25)), 10);
    assert_eq!(pixels_of(0.63, mpp(0.25)), 11);
    assert_eq!(pixels_of(0.0, mpp(0.25)), 0);
    assert_eq!(pixels_of((10.0 * 0.23 * 0.23) as f32, mpp(0.23)), 10);
}

#[test]
fn published_parameters_scale_with_the_resolution() {
    let bounds = GradientBounds { h: (-1.0, 1.0), v: (-1.0, 1.0) };
    for (um, sobel_px, marker_px) in [(0.25, 21, 10), (0.5, 11, 3), (0.1, 31, 63)] {
        let mpp = Mpp::new(um).unwrap();
        let parameters = published_hover(mpp, bounds);
        assert_eq!(parameters.sobel_px, sobel_px, "{um}");
        assert_eq!(pixels_of(parameters.marker_area_min_um2, mpp), marker_px, "{um}");
        assert_eq!(pixels_of(parameters.nucleus_area_min_um2, mpp), 10, "{um}");
    }
}

#[test]
fn maps_without_pixels_or_without_numbers_hold_no_nuclei() {
    let mpp = Mpp::new(1.0).unwrap();
    let mut scratch = Scratch::default();
    for size in
        [Size::new(0, 0), Size::new(0, 9), Size::new(9, 0), Size::new(1, 1), Size::new(9, 9)]
    {
        let nan = vec![f32::NAN; size.pixels()];
        let maps = HoverMaps { size, np: &nan, h: &nan, v: &nan };
        assert_eq!(hover(&maps, &hover_parameters(3, 5), mpp, &mut scratch).count(), 0);
        let maps = DistanceMaps { size, np: &nan, dist: &nan };
        assert_eq!(distance(&maps, &distance_parameters(), mpp, &mut scratch).count(), 0);
    }
}

proptest! {
    #[test]
    fn the_hover_chain_is_its_steps_one_by_one(
        tile in tiles(), sobel in 1..8u32, opening in prop::sample::select(vec![0u32, 3, 5]),
    ) {
        let parameters = hover_parameters(2 * sobel + 1, opening);
        let mpp = Mpp::new(1.0).unwrap();
        let maps = HoverMaps { size: tile.size, np: &tile.np, h: &tile.h, v: &tile.v };

        let labels = hover(&maps, &parameters, mpp, &mut Scratch::default());

        prop_assert_eq!(labels, hover_by_steps(&maps, &parameters));
    }

    #[test]
    fn the_distance_chain_is_its_steps_one_by_one(tile in tiles()) {
        let parameters = distance_parameters();
        let maps = DistanceMaps { size: tile.size, np: &tile.np, dist: &tile.h };

        let labels = distance(&maps, &parameters, Mpp::new(1.0).unwrap(), &mut Scratch::default());

        prop_assert_eq!(labels, distance_by_steps(&maps, &parameters));
    }

    #[test]
    fn what_was_in_the_scratch_does_not_matter(tiles in proptest::collection::vec(tiles(), 2..5)) {
        let mpp = Mpp::new(1.0).unwrap();
        let mut used = Scratch::default();
        for (index, tile) in tiles.iter().enumerate() {
            let parameters = hover_parameters(3 + 2 * index as u32, 3);
            let maps = HoverMaps { size: tile.size, np: &tile.np, h: &tile.h, v: &tile.v };
            let found = hover(&maps, &parameters, mpp, &mut used);
            prop_assert_eq!(&found, &hover(&maps, &parameters, mpp, &mut Scratch::default()));
            used.recycle(found);

            let maps = DistanceMaps { size: tile.size, np: &tile.np, dist: &tile.v };
            let found = distance(&maps, &distance_parameters(), mpp, &mut used);
            let fresh = distance(&maps, &distance_parameters(), mpp, &mut Scratch::default());
            prop_assert_eq!(&found, &fresh);
        }
    }
}

fn hover_parameters(sobel_px: u32, opening_px: u32) -> Hover {
    Hover {
        np_threshold: 0.4,
        sobel_px,
        gradient_h: [-0.1, 0.12],
        gradient_v: [-0.09, 0.11],
        boundary_threshold: 0.45,
        opening_px,
        marker_area_min_um2: 2.0,
        nucleus_area_min_um2: 4.0,
    }
}

fn distance_parameters() -> Distance {
    Distance {
        np_threshold: 0.4,
        smoothing_sigma_px: 0.8,
        dome_height: 0.05,
        marker_floor: 0.1,
        nucleus_area_min_um2: 4.0,
    }
}

#[derive(Clone, Debug)]
struct Tile {
    size: Size,
    np: Vec<f32>,
    h: Vec<f32>,
    v: Vec<f32>,
}

/// Blotches, with a NaN here and there.
fn tiles() -> impl Strategy<Value = Tile> {
    (1..90usize, 1..40usize, any::<u64>()).prop_map(|(width, height, seed)| {
        let mut state = seed | 1;
        let size = Size::new(width, height);
        let mut map = |sigma: f32, gain: f32, nan: u64| {
            let noise: Vec<f32> = (0..size.pixels())
                .map(|_| {
                    state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
                    (state >> 40) as f32 / (1 << 24) as f32 - 0.5
                })
                .collect();
            let mut map: Vec<f32> =
                smooth(size, &noise, sigma).into_iter().map(|value| value * gain).collect();
            if nan > 0 {
                map.iter_mut().step_by(97).for_each(|value| *value = f32::NAN);
            }
            map
        };
        let np = map(2.0, 4.0, seed % 2).into_iter().map(|value| value + 0.5).collect();
        Tile { size, np, h: map(1.5, 4.0, seed % 3), v: map(1.5, 4.0, seed % 5) }
    })
}

fn hover_by_steps(maps: &HoverMaps<'_>, parameters: &Hover) -> Labels {
    let Size { width, height } = maps.size;
    let mask = mask_by_steps(maps.size, maps.np);
    let (gh, gv) = (
        horizontal(maps.size, maps.h, parameters.sobel_px),
        vertical(maps.size, maps.v, parameters.sobel_px),
    );
    let normal =
        |value: f32, [least, most]: [f32; 2]| 1.0 - (value - least) * (1.0 / (most - least));
    // `max` and `min` of f32 ignore a NaN.
    let edge: Vec<f32> = (0..maps.size.pixels())
        .map(|i| {
            let (x, y) =
                (normal(gh[i], parameters.gradient_h), normal(gv[i], parameters.gradient_v));
            0f32.max(x).max(y).min(1.0)
        })
        .collect();
    let inner = |x: isize, y: isize| {
        let (x, y) = (reflect(x, width), reflect(y, height));
        if mask.get(x, y) { 1.0 - edge[y * width + x] } else { 0.0 }
    };
    let along = |x: isize, y: isize| 0.25 * (inner(x - 1, y) + inner(x + 1, y)) + 0.5 * inner(x, y);
    let levels: Vec<u16> = (0..maps.size.pixels())
        .map(|i| {
            let (x, y) = ((i % width) as isize, (i / width) as isize);
            let blurred = 0.25 * (along(x, y - 1) + along(x, y + 1)) + 0.5 * along(x, y);
            ((1.0 - blurred) * 65535.0 + 0.5) as u16
        })
        .collect();
    let mut markers = Mask::from_fn(maps.size, |x, y| {
        mask.get(x, y) && edge[y * width + x] < parameters.boundary_threshold
    });
    fill_holes(&mut markers);
    match parameters.opening_px {
        3 => open(&mut markers, Ellipse::Three),
        5 => open(&mut markers, Ellipse::Five),
        _ => {}
    }
    remove_small(&mut markers, 2);
    let markers = label(&markers, Connectivity::Four);
    finished(&watershed(&levels, &mask, &markers), maps.size)
}

fn distance_by_steps(maps: &DistanceMaps<'_>, parameters: &Distance) -> Labels {
    let width = maps.size.width;
    let mask = mask_by_steps(maps.size, maps.np);
    let heights: Vec<u16> = smooth(maps.size, maps.dist, parameters.smoothing_sigma_px)
        .into_iter()
        .map(|value| (value * 50_000.0 + 0.5) as u16)
        .collect();
    let mut markers = Mask::default();
    Domes::default().find(&heights, &mask, Height { height: 2500, rise: 50 }, &mut markers);
    let high = Mask::from_fn(maps.size, |x, y| markers.get(x, y) && heights[y * width + x] >= 5000);
    let levels: Vec<u16> = heights.iter().map(|height| 65535 - height).collect();
    finished(&watershed(&levels, &mask, &label(&high, Connectivity::Eight)), maps.size)
}

fn mask_by_steps(size: Size, np: &[f32]) -> Mask {
    let mut mask = Mask::from_fn(size, |x, y| np[y * size.width + x] >= 0.4);
    remove_small(&mut mask, 4);
    mask
}

/// Drops labels below 4 px and numbers the rest.
fn finished(values: &[u32], size: Size) -> Labels {
    let area = |id: u32| values.iter().filter(|&&value| value == id).count();
    let kept = values.iter().map(|&id| if area(id) < 4 { 0 } else { id }).collect();
    Labels::renumbered(size, kept).unwrap()
}

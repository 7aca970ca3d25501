//! Our kernels against independent implementations: scikit-image, scipy, OpenCV and numpy.
//!
//! The goldens were made by `data/golden.py` with the versions in `data/versions.txt`.

#![expect(clippy::unwrap_used, reason = "a test may stop")]

#[path = "../benches/npy.rs"]
mod npy;

use std::collections::BTreeMap;
use std::path::Path;

use contract::postprocessing::Distance;
use contract::{Mpp, RgbImage, Size};
use kernels::gradient::{self, GradientBounds};
use kernels::instances::{self, DistanceMaps, HoverMaps, Scratch, published_hover};
use kernels::open::{Ellipse, open};
use kernels::{Connectivity, Labels, Mask, edt, fill, focus, grey, label, smooth, stain};
use npy::{Array, read};

#[test]
fn the_hover_chain_gives_the_published_instances() {
    let np = bytes("hover_np");
    let size = size_of(&np);
    let np: Vec<f32> = np.values.iter().map(|&v| f32::from(v) / 255.0).collect();
    let offset = |name: &str| -> Vec<f32> {
        bytes(name).values.iter().map(|&v| f32::from(v) / 100.0 - 1.25).collect()
    };
    let (h, v) = (offset("hover_h"), offset("hover_v"));
    let mpp = Mpp::new(0.25).unwrap();
    let parameters = published_hover(mpp, GradientBounds::measure(size, &h, &v, 21));

    let maps = HoverMaps { size, np: &np, h: &h, v: &v };
    let labels = instances::hover(&maps, &parameters, mpp, &mut Scratch::default());

    let published = labels_of("hover_instances");
    assert!(published.count() > 50);
    assert_eq!(labels.count(), published.count());
    let differing = differing(&labels, &published);
    assert!(differing <= 3, "{differing} px differ");
    let quality = panoptic_quality(&labels, &published);
    assert!(quality >= 0.9999, "PQ {quality}");
}

#[test]
fn the_distance_chain_gives_the_instances_of_floating_point() {
    let (np, dist) = (bytes("distance_np"), bytes("distance_dist"));
    let size = size_of(&np);
    let unit = |array: Array<u8>| -> Vec<f32> {
        array.values.into_iter().map(|v| f32::from(v) / 255.0).collect()
    };
    let (np, dist) = (unit(np), unit(dist));
    let parameters = Distance {
        np_threshold: 0.5,
        smoothing_sigma_px: 1.4,
        dome_height: 0.12,
        marker_floor: 0.3,
        nucleus_area_min_um2: 5.0,
    };

    let maps = DistanceMaps { size, np: &np, dist: &dist };
    let mpp = Mpp::new(0.5).unwrap();
    let labels = instances::distance(&maps, &parameters, mpp, &mut Scratch::default());

    let expected = labels_of("distance_instances");
    assert!(expected.count() > 20);
    let quality = panoptic_quality(&labels, &expected);
    assert!(quality >= 0.995, "PQ {quality}, {} px differ", differing(&labels, &expected));
}

#[test]
fn components_holes_openings_and_distances_are_those_of_scipy_and_opencv() {
    let array = bytes("mask");
    let size = size_of(&array);
    let mask = mask_of(&array);

    for (connectivity, name) in
        [(Connectivity::Four, "mask_label4"), (Connectivity::Eight, "mask_label8")]
    {
        let expected: Vec<u32> = words(name).values.into_iter().map(u32::from).collect();
        assert_eq!(label::label(&mask, connectivity).values(), expected, "{name}");
    }
    let mut filled = mask.clone();
    fill::fill_holes(&mut filled);
    assert_eq!(filled, mask_of(&bytes("mask_filled")));
    for (ellipse, name) in [(Ellipse::Three, "mask_open3"), (Ellipse::Five, "mask_open5")] {
        let mut opened = mask.clone();
        open(&mut opened, ellipse);
        assert_eq!(opened, mask_of(&bytes(name)), "{name}");
    }
    let expected: Vec<u32> = words("mask_distance").values.into_iter().map(u32::from).collect();
    let distances = edt::to_set(&mask);
    assert_eq!((distances.size(), distances.squared()), (size, &expected[..]));
}

#[test]
fn gradients_and_smoothing_are_those_of_opencv() {
    let array = bytes("filter_input");
    let size = size_of(&array);
    let map: Vec<f32> = array.values.iter().map(|&v| f32::from(v) / 255.0).collect();

    for width in [3, 11, 21, 31] {
        let (h, v) =
            (gradient::horizontal(size, &map, width), gradient::vertical(size, &map, width));
        assert_near(&h, &format!("filter_sobel{width}h"), 1e-6);
        assert_near(&v, &format!("filter_sobel{width}v"), 1e-6);
    }
    for (sigma, name) in
        [(0.7, "filter_gauss0.7"), (1.4, "filter_gauss1.4"), (5.0, "filter_gauss5.0")]
    {
        assert_near(&smooth::smooth(size, &map, sigma), name, 1e-6);
    }
}

#[test]
fn grey_focus_and_stains_are_those_of_opencv_and_numpy() {
    let array = bytes("colour_rgb");
    let [height, width, 3] = array.shape[..] else { panic!("{:?}", array.shape) };
    let image = RgbImage::new(Size::new(width, height), array.values).unwrap();
    let tissue = Mask::from_fn(image.size(), |_, _| true);

    let greys: Vec<u8> = grey::luma_plane(&image).into_iter().map(|grey| grey as u8).collect();
    let expected = bytes("colour_grey").values;
    let wrong = greys.iter().zip(&expected).filter(|(a, b)| a != b).count();
    assert_eq!((greys.len(), wrong), (expected.len(), 0));
    let ratio = focus::reblur_ratio(&image).unwrap();
    assert!((ratio / f64::from(floats("colour_focus")[0]) - 1.0).abs() < 1e-4, "{ratio}");
    let mut histogram = stain::Histogram::default();
    histogram.add(&image, &tissue);
    assert_near(&histogram.mean_od().unwrap().map(|od| od as f32), "colour_mean_od", 1e-6);
    let stains = stain::macenko(&image, &tissue).unwrap();
    let both = [stains.haematoxylin, stains.eosin].concat();
    let both: Vec<f32> = both.into_iter().map(|share| share as f32).collect();
    assert_near(&both, "colour_stains", 1e-6);
}

fn path(name: &str) -> std::path::PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("tests/data/{name}.npy"))
}

fn bytes(name: &str) -> Array<u8> {
    read(&path(name), "|u1", |[byte]: [u8; 1]| byte).unwrap()
}

fn words(name: &str) -> Array<u16> {
    read(&path(name), "<u2", u16::from_le_bytes).unwrap()
}

fn floats(name: &str) -> Vec<f32> {
    npy::read_f32(&path(name)).unwrap().values
}

fn size_of<T>(array: &Array<T>) -> Size {
    let [height, width] = array.shape[..] else { panic!("{:?}", array.shape) };
    Size::new(width, height)
}

fn mask_of(array: &Array<u8>) -> Mask {
    let size = size_of(array);
    Mask::from_fn(size, |x, y| array.values[y * size.width + x] != 0)
}

fn labels_of(name: &str) -> Labels {
    let array = words(name);
    let size = size_of(&array);
    Labels::renumbered(size, array.values.into_iter().map(u32::from).collect()).unwrap()
}

fn assert_near(values: &[f32], name: &str, tolerance: f32) {
    let expected = floats(name);
    assert_eq!(values.len(), expected.len(), "{name}");
    for (index, (value, expected)) in values.iter().zip(expected).enumerate() {
        assert!((value - expected).abs() <= tolerance, "{name} {index}: {value}, not {expected}");
    }
}

fn differing(labels: &Labels, expected: &Labels) -> usize {
    labels.values().iter().zip(expected.values()).filter(|(a, b)| a != b).count()
}

/// Panoptic quality (Kirillov et al. 2019): labels match where they overlap by more than half.
fn panoptic_quality(found: &Labels, truth: &Labels) -> f64 {
    let mut shared = BTreeMap::new();
    for (&id, &other) in truth.values().iter().zip(found.values()) {
        if id > 0 && other > 0 {
            *shared.entry((id, other)).or_insert(0usize) += 1;
        }
    }
    let area = |labels: &Labels, id: u32| labels.values().iter().filter(|&&v| v == id).count();
    let mut quality = 0.0;
    for ((id, other), both) in shared {
        let overlap = both as f64 / (area(truth, id) + area(found, other) - both) as f64;
        if overlap > 0.5 {
            quality += overlap;
        }
    }
    quality / (f64::from(truth.count() + found.count()) / 2.0)
}

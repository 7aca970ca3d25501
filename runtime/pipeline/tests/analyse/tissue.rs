//! The tissue map, glass, and what a run says of the image's quality.

use contract::{Nucleus, RgbImage, Size};
use pipeline::{GlassRule, Models, Options, Progress, analyse};
use slide::Regions;

use crate::setting::{PLAIN, at_once, claiming, darkness, melanoma, models, mpp, pallor, run};

const GLASS: u8 = 0;

#[test]
fn tissue_covers_the_image_and_has_the_classes_of_its_model() {
    let image = melanoma();

    let (analysis, _) = run(&image, &models(256), PLAIN).unwrap();

    let tissue = analysis.tissue.unwrap();
    assert_eq!(tissue.size, Size::new(89, 81));
    assert_eq!(tissue.size, analysis.overview.size());
    assert!(tissue.classes.iter().all(|class| *class < 3));
    assert!(tissue.classes.contains(&1) && tissue.classes.contains(&2), "one tissue in all");
}

#[test]
fn tissue_hardly_depends_on_the_window_size() {
    // The network pools by 4 and the windows do not begin at multiples of 4, so its grid moves with
    // them: cells on the border between two classes may turn.
    let image = melanoma();
    let of = |size_px| {
        let models = Models::new(darkness(256), Some(pallor(size_px))).unwrap();
        run(&image, &models, PLAIN).unwrap().0.tissue.unwrap().classes
    };

    let (whole, parts) = (of(128), of(64));

    let different = whole.iter().zip(&parts).filter(|(a, b)| a != b).count();
    assert!(different * 20 < whole.len(), "{different} of {} cells differ", whole.len());
}

#[test]
fn glass_is_skipped_and_counted_and_has_its_class() {
    let glass = claiming(RgbImage::filled(Size::new(1200, 900), [244, 243, 246]), 0.25);

    let (analysis, nuclei) = run(&glass, &models(128), PLAIN).unwrap();

    assert_eq!(nuclei.len(), 0);
    assert_eq!(analysis.windows_run, 0);
    assert!(analysis.windows_skipped > 1);
    assert!((analysis.glass_fraction - 1.0).abs() < 1e-12);
    assert!(analysis.evaluated_area_mm2.abs() < 1e-12);
    assert_eq!(analysis.focus, None);
    assert_eq!(analysis.stain_mean_od, None);
    assert!(analysis.tissue.unwrap().classes.iter().all(|class| *class == GLASS));
}

#[test]
fn tissue_beside_glass_is_found_and_the_glass_is_measured() {
    // Tissue of 768 px, then glass of 1024 px.
    let (tissue, width) = (melanoma(), 768 + 1024);
    let mut pixels = Vec::new();
    for row in tissue.image().pixels().chunks_exact(3 * 768) {
        pixels.extend_from_slice(row);
        pixels.extend(std::iter::repeat_n(245, 3 * 1024));
    }
    let image = claiming(RgbImage::new(Size::new(width, 700), pixels).unwrap(), 0.23);

    let (analysis, nuclei) = run(&image, &models(128), PLAIN).unwrap();

    assert!(analysis.windows_skipped > 20, "{}", analysis.windows_skipped);
    let glass = 1024.0 / width as f64;
    assert!((analysis.glass_fraction - glass).abs() < 0.02, "{}", analysis.glass_fraction);
    assert!(nuclei.iter().all(|nucleus| nucleus.centroid.x < 775.0));
    // 412 × 161 µm are 5 × 2 cells of 100 µm; the tissue ends at 177 µm, in the second of a row.
    let areas: Vec<f64> = analysis.evaluated_cells_mm2.iter().copied().map(f64::from).collect();
    assert_eq!(areas.len(), 10);
    assert!((areas[0] - 0.01).abs() < 1e-4 && areas[1] > 0.007, "{areas:?}");
    assert!(areas[2..5].iter().chain(&areas[7..]).all(|area| area.abs() < 1e-4), "{areas:?}");
    let sum: f64 = areas.iter().sum();
    assert!((sum / analysis.evaluated_area_mm2 - 1.0).abs() < 1e-5, "{sum}");
    // Away from the seam, which the network sees, the glass changes nothing.
    let away = |nuclei: Vec<Nucleus>| {
        nuclei
            .into_iter()
            .filter(|n| n.centroid.x < 600.0)
            .map(|n| (n.centroid.y, n.centroid.x, n.area_um2, n.class))
    };
    let mut alone: Vec<_> = away(run(&tissue, &models(128), PLAIN).unwrap().1).collect();
    let mut beside: Vec<_> = away(nuclei).collect();
    alone.sort_by(|a, b| a.partial_cmp(b).unwrap());
    beside.sort_by(|a, b| a.partial_cmp(b).unwrap());
    assert!(beside.len() > 100);
    assert_eq!(beside, alone);
}

#[test]
fn a_blurred_image_is_less_in_focus() {
    let sharp = melanoma();
    let blurred = box_blurred(sharp.image());

    let of = |image: &dyn Regions| run(image, &models(128), PLAIN).unwrap().0.focus.unwrap();

    let (sharp, blurred) = (of(&sharp), of(&claiming(blurred, 0.23)));
    assert!(blurred < 0.7 * sharp, "{blurred} {sharp}");
}

#[test]
fn the_stain_s_density_is_that_of_the_pixels() {
    let image = claiming(RgbImage::filled(Size::new(300, 300), [127, 63, 127]), 0.25);

    let density = run(&image, &models(128), PLAIN).unwrap().0.stain_mean_od.unwrap();

    let expected = [127, 63, 127].map(|value| -(f64::from(value) / 255.0).log10());
    for (found, expected) in density.iter().zip(expected) {
        // The offset that keeps black finite is the kernel's.
        assert!((found - expected).abs() < 0.01, "{density:?}");
    }
}

#[test]
fn a_stated_rule_for_glass_serves_where_there_is_no_tissue_model() {
    let nuclei_alone = Models::new(darkness(128), None).unwrap();
    let progress = Progress::new(at_once(2), || 0);
    let glass = Some(GlassRule { mpp: mpp(2.0), grey_min: 220.0 });
    let options = Options { batch: at_once(1), glass, progress: &progress };

    let mut nuclei = Vec::new();
    let analysis = analyse(&melanoma(), &nuclei_alone, &options, &mut nuclei).unwrap();

    assert_eq!(analysis.tissue, None);
    let with_tissue = run(&melanoma(), &models(128), PLAIN).unwrap();
    assert_eq!(nuclei, with_tissue.1);
    assert_eq!(analysis.overview, with_tissue.0.overview);
    let (alone, both) = (analysis.evaluated_area_mm2, with_tissue.0.evaluated_area_mm2);
    assert_eq!(alone.to_bits(), both.to_bits());
}

/// Mean of 5 × 5 pixels, the border left as it is.
fn box_blurred(image: &RgbImage) -> RgbImage {
    let mut blurred = image.clone();
    let (width, height) = (image.width(), image.height());
    for y in 2..height - 2 {
        for x in 2..width - 2 {
            for channel in 0..3 {
                let sum: u32 = (0..25)
                    .map(|at| u32::from(image.pixel(x + at % 5 - 2, y + at / 5 - 2)[channel]))
                    .sum();
                blurred.pixels_mut()[3 * (y * width + x) + channel] = (sum / 25) as u8;
            }
        }
    }
    blurred
}

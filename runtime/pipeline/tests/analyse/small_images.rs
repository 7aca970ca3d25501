//! Images of any size and resolution are analysed, down to one pixel.

use contract::{RgbImage, Size, UNLABELLED};
use pipeline::AnalyseError;
use slide::Regions;

use crate::setting::{PLAIN, claiming, melanoma, models, mpp, part, run};

#[test]
fn an_image_of_one_pixel_is_analysed() {
    for colour in [[0; 3], [120, 40, 140], [255; 3]] {
        let image = claiming(RgbImage::filled(Size::new(1, 1), colour), 0.25);

        let (analysis, nuclei) = run(&image, &models(256), PLAIN).unwrap();

        // A pixel of 0.06 µm² is below any nucleus.
        assert_eq!(nuclei.len(), 0);
        let tissue = analysis.tissue.unwrap();
        assert_eq!(tissue.size, Size::new(1, 1));
        assert_ne!(tissue.classes, [UNLABELLED]);
        assert!((analysis.glass_fraction - f64::from(u8::from(colour == [255; 3]))).abs() < 1e-12);
    }
}

#[test]
fn an_image_without_pixels_is_refused() {
    for size in [Size::new(0, 0), Size::new(0, 5), Size::new(5, 0)] {
        let image = claiming(RgbImage::filled(size, [0; 3]), 0.25);

        let refused = run(&image, &models(256), PLAIN).unwrap_err();

        assert!(matches!(refused, AnalyseError::Empty(_)), "{refused}");
    }
}

#[test]
fn images_of_odd_sizes_are_covered_to_the_last_pixel() {
    for (width, height) in [(2, 3), (1, 300), (299, 5), (37, 41), (257, 255), (513, 129)] {
        let image = part(100, 100, Size::new(width, height));

        let (analysis, nuclei) = run(&image, &models(96), PLAIN).unwrap();

        let tissue = analysis.tissue.unwrap();
        let reach = |cells: usize| cells as f64 * tissue.px_per_cell;
        assert!(reach(tissue.size.width) >= width as f64);
        assert!(reach(tissue.size.height) >= height as f64);
        assert!(tissue.classes.iter().all(|class| *class < 3), "{width} × {height}");
        let (width, height) = (width as f32, height as f32);
        for nucleus in nuclei {
            let at = nucleus.centroid;
            assert!((0.0..width).contains(&at.x) && (0.0..height).contains(&at.y));
        }
    }
}

#[test]
fn areas_follow_the_resolution_of_the_image() {
    for um_per_px in [0.2, 0.23, 0.2521, 0.4999, 0.5, 0.75] {
        let image = claiming(melanoma().into_image(), um_per_px);

        let (analysis, nuclei) = run(&image, &models(128), PLAIN).unwrap();

        let image_mm2 = mpp(um_per_px).area_mm2(image.size().pixels() as u64);
        let whole = analysis.evaluated_area_mm2 / (1.0 - analysis.glass_fraction);
        assert!((whole / image_mm2 - 1.0).abs() < 1e-9, "{whole} {image_mm2}");
        assert!(!nuclei.is_empty(), "at {um_per_px}");
        let covered: f64 = nuclei.iter().map(|n| f64::from(n.area_um2)).sum();
        assert!(covered < image_mm2 * 1e6);
    }
}

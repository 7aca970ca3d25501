//! The result depends on the image and the models, and on nothing else.

use contract::{Nucleus, Size};

use crate::setting::{PLAIN, Run, claiming, melanoma, models, part, run};

#[test]
fn the_result_is_the_same_for_any_number_of_workers_and_any_batch() {
    let (image, models) = (melanoma(), models(128));
    let (analysis, nuclei) = run(&image, &models, Run { workers: 1, batch: 1 }).unwrap();
    assert!(nuclei.len() > 100, "{} nuclei are too few to tell", nuclei.len());

    for (workers, batch) in [(2, 1), (3, 2), (4, 7)] {
        let again = run(&image, &models, Run { workers, batch }).unwrap();
        assert_eq!(again.0, analysis, "{workers} workers, batch {batch}");
        assert_eq!(again.1, nuclei, "{workers} workers, batch {batch}");
    }
}

#[test]
fn the_nuclei_are_the_same_for_any_window_size() {
    let image = melanoma();
    // 353 × 322 px at the card's resolution: one window sees it all.
    let (whole, nuclei) = run(&image, &models(512), PLAIN).unwrap();
    assert_eq!(whole.windows_run, 1);
    let nuclei = sorted(nuclei);

    for size_px in [96, 128, 200, 256] {
        let (parts, found) = run(&image, &models(size_px), PLAIN).unwrap();
        assert!(parts.windows_run > 1);
        assert_eq!(parts.tissue, whole.tissue, "windows of {size_px} px");
        assert_eq!(parts.overview, whole.overview, "windows of {size_px} px");
        assert_eq!(
            parts.glass_fraction.to_bits(),
            whole.glass_fraction.to_bits(),
            "windows of {size_px} px"
        );
        let found = sorted(found);
        assert_eq!(found.len(), nuclei.len(), "windows of {size_px} px");
        for (found, expected) in found.iter().zip(&nuclei) {
            assert_eq!(found, expected, "windows of {size_px} px");
        }
    }
}

#[test]
fn a_part_of_an_image_has_the_nuclei_of_the_whole_away_from_its_border() {
    let models = models(128);
    // At a quarter micrometre the grid is two pixels wide, so the part's is the whole's.
    let image = claiming(melanoma().into_image(), 0.25);
    let (x, y, size) = (128, 64, Size::new(512, 480));
    let inner = claiming(part(x, y, size).into_image(), 0.25);

    let (_, whole) = run(&image, &models, PLAIN).unwrap();
    let (_, cut) = run(&inner, &models, PLAIN).unwrap();

    // Twice the margin, in level-0 pixels.
    let border = 128.0;
    let inside = |nucleus: &Nucleus, dx: f32, dy: f32| {
        let (x, y) = (nucleus.centroid.x - dx, nucleus.centroid.y - dy);
        let within = |at: f32, edge: usize| (border..edge as f32 - border).contains(&at);
        (within(x, size.width) && within(y, size.height)).then_some((x, y, nucleus.area_um2))
    };
    let (x, y) = (x as f32, y as f32);
    let mut expected: Vec<_> = whole.iter().filter_map(|n| inside(n, x, y)).collect();
    let mut found: Vec<_> = cut.iter().filter_map(|n| inside(n, 0.0, 0.0)).collect();
    expected.sort_by(|a, b| a.partial_cmp(b).unwrap());
    found.sort_by(|a, b| a.partial_cmp(b).unwrap());
    assert!(found.len() > 20, "{} nuclei are too few to tell", found.len());
    assert_eq!(found.len(), expected.len());
    for (found, expected) in found.iter().zip(&expected) {
        // The centroid in the larger image has fewer bits left below the point.
        assert!((found.0 - expected.0).abs() < 1e-3, "{found:?} {expected:?}");
        assert!((found.1 - expected.1).abs() < 1e-3, "{found:?} {expected:?}");
        assert!((found.2 - expected.2).abs() < 1e-6, "{found:?} {expected:?}");
    }
}

#[test]
fn ids_count_from_one_and_points_are_the_nuclei() {
    let (analysis, nuclei) = run(&melanoma(), &models(128), PLAIN).unwrap();

    let ids: Vec<u32> = nuclei.iter().map(|nucleus| nucleus.id).collect();
    assert_eq!(ids, (1..=nuclei.len() as u32).collect::<Vec<_>>());
    assert_eq!(analysis.nuclei.len(), nuclei.len());
    for (point, nucleus) in analysis.nuclei.iter().zip(&nuclei) {
        assert_eq!((point.x, point.y), (nucleus.centroid.x, nucleus.centroid.y));
        assert_eq!(usize::from(point.class), nucleus.class);
    }
}

#[test]
fn outlines_enclose_their_centroids_and_about_their_areas() {
    let image = melanoma();
    let (_, nuclei) = run(&image, &models(256), PLAIN).unwrap();

    let um2_per_px = 0.23 * 0.23;
    let (mut areas, mut outlined) = (0.0, 0.0);
    for nucleus in &nuclei {
        assert!((3..=Nucleus::VERTICES_MAX).contains(&nucleus.polygon.len()));
        for vertex in &nucleus.polygon {
            assert!((0.0..=768.0).contains(&vertex.x) && (0.0..=700.0).contains(&vertex.y));
        }
        areas += f64::from(nucleus.area_um2);
        outlined += shoelace(nucleus) * um2_per_px;
    }
    // Evenly spaced vertices cut corners: the outlines lose a few percent, and holes fill some.
    assert!((0.85..1.05).contains(&(outlined / areas)), "{}", outlined / areas);
}

/// Area of the outline, level-0 pixels; positive for clockwise on the screen.
fn shoelace(nucleus: &Nucleus) -> f64 {
    let closed = nucleus.polygon.iter().skip(1).chain(nucleus.polygon.first());
    let twice: f64 = nucleus
        .polygon
        .iter()
        .zip(closed)
        .map(|(a, b)| f64::from(a.x) * f64::from(b.y) - f64::from(b.x) * f64::from(a.y))
        .sum();
    twice / 2.0
}

/// By place, without ids: their order follows the windows.
fn sorted(mut nuclei: Vec<Nucleus>) -> Vec<Nucleus> {
    for nucleus in &mut nuclei {
        nucleus.id = 0;
    }
    nuclei.sort_by(|a, b| {
        (a.centroid.y, a.centroid.x, a.area_um2)
            .partial_cmp(&(b.centroid.y, b.centroid.x, b.area_um2))
            .unwrap()
    });
    nuclei
}

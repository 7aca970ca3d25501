use super::*;

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
    let bounds = crate::gradient::GradientBounds { h: (-1.0, 1.0), v: (-1.0, 1.0) };
    for (um, sobel_px, marker_px) in [(0.25, 21, 10), (0.5, 11, 3), (0.1, 31, 63)] {
        let mpp = Mpp::new(um).unwrap();
        let parameters = published_hover(mpp, bounds);
        assert_eq!(parameters.sobel_px, sobel_px, "{um}");
        assert_eq!(pixels_of(parameters.marker_area_min_um2, mpp), marker_px, "{um}");
        assert_eq!(pixels_of(parameters.nucleus_area_min_um2, mpp), 10, "{um}");
    }
}

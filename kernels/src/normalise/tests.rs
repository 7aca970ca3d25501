use super::*;

#[test]
fn a_value_is_centred_and_scaled() {
    let image = RgbImage::filled(Size::new(1, 1), [0, 51, 255]);
    let mut out = [0.0; 3];

    let frame = Frame { size: Size::new(1, 1), left: 0, top: 0 };
    Normaliser::new([0.5, 0.2, 0.0], [0.25, 0.5, 2.0]).fill(&image, frame, &mut out);

    assert_eq!(out.map(f32::to_bits), [-2.0f32, 0.0, 0.5].map(f32::to_bits));
}

#[test]
fn the_border_is_reflected_without_the_outermost_pixel() {
    let pixels = (0..6).flat_map(|value| [value, value + 10, value + 20]).collect();
    let image = RgbImage::new(Size::new(3, 2), pixels).unwrap();
    let frame = Frame { size: Size::new(8, 5), left: 3, top: 2 };
    let mut out = vec![0.0; 3 * 40];

    Normaliser::new([0.0; 3], [1.0 / 255.0; 3]).fill(&image, frame, &mut out);

    let columns = [1, 2, 1, 0, 1, 2, 1, 0];
    let rows = [0, 1, 0, 1, 0];
    for (plane, values) in out.chunks(40).enumerate() {
        for (index, &value) in values.iter().enumerate() {
            let expected = 3 * rows[index / 8] + columns[index % 8] + 10 * plane;
            assert!((value - expected as f32).abs() < 1e-4, "{plane} {index}: {value}");
        }
    }
}

#[test]
fn a_single_pixel_fills_any_frame() {
    let image = RgbImage::filled(Size::new(1, 1), [255, 0, 255]);
    let frame = Frame { size: Size::new(16, 16), left: 5, top: 7 };
    let mut out = vec![9.0; 3 * 256];

    Normaliser::new([0.0; 3], [1.0; 3]).fill(&image, frame, &mut out);

    assert_eq!(out[..256], [1.0; 256]);
    assert_eq!(out[256..512], [0.0; 256]);
}

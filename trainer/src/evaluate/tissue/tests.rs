use contract::{Mpp, RgbImage, Size};

use super::*;

fn sample(labels: Vec<u8>) -> TissueSample {
    TissueSample {
        set: "set".into(),
        name: "name".into(),
        mpp: Mpp::new(2.0).unwrap(),
        image: RgbImage::filled(Size::new(4, 1), [200; 3]),
        labels,
    }
}

#[test]
fn what_is_said_of_unknown_pixels_counts_for_nothing() {
    let mut totals = Totals::default();

    totals.add(&sample(vec![0, 0, 1, UNKNOWN]), vec![0, 1, 1, 0], 3).unwrap();

    let row = totals.row("set", &["tumour", "stroma", "background"]);
    assert_eq!(row.value("tumour Dice"), Some(2.0 / 3.0));
    assert_eq!(row.value("stroma Dice"), Some(2.0 / 3.0));
    assert_eq!(row.value("background Dice"), None);
    assert_eq!(row.value("pixel accuracy"), Some(2.0 / 3.0));
}

#[test]
fn images_are_pooled_and_not_averaged() {
    let mut totals = Totals::default();

    totals.add(&sample(vec![0, 0, 0, 0]), vec![0, 0, 0, 0], 2).unwrap();
    totals.add(&sample(vec![0, UNKNOWN, UNKNOWN, UNKNOWN]), vec![1, 1, 1, 1], 2).unwrap();

    let row = totals.row("set", &["tumour", "stroma"]);
    assert_eq!(row.images, 2);
    assert_eq!(row.value("tumour Dice"), Some(8.0 / 9.0));
    assert_eq!(row.value("pixel accuracy"), Some(4.0 / 5.0));
}

#[test]
fn labels_of_another_size_than_the_image_are_refused() {
    let mut totals = Totals::default();

    let refused = totals.add(&sample(vec![0, 0]), vec![0, 0, 0, 0], 2);

    assert!(matches!(refused, Err(EvaluateError::Size { .. })), "{refused:?}");
}

#[test]
fn without_a_known_pixel_nothing_is_measured() {
    let mut totals = Totals::default();

    totals.add(&sample(vec![UNKNOWN; 4]), vec![0, 1, 1, 0], 2).unwrap();

    let row = totals.row("set", &["tumour", "stroma"]);
    assert!(row.measures.iter().all(|measure| measure.value.is_none()), "{row:?}");
}

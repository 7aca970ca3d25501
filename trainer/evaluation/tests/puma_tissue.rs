//! The official PUMA figures of tissue are those of the definition in Pillow and NumPy, to the
//! last bit (`goldens/puma_tissue.py`).

#![expect(clippy::unwrap_used, reason = "a test may stop")]

use contract::Size;
use margay_evaluation::ClassMask;
use margay_evaluation::puma::tissue::{SIZE, TissueDice, TissueTotals, to_official_size};
use serde::Deserialize;

#[derive(Deserialize)]
struct Golden {
    cases: Vec<Case>,
    micro: [f64; 6],
    mean_of_images: [f64; 6],
    sizes: Vec<(usize, u32, u32)>,
}

#[derive(Deserialize)]
struct Case {
    truth: Vec<String>,
    predicted: Vec<String>,
    dice: [f64; 6],
}

#[test]
fn dice_of_images_and_of_all_images_together() {
    let golden = golden();
    let mut totals = TissueTotals::default();
    for (number, case) in golden.cases.iter().enumerate() {
        let ((truth_size, truth), (size, predicted)) = (mask(&case.truth), mask(&case.predicted));

        let dice = totals.add(
            ClassMask::new(truth_size, &truth).unwrap(),
            ClassMask::new(size, &predicted).unwrap(),
        );

        assert_eq!(bits(dice), case.dice.map(f64::to_bits), "case {number}");
    }
    assert_eq!(bits(totals.micro()), golden.micro.map(f64::to_bits));
    assert_eq!(bits(totals.mean_of_images()), golden.mean_of_images.map(f64::to_bits));
}

#[test]
fn masks_of_any_size_are_resized_as_pillow_resizes_them() {
    for (size, along_row, along_column) in golden().sizes {
        let line: Vec<u8> = (0..size).map(|i| (i % 251) as u8).collect();

        let row = to_official_size(ClassMask::new(Size::new(size, 1), &line).unwrap());
        let column = to_official_size(ClassMask::new(Size::new(1, size), &line).unwrap());

        assert_eq!(digest(row[..SIZE.width].iter()), along_row, "{size} columns");
        assert_eq!(digest(column.iter().step_by(SIZE.width)), along_column, "{size} rows");
    }
}

fn golden() -> Golden {
    serde_json::from_str(include_str!("goldens/puma_tissue.json")).unwrap()
}

fn mask(rows: &[String]) -> (Size, Vec<u8>) {
    let size = Size::new(rows[0].len(), rows.len());
    (size, rows.iter().flat_map(|row| row.bytes().map(|digit| digit - b'0')).collect())
}

fn bits(dice: TissueDice) -> [u64; 6] {
    let [a, b, c, d, e] = dice.classes;
    [a, b, c, d, e, dice.average].map(f64::to_bits)
}

fn digest<'a>(values: impl Iterator<Item = &'a u8>) -> u32 {
    values.fold(0, |sum: u32, &value| sum.wrapping_mul(31).wrapping_add(u32::from(value)))
}

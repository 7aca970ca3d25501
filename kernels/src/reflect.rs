//! Reflect-101 borders: `d c b | a b c d | c b a` (the outermost pixel is not repeated).

/// The index within `0..length` that stands at `index` when the row is reflected without end.
///
/// `length` must not be 0. A row of one pixel is that pixel everywhere.
pub(crate) fn reflect(index: isize, length: usize) -> usize {
    let last = length as isize - 1;
    if last <= 0 {
        return 0;
    }
    let within = index.rem_euclid(2 * last);
    within.min(2 * last - within) as usize
}

#[cfg(test)]
mod tests {
    use super::reflect;

    #[test]
    fn the_outermost_pixel_is_not_repeated() {
        let row: Vec<usize> = (-5..8).map(|index| reflect(index, 4)).collect();

        assert_eq!(row, [1, 2, 3, 2, 1, 0, 1, 2, 3, 2, 1, 0, 1]);
        assert!((-9..9).all(|index| reflect(index, 1) == 0));
    }
}

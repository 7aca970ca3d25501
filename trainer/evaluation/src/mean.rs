//! Averages over images and classes of which some have no figure.

/// The mean of the figures that are defined; none if none is.
///
/// This is `PanNuke`'s convention (Gamper et al. 2020): a class that an image does not hold is left
/// out of the average. Counting it as 0 gave .184 for a network of mPQ .468.
pub fn mean_of_defined(figures: impl IntoIterator<Item = Option<f64>>) -> Option<f64> {
    let (count, sum) =
        figures.into_iter().flatten().fold((0_u64, 0.0), |(count, sum), f| (count + 1, sum + f));
    ratio(sum, count as f64)
}

/// `numerator / denominator`, or none where the denominator is zero.
pub(crate) fn ratio(numerator: f64, denominator: f64) -> Option<f64> {
    (denominator != 0.0).then(|| numerator / denominator)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_defined_is_left_out_of_the_mean() {
        assert_eq!(mean_of_defined([Some(0.5), None, Some(1.0)]), Some(0.75));
        assert_eq!(mean_of_defined([None, None]), None);
        assert_eq!(mean_of_defined([]), None);
    }
}

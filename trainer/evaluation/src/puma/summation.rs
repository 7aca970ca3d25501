//! `numpy.mean` of a list of `float64`, to the last bit.

/// Below this many, NumPy adds one after another.
const SEQUENTIAL_BELOW: usize = 8;
/// Up to this many, NumPy keeps eight running sums; above, it halves the list.
const BLOCK: usize = 128;

/// The mean as `numpy.mean` rounds it; NaN for no values, as there.
pub(super) fn numpy_mean(values: &[f64]) -> f64 {
    pairwise_sum(values) / values.len() as f64
}

/// NumPy's pairwise summation (`pairwise_sum_DOUBLE` in `loops_utils.h.src`).
fn pairwise_sum(values: &[f64]) -> f64 {
    if values.len() < SEQUENTIAL_BELOW {
        values.iter().fold(0.0, |sum, value| sum + value)
    } else if values.len() <= BLOCK {
        sum_of_block(values)
    } else {
        let half = values.len() / 2;
        let (first, second) = values.split_at(half - half % 8);
        pairwise_sum(first) + pairwise_sum(second)
    }
}

fn sum_of_block(values: &[f64]) -> f64 {
    let (eights, rest) = values.as_chunks::<8>();
    let mut r = [0.0; 8];
    for eight in eights {
        for (sum, value) in r.iter_mut().zip(eight) {
            *sum += value;
        }
    }
    let sum = ((r[0] + r[1]) + (r[2] + r[3])) + ((r[4] + r[5]) + (r[6] + r[7]));
    rest.iter().fold(sum, |sum, value| sum + value)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ten_values_are_added_as_numpy_adds_them() {
        // NumPy 2.4: numpy.mean([0.1] * 10) is 0.1, and one after another it is not.
        let values = [0.1; 10];

        assert_eq!(numpy_mean(&values).to_bits(), 0.1_f64.to_bits());
        assert_ne!((values.iter().sum::<f64>() / 10.0).to_bits(), 0.1_f64.to_bits());
        assert!(numpy_mean(&[]).is_nan());
    }

    #[test]
    fn lists_of_any_length_are_added_as_numpy_adds_them() {
        let golden: Vec<(u64, f64)> =
            serde_json::from_str(include_str!("../../tests/goldens/means.json")).unwrap();
        for (length, expected) in golden {
            let values: Vec<f64> =
                (1..=length).map(|k| (k * k * 7919 % 10007) as f64 / 10007.0).collect();

            assert_eq!(numpy_mean(&values).to_bits(), expected.to_bits(), "{length} values");
        }
    }
}

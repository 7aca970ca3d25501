//! The learning rate over the steps: a linear warm-up, then half a cosine to zero
//! (Loshchilov and Hutter 2017).

/// The learning rate of step `step` (from 1) of `steps`.
pub fn rate_at(step: u64, steps: u64, warm_up_steps: u64, highest: f64) -> f64 {
    let done = (step.saturating_sub(1)) as f64 / steps.max(1) as f64;
    let warm = (step as f64 / warm_up_steps.max(1) as f64).min(1.0);
    highest * warm * 0.5 * (1.0 + (std::f64::consts::PI * done.min(1.0)).cos())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_rate_rises_to_its_highest_and_falls_to_nothing() {
        let rates: Vec<f64> = (1..=1000).map(|step| rate_at(step, 1000, 50, 2e-3)).collect();

        assert!((rates[0] - 2e-3 / 50.0).abs() < 1e-6);
        assert!(rates.windows(2).take(45).all(|pair| pair[0] < pair[1]));
        assert!(rates.windows(2).skip(50).all(|pair| pair[0] > pair[1]));
        assert!(rates[999] < 1e-7);
    }
}

//! Numbers as text with at most two decimals.
//!
//! Level-0 pixels need no more: a hundredth of a pixel is 2.5 nm. All digits of a float would
//! make a file of nuclei nearly twice as large, and the digits are what takes the time.

/// Appends `value`, rounded to hundredths, without trailing zeros. `value` is finite and below
/// 10¹⁶.
pub(crate) fn push(text: &mut String, value: f64) {
    let hundredths = (value.abs() * 100.0).round() as u64;
    if value < 0.0 && hundredths > 0 {
        text.push('-');
    }
    push_integer(text, hundredths / 100);
    let (tenths, rest) = (hundredths / 10 % 10, hundredths % 10);
    if tenths + rest > 0 {
        text.push('.');
        push_digit(text, tenths);
        if rest > 0 {
            push_digit(text, rest);
        }
    }
}

fn push_integer(text: &mut String, integer: u64) {
    let mut power = 1;
    while integer / power >= 10 {
        power *= 10;
    }
    while power > 0 {
        push_digit(text, integer / power % 10);
        power /= 10;
    }
}

fn push_digit(text: &mut String, digit: u64) {
    text.push(char::from(b'0' + digit as u8));
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn trailing_zeros_and_negative_zero_are_not_written() {
        let written = |value| {
            let mut text = String::new();
            push(&mut text, value);
            text
        };

        assert_eq!(
            [0.0, -0.001, 475.0, 0.5, 10.05, -3.25, 0.999, 1e6].map(written),
            ["0", "0", "475", "0.5", "10.05", "-3.25", "1", "1000000"]
        );
    }

    proptest! {
        #[test]
        fn a_number_reads_back_to_half_a_hundredth(value in -1e7f64..1e7) {
            let mut text = String::new();
            push(&mut text, value);

            let read: f64 = text.parse().unwrap();

            prop_assert!((read - value).abs() <= 0.005 + 1e-8, "{value} as {text}");
        }
    }
}

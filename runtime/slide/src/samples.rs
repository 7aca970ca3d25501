//! Samples of any channel count and depth, turned into upright 8-bit RGB.

/// What the channels of interleaved samples are.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Channels {
    /// One grey value.
    Grey,
    /// Grey and opacity.
    GreyAlpha,
    /// Red, green, blue.
    Rgb,
    /// Red, green, blue and opacity.
    RgbAlpha,
}

impl Channels {
    /// Samples of one pixel.
    pub(crate) const fn count(self) -> usize {
        match self {
            Self::Grey => 1,
            Self::GreyAlpha => 2,
            Self::Rgb => 3,
            Self::RgbAlpha => 4,
        }
    }
}

/// Turns interleaved 8-bit samples into RGB; what is not opaque lies on white.
pub(crate) fn to_rgb(samples: Vec<u8>, channels: Channels) -> Vec<u8> {
    match channels {
        Channels::Rgb => samples,
        Channels::Grey => samples.iter().flat_map(|&grey| [grey; 3]).collect(),
        Channels::GreyAlpha => {
            samples.as_chunks().0.iter().flat_map(|&[grey, a]| [on_white(grey, a); 3]).collect()
        }
        Channels::RgbAlpha => samples
            .as_chunks()
            .0
            .iter()
            .flat_map(|&[r, g, b, a]| [on_white(r, a), on_white(g, a), on_white(b, a)])
            .collect(),
    }
}

/// A value of opacity `alpha` over white, rounded.
fn on_white(value: u8, alpha: u8) -> u8 {
    let (value, alpha) = (u32::from(value), u32::from(alpha));
    ((value * alpha + 255 * (255 - alpha) + 127) / 255) as u8
}

/// A 16-bit value as 8 bits, rounded: 65535 is 255, and 257 steps are one.
pub(crate) fn to_8_bit(value: u16) -> u8 {
    ((u32::from(value) + 128) / 257) as u8
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sixteen_bits_become_the_nearest_eight() {
        for value in 0..=u16::MAX {
            let nearest = (f64::from(value) / 257.0).round() as u8;
            assert_eq!(to_8_bit(value), nearest, "{value}");
        }
    }

    #[test]
    fn what_is_not_opaque_lies_on_white() {
        assert_eq!(to_rgb(vec![10, 20, 30, 255], Channels::RgbAlpha), [10, 20, 30]);
        assert_eq!(to_rgb(vec![10, 20, 30, 0], Channels::RgbAlpha), [255; 3]);
        assert_eq!(to_rgb(vec![0, 0, 0, 128], Channels::RgbAlpha), [127; 3]);
        assert_eq!(to_rgb(vec![0, 128], Channels::GreyAlpha), [127; 3]);
        assert_eq!(to_rgb(vec![9, 7], Channels::Grey), [9, 9, 9, 7, 7, 7]);
    }
}

//! Samples of any channel count and depth, turned into 8-bit RGB.

/// What the channels of interleaved samples mean.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Channels {
    /// The colour that the first one or three samples give.
    pub(crate) colour: Colour,
    /// The sample after them.
    pub(crate) alpha: Alpha,
    /// Samples of one pixel, colour and all others.
    pub(crate) count: usize,
}

/// How colour samples give red, green and blue.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Colour {
    /// One grey value, 0 black.
    Grey,
    /// One grey value, 0 white.
    GreyInverted,
    /// An index into a palette of 256.
    Palette(Box<[[u8; 3]; 256]>),
    /// Red, green, blue.
    Rgb,
    /// Luma and colour differences, full range (JFIF).
    YCbCr,
}

/// What the sample after the colour means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Alpha {
    /// There is none, or it is no opacity.
    Opaque,
    /// Opacity that the colour is already multiplied by.
    Associated,
    /// Opacity apart from the colour.
    Straight,
}

impl Colour {
    /// Samples that the colour takes.
    pub(crate) fn samples(&self) -> usize {
        match self {
            Self::Grey | Self::GreyInverted | Self::Palette(_) => 1,
            Self::Rgb | Self::YCbCr => 3,
        }
    }

    fn rgb(&self, pixel: &[u8]) -> [u8; 3] {
        match self {
            Self::Grey => [pixel[0]; 3],
            Self::GreyInverted => [255 - pixel[0]; 3],
            Self::Palette(colours) => colours[usize::from(pixel[0])],
            Self::Rgb => [pixel[0], pixel[1], pixel[2]],
            Self::YCbCr => ycbcr_to_rgb([pixel[0], pixel[1], pixel[2]]),
        }
    }
}

impl Alpha {
    /// `value` under opacity `alpha` over white, rounded.
    fn over_white(self, value: u8, alpha: u8) -> u8 {
        let (v, a) = (u32::from(value), u32::from(alpha));
        match self {
            Self::Opaque => value,
            Self::Associated => (v + 255 - a).min(255) as u8,
            Self::Straight => ((v * a + 255 * (255 - a) + 127) / 255) as u8,
        }
    }
}

impl Channels {
    /// Plain red, green, blue.
    pub(crate) const RGB: Self = Self { colour: Colour::Rgb, alpha: Alpha::Opaque, count: 3 };

    /// Turns interleaved 8-bit samples into RGB; what is not opaque lies on white.
    pub(crate) fn to_rgb(&self, samples: Vec<u8>) -> Vec<u8> {
        if *self == Self::RGB {
            return samples;
        }
        let mut rgb = Vec::with_capacity(samples.len() / self.count * 3);
        for pixel in samples.chunks_exact(self.count) {
            let colour = self.colour.rgb(pixel);
            rgb.extend(match self.alpha {
                Alpha::Opaque => colour,
                Alpha::Associated | Alpha::Straight => {
                    let opacity = pixel[self.colour.samples()];
                    colour.map(|value| self.alpha.over_white(value, opacity))
                }
            });
        }
        rgb
    }
}

/// ITU-T T.871 (JFIF), clause 7: full-range Y, Cb, Cr to R, G, B, rounded.
pub(crate) fn ycbcr_to_rgb([y, cb, cr]: [u8; 3]) -> [u8; 3] {
    let (y, cb, cr) = (i32::from(y) << 16, i32::from(cb) - 128, i32::from(cr) - 128);
    // 1.402, 0.344136, 0.714136 and 1.772 in 16.16 fixed point.
    let red = y + 91_881 * cr;
    let green = y - 22_554 * cb - 46_802 * cr;
    let blue = y + 116_130 * cb;
    [red, green, blue].map(|value| ((value + (1 << 15)) >> 16).clamp(0, 255) as u8)
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
        let rgba = |alpha| Channels { colour: Colour::Rgb, alpha, count: 4 };

        assert_eq!(rgba(Alpha::Straight).to_rgb(vec![10, 20, 30, 255]), [10, 20, 30]);
        assert_eq!(rgba(Alpha::Straight).to_rgb(vec![10, 20, 30, 0]), [255; 3]);
        assert_eq!(rgba(Alpha::Straight).to_rgb(vec![0, 0, 0, 128]), [127; 3]);
        assert_eq!(rgba(Alpha::Associated).to_rgb(vec![10, 20, 30, 255]), [10, 20, 30]);
        assert_eq!(rgba(Alpha::Associated).to_rgb(vec![10, 20, 30, 55]), [210, 220, 230]);
        assert_eq!(rgba(Alpha::Opaque).to_rgb(vec![10, 20, 30, 0]), [10, 20, 30]);
    }

    #[test]
    fn one_sample_gives_three() {
        let grey = |colour| Channels { colour, alpha: Alpha::Opaque, count: 1 };
        let mut palette = Box::new([[0; 3]; 256]);
        palette[7] = [1, 2, 3];

        assert_eq!(grey(Colour::Grey).to_rgb(vec![9, 7]), [9, 9, 9, 7, 7, 7]);
        assert_eq!(grey(Colour::GreyInverted).to_rgb(vec![9]), [246; 3]);
        assert_eq!(grey(Colour::Palette(palette)).to_rgb(vec![7]), [1, 2, 3]);
    }

    #[test]
    fn colour_differences_become_the_nearest_red_green_and_blue() {
        for y in (0..=255).step_by(5) {
            for cb in (0..=255).step_by(5) {
                for cr in (0..=255).step_by(5) {
                    let (l, b, r) = (f64::from(y), f64::from(cb) - 128.0, f64::from(cr) - 128.0);
                    let exact = [l + 1.402 * r, l - 0.344_136 * b - 0.714_136 * r, l + 1.772 * b];
                    for (found, exact) in
                        ycbcr_to_rgb([y as u8, cb as u8, cr as u8]).iter().zip(exact)
                    {
                        let difference = (f64::from(*found) - exact.clamp(0.0, 255.0)).abs();
                        assert!(difference < 0.51, "{y} {cb} {cr}: {found} is not {exact}");
                    }
                }
            }
        }
    }
}

//! Colours changed at random, and pixels turned into a network's input.
//!
//! Stains are scaled and shifted in optical density (Tellez et al. 2018), then the crop is changed
//! as a camera would: saturation, hue, gain, contrast, brightness, focus, noise.

use contract::Size;

use super::blur::gaussian;
use super::stain::StainMap;
use super::{Augmentation, Colour, Sharpen, Sometimes};
use crate::random::{NormalTable, Random};

type Matrix = [[f32; 3]; 3];

/// Leaves colours as they are.
const UNIT: Matrix = [[1.0, 0.0, 0.0], [0.0, 1.0, 0.0], [0.0, 0.0, 1.0]];

/// Share of the crops in which all stains are scaled together.
const INTENSITY_SHARE: f64 = 0.15;
/// Share of the crops in which saturation changes.
const SATURATION_SHARE: f64 = 0.5;
/// Optical densities of haematoxylin, eosin and a rest, to be scaled to length 1 (Ruifrok and
/// Johnston 2001).
const STAINS: [[f64; 3]; 3] = [[0.65, 0.70, 0.29], [0.07, 0.99, 0.11], [0.27, 0.57, 0.78]];
/// Steps of the full range that intensity 0 lies above darkness: keeps densities finite.
const DARK: f32 = 256.0;

/// Turns crops into input planes.
#[derive(Debug)]
pub(crate) struct Painter {
    augmentation: Augmentation,
    mean: [f32; 3],
    std: [f32; 3],
    density: Vec<f32>,
    normal: NormalTable,
    stains: [[f64; 3]; 3],
    unmix: [[f64; 3]; 3],
}

/// What is changed in one crop.
#[derive(Clone, Debug)]
pub(crate) struct Palette {
    /// On optical densities: `od · matrix + shift`; none leaves them as they are.
    stain: Option<(Matrix, [f32; 3])>,
    /// On intensities of 0 to 1: `matrix · rgb + shift`.
    light: (Matrix, [f32; 3]),
    /// Factor of the distance from the crop's mean, where it changes.
    contrast: Option<f32>,
    /// Standard deviation and amount; none leaves the crop as it is.
    sharpen: Option<(f64, f32)>,
    blur: f64,
    noise: f32,
    /// Where the noise is drawn from.
    random: Random,
}

impl Palette {
    /// The same palette on stains that `map` has moved before.
    pub(crate) fn after(mut self, map: Option<&StainMap>) -> Self {
        if let Some(map) = map {
            let (matrix, shift) = self.stain.unwrap_or((UNIT, [0.0; 3]));
            let then = |row: [f64; 3]| {
                [0, 1, 2].map(|c| (0..3).map(|k| row[k] as f32 * matrix[k][c]).sum::<f32>())
            };
            let moved = then(map.shift);
            let shift = [0, 1, 2].map(|channel| moved[channel] + shift[channel]);
            self.stain = Some((map.matrix.map(then), shift));
        }
        self
    }
}

impl Painter {
    /// A painter of planes `(value / 255 - mean) / std`.
    pub(crate) fn new(augmentation: Augmentation, mean: [f32; 3], std: [f32; 3]) -> Self {
        let stains = STAINS.map(scaled_to_1);
        Self {
            augmentation,
            mean,
            std,
            density: (0..=255_u8).map(|value| -((f32::from(value) + 1.0) / DARK).ln()).collect(),
            normal: NormalTable::new(),
            unmix: inverse(stains),
            stains,
        }
    }

    /// Draws what is changed in a crop.
    pub(crate) fn draw(&self, random: &mut Random) -> Palette {
        let colour = &self.augmentation.colour;
        let stain = self.draw_stain(colour, random);
        let light = draw_light(colour, random);
        let contrast = random.around(colour.contrast).exp() as f32;
        let contrast = (colour.contrast > 0.0).then_some(contrast);
        let sharpen = draw_sharpen(self.augmentation.sharpen, random);
        let blur = draw_sometimes(self.augmentation.blur, random);
        let noise = draw_sometimes(self.augmentation.noise, random) as f32;
        let random = Random::of(&[random.bits()]);
        Palette { stain, light, contrast, sharpen, blur, noise, random }
    }

    fn draw_stain(&self, colour: &Colour, random: &mut Random) -> Option<(Matrix, [f32; 3])> {
        let mut scale = [0; 3].map(|_| random.around(colour.stain_scale).exp());
        let shift = [0; 3].map(|_| random.around(colour.stain_shift));
        let together = random.around(colour.intensity).exp();
        if random.chance(INTENSITY_SHARE) {
            scale = scale.map(|factor| factor * together);
        }
        let stains = self.stains.map(|stain| tilted(stain, colour.stain_angle, random));

        let changes =
            [colour.stain_scale, colour.stain_shift, colour.intensity, colour.stain_angle];
        if changes.iter().all(|change| *change == 0.0) {
            return None;
        }
        let scaled = [0, 1, 2].map(|stain| stains[stain].map(|part| part * scale[stain]));
        let matrix = product(self.unmix, scaled);
        let shift = [0, 1, 2].map(|channel| {
            (0..3).map(|stain| shift[stain] * stains[stain][channel]).sum::<f64>() as f32
        });
        Some((matrix.map(|row| row.map(|value| value as f32)), shift))
    }

    /// Paints `pixels` (RGB, row-major, of `size`) into `planes` `[3, height, width]`.
    pub(crate) fn paint(&self, pixels: &[u8], size: Size, palette: Palette, planes: &mut [f32]) {
        let length = size.pixels();
        match &palette.stain {
            Some((matrix, shift)) => self.restain(pixels, matrix, *shift, planes),
            None => split_channels(pixels, planes),
        }
        relight(planes, &palette, length);
        for plane in planes.chunks_exact_mut(length) {
            if let Some((sigma, amount)) = palette.sharpen {
                sharpen(plane, size, sigma, amount);
            }
            gaussian(plane, size, palette.blur);
        }
        if palette.noise > 0.0 {
            self.add_noise(planes, palette.noise, palette.random);
        }
        for (channel, plane) in planes.chunks_exact_mut(length).enumerate() {
            let (mean, per_std) = (self.mean[channel], 1.0 / self.std[channel]);
            for value in plane {
                *value = (value.clamp(0.0, 1.0) - mean) * per_std;
            }
        }
    }

    /// Intensities of 0 to 1 after the stains have changed.
    fn restain(&self, pixels: &[u8], matrix: &Matrix, shift: [f32; 3], planes: &mut [f32]) {
        let length = planes.len() / 3;
        let (red, rest) = planes.split_at_mut(length);
        let (green, blue) = rest.split_at_mut(length);
        let targets = red.iter_mut().zip(green.iter_mut()).zip(blue.iter_mut());
        for (pixel, ((red, green), blue)) in pixels.chunks_exact(3).zip(targets) {
            let od = [0, 1, 2].map(|channel| self.density[usize::from(pixel[channel])]);
            let changed = |channel: usize| {
                od[0] * matrix[0][channel]
                    + od[1] * matrix[1][channel]
                    + od[2] * matrix[2][channel]
                    + shift[channel]
            };
            (*red, *green, *blue) = (changed(0), changed(1), changed(2));
        }
        // A loop of its own over neighbours, so that it runs on vectors.
        for value in planes {
            *value = (exp_of_minus(value.max(0.0)) * DARK - 1.0) / 255.0;
        }
    }

    fn add_noise(&self, planes: &mut [f32], sigma: f32, mut random: Random) {
        for chunk in planes.chunks_mut(5) {
            let noise = self.normal.draw(&mut random);
            for (value, noise) in chunk.iter_mut().zip(noise) {
                *value += sigma * noise;
            }
        }
    }
}

fn split_channels(pixels: &[u8], planes: &mut [f32]) {
    let length = planes.len() / 3;
    for (channel, plane) in planes.chunks_exact_mut(length).enumerate() {
        for (value, pixel) in plane.iter_mut().zip(pixels.chunks_exact(3)) {
            *value = f32::from(pixel[channel]) / 255.0;
        }
    }
}

/// Saturation, hue, gain, brightness, and contrast about the crop's mean.
fn relight(planes: &mut [f32], palette: &Palette, length: usize) {
    let (matrix, shift) = palette.light;
    let (red, rest) = planes.split_at_mut(length);
    let (green, blue) = rest.split_at_mut(length);
    for ((red, green), blue) in red.iter_mut().zip(green.iter_mut()).zip(blue.iter_mut()) {
        let (r, g, b) = (*red, *green, *blue);
        let lit = |channel: usize| {
            matrix[channel][0] * r
                + matrix[channel][1] * g
                + matrix[channel][2] * b
                + shift[channel]
        };
        (*red, *green, *blue) = (lit(0), lit(1), lit(2));
    }
    if let Some(contrast) = palette.contrast {
        let sum: f64 = planes.iter().map(|value| f64::from(*value)).sum();
        let mean = (sum / planes.len() as f64) as f32;
        for value in planes {
            *value = mean + (*value - mean) * contrast;
        }
    }
}

/// exp(-x) for x of 0 or more; 0 or nearly where it is below 1e-37.
fn exp_of_minus(x: f32) -> f32 {
    let t = (-x * std::f32::consts::LOG2_E).max(-126.0);
    // The cast cuts towards 0, so this rounds to the nearest, and the part is at most a half.
    let whole = (t - 0.5) as i32;
    let part = t - whole as f32;
    // 2^part by the series of exp(part · ln 2), to a relative 2e-7.
    let y = part * std::f32::consts::LN_2;
    let series = 1.0
        + y * (1.0
            + y * (1.0 / 2.0 + y * (1.0 / 6.0 + y * (1.0 / 24.0 + y * (1.0 / 120.0 + y / 720.0)))));
    f32::from_bits(((whole + 127) as u32) << 23) * series
}

/// Draws how much a crop is sharpened. Nothing is drawn where nothing ever is, so that a plan without
/// it keeps its random numbers.
fn draw_sharpen(sharpen: Option<Sharpen>, random: &mut Random) -> Option<(f64, f32)> {
    let Sharpen { probability, sigma_px, amount_max } = sharpen?;
    let happens = random.chance(probability);
    let amount = random.between(0.0, amount_max) as f32;
    happens.then_some((sigma_px, amount))
}

/// `x + amount · (x - blurred x)` on one plane.
fn sharpen(plane: &mut [f32], size: Size, sigma: f64, amount: f32) {
    let mut blurred = plane.to_vec();
    gaussian(&mut blurred, size, sigma);
    for (value, soft) in plane.iter_mut().zip(&blurred) {
        *value += amount * (*value - soft);
    }
}

fn draw_sometimes(some: Option<Sometimes>, random: &mut Random) -> f64 {
    let Some(some) = some else { return 0.0 };
    let sigma = random.between(some.sigma_min, some.sigma_max);
    if random.chance(some.probability) { sigma } else { 0.0 }
}

/// gain · hue · saturation, and brightness.
fn draw_light(colour: &Colour, random: &mut Random) -> (Matrix, [f32; 3]) {
    let saturation = random.around(colour.saturation).exp();
    let saturation = if random.chance(SATURATION_SHARE) { saturation } else { 1.0 };
    let hue = random.around(colour.hue);
    let gain = [0; 3].map(|_| random.around(colour.gain).exp());
    let brightness = random.around(colour.brightness) as f32;

    let mut matrix = product(about_grey(hue), towards_grey(saturation));
    for (row, gain) in matrix.iter_mut().zip(gain) {
        *row = row.map(|value| value * gain);
    }
    (matrix.map(|row| row.map(|value| value as f32)), [brightness; 3])
}

/// Scales the distance from grey, the mean of the channels.
fn towards_grey(saturation: f64) -> [[f64; 3]; 3] {
    let grey = (1.0 - saturation) / 3.0;
    [0, 1, 2].map(|row| [0, 1, 2].map(|c| grey + if row == c { saturation } else { 0.0 }))
}

/// Rotation about the axis of greys (Rodrigues).
fn about_grey(angle: f64) -> [[f64; 3]; 3] {
    let (sin, cos) = (angle.sin() / 3.0_f64.sqrt(), angle.cos());
    let third = (1.0 - cos) / 3.0;
    [
        [cos + third, third - sin, third + sin],
        [third + sin, cos + third, third - sin],
        [third - sin, third + sin, cos + third],
    ]
}

/// A stain's vector turned by up to `angle` in a random direction.
fn tilted(stain: [f64; 3], angle: f64, random: &mut Random) -> [f64; 3] {
    let direction = [0; 3].map(|_| random.around(1.0));
    let tilt = random.unit() * angle;
    let along = dot(direction, stain);
    let across = scaled_to_1([0, 1, 2].map(|i| direction[i] - along * stain[i]));
    [0, 1, 2].map(|i| tilt.cos() * stain[i] + tilt.sin() * across[i])
}

fn dot(a: [f64; 3], b: [f64; 3]) -> f64 {
    a[0] * b[0] + a[1] * b[1] + a[2] * b[2]
}

fn scaled_to_1(vector: [f64; 3]) -> [f64; 3] {
    let length = dot(vector, vector).sqrt();
    // A vector of no length has no direction, and stays.
    if length > 0.0 { vector.map(|part| part / length) } else { vector }
}

fn product(a: [[f64; 3]; 3], b: [[f64; 3]; 3]) -> [[f64; 3]; 3] {
    a.map(|row| [0, 1, 2].map(|column| (0..3).map(|k| row[k] * b[k][column]).sum()))
}

/// The inverse by cofactors; the stains are far from lying in one plane.
fn inverse(m: [[f64; 3]; 3]) -> [[f64; 3]; 3] {
    let minor = |r: usize, c: usize| {
        let (r1, r2, c1, c2) = ((r + 1) % 3, (r + 2) % 3, (c + 1) % 3, (c + 2) % 3);
        m[r1][c1] * m[r2][c2] - m[r1][c2] * m[r2][c1]
    };
    let determinant: f64 = (0..3).map(|c| m[0][c] * minor(0, c)).sum();
    [0, 1, 2].map(|row| [0, 1, 2].map(|column| minor(column, row) / determinant))
}

#[cfg(test)]
mod tests;

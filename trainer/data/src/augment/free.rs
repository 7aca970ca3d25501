//! Crops that are turned by any angle, or bent: every pixel is looked up on its own.
//!
//! Where a pixel of the crop covers several of the image, it is the mean of as many samples along
//! each axis, so that fine texture is averaged as the runtime's resampling averages it.

use contract::RgbImage;

use super::bend::Bend;
use super::blur::mirrored;
use super::cut::{Crop, OUTSIDE};
use super::turn::Turn;

/// Samples along one axis of a pixel, at most.
const SAMPLES_MAX: usize = 8;

/// Where a crop lies in its image.
#[derive(Clone, Copy, Debug)]
pub(super) struct Placement {
    /// Its centre, px of the image.
    pub(super) centre: [f64; 2],
    /// Edge of its pixels, px of the image.
    pub(super) scale: f64,
    /// Flip and quarter turns, applied first.
    pub(super) turn: Turn,
    /// Further rotation, radians.
    pub(super) angle: f64,
}

/// Cuts the crop of edge `edge` at `placement`.
pub(super) fn cut(
    image: &RgbImage,
    edge: usize,
    placement: &Placement,
    bend: Option<&Bend>,
) -> Crop {
    let axes = placement.axes();
    let scale = placement.scale as f32;
    let lens = Lens::new(image, axes, scale);
    let centre = placement.centre.map(|position| position as f32);
    let offset = |position: usize| position as f32 + 0.5 - edge as f32 / 2.0;

    let mut crop = Crop {
        pixels: Vec::with_capacity(3 * edge * edge),
        source: Vec::with_capacity(edge * edge),
        axes,
        source_px: scale,
    };
    for y in 0..edge {
        for x in 0..edge {
            let at = y * edge + x;
            let (bend_x, bend_y) = bend.map_or((0.0, 0.0), |bend| (bend.x[at], bend.y[at]));
            let (u, v) = (offset(x) + bend_x, offset(y) + bend_y);
            let position =
                [0, 1].map(|axis| centre[axis] + scale * (u * axes[0][axis] + v * axes[1][axis]));
            crop.pixels.extend(lens.colour(position));
            crop.source.push(lens.index(position));
        }
    }
    crop
}

impl Placement {
    /// Unit vectors of the crop's axes in the image.
    fn axes(&self) -> [[f32; 2]; 2] {
        if self.angle == 0.0 {
            return self.turn.axes();
        }
        let (sin, cos) = (self.angle.sin() as f32, self.angle.cos() as f32);
        self.turn.axes().map(|[x, y]| [cos * x - sin * y, sin * x + cos * y])
    }
}

/// Looks at an image through pixels of the crop.
struct Lens<'a> {
    image: &'a RgbImage,
    /// Offsets of the samples from a pixel's centre, px of the image.
    samples: Vec<[f32; 2]>,
}

impl<'a> Lens<'a> {
    fn new(image: &'a RgbImage, axes: [[f32; 2]; 2], scale: f32) -> Self {
        let along = ((scale - 0.25).ceil() as usize).clamp(1, SAMPLES_MAX);
        let part = |sample: usize| scale * ((sample as f32 + 0.5) / along as f32 - 0.5);
        let samples = (0..along * along)
            .map(|sample| {
                let (u, v) = (part(sample % along), part(sample / along));
                [u * axes[0][0] + v * axes[1][0], u * axes[0][1] + v * axes[1][1]]
            })
            .collect();
        Self { image, samples }
    }

    /// The mean colour of a pixel of the crop.
    fn colour(&self, position: [f32; 2]) -> [u8; 3] {
        let mut sum = [0.0; 3];
        for [x, y] in &self.samples {
            let colour = self.between(position[0] + x - 0.5, position[1] + y - 0.5);
            for (sum, channel) in sum.iter_mut().zip(colour) {
                *sum += channel;
            }
        }
        let count = self.samples.len() as f32;
        // Rounds half up; the cast keeps to 0 to 255.
        sum.map(|sum| (sum / count + 0.5) as u8)
    }

    /// The colour at a position counted in pixel centres, linear between the four nearest.
    fn between(&self, x: f32, y: f32) -> [f32; 3] {
        let (width, height) = (self.image.width(), self.image.height());
        let inside = x >= 0.0 && y >= 0.0 && x < width as f32 - 1.0 && y < height as f32 - 1.0;
        if !inside {
            return self.between_mirrored(x, y);
        }
        // Not `floor`, which is a call where the processor may lack the instruction.
        let (left, top) = (x as usize, y as usize);
        let (right, lower) = (x - left as f32, y - top as f32);
        let first = 3 * (top * width + left);
        let (above, below) = (self.pair(first), self.pair(first + 3 * width));
        blend([&above[..3], &above[3..], &below[..3], &below[3..]], right, lower)
    }

    /// The six bytes of two neighbours in a row.
    fn pair(&self, first: usize) -> &[u8] {
        &self.image.pixels()[first..first + 6]
    }

    /// As [`Lens::between`], for positions near the border and beyond it.
    fn between_mirrored(&self, x: f32, y: f32) -> [f32; 3] {
        let (width, height) = (self.image.width(), self.image.height());
        let (left, top) = (x.floor(), y.floor());
        let columns = [0, 1].map(|step| mirrored(left as isize + step, width));
        let rows = [0, 1].map(|step| mirrored(top as isize + step, height));
        let pixel = |row: usize, column: usize| {
            let first = 3 * (rows[row] * width + columns[column]);
            &self.image.pixels()[first..first + 3]
        };
        blend([pixel(0, 0), pixel(0, 1), pixel(1, 0), pixel(1, 1)], x - left, y - top)
    }

    /// The pixel under a position.
    fn index(&self, [x, y]: [f32; 2]) -> u32 {
        let (width, height) = (self.image.width(), self.image.height());
        let within = x >= 0.0 && y >= 0.0 && x < width as f32 && y < height as f32;
        if within { (y as usize * width + x as usize) as u32 } else { OUTSIDE }
    }
}

/// The colour between upper left, upper right, lower left and lower right.
fn blend(corners: [&[u8]; 4], right: f32, lower: f32) -> [f32; 3] {
    let weights = [
        (1.0 - right) * (1.0 - lower),
        right * (1.0 - lower),
        (1.0 - right) * lower,
        right * lower,
    ];
    [0, 1, 2].map(|channel| {
        let parts = corners.iter().zip(weights);
        parts.map(|(corner, weight)| weight * f32::from(corner[channel])).sum()
    })
}

//! One annotated image, as a reader hands it over.
//!
//! Labels are partial: what nobody marked is unknown, never negative. A source without classes
//! yields nuclei without a class; dots name nuclei and say nothing of their outlines.

use std::collections::BTreeMap;
use std::sync::Arc;

use contract::{Mpp, RgbImage, Size};
use kernels::resample::Resampler;

/// The class of a nucleus, or of a pixel, that nobody named.
pub const UNKNOWN: u8 = 255;

/// One annotated image.
#[derive(Clone, Debug, PartialEq)]
pub struct Sample {
    /// Name of the source it comes from, for example `nuinsseg`.
    pub set: String,
    /// File name without folder and ending.
    pub name: String,
    /// Patient, slide or region: what must not stand on both sides of a split.
    pub group: String,
    /// Tissue source site, where the source tells it (TCGA).
    pub site: Option<String>,
    /// The image; shared with the targets that are computed of it.
    pub image: Arc<RgbImage>,
    /// Its resolution.
    pub mpp: Mpp,
    /// What people marked in it.
    pub annotation: Annotation,
    /// Tissue of each pixel, row-major, [`UNKNOWN`] where nobody said; an index into
    /// [`crate::source::PUMA_TISSUE`].
    pub tissue: Option<Vec<u8>>,
}

/// What people marked in an image.
#[derive(Clone, Debug, PartialEq)]
pub enum Annotation {
    /// Every nucleus, by its pixels.
    Instances(Instances),
    /// A point in most nuclei, with the class.
    Dots(Vec<Dot>),
}

/// Nuclei by their pixels.
#[derive(Clone, Debug, PartialEq)]
pub struct Instances {
    /// Row-major, the image's size: 0 background, otherwise the number of a nucleus.
    pub ids: Vec<u32>,
    /// Class of each nucleus that has one; an index into the plan's classes.
    pub classes: BTreeMap<u32, u8>,
}

/// A point in a nucleus.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Dot {
    /// Pixels to the right of the image's left edge; the first pixel's centre is at a half.
    pub x: f64,
    /// Pixels down from the image's upper edge.
    pub y: f64,
    /// Index into the plan's classes, or [`UNKNOWN`].
    pub class: u8,
}

impl Sample {
    /// Its nuclei as points: the dots, or the centre of each nucleus' pixels in order of number.
    pub fn nuclei(&self) -> Vec<Dot> {
        match &self.annotation {
            Annotation::Dots(dots) => dots.clone(),
            Annotation::Instances(instances) => instances.centres(self.image.width()),
        }
    }

    /// The same sample at `mpp`, on the grid that the runtime resamples to: the image by area
    /// average (linear where it grows), labels by the pixel under the output pixel's centre, dots
    /// by scaling.
    #[must_use]
    pub fn resampled(&self, mpp: Mpp) -> Self {
        let grid = Resampler::new(self.mpp, mpp);
        let (from, to) = (self.image.size(), grid.output_size(self.image.size()));
        let image = Arc::new(grid.window(&self.image, (0, 0), (0, 0), to));
        let nearest = Nearest { factor: grid.factor(), from, to };

        let annotation = match &self.annotation {
            Annotation::Dots(dots) => Annotation::Dots(
                dots.iter()
                    .map(|dot| Dot {
                        x: dot.x / grid.factor(),
                        y: dot.y / grid.factor(),
                        class: dot.class,
                    })
                    .collect(),
            ),
            Annotation::Instances(instances) => Annotation::Instances(Instances {
                ids: nearest.of(&instances.ids),
                classes: instances.classes.clone(),
            }),
        };
        let tissue = self.tissue.as_ref().map(|tissue| nearest.of(tissue));
        Self { image, mpp, annotation, tissue, ..self.without_pixels() }
    }

    /// Everything but what is as large as the image.
    fn without_pixels(&self) -> Self {
        Self {
            set: self.set.clone(),
            name: self.name.clone(),
            group: self.group.clone(),
            site: self.site.clone(),
            image: Arc::new(RgbImage::filled(Size::new(0, 0), [0; 3])),
            mpp: self.mpp,
            annotation: Annotation::Dots(Vec::new()),
            tissue: None,
        }
    }
}

impl Instances {
    /// The centre of each nucleus' pixels, in order of number.
    fn centres(&self, width: usize) -> Vec<Dot> {
        let mut sums: BTreeMap<u32, (f64, f64, f64)> = BTreeMap::new();
        for (at, &id) in self.ids.iter().enumerate().filter(|(_, id)| **id > 0) {
            let sum = sums.entry(id).or_default();
            sum.0 += (at % width) as f64 + 0.5;
            sum.1 += (at / width) as f64 + 0.5;
            sum.2 += 1.0;
        }
        sums.into_iter()
            .map(|(id, (x, y, area))| Dot {
                x: x / area,
                y: y / area,
                class: self.classes.get(&id).copied().unwrap_or(UNKNOWN),
            })
            .collect()
    }
}

/// Takes, for each output pixel, the source pixel under its centre.
struct Nearest {
    factor: f64,
    from: Size,
    to: Size,
}

impl Nearest {
    fn of<T: Copy>(&self, map: &[T]) -> Vec<T> {
        let columns: Vec<usize> =
            (0..self.to.width).map(|x| self.under(x, self.from.width)).collect();
        (0..self.to.height)
            .flat_map(|y| {
                let row = self.under(y, self.from.height) * self.from.width;
                columns.iter().map(move |x| map[row + x])
            })
            .collect()
    }

    fn under(&self, output: usize, length: usize) -> usize {
        (((output as f64 + 0.5) * self.factor) as usize).min(length - 1)
    }
}

#[cfg(test)]
mod tests;

//! What a network finds in one image, back on the image's own grid.

use contract::{Mpp, RgbImage, Size};
use evaluation::detection::Dot;
use kernels::Labels;
use kernels::measure::Region;
use kernels::resample::Resampler;

use super::Passes;
use crate::export::{Served, ServedError};

/// What was found in an image.
#[derive(Debug)]
pub struct Found {
    /// Instances at the network's resolution; they may reach over the image, where it was filled up.
    pub labels: Labels,
    /// Probability of nucleus, as large as `labels`.
    pub np: Vec<f32>,
    /// Each instance's measures.
    pub regions: Vec<Region>,
    /// Each instance as a point of the image, in its pixels.
    pub dots: Vec<Dot>,
    /// Image pixels of a network pixel's edge.
    pub factor: f64,
}

/// Finds the nuclei of an `image` of resolution `mpp`, looked at as a whole.
pub fn find(
    served: &Served,
    image: &RgbImage,
    mpp: Mpp,
    passes: Passes,
) -> Result<Found, ServedError> {
    let grid = Resampler::new(mpp, served.card().mpp);
    let size = grid.output_size(image.size());
    let resampled = grid.window(image, (0, 0), (0, 0), size);
    let mut maps = passes.run(served, &resampled)?;
    forget_filling(&mut maps, size);
    let (labels, regions) = served.nuclei(&maps);
    let factor = grid.factor();
    let dots = regions
        .iter()
        .map(|region| {
            let (x, y) = region.centroid();
            Dot { x: x * factor, y: y * factor, class: region.class }
        })
        .collect();
    Ok(Found { labels, np: maps.np.unwrap_or_default(), regions, dots, factor })
}

/// No nucleus lies where the image was filled up.
fn forget_filling(maps: &mut engine::Maps, size: Size) {
    let width = maps.size.width;
    let Some(np) = &mut maps.np else { return };
    for (row, values) in np.chunks_exact_mut(width).enumerate() {
        let kept = if row < size.height { size.width } else { 0 };
        values[kept..].fill(0.0);
    }
}

impl Found {
    /// The instances on the image's own grid: each pixel takes that under its centre.
    pub fn ids_at(&self, size: Size) -> Vec<u32> {
        self.at(size, self.labels.values())
    }

    /// The probability of nucleus on the image's own grid.
    pub fn np_at(&self, size: Size) -> Vec<f32> {
        self.at(size, &self.np)
    }

    fn at<T: Copy>(&self, size: Size, values: &[T]) -> Vec<T> {
        let from = self.labels.size();
        let under =
            |at: usize, length: usize| (((at as f64 + 0.5) / self.factor) as usize).min(length - 1);
        let columns: Vec<usize> = (0..size.width).map(|x| under(x, from.width)).collect();
        (0..size.height)
            .flat_map(|y| {
                let row = under(y, from.height) * from.width;
                columns.iter().map(move |x| values[row + x])
            })
            .collect()
    }
}

//! What goes into a network and what comes out, in host memory.
//!
//! All planes are row-major `f32`; a batch is `[count, channel, row, column]`. Each output has the
//! input's height and width: an engine that finds otherwise refuses (`RunError`).

use contract::Size;
use thiserror::Error;

/// Input images: `[count, 3, height, width]`, normalised as the card says.
#[derive(Clone, Copy, Debug)]
pub struct Batch<'a> {
    values: &'a [f32],
    count: usize,
    size: Size,
}

/// The values are not as many as the shape says, or there are none.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error(
    "a batch of {count} images of {width} × {height} px has {expected} values and at least one, not {actual}",
    width = size.width, height = size.height
)]
pub struct BatchError {
    /// Images announced.
    pub count: usize,
    /// Size of each.
    pub size: Size,
    /// Values that this takes.
    pub expected: usize,
    /// Values that were given.
    pub actual: usize,
}

impl<'a> Batch<'a> {
    /// Channels of an input image: red, green, blue.
    pub const CHANNELS: usize = 3;

    /// Takes `values`, which must be `count × 3 × height × width` and not empty.
    pub fn new(values: &'a [f32], count: usize, size: Size) -> Result<Self, BatchError> {
        let expected = [count, Self::CHANNELS, size.height, size.width]
            .into_iter()
            .fold(1_usize, usize::saturating_mul);
        if values.len() != expected || values.is_empty() {
            return Err(BatchError { count, size, expected, actual: values.len() });
        }
        Ok(Self { values, count, size })
    }

    /// All values.
    pub fn values(&self) -> &'a [f32] {
        self.values
    }

    /// Images.
    pub fn count(&self) -> usize {
        self.count
    }

    /// Size of each image.
    pub fn size(&self) -> Size {
        self.size
    }
}

/// Output maps of a batch: those that the card names are there, each `[count, channels, height,
/// width]`.
#[derive(Clone, Debug, PartialEq)]
pub struct Maps {
    /// Images.
    pub count: usize,
    /// Size of each map.
    pub size: Size,
    /// Probability of nucleus; 1 channel.
    pub np: Option<Vec<f32>>,
    /// Horizontal, then vertical offset; 2 channels.
    pub hv: Option<Vec<f32>>,
    /// Normalised distance; 1 channel.
    pub dist: Option<Vec<f32>>,
    /// Class probabilities; one channel a class.
    pub tp: Option<Vec<f32>>,
}

/// The maps of one image of a batch.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ItemMaps<'a> {
    /// Size of each map.
    pub size: Size,
    /// See [`Maps::np`].
    pub np: Option<&'a [f32]>,
    /// See [`Maps::hv`].
    pub hv: Option<&'a [f32]>,
    /// See [`Maps::dist`].
    pub dist: Option<&'a [f32]>,
    /// See [`Maps::tp`].
    pub tp: Option<&'a [f32]>,
}

impl Maps {
    /// The maps of image `index`, which must be below `count`.
    pub fn item(&self, index: usize) -> ItemMaps<'_> {
        let count = self.count;
        ItemMaps {
            size: self.size,
            np: part(self.np.as_deref(), index, count),
            hv: part(self.hv.as_deref(), index, count),
            dist: part(self.dist.as_deref(), index, count),
            tp: part(self.tp.as_deref(), index, count),
        }
    }
}

fn part(map: Option<&[f32]>, index: usize, count: usize) -> Option<&[f32]> {
    let map = map?;
    let each = map.len() / count;
    Some(&map[index * each..(index + 1) * each])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_batch_has_as_many_values_as_its_shape_says() {
        let values = vec![0.0; 2 * 3 * 4 * 5];

        assert!(Batch::new(&values, 2, Size::new(5, 4)).is_ok());
        assert!(Batch::new(&values[1..], 2, Size::new(5, 4)).is_err());
        assert!(Batch::new(&[], 0, Size::new(5, 4)).is_err());
        assert!(Batch::new(&values, 2, Size::new(usize::MAX, usize::MAX)).is_err());
    }

    #[test]
    fn an_item_is_its_own_part_of_each_map() {
        let maps = Maps {
            count: 2,
            size: Size::new(1, 1),
            np: Some(vec![1.0, 2.0]),
            hv: Some(vec![3.0, 4.0, 5.0, 6.0]),
            dist: None,
            tp: None,
        };

        let second = maps.item(1);

        assert_eq!(second.np, Some(&[2.0][..]));
        assert_eq!(second.hv, Some(&[5.0, 6.0][..]));
        assert_eq!(second.dist, None);
    }
}

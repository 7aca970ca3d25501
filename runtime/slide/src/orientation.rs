//! TIFF and EXIF orientation: how the stored rows and columns lie in the upright image.
//!
//! TIFF 6.0, `Orientation` (274). The upright image is what a viewer shows.

use contract::{RgbImage, Size};

/// One of the eight orientations; the number is the tag's.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Orientation(u8);

/// A rectangle of an image.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Rectangle {
    pub(crate) x: usize,
    pub(crate) y: usize,
    pub(crate) size: Size,
}

impl Orientation {
    /// Stored as it is shown.
    pub(crate) const UPRIGHT: Self = Self(1);

    /// The orientation of the tag's value, 1 to 8.
    pub(crate) fn new(tag: u64) -> Option<Self> {
        (1..=8).contains(&tag).then_some(Self(tag as u8))
    }

    /// Whether rows are stored as columns.
    fn transposes(self) -> bool {
        self.0 >= 5
    }

    /// The upright size of an image of stored size `stored`, and the reverse.
    pub(crate) fn upright_size(self, stored: Size) -> Size {
        if self.transposes() { Size::new(stored.height, stored.width) } else { stored }
    }

    /// Where the pixel at upright (`u`, `v`) lies in an image of stored size `stored`.
    fn stored_at(self, u: usize, v: usize, stored: Size) -> (usize, usize) {
        let (right, bottom) = (stored.width - 1, stored.height - 1);
        match self.0 {
            2 => (right - u, v),
            3 => (right - u, bottom - v),
            4 => (u, bottom - v),
            5 => (v, u),
            6 => (v, bottom - u),
            7 => (right - v, bottom - u),
            8 => (right - v, u),
            _ => (u, v),
        }
    }

    /// The stored rectangle that holds the upright `region`, which lies inside.
    pub(crate) fn stored_region(self, region: Rectangle, stored: Size) -> Rectangle {
        let size = self.upright_size(region.size);
        if size.pixels() == 0 {
            return Rectangle { x: 0, y: 0, size };
        }
        let (last_u, last_v) =
            (region.x + region.size.width - 1, region.y + region.size.height - 1);
        let (x0, y0) = self.stored_at(region.x, region.y, stored);
        let (x1, y1) = self.stored_at(last_u, last_v, stored);
        Rectangle { x: x0.min(x1), y: y0.min(y1), size }
    }

    /// Turns stored pixels upright.
    pub(crate) fn upright(self, image: RgbImage) -> RgbImage {
        let stored = image.size();
        if self == Self::UPRIGHT || stored.pixels() == 0 {
            return image;
        }
        let size = self.upright_size(stored);
        let mut pixels = Vec::with_capacity(3 * size.pixels());
        for v in 0..size.height {
            for u in 0..size.width {
                let (x, y) = self.stored_at(u, v, stored);
                pixels.extend_from_slice(&image.pixel(x, y));
            }
        }
        RgbImage::new(size, pixels).expect("each upright pixel is copied once")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::regions::cut;

    /// Red and green of each pixel are its stored column and row.
    fn coordinates(size: Size) -> RgbImage {
        let pixels = (0..size.height)
            .flat_map(|y| (0..size.width).flat_map(move |x| [x as u8, y as u8, 0]))
            .collect();
        RgbImage::new(size, pixels).unwrap()
    }

    /// The corner of the stored image that TIFF 6.0 names for row 0 and column 0.
    #[test]
    fn the_stored_corners_lie_where_the_standard_says() {
        let stored = Size::new(4, 3);
        // Where the stored top-left pixel is shown: (right?, bottom?).
        let shown = [
            (false, false),
            (true, false),
            (true, true),
            (false, true),
            (false, false),
            (true, false),
            (true, true),
            (false, true),
        ];
        for (tag, (right, bottom)) in (1..).zip(shown) {
            let image = Orientation::new(tag).unwrap().upright(coordinates(stored));
            let x = if right { image.width() - 1 } else { 0 };
            let y = if bottom { image.height() - 1 } else { 0 };

            assert_eq!(image.pixel(x, y), [0, 0, 0], "orientation {tag}");
        }
    }

    /// Stored rows run along shown rows for 1 to 4, and along shown columns for 5 to 8.
    #[test]
    fn stored_rows_are_shown_as_the_standard_says() {
        for tag in 1..=8 {
            let image = Orientation::new(tag).unwrap().upright(coordinates(Size::new(4, 3)));
            let first_row_is_one_stored_row =
                (0..image.width()).all(|x| image.pixel(x, 0)[1] == image.pixel(0, 0)[1]);

            assert_eq!(first_row_is_one_stored_row, tag < 5, "orientation {tag}");
        }
    }

    #[test]
    fn a_region_turned_upright_is_the_region_of_the_image_turned_upright() {
        let stored = Size::new(7, 5);
        let image = coordinates(stored);
        for tag in 1..=8 {
            let orientation = Orientation::new(tag).unwrap();
            let whole = orientation.upright(image.clone());
            for (x, y, size) in every_region(whole.size()) {
                let at = orientation.stored_region(Rectangle { x, y, size }, stored);
                let region = orientation.upright(cut(&image, at.x, at.y, at.size));

                assert_eq!(region, cut(&whole, x, y, size), "orientation {tag} at {x}, {y}");
            }
        }
    }

    fn every_region(image: Size) -> Vec<(usize, usize, Size)> {
        let mut regions = Vec::new();
        for y in 0..image.height {
            for x in 0..image.width {
                for height in 1..=image.height - y {
                    for width in 1..=image.width - x {
                        regions.push((x, y, Size::new(width, height)));
                    }
                }
            }
        }
        regions
    }

    #[test]
    fn a_tag_outside_one_to_eight_is_no_orientation() {
        assert_eq!(Orientation::new(0), None);
        assert_eq!(Orientation::new(9), None);
        assert_eq!(Orientation::new(257), None);
    }
}

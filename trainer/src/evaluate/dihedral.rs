//! Test-time augmentation: the network looks at an image in all eight positions of a square, and
//! its maps are turned back and averaged.
//!
//! Only maps without a direction can be averaged so: `np`, `dist` and the classes. `hv` is left
//! out, and a chain that reads it runs with one pass.

use clap::ValueEnum;
use contract::{RgbImage, Size};
use engine::Maps;

use crate::export::{Served, ServedError};

/// How often a network looks at an image.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Passes {
    /// Once, as the runtime does.
    One,
    /// In all eight positions.
    Eight,
}

impl Passes {
    /// The maps of `image`, at the size of the network's input.
    pub fn run(self, served: &Served, image: &RgbImage) -> Result<Maps, ServedError> {
        match self {
            Self::One => served.run(&served.input(image), image.size()),
            Self::Eight => eight(served, image),
        }
    }
}

/// A position: mirrored left to right or not, top to bottom or not, then transposed or not: eight in
/// all.
#[derive(Clone, Copy)]
struct Position {
    mirrored: bool,
    flipped: bool,
    transposed: bool,
}

fn eight(served: &Served, image: &RgbImage) -> Result<Maps, ServedError> {
    let size = image.size();
    let one = served.run(&served.input(image), size)?;
    let padded = one.size;
    let mut sum = Maps { hv: None, ..one };
    for position in (1..8u8).map(Position::numbered) {
        let turned = position.image(image);
        let maps = served.run(&served.input(&turned), turned.size())?;
        for (sum, map) in
            [(&mut sum.np, &maps.np), (&mut sum.dist, &maps.dist), (&mut sum.tp, &maps.tp)]
        {
            let Some((sum, map)) = sum.as_mut().zip(map.as_ref()) else { continue };
            let planes = map.chunks_exact(maps.size.pixels());
            for (into, plane) in sum.chunks_exact_mut(padded.pixels()).zip(planes) {
                position.add_back(plane, maps.size, into, padded, size);
            }
        }
    }
    for map in [&mut sum.np, &mut sum.dist, &mut sum.tp].into_iter().flatten() {
        for value in map.iter_mut() {
            *value /= 8.0;
        }
    }
    Ok(sum)
}

impl Position {
    fn numbered(number: u8) -> Self {
        let bit = |n: u8| number >> n & 1 == 1;
        Self { mirrored: bit(0), flipped: bit(1), transposed: bit(2) }
    }

    /// Where the pixel (`x`, `y`) of an image of `size` lies in the turned image.
    fn place(self, (x, y): (usize, usize), size: Size) -> (usize, usize) {
        let x = if self.mirrored { size.width - 1 - x } else { x };
        let y = if self.flipped { size.height - 1 - y } else { y };
        if self.transposed { (y, x) } else { (x, y) }
    }

    fn image(self, image: &RgbImage) -> RgbImage {
        let size = image.size();
        let turned = if self.transposed { Size::new(size.height, size.width) } else { size };
        let mut out = RgbImage::filled(turned, [0; 3]);
        for y in 0..size.height {
            for x in 0..size.width {
                let (u, v) = self.place((x, y), size);
                let at = 3 * (v * turned.width + u);
                out.pixels_mut()[at..at + 3].copy_from_slice(&image.pixel(x, y));
            }
        }
        out
    }

    /// Adds the part of a turned map that lies in the image to `into`, turned back.
    fn add_back(self, plane: &[f32], from: Size, into: &mut [f32], to: Size, image: Size) {
        for y in 0..image.height {
            for x in 0..image.width {
                let (u, v) = self.place((x, y), image);
                into[y * to.width + x] += plane[v * from.width + u];
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_position_turns_back_to_where_it_came_from() {
        let size = Size::new(3, 2);
        let image = RgbImage::new(size, (0..18).collect()).unwrap();
        let mut seen = Vec::new();

        for position in (0..8).map(Position::numbered) {
            let turned = position.image(&image);
            let plane: Vec<f32> =
                turned.pixels().chunks_exact(3).map(|p| f32::from(p[0])).collect();
            let mut back = vec![0.0; 6];
            position.add_back(&plane, turned.size(), &mut back, size, size);

            assert_eq!(back, [0.0, 3.0, 6.0, 9.0, 12.0, 15.0]);
            assert!(!seen.contains(&turned), "two positions are the same");
            seen.push(turned);
        }
    }
}

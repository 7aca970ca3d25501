//! What one window came to, and how it is kept between two lives of a process.
//!
//! ```text
//! found (little endian):
//!   format u8 = 1
//!   column u32, row u32
//!   cells  x0 u32, x1 u32, y0 u32, y1 u32     its part of the overview
//!   all    u8                                 1: wholly glass
//!   rgb    u8[3 · cells], glass u8[cells]
//!   focus  u8 0 | 1 f64
//!   nuclei u8 0 | 1 u32 count, then each:
//!     class u32, probability f32, x f32, y f32, area_um2 f32, vertices u16, (x f32, y f32)[vertices]
//! ```
//!
//! **Invariant:** [`Found::decode`] of [`Found::encode`] is the same value to the bit; bytes that
//! are something else are refused and never panic.

use contract::{Nucleus, Point, RgbImage, Size};
use thiserror::Error;

use crate::grid::{Area, Place};
use crate::overview::Patch;

const FORMAT: u8 = 1;

/// Cells of one window's overview at most: far above any window of a network.
const CELLS_MAX: usize = 1 << 26;

/// What one window came to.
#[derive(Clone, Debug, PartialEq)]
pub struct Found {
    pub(crate) place: Place,
    pub(crate) patch: Patch,
    /// Re-blur ratio, where there is tissue enough to say.
    pub(crate) focus: Option<f64>,
    /// Absent where the window was skipped as glass.
    pub(crate) nuclei: Option<Vec<Nucleus>>,
}

/// Why bytes are not a [`Found`].
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum FoundError {
    /// Another version wrote them.
    #[error(
        "the window's result has format {0}, and this version reads {FORMAT}; analyse the slide again"
    )]
    Format(u8),
    /// They end too early, go on too long, or contradict themselves.
    #[error("the window's result is damaged at byte {0}; analyse the slide again")]
    Damaged(usize),
}

impl Found {
    /// Column and row of the window.
    pub fn place(&self) -> Place {
        self.place
    }

    /// The nuclei that the window answers for; their ids are 0 until they are gathered.
    pub fn nuclei(&self) -> &[Nucleus] {
        self.nuclei.as_deref().unwrap_or_default()
    }

    /// Writes it down.
    pub fn encode(&self) -> Vec<u8> {
        let Area { x, y } = &self.patch.cells;
        let mut to = vec![FORMAT];
        for value in [
            self.place.column,
            self.place.row,
            x.start as u32,
            x.end as u32,
            y.start as u32,
            y.end as u32,
        ] {
            to.extend(value.to_le_bytes());
        }
        to.push(self.patch.is_glass.into());
        to.extend(self.patch.rgb.pixels());
        to.extend(self.patch.glass.iter().map(|glass| u8::from(*glass)));
        to.push(self.focus.is_some().into());
        to.extend(self.focus.iter().flat_map(|focus| focus.to_le_bytes()));
        to.push(self.nuclei.is_some().into());
        if let Some(nuclei) = &self.nuclei {
            to.extend((nuclei.len() as u32).to_le_bytes());
            for nucleus in nuclei {
                write_nucleus(nucleus, &mut to);
            }
        }
        to
    }

    /// Reads what [`encode`](Self::encode) wrote.
    pub fn decode(bytes: &[u8]) -> Result<Self, FoundError> {
        let mut from = Reader { bytes, at: 0 };
        match from.u8()? {
            FORMAT => {}
            other => return Err(FoundError::Format(other)),
        }
        let place = Place { column: from.u32()?, row: from.u32()? };
        let patch = read_patch(&mut from)?;
        let focus = if from.flag()? { Some(f64::from_le_bytes(from.array()?)) } else { None };
        let nuclei = if from.flag()? { Some(read_nuclei(&mut from)?) } else { None };
        if from.at != bytes.len() {
            return Err(from.damaged());
        }
        Ok(Self { place, patch, focus, nuclei })
    }
}

fn write_nucleus(nucleus: &Nucleus, to: &mut Vec<u8>) {
    let Nucleus { id: _, class, probability, centroid, area_um2, polygon } = nucleus;
    to.extend((*class as u32).to_le_bytes());
    for value in [*probability, centroid.x, centroid.y, *area_um2] {
        to.extend(value.to_le_bytes());
    }
    to.extend((polygon.len() as u16).to_le_bytes());
    for point in polygon {
        to.extend(point.x.to_le_bytes());
        to.extend(point.y.to_le_bytes());
    }
}

fn read_patch(from: &mut Reader<'_>) -> Result<Patch, FoundError> {
    let [x0, x1, y0, y1] = [from.u32()?, from.u32()?, from.u32()?, from.u32()?].map(|v| v as usize);
    let is_glass = from.flag()?;
    if x1 < x0 || y1 < y0 || (x1 - x0).saturating_mul(y1 - y0) > CELLS_MAX {
        return Err(from.damaged());
    }
    let size = Size::new(x1 - x0, y1 - y0);
    let pixels = from.take(3 * size.pixels())?.to_vec();
    let rgb = RgbImage::new(size, pixels).map_err(|_| from.damaged())?;
    let glass = from.take(size.pixels())?.iter().map(|glass| *glass != 0).collect();
    Ok(Patch { cells: Area { x: x0..x1, y: y0..y1 }, rgb, glass, is_glass })
}

fn read_nuclei(from: &mut Reader<'_>) -> Result<Vec<Nucleus>, FoundError> {
    // Not reserved: the count is believed as far as the bytes go.
    (0..from.u32()?).map(|_| read_nucleus(from)).collect()
}

fn read_nucleus(from: &mut Reader<'_>) -> Result<Nucleus, FoundError> {
    let class = from.u32()? as usize;
    let probability = from.f32()?;
    let centroid = Point { x: from.f32()?, y: from.f32()? };
    let area_um2 = from.f32()?;
    let vertices = usize::from(u16::from_le_bytes(from.array()?));
    if vertices > Nucleus::VERTICES_MAX {
        return Err(from.damaged());
    }
    let polygon = (0..vertices)
        .map(|_| Ok(Point { x: from.f32()?, y: from.f32()? }))
        .collect::<Result<_, _>>()?;
    Ok(Nucleus { id: 0, class, probability, centroid, area_um2, polygon })
}

struct Reader<'a> {
    bytes: &'a [u8],
    at: usize,
}

impl<'a> Reader<'a> {
    fn take(&mut self, count: usize) -> Result<&'a [u8], FoundError> {
        let rest = &self.bytes[self.at..];
        let taken = rest.get(..count).ok_or_else(|| self.damaged())?;
        self.at += count;
        Ok(taken)
    }

    fn array<const N: usize>(&mut self) -> Result<[u8; N], FoundError> {
        Ok(self.take(N)?.try_into().expect("as many bytes were taken"))
    }

    fn u8(&mut self) -> Result<u8, FoundError> {
        Ok(self.array::<1>()?[0])
    }

    fn flag(&mut self) -> Result<bool, FoundError> {
        match self.u8()? {
            0 => Ok(false),
            1 => Ok(true),
            _ => Err(self.damaged()),
        }
    }

    fn u32(&mut self) -> Result<u32, FoundError> {
        Ok(u32::from_le_bytes(self.array()?))
    }

    fn f32(&mut self) -> Result<f32, FoundError> {
        Ok(f32::from_le_bytes(self.array()?))
    }

    fn damaged(&self) -> FoundError {
        FoundError::Damaged(self.at)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_read_is_what_was_written() {
        for found in [found(), skipped()] {
            assert_eq!(Found::decode(&found.encode()), Ok(found));
        }
    }

    #[test]
    fn a_cut_at_any_byte_is_refused() {
        let bytes = found().encode();

        for end in 0..bytes.len() {
            assert!(Found::decode(&bytes[..end]).is_err(), "cut at {end}");
        }
        assert!(Found::decode(&[&bytes[..], &[0]].concat()).is_err());
    }

    #[test]
    fn a_changed_byte_is_refused_or_read_and_never_panics() {
        let bytes = found().encode();

        for at in 0..bytes.len() {
            for flip in [1, 0x80, 0xff] {
                let mut changed = bytes.clone();
                changed[at] ^= flip;
                if let Ok(read) = Found::decode(&changed) {
                    assert!(read.nuclei().len() <= bytes.len());
                }
            }
        }
    }

    #[test]
    fn another_format_is_named() {
        let mut bytes = found().encode();
        bytes[0] = 7;

        let refused = Found::decode(&bytes).unwrap_err();

        assert!(refused.to_string().starts_with("the window's result has format 7"), "{refused}");
    }

    fn found() -> Found {
        let size = Size::new(3, 2);
        let nucleus = Nucleus {
            id: 0,
            class: 2,
            probability: 0.7,
            centroid: Point { x: 10.25, y: 20.5 },
            area_um2: 31.4,
            polygon: vec![
                Point { x: 1.0, y: 2.0 },
                Point { x: 3.0, y: 4.5 },
                Point { x: 0.1, y: 9.0 },
            ],
        };
        Found {
            place: Place { column: 4, row: 9 },
            patch: Patch {
                cells: Area { x: 7..10, y: 1..3 },
                rgb: RgbImage::new(size, (0..18).collect()).unwrap(),
                glass: vec![true, false, false, true, true, false],
                is_glass: false,
            },
            focus: Some(11.5),
            nuclei: Some(vec![nucleus.clone(), nucleus]),
        }
    }

    fn skipped() -> Found {
        let mut found = found();
        found.patch.is_glass = true;
        (found.focus, found.nuclei) = (None, None);
        found
    }
}

//! TIFF and `BigTIFF`: the file's head and its chain of image file directories.
//!
//! ```text
//! classic:  order "II" | "MM"   42: u16   first IFD: u32
//! BigTIFF:  order "II" | "MM"   43: u16   8: u16   0: u16   first IFD: u64
//! ```
//!
//! TIFF 6.0 (Adobe, 1992) and the `BigTIFF` design (Aware Systems). Only tags
//! are read here; a tile is read by [`page::Page`].
//!
//! **Invariant:** memory is bounded by the named limits of this module and its
//! children, whatever the file says: directories may overlap and point at each
//! other, so the fields of all of them together have a budget.

mod directory;
mod encoding;
mod layout;
mod page;
mod tag;

use std::collections::HashSet;

pub(crate) use directory::Directory;
pub(crate) use encoding::{Encoding, Predictor};
pub(crate) use layout::{Grid, SEGMENTS_MAX, grid, stored_size};
pub(crate) use page::Page;
pub use page::SegmentError;
pub(crate) use tag::Tag;

use crate::fault::{Fault, damaged};
use crate::source::Source;

/// Directories of a file at most: a slide has about ten, a focus stack a few hundred.
const DIRECTORIES_MAX: usize = 4096;
/// Fields of all directories together, at most: 20 of each are usual.
const FIELDS_MAX: usize = 1 << 17;

/// Which byte of a number comes first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Order {
    /// "II": the least.
    Little,
    /// "MM": the greatest.
    Big,
}

impl Order {
    pub(crate) fn u16(self, bytes: [u8; 2]) -> u16 {
        match self {
            Self::Little => u16::from_le_bytes(bytes),
            Self::Big => u16::from_be_bytes(bytes),
        }
    }

    /// The unsigned number that all of `bytes`, at most eight, spell.
    pub(crate) fn unsigned(self, bytes: &[u8]) -> u64 {
        let add = |number: u64, byte: &u8| (number << 8) | u64::from(*byte);
        match self {
            Self::Little => bytes.iter().rev().fold(0, add),
            Self::Big => bytes.iter().fold(0, add),
        }
    }
}

/// How wide a file's own numbers are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Width {
    Classic,
    Big,
}

impl Width {
    /// Bytes of the number of fields of a directory.
    fn count_bytes(self) -> usize {
        match self {
            Self::Classic => 2,
            Self::Big => 8,
        }
    }

    /// Bytes of an offset, and of a value that stands in its field.
    fn offset_bytes(self) -> usize {
        match self {
            Self::Classic => 4,
            Self::Big => 8,
        }
    }

    /// Bytes of a field: tag, type, count, value.
    fn field_bytes(self) -> usize {
        4 + 2 * self.offset_bytes()
    }
}

/// An open TIFF: its bytes and how to read numbers in them.
#[derive(Debug)]
pub(crate) struct Tiff {
    source: Source,
    order: Order,
    width: Width,
    first: u64,
}

impl Tiff {
    /// Reads the head of `source`.
    pub(crate) fn new(source: Source) -> Result<Self, Fault> {
        let head = source.head(16).map_err(Fault::Io)?;
        let order = match head.get(..2) {
            Some(b"II") => Order::Little,
            Some(b"MM") => Order::Big,
            _ => return Err(damaged("the first two bytes are not II or MM, as in a TIFF")),
        };
        let short =
            || damaged(format!("the file ends after {} bytes, inside its head", head.len()));
        let number = |range: std::ops::Range<usize>| {
            head.get(range).map(|bytes| order.unsigned(bytes)).ok_or_else(short)
        };

        let (width, first) = match number(2..4)? {
            42 => (Width::Classic, number(4..8)?),
            43 if number(4..6)? == 8 => (Width::Big, number(8..16)?),
            version => {
                return Err(damaged(format!("the version in the head is {version}, not 42 or 43")));
            }
        };
        Ok(Self { source, order, width, first })
    }

    /// The bytes.
    pub(crate) fn source(&self) -> &Source {
        &self.source
    }

    /// The byte order of its numbers.
    pub(crate) fn order(&self) -> Order {
        self.order
    }

    /// The chain of directories, at least one; lower levels may hang below them.
    pub(crate) fn directories(&self) -> Result<Chain<'_>, Fault> {
        let mut chain = Chain { tiff: self, seen: HashSet::new(), fields: 0, main: Vec::new() };
        let mut next = self.first;
        while next != 0 {
            let directory = chain.read(next)?;
            next = directory.next;
            chain.main.push(directory);
        }
        if chain.main.is_empty() {
            return Err(damaged("the file holds no image file directory"));
        }
        Ok(chain)
    }
}

/// The directories of a file, and what has been spent on them.
#[derive(Debug)]
pub(crate) struct Chain<'a> {
    tiff: &'a Tiff,
    seen: HashSet<u64>,
    fields: usize,
    /// The directories of the main chain, in file order.
    pub(crate) main: Vec<Directory>,
}

impl Chain<'_> {
    fn read(&mut self, offset: u64) -> Result<Directory, Fault> {
        if !self.seen.insert(offset) {
            return Err(damaged(format!("the chain of directories loops at byte {offset}")));
        }
        if self.seen.len() > DIRECTORIES_MAX {
            return Err(damaged(format!("there are more than {DIRECTORIES_MAX} directories")));
        }
        let directory = Directory::read(self.tiff, offset)?;
        self.fields += directory.len();
        if self.fields > FIELDS_MAX {
            return Err(damaged(format!("the directories have more than {FIELDS_MAX} fields")));
        }
        Ok(directory)
    }

    /// The directories that hang below `parent` (`SubIFDs`), in their order.
    pub(crate) fn below(&mut self, parent: &Directory) -> Result<Vec<Directory>, Fault> {
        let offsets = parent.numbers(self.tiff, Tag::SUB_IFDS, DIRECTORIES_MAX)?;
        offsets.unwrap_or_default().into_iter().map(|offset| self.read(offset)).collect()
    }
}

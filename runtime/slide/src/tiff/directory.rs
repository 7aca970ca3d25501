//! One image file directory: fields by tag, their values read when they are wanted.
//!
//! ```text
//! directory:  count: u16 (BigTIFF u64)   field × count   next: offset
//! field:      tag: u16   type: u16   count: offset-wide   value, or its offset
//! ```
//!
//! **Invariant:** a value is read only when its bytes lie inside the file and
//! are no more than its reader allows.

use std::collections::BTreeMap;

use super::{Tag, Tiff};
use crate::fault::{Fault, damaged};

/// Fields of one directory at most: the richest seen have 60.
const FIELDS_PER_DIRECTORY_MAX: u64 = 4096;
/// Bytes of a text at most: the OME-XML of a large plate.
const TEXT_BYTES_MAX: usize = 16 << 20;

/// A directory and where the next one is.
#[derive(Debug)]
pub(crate) struct Directory {
    fields: BTreeMap<u16, Field>,
    /// Offset of the next directory; 0 ends the chain.
    pub(super) next: u64,
}

/// A field as it stands in the directory.
#[derive(Clone, Copy, Debug)]
struct Field {
    kind: Kind,
    count: u64,
    /// The value, if it fits, or its offset; the first bytes count.
    value: [u8; 8],
}

/// The type of a field's values.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    /// BYTE, ASCII, UNDEFINED, SHORT, LONG, LONG8 and the two IFD types, by their bytes.
    Unsigned(usize),
    /// RATIONAL.
    Rational,
    /// SBYTE, SSHORT, SLONG, SRATIONAL, FLOAT, DOUBLE, SLONG8, by their bytes: no tag here has them.
    Other(usize),
}

impl Kind {
    fn new(number: u16) -> Option<Self> {
        match number {
            1 | 2 | 7 => Some(Self::Unsigned(1)),
            3 => Some(Self::Unsigned(2)),
            4 | 13 => Some(Self::Unsigned(4)),
            16 | 18 => Some(Self::Unsigned(8)),
            5 => Some(Self::Rational),
            6 => Some(Self::Other(1)),
            8 => Some(Self::Other(2)),
            9 | 11 => Some(Self::Other(4)),
            10 | 12 | 17 => Some(Self::Other(8)),
            _ => None,
        }
    }

    fn bytes(self) -> usize {
        match self {
            Self::Unsigned(bytes) | Self::Other(bytes) => bytes,
            Self::Rational => 8,
        }
    }
}

impl Directory {
    /// Reads the directory at `offset`.
    pub(super) fn read(tiff: &Tiff, offset: u64) -> Result<Self, Fault> {
        let what = format!("the directory at byte {offset}");
        let read = |at: u64, length: usize| {
            tiff.source.read(at, length).map_err(|error| Fault::reading(&what, error))
        };

        let count_bytes = tiff.width.count_bytes();
        let count = tiff.order.unsigned(&read(offset, count_bytes)?);
        if count > FIELDS_PER_DIRECTORY_MAX {
            let limit = FIELDS_PER_DIRECTORY_MAX;
            return Err(damaged(format!("{what} has {count} fields, more than {limit}")));
        }

        let field_bytes = tiff.width.field_bytes();
        let body_bytes = count as usize * field_bytes + tiff.width.offset_bytes();
        // The count was read, so the sum stays inside the file's length.
        let body = read(offset + count_bytes as u64, body_bytes)?;
        let (fields, next) = body.split_at(count as usize * field_bytes);
        let fields = fields
            .chunks_exact(field_bytes)
            .filter_map(|bytes| Field::parse(tiff, bytes))
            .collect();
        Ok(Self { fields, next: tiff.order.unsigned(next) })
    }

    /// Fields of a known type.
    pub(super) fn len(&self) -> usize {
        self.fields.len()
    }

    /// Whether `tag` is there.
    pub(crate) fn has(&self, tag: Tag) -> bool {
        self.fields.contains_key(&tag.number)
    }

    /// The first number of `tag`.
    pub(crate) fn number(&self, tiff: &Tiff, tag: Tag) -> Result<Option<u64>, Fault> {
        let Some(field) = self.fields.get(&tag.number) else { return Ok(None) };
        if !matches!(field.kind, Kind::Unsigned(_)) {
            return Err(wrong_type(tag));
        }
        field.first(tiff, tag).map(|bytes| Some(tiff.order.unsigned(&bytes)))
    }

    /// The first number of `tag`, which must be there.
    pub(crate) fn required(&self, tiff: &Tiff, tag: Tag) -> Result<u64, Fault> {
        let missing = || damaged(format!("{} is missing", tag.name));
        self.number(tiff, tag)?.ok_or_else(missing)
    }

    /// All numbers of `tag`, at most `limit`.
    pub(crate) fn numbers(
        &self,
        tiff: &Tiff,
        tag: Tag,
        limit: usize,
    ) -> Result<Option<Vec<u64>>, Fault> {
        let Some(field) = self.fields.get(&tag.number) else { return Ok(None) };
        let Kind::Unsigned(width) = field.kind else { return Err(wrong_type(tag)) };
        let bytes = field.bytes(tiff, tag, limit.saturating_mul(width))?;
        Ok(Some(bytes.chunks_exact(width).map(|bytes| tiff.order.unsigned(bytes)).collect()))
    }

    /// The first quotient of `tag`; nothing where it is written as another type.
    pub(crate) fn quotient(&self, tiff: &Tiff, tag: Tag) -> Result<Option<f64>, Fault> {
        let Some(field) = self.fields.get(&tag.number) else { return Ok(None) };
        if field.kind != Kind::Rational {
            return Ok(None);
        }
        let bytes = field.first(tiff, tag)?;
        let (numerator, denominator) = bytes.split_at(4);
        let [numerator, denominator] = [numerator, denominator].map(|b| tiff.order.unsigned(b));
        Ok(Some(numerator as f64 / denominator as f64))
    }

    /// The text of `tag`, to its first NUL.
    pub(crate) fn text(&self, tiff: &Tiff, tag: Tag) -> Result<Option<String>, Fault> {
        let Some(bytes) = self.blob(tiff, tag, TEXT_BYTES_MAX)? else { return Ok(None) };
        let text = bytes.split(|&byte| byte == 0).next().unwrap_or_default();
        Ok(Some(String::from_utf8_lossy(text).into_owned()))
    }

    /// The bytes of `tag`, at most `limit`.
    pub(crate) fn blob(
        &self,
        tiff: &Tiff,
        tag: Tag,
        limit: usize,
    ) -> Result<Option<Vec<u8>>, Fault> {
        let Some(field) = self.fields.get(&tag.number) else { return Ok(None) };
        if field.kind != Kind::Unsigned(1) {
            return Err(wrong_type(tag));
        }
        field.bytes(tiff, tag, limit).map(Some)
    }
}

impl Field {
    /// A field of a known type, by its tag.
    fn parse(tiff: &Tiff, bytes: &[u8]) -> Option<(u16, Self)> {
        let number = |range: std::ops::Range<usize>| tiff.order.unsigned(&bytes[range]);
        let width = tiff.width.offset_bytes();
        let kind = Kind::new(number(2..4) as u16)?;
        let mut value = [0; 8];
        value[..width].copy_from_slice(&bytes[4 + width..]);
        Some((number(0..2) as u16, Self { kind, count: number(4..4 + width), value }))
    }

    fn total_bytes(&self) -> u64 {
        self.count.saturating_mul(self.kind.bytes() as u64)
    }

    fn stands_inline(&self, tiff: &Tiff) -> bool {
        self.total_bytes() <= tiff.width.offset_bytes() as u64
    }

    fn offset(&self, tiff: &Tiff) -> u64 {
        tiff.order.unsigned(&self.value[..tiff.width.offset_bytes()])
    }

    /// The bytes of the first of the values.
    fn first(&self, tiff: &Tiff, tag: Tag) -> Result<Vec<u8>, Fault> {
        if self.count == 0 {
            return Err(damaged(format!("{} has no value", tag.name)));
        }
        if self.stands_inline(tiff) {
            return Ok(self.value[..self.kind.bytes()].to_vec());
        }
        let read = tiff.source.read(self.offset(tiff), self.kind.bytes());
        read.map_err(|error| Fault::reading(tag.name, error))
    }

    /// The value's bytes, at most `limit` of them.
    fn bytes(&self, tiff: &Tiff, tag: Tag, limit: usize) -> Result<Vec<u8>, Fault> {
        let total = self.total_bytes();
        if total > limit as u64 {
            return Err(damaged(format!("{} has {total} bytes, more than {limit}", tag.name)));
        }
        if self.stands_inline(tiff) {
            return Ok(self.value[..total as usize].to_vec());
        }
        let read = tiff.source.read(self.offset(tiff), total as usize);
        read.map_err(|error| Fault::reading(tag.name, error))
    }
}

fn wrong_type(tag: Tag) -> Fault {
    damaged(format!("{} has a type that it cannot have", tag.name))
}

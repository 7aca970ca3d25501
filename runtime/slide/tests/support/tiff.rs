//! Writes TIFFs field by field, so that a test can write wrong ones.

use std::collections::BTreeMap;

/// How the numbers of a file are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Dialect {
    /// `BigTIFF`.
    pub(crate) big: bool,
    /// "MM".
    pub(crate) big_endian: bool,
}

/// Classic and little-endian.
pub(crate) const CLASSIC: Dialect = Dialect { big: false, big_endian: false };

/// The values of one field.
#[derive(Clone, Debug)]
pub(crate) enum Value {
    Short(Vec<u16>),
    Long(Vec<u32>),
    Long8(Vec<u64>),
    Rational(u32, u32),
    Text(String),
}

/// One page: its fields by tag, its tiles or strips.
#[derive(Clone, Debug)]
pub(crate) struct Page {
    pub(crate) fields: BTreeMap<u16, Value>,
    pub(crate) segments: Vec<Vec<u8>>,
    tables: [u16; 2],
}

impl Page {
    /// An 8-bit page of `samples` a pixel in tiles of `tile`, uncompressed.
    pub(crate) fn tiled(size: [u32; 2], tile: [u32; 2], samples: u16) -> Self {
        let mut page = Self::new(size, samples, [324, 325]);
        page.set(322, Value::Long(vec![tile[0]]));
        page.set(323, Value::Long(vec![tile[1]]));
        page
    }

    /// An 8-bit page of `samples` a pixel in strips of `rows`, uncompressed.
    pub(crate) fn stripped(size: [u32; 2], rows: u32, samples: u16) -> Self {
        let mut page = Self::new(size, samples, [273, 279]);
        page.set(278, Value::Long(vec![rows]));
        page
    }

    fn new([width, height]: [u32; 2], samples: u16, tables: [u16; 2]) -> Self {
        let mut page = Self { fields: BTreeMap::new(), segments: Vec::new(), tables };
        page.set(256, Value::Long(vec![width]));
        page.set(257, Value::Long(vec![height]));
        page.set(258, Value::Short(vec![8; usize::from(samples)]));
        page.set(262, Value::Short(vec![if samples < 3 { 1 } else { 2 }]));
        page.set(277, Value::Short(vec![samples]));
        page
    }

    pub(crate) fn set(&mut self, tag: u16, value: Value) -> &mut Self {
        self.fields.insert(tag, value);
        self
    }

    pub(crate) fn with_segments(mut self, segments: Vec<Vec<u8>>) -> Self {
        self.segments = segments;
        self
    }
}

impl Dialect {
    /// The file that holds `pages`.
    pub(crate) fn write(self, pages: &[Page]) -> Vec<u8> {
        let mut file = self.head();
        let mut link = file.len() - self.offset_bytes();
        for page in pages {
            let mut fields = page.fields.clone();
            let lengths = page.segments.iter().map(|s| s.len() as u64).collect();
            let mut offsets = Vec::new();
            for segment in &page.segments {
                offsets.push(file.len() as u64);
                file.extend(segment);
            }
            // A test may have written tables of its own.
            fields.entry(page.tables[0]).or_insert_with(|| self.table(offsets));
            fields.entry(page.tables[1]).or_insert_with(|| self.table(lengths));

            let directory = self.directory(&mut file, &fields);
            let at = file.len() as u64;
            file[link..link + self.offset_bytes()].copy_from_slice(&self.offset(at));
            link = file.len() + directory.len();
            file.extend(directory);
            file.extend(self.offset(0));
        }
        file
    }

    fn head(self) -> Vec<u8> {
        let mut head = if self.big_endian { b"MM".to_vec() } else { b"II".to_vec() };
        head.extend(self.number(if self.big { 43 } else { 42 }, 2));
        if self.big {
            head.extend(self.number(8, 2));
            head.extend(self.number(0, 2));
        }
        head.extend(self.offset(0));
        head
    }

    fn table(self, values: Vec<u64>) -> Value {
        if self.big {
            Value::Long8(values)
        } else {
            Value::Long(values.into_iter().map(|v| u32::try_from(v).expect("small")).collect())
        }
    }

    /// The directory's bytes without its last link; values that do not fit go to `file`.
    fn directory(self, file: &mut Vec<u8>, fields: &BTreeMap<u16, Value>) -> Vec<u8> {
        let mut directory = self.number(fields.len() as u64, if self.big { 8 } else { 2 });
        for (&tag, value) in fields {
            let (kind, count, bytes) = self.value(value);
            directory.extend(self.number(tag.into(), 2));
            directory.extend(self.number(kind, 2));
            directory.extend(self.offset(count));
            if bytes.len() <= self.offset_bytes() {
                directory.extend(&bytes);
                directory.resize(directory.len() + self.offset_bytes() - bytes.len(), 0);
            } else {
                directory.extend(self.offset(file.len() as u64));
                file.extend(bytes);
            }
        }
        directory
    }

    /// Type, count and bytes.
    fn value(self, value: &Value) -> (u64, u64, Vec<u8>) {
        let numbers = |kind, values: Vec<u64>, bytes| {
            let count = values.len() as u64;
            (kind, count, values.into_iter().flat_map(|v| self.number(v, bytes)).collect())
        };
        match value {
            Value::Short(v) => numbers(3, v.iter().map(|&v| v.into()).collect(), 2),
            Value::Long(v) => numbers(4, v.iter().map(|&v| v.into()).collect(), 4),
            Value::Long8(v) => numbers(16, v.clone(), 8),
            Value::Rational(n, d) => {
                let (_, _, bytes): (u64, u64, Vec<u8>) =
                    numbers(4, vec![(*n).into(), (*d).into()], 4);
                (5, 1, bytes)
            }
            Value::Text(text) => {
                let bytes = [text.as_bytes(), b"\0"].concat();
                (2, bytes.len() as u64, bytes)
            }
        }
    }

    fn offset_bytes(self) -> usize {
        if self.big { 8 } else { 4 }
    }

    fn offset(self, value: u64) -> Vec<u8> {
        self.number(value, self.offset_bytes())
    }

    fn number(self, value: u64, bytes: usize) -> Vec<u8> {
        if self.big_endian {
            value.to_be_bytes()[8 - bytes..].to_vec()
        } else {
            value.to_le_bytes()[..bytes].to_vec()
        }
    }
}

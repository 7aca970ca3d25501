//! The directory (IFD) of a TIFF or a `BigTIFF`: entries in order of their tags, long values before
//! it in the file.

/// Which of the two a file is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Format {
    /// TIFF 6.0: offsets of 32 bits.
    Classic,
    /// Offsets of 64 bits.
    Big,
}

/// Entries of a directory.
#[derive(Debug, Default)]
pub(super) struct Directory {
    entries: Vec<(u16, Value)>,
}

#[derive(Debug)]
enum Value {
    Byte(u8),
    Ascii(String),
    Short(u16),
    Long(u32),
    Rational(u32, u32),
    /// LONG or LONG8, by the format.
    Offsets(Vec<u64>),
}

impl Format {
    /// The format of a file whose image data take at most `bytes`.
    pub(super) fn for_bytes(bytes: u64) -> Self {
        /// For directory, description and what deflate adds to data that do not shrink.
        const SLACK_BYTES: u64 = 64 << 20;

        if bytes + SLACK_BYTES > u64::from(u32::MAX) { Self::Big } else { Self::Classic }
    }

    /// The header of a file whose directory stands at `offset`.
    pub(super) fn header(self, offset: u64) -> Vec<u8> {
        match self {
            Self::Classic => [b"II\x2a\0", &(offset as u32).to_le_bytes()[..]].concat(),
            Self::Big => [b"II\x2b\0\x08\0\0\0", &offset.to_le_bytes()[..]].concat(),
        }
    }

    /// Bytes of an offset, and of a value that stands in its entry.
    fn word(self) -> usize {
        match self {
            Self::Classic => 4,
            Self::Big => 8,
        }
    }

    fn push_word(self, bytes: &mut Vec<u8>, word: u64) {
        bytes.extend_from_slice(&word.to_le_bytes()[..self.word()]);
    }
}

impl Directory {
    pub(super) fn byte(&mut self, tag: u16, value: u8) {
        self.entries.push((tag, Value::Byte(value)));
    }

    pub(super) fn short(&mut self, tag: u16, value: u16) {
        self.entries.push((tag, Value::Short(value)));
    }

    pub(super) fn long(&mut self, tag: u16, value: u32) {
        self.entries.push((tag, Value::Long(value)));
    }

    /// A text; a NUL in it would end it.
    pub(super) fn ascii(&mut self, tag: u16, text: &str) {
        self.entries.push((tag, Value::Ascii(text.replace('\0', " "))));
    }

    /// A number of at most 400,000, to a ten-thousandth.
    pub(super) fn rational(&mut self, tag: u16, value: f64) {
        const DENOMINATOR: u32 = 10_000;
        let numerator = (value * f64::from(DENOMINATOR)).round() as u32;
        self.entries.push((tag, Value::Rational(numerator, DENOMINATOR)));
    }

    pub(super) fn offsets(&mut self, tag: u16, offsets: Vec<u64>) {
        self.entries.push((tag, Value::Offsets(offsets)));
    }

    /// The long values and the directory, as they stand in the file from `start`, which is even;
    /// and the offset of the directory.
    pub(super) fn encode(&self, format: Format, start: u64) -> (Vec<u8>, u64) {
        let mut values = Vec::new();
        let mut entries = Vec::new();
        for (tag, value) in &self.entries {
            let (kind, count, mut bytes) = value.encode(format);
            entries.extend_from_slice(&tag.to_le_bytes());
            entries.extend_from_slice(&kind.to_le_bytes());
            format.push_word(&mut entries, count);
            if bytes.len() <= format.word() {
                bytes.resize(format.word(), 0);
                entries.extend_from_slice(&bytes);
            } else {
                format.push_word(&mut entries, start + values.len() as u64);
                values.append(&mut bytes);
                // Values begin at even offsets.
                values.resize(values.len().next_multiple_of(2), 0);
            }
        }

        let offset = start + values.len() as u64;
        let count = self.entries.len() as u64;
        match format {
            Format::Classic => values.extend_from_slice(&(count as u16).to_le_bytes()),
            Format::Big => values.extend_from_slice(&count.to_le_bytes()),
        }
        values.append(&mut entries);
        format.push_word(&mut values, 0);
        (values, offset)
    }
}

impl Value {
    /// Type, count and bytes.
    fn encode(&self, format: Format) -> (u16, u64, Vec<u8>) {
        match self {
            Self::Byte(value) => (1, 1, vec![*value]),
            Self::Ascii(text) => {
                let bytes = [text.as_bytes(), b"\0"].concat();
                (2, bytes.len() as u64, bytes)
            }
            Self::Short(value) => (3, 1, value.to_le_bytes().to_vec()),
            Self::Long(value) => (4, 1, value.to_le_bytes().to_vec()),
            Self::Rational(above, below) => {
                (5, 1, [above.to_le_bytes(), below.to_le_bytes()].concat())
            }
            Self::Offsets(offsets) => {
                let kind = if format == Format::Big { 16 } else { 4 };
                let mut bytes = Vec::with_capacity(offsets.len() * format.word());
                for &offset in offsets {
                    format.push_word(&mut bytes, offset);
                }
                (kind, offsets.len() as u64, bytes)
            }
        }
    }
}

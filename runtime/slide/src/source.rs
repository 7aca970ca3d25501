//! The bytes of an image, read at any place by any number of threads.
//!
//! **Invariant:** a read never allocates more than the source has bytes left.

use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt;
use std::path::Path;

/// A file or bytes in memory.
#[derive(Debug)]
pub(crate) enum Source {
    /// A regular file and its length when it was opened.
    File(File, u64),
    /// Bytes in memory.
    Memory(Vec<u8>),
}

impl Source {
    /// Opens the regular file at `path`.
    pub(crate) fn open(path: &Path) -> io::Result<Self> {
        // A pipe has no length and would wait for ever.
        let kind = std::fs::metadata(path)?;
        if !kind.is_file() {
            return Err(io::Error::new(io::ErrorKind::InvalidInput, "not a regular file"));
        }
        let file = File::open(path)?;
        let length = file.metadata()?.len();
        Ok(Self::File(file, length))
    }

    /// Bytes in all.
    pub(crate) fn length(&self) -> u64 {
        match self {
            Self::File(_, length) => *length,
            Self::Memory(bytes) => bytes.len() as u64,
        }
    }

    /// Whether `length` bytes at `offset` lie inside.
    pub(crate) fn holds(&self, offset: u64, length: u64) -> bool {
        offset.checked_add(length).is_some_and(|end| end <= self.length())
    }

    /// The `length` bytes at `offset`.
    pub(crate) fn read(&self, offset: u64, length: usize) -> io::Result<Vec<u8>> {
        if !self.holds(offset, length as u64) {
            let reason = format!(
                "{length} bytes at {offset} reach over the end of the file at {}",
                self.length()
            );
            return Err(io::Error::new(io::ErrorKind::UnexpectedEof, reason));
        }
        match self {
            Self::File(file, _) => {
                let mut bytes = vec![0; length];
                file.read_exact_at(&mut bytes, offset)?;
                Ok(bytes)
            }
            Self::Memory(bytes) => {
                let start = offset as usize;
                Ok(bytes[start..start + length].to_vec())
            }
        }
    }

    /// The first bytes, `length` of them or as many as there are.
    pub(crate) fn head(&self, length: usize) -> io::Result<Vec<u8>> {
        let present = usize::try_from(self.length()).unwrap_or(usize::MAX);
        self.read(0, length.min(present))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_read_over_the_end_is_refused_before_memory_is_taken() {
        let source = Source::Memory(vec![1, 2, 3, 4]);

        assert_eq!(source.read(1, 3).unwrap(), [2, 3, 4]);
        assert_eq!(source.head(9).unwrap(), [1, 2, 3, 4]);
        for (offset, length) in [(2, 3), (5, 0), (u64::MAX, 1), (0, usize::MAX)] {
            let error = source.read(offset, length).unwrap_err();
            assert_eq!(error.kind(), io::ErrorKind::UnexpectedEof, "{offset} {length}");
        }
    }

    #[test]
    fn a_folder_is_no_image() {
        let folder = tempfile::tempdir().unwrap();

        assert!(Source::open(folder.path()).is_err());
    }
}

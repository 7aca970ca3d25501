//! Reads the `.npy` files that the Python peers of the bench and of the goldens write: C order,
//! versions 1 and 2 of the format (NEP 1).

use std::path::{Path, PathBuf};

use thiserror::Error;

/// An array.
pub(crate) struct Array<T> {
    pub(crate) shape: Vec<usize>,
    pub(crate) values: Vec<T>,
}

/// Why a file is no array for the bench.
#[derive(Debug, Error)]
pub(crate) enum NpyError {
    /// The file cannot be read.
    #[error("{} cannot be read: {source}", path.display())]
    Read { path: PathBuf, source: std::io::Error },
    /// The bytes are no array of the wanted type.
    #[error("{} is no C-ordered .npy array of {wanted}: {reason}", path.display())]
    Format { path: PathBuf, wanted: &'static str, reason: &'static str },
}

/// Reads an array of f32.
pub(crate) fn read_f32(path: &Path) -> Result<Array<f32>, NpyError> {
    read(path, "<f4", f32::from_le_bytes)
}

/// Reads an array whose values are `N` bytes long and named `kind` by numpy.
pub(crate) fn read<T, const N: usize>(
    path: &Path,
    kind: &'static str,
    value: fn([u8; N]) -> T,
) -> Result<Array<T>, NpyError> {
    let bytes = std::fs::read(path)
        .map_err(|source| NpyError::Read { path: path.to_path_buf(), source })?;
    parse(&bytes, kind, value).map_err(|reason| NpyError::Format {
        path: path.to_path_buf(),
        wanted: kind,
        reason,
    })
}

fn parse<T, const N: usize>(
    bytes: &[u8],
    kind: &str,
    value: fn([u8; N]) -> T,
) -> Result<Array<T>, &'static str> {
    let rest = bytes.strip_prefix(b"\x93NUMPY").ok_or("it does not begin with the magic")?;
    let (length, rest) = match rest {
        [1, _, a, b, rest @ ..] => (usize::from(u16::from_le_bytes([*a, *b])), rest),
        [2, _, a, b, c, d, rest @ ..] => (u32::from_le_bytes([*a, *b, *c, *d]) as usize, rest),
        _ => return Err("it is not of version 1 or 2"),
    };
    let (header, data) = rest.split_at_checked(length).ok_or("its header is cut short")?;
    let header = str::from_utf8(header).map_err(|_| "its header is no text")?;
    if !header.contains(&format!("'descr': '{kind}'")) || !header.contains("'fortran_order': False")
    {
        return Err("its header names another type or order");
    }
    let shape: Vec<usize> = header
        .split_once("'shape': (")
        .and_then(|(_, rest)| rest.split_once(')'))
        .map(|(shape, _)| shape.split(',').filter_map(|edge| edge.trim().parse().ok()).collect())
        .ok_or("its header has no shape")?;
    let values: Vec<T> = data.as_chunks::<N>().0.iter().map(|&bytes| value(bytes)).collect();
    let pixels = shape.iter().try_fold(1usize, |product, &edge| product.checked_mul(edge));
    if pixels != Some(values.len()) {
        return Err("it does not hold as many values as its shape says");
    }
    Ok(Array { shape, values })
}

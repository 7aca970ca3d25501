//! Frames out of bytes that come in any pieces.

use std::marker::PhantomData;

use super::{DecodeError, FRAME_BYTES_MAX, Frame};

/// Bytes of the length.
const LENGTH_BYTES: usize = 4;

/// Takes bytes as they come and gives the frames that they complete.
///
/// The first bytes that are no frame end it: what follows them cannot be told apart.
#[derive(Debug)]
pub struct Decoder<F> {
    /// Less than a frame.
    bytes: Vec<u8>,
    failed: bool,
    frames: PhantomData<F>,
}

impl<F> Default for Decoder<F> {
    fn default() -> Self {
        Self { bytes: Vec::new(), failed: false, frames: PhantomData }
    }
}

impl<F: Frame> Decoder<F> {
    /// Takes a piece and gives the frames that it completes; an error is the last of them.
    pub fn push(&mut self, piece: &[u8]) -> Vec<Result<F, DecodeError>> {
        let mut frames = Vec::new();
        if self.failed {
            return frames;
        }
        self.bytes.extend_from_slice(piece);
        let mut taken = 0;
        while let Some(split) = split::<F>(&self.bytes[taken..]).transpose() {
            let frame = split.and_then(|Split { kind, body, bytes }| {
                taken += bytes;
                F::read_body(kind, body)
            });
            self.failed = frame.is_err();
            frames.push(frame);
            if self.failed {
                self.bytes = Vec::new();
                return frames;
            }
        }
        self.keep_from(taken);
        frames
    }

    /// Bytes of a frame that has begun and is not complete: not 0 at the end of a connection means
    /// that it was cut.
    pub fn pending_bytes(&self) -> usize {
        self.bytes.len()
    }

    /// Drops the first `taken` bytes, and memory that a large tile took.
    fn keep_from(&mut self, taken: usize) {
        if taken > 0 {
            self.bytes = self.bytes.split_off(taken);
        }
    }
}

/// The first frame of some bytes.
struct Split<'a> {
    kind: u8,
    body: &'a [u8],
    /// Bytes of the frame in all.
    bytes: usize,
}

/// Splits the first frame off; none where it is not complete. The length is judged as soon as it
/// can be.
fn split<F: Frame>(bytes: &[u8]) -> Result<Option<Split<'_>>, DecodeError> {
    let Some((length, rest)) = bytes.split_first_chunk::<LENGTH_BYTES>() else { return Ok(None) };
    let length = usize::try_from(u32::from_le_bytes(*length)).unwrap_or(usize::MAX);
    if length == 0 || length > FRAME_BYTES_MAX {
        return Err(DecodeError::Length { kind: 0, bytes: length, max: FRAME_BYTES_MAX });
    }
    let Some(&kind) = rest.first() else { return Ok(None) };
    let max = 1 + F::body_bytes_max(kind).ok_or(DecodeError::Kind { kind })?;
    if length > max {
        return Err(DecodeError::Length { kind, bytes: length, max });
    }
    let Some(frame) = rest.get(..length) else { return Ok(None) };
    Ok(Some(Split { kind, body: &frame[1..], bytes: LENGTH_BYTES + length }))
}

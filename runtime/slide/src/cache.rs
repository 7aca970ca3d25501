//! Decoded tiles that were used last, shared by all threads.
//!
//! Windows of a network overlap by their margins, so the tiles along a seam are
//! wanted twice or four times within a short while.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, PoisonError};

use contract::RgbImage;

/// Bytes of decoded tiles that are kept: 340 tiles of 256², more than four windows of
/// 1024² touch; it does not grow with the slide.
const CACHE_BYTES: usize = 64 << 20;

/// Tiles that are kept, however small they are: finding one walks along them.
const CACHE_TILES_MAX: usize = 1024;

/// Level and tile.
type Key = (usize, usize);

/// The decoded tiles that were used last, the newest first, each under two numbers: its level and
/// its place in the file, or its column and row.
#[derive(Debug)]
pub struct Cache {
    tiles: Mutex<Tiles>,
}

#[derive(Debug)]
struct Tiles {
    newest_first: VecDeque<(Key, Arc<RgbImage>)>,
    bytes: usize,
    bytes_max: usize,
}

impl Default for Cache {
    fn default() -> Self {
        Self::new(CACHE_BYTES)
    }
}

impl Cache {
    /// A cache that keeps at most `bytes_max` bytes of pixels; a larger tile is handed through.
    pub fn new(bytes_max: usize) -> Self {
        Self { tiles: Mutex::new(Tiles { newest_first: VecDeque::new(), bytes: 0, bytes_max }) }
    }

    /// The tile at `key`, or what `decode` makes of it, which is kept.
    ///
    /// Two threads that want the same tile at once may both decode it: no thread
    /// waits for another's decoder.
    pub fn get<E>(
        &self,
        key: Key,
        decode: impl FnOnce() -> Result<RgbImage, E>,
    ) -> Result<Arc<RgbImage>, E> {
        if let Some(tile) = self.with(|tiles| tiles.find(key)) {
            return Ok(tile);
        }
        let tile = Arc::new(decode()?);
        self.with(|tiles| tiles.keep(key, &tile));
        Ok(tile)
    }

    fn with<T>(&self, use_tiles: impl FnOnce(&mut Tiles) -> T) -> T {
        // A thread that panicked here left whole tiles behind, and nothing half-done.
        use_tiles(&mut self.tiles.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl Tiles {
    fn find(&mut self, key: Key) -> Option<Arc<RgbImage>> {
        let at = self.newest_first.iter().position(|(other, _)| *other == key)?;
        let found = self.newest_first.remove(at)?;
        let tile = Arc::clone(&found.1);
        self.newest_first.push_front(found);
        Some(tile)
    }

    fn keep(&mut self, key: Key, tile: &Arc<RgbImage>) {
        if tile.pixels().len() > self.bytes_max || self.find(key).is_some() {
            return;
        }
        self.bytes += tile.pixels().len();
        self.newest_first.push_front((key, Arc::clone(tile)));
        while self.bytes > self.bytes_max || self.newest_first.len() > CACHE_TILES_MAX {
            let Some((_, oldest)) = self.newest_first.pop_back() else { return };
            self.bytes -= oldest.pixels().len();
        }
    }
}

#[cfg(test)]
mod tests {
    use contract::Size;

    use super::*;

    #[test]
    fn a_tile_is_decoded_once_while_it_is_kept() {
        let cache = Cache::default();
        let mut decoded = 0;
        for _ in 0..3 {
            let tile = cache.get::<()>((0, 7), || {
                decoded += 1;
                Ok(RgbImage::filled(Size::new(1, 1), [1, 2, 3]))
            });
            assert_eq!(tile.unwrap().pixel(0, 0), [1, 2, 3]);
        }

        assert_eq!(decoded, 1);
    }

    #[test]
    fn the_tile_that_was_not_used_for_longest_goes_first() {
        let cache = Cache::default();
        let quarter = || Ok::<_, ()>(RgbImage::filled(Size::new(CACHE_BYTES / 12, 1), [0; 3]));
        for index in [0, 1, 2, 3, 0, 4] {
            cache.get((0, index), quarter).unwrap();
        }

        assert!(cache.with(|tiles| tiles.bytes) <= CACHE_BYTES);
        for (index, kept) in [(0, true), (1, false), (2, true), (4, true)] {
            assert_eq!(cache.with(|tiles| tiles.find((0, index))).is_some(), kept, "{index}");
        }
    }

    #[test]
    fn no_more_tiles_are_kept_than_can_be_walked_along() {
        let cache = Cache::default();
        for index in 0..CACHE_TILES_MAX + 9 {
            let tile = || Ok::<_, ()>(RgbImage::filled(Size::new(1, 1), [0; 3]));
            cache.get((0, index), tile).unwrap();
        }

        assert_eq!(cache.with(|tiles| tiles.newest_first.len()), CACHE_TILES_MAX);
    }

    #[test]
    fn a_failure_is_not_kept() {
        let cache = Cache::default();

        assert_eq!(cache.get((0, 0), || Err("damaged")), Err("damaged"));
        let tile = cache.get::<()>((0, 0), || Ok(RgbImage::filled(Size::new(1, 1), [0; 3])));
        assert!(tile.is_ok());
    }
}

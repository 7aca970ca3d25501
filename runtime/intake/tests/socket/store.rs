//! A box's memory of slides, with the answers of a real one: what `ledger` does, without a disk.
//!
//! Shared by all connections, as the ledger is.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use contract::Digest;
use intake::check::{Accepted, SlideFacts};
use intake::frame::{Code, Encoding, HeldTile, Kept, Refusal, SlideEnd};
use intake::mosaic::{Placed, TileReadError, TileSource};
use intake::session::end_refusal;

/// What a box has. Cheap to clone: all clones are one.
#[derive(Clone, Default)]
pub(crate) struct Store(Arc<Mutex<Inner>>);

#[derive(Default)]
struct Inner {
    slides: BTreeMap<String, Slide>,
    /// Tiles that may still be stored; `None`: any number.
    room: Option<usize>,
}

pub(crate) struct Slide {
    pub(crate) facts: SlideFacts,
    pub(crate) tiles: BTreeMap<(u32, u32), Kept0>,
    pub(crate) has_ended: bool,
}

/// A tile that was stored.
#[derive(Clone)]
pub(crate) struct Kept0 {
    pub(crate) digest: Digest,
    pub(crate) encoding: Encoding,
    pub(crate) bytes: Vec<u8>,
    pub(crate) placed: Placed,
}

impl Store {
    pub(crate) fn limit_room(&self, tiles: Option<usize>) {
        self.0.lock().unwrap().room = tiles;
    }

    pub(crate) fn begin(&self, facts: &SlideFacts) -> Result<Vec<HeldTile>, Refusal> {
        let mut inner = self.0.lock().unwrap();
        let slide = inner.slides.entry(facts.slide.clone()).or_insert_with(|| Slide {
            facts: facts.clone(),
            tiles: BTreeMap::new(),
            has_ended: false,
        });
        if slide.facts != *facts {
            return Err(Refusal::other_facts(&facts.slide));
        }
        let held = |(&(x, y), tile): (&(u32, u32), &Kept0)| HeldTile { x, y, sha256: tile.digest };
        Ok(slide.tiles.iter().map(held).collect())
    }

    pub(crate) fn store(&self, slide: &str, tile: Accepted) -> Result<Kept, Refusal> {
        let mut inner = self.0.lock().unwrap();
        let has_room = inner.room != Some(0);
        let slide = inner.slides.get_mut(slide).unwrap();
        let (x, y) = (tile.x, tile.y);
        match slide.tiles.get(&(x, y)) {
            Some(first) if first.digest == tile.digest => return Ok(Kept::Duplicate),
            Some(first) => return Err(Refusal::other_tile(x, y, first.digest)),
            None => {}
        }
        if slide.has_ended {
            return Err(Refusal::late(x, y));
        }
        if !has_room {
            return Err(Refusal::no_room("the test's store is full"));
        }
        let (width_px, height_px) = (tile.size.width as u32, tile.size.height as u32);
        let sequence = slide.tiles.len() as u64 + 1;
        let placed = Placed { x, y, width_px, height_px, sequence };
        let Accepted { digest, encoding, bytes, .. } = tile;
        slide.tiles.insert((x, y), Kept0 { digest, encoding, bytes, placed });
        inner.room = inner.room.map(|room| room - 1);
        Ok(Kept::Stored)
    }

    pub(crate) fn end(&self, slide: &str, end: &SlideEnd) -> Result<u32, Refusal> {
        let mut inner = self.0.lock().unwrap();
        let slide = inner.slides.get_mut(slide).unwrap();
        let held = slide.tiles.len() as u32;
        if let Some(refusal) = end_refusal(end, held) {
            assert_eq!(refusal.code, Code::TilesMissing);
            return Err(refusal);
        }
        slide.has_ended = true;
        Ok(held)
    }

    /// Looks at a slide.
    pub(crate) fn slide<T>(&self, slide: &str, look: impl FnOnce(&Slide) -> T) -> T {
        look(&self.0.lock().unwrap().slides[slide])
    }

    /// A slide's tiles, for a mosaic.
    pub(crate) fn tiles_of(&self, slide: &str) -> Box<dyn TileSource> {
        Box::new(TilesOf { store: self.clone(), slide: slide.into() })
    }
}

struct TilesOf {
    store: Store,
    slide: String,
}

impl TileSource for TilesOf {
    fn bytes(&self, x: u32, y: u32) -> Result<(Encoding, Vec<u8>), TileReadError> {
        self.store.slide(&self.slide, |slide| {
            let tile = slide.tiles.get(&(x, y)).ok_or(TileReadError::Absent)?;
            Ok((tile.encoding, tile.bytes.clone()))
        })
    }
}

//! Slides as the ledger keeps them, and as the pipeline sees them.

use std::path::PathBuf;
use std::sync::Arc;

use anyhow::{Context, Result, bail};
use contract::{Digest, ImageSummary, Mpp, MppSource, RgbImage, Size};
use intake::check::SlideFacts;
use intake::frame::Encoding;
use intake::mosaic::{Mosaic, Placed, TileReadError, TileSource};
use ledger::{Ledger, SlideId, SlideRow, TileRow};
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};
use slide::{ReadError, Regions, Slide};

use crate::digest;

/// Format of what is written into the ledger about slides and tiles.
const FORMAT: u32 = 1;

/// What is said of a slide at its beginning; the same slide is the same bytes.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct SlideMeta {
    format: u32,
    pub(crate) origin: Origin,
    /// The scanner's name of the slide; it may be a patient's, so it is in no log.
    pub(crate) name: String,
    pub(crate) width_px: u32,
    pub(crate) height_px: u32,
    pub(crate) mpp: Mpp,
    pub(crate) mpp_source: MppSource,
}

/// Where a slide's pixels are.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub(crate) enum Origin {
    /// In tiles, in the ledger.
    Tiles {},
    /// In a file, which stays where it is.
    File { path: PathBuf, digest: Digest },
}

/// What is said of a tile.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct TileMeta {
    pub(crate) width_px: u32,
    pub(crate) height_px: u32,
    /// Number of the encoding in the tile protocol.
    pub(crate) encoding: u8,
}

/// A slide whose pixels can be read.
pub(crate) struct Opened {
    pub(crate) id: SlideId,
    /// The box's own name of it, for logs, topics and folders.
    pub(crate) label: String,
    pub(crate) meta: SlideMeta,
    pub(crate) pixels: Pixels,
}

/// Whether a file is read once more before it is believed to be the one that was taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Trust {
    /// It is.
    Nothing,
    /// Its digest has just been taken.
    Digest,
}

/// Where pixels are read.
pub(crate) enum Pixels {
    File(Box<Slide>),
    Tiles(Mosaic),
}

impl SlideMeta {
    /// A slide that comes in tiles.
    pub(crate) fn of_tiles(facts: &SlideFacts) -> Self {
        Self {
            format: FORMAT,
            origin: Origin::Tiles {},
            name: facts.slide.clone(),
            width_px: facts.size.width as u32,
            height_px: facts.size.height as u32,
            mpp: facts.mpp,
            mpp_source: MppSource::Scanner,
        }
    }

    /// A slide in a file.
    pub(crate) fn of_file(path: PathBuf, digest: Digest, slide: &Slide) -> Self {
        let name = path.file_stem().unwrap_or_default().to_string_lossy().into_owned();
        Self {
            format: FORMAT,
            origin: Origin::File { path, digest },
            name,
            width_px: slide.size().width as u32,
            height_px: slide.size().height as u32,
            mpp: slide.mpp(),
            mpp_source: slide.mpp_source(),
        }
    }

    /// The key under which the ledger knows the slide: a name for tiles, the content for a file.
    pub(crate) fn key(&self) -> String {
        match &self.origin {
            Origin::Tiles {} => format!("tiles/{}", self.name),
            Origin::File { digest, .. } => format!("file/{digest}"),
        }
    }

    /// Writes it down.
    pub(crate) fn encode(&self) -> Vec<u8> {
        serde_json::to_vec(self).expect("its fields are numbers, words and paths of UTF-8")
    }

    /// Reads what the ledger has.
    pub(crate) fn decode(bytes: &[u8]) -> Result<Self> {
        let meta: Self = serde_json::from_slice(bytes).context("the ledger's word on the slide")?;
        if meta.format != FORMAT {
            bail!("the ledger's word on the slide has format {}, not {FORMAT}", meta.format);
        }
        Ok(meta)
    }

    /// Level-0 size.
    pub(crate) fn size(&self) -> Size {
        Size::new(self.width_px as usize, self.height_px as usize)
    }
}

impl TileMeta {
    /// Writes it down.
    pub(crate) fn encode(self) -> Vec<u8> {
        serde_json::to_vec(&self).expect("its fields are numbers")
    }

    /// The tile at its place, the `sequence`-th to come.
    pub(crate) fn placed(self, x: u32, y: u32, sequence: u64) -> Placed {
        Placed { x, y, width_px: self.width_px, height_px: self.height_px, sequence }
    }

    /// Reads what the ledger has.
    pub(crate) fn decode(bytes: &[u8]) -> Result<Self> {
        serde_json::from_slice(bytes).context("the ledger's word on the tile")
    }
}

/// Hexadecimal digits of a slide's label: of a million slides no two share one.
const LABEL_DIGITS: usize = 16;

/// The box's own name of a slide: the scanner's may be a patient's.
pub(crate) fn label(device: &str, key: &str) -> String {
    let hash = Sha256::new().chain_update(device).chain_update([0]).chain_update(key).finalize();
    let mut label = Digest::from_bytes(hash.into()).to_string();
    label.truncate(LABEL_DIGITS);
    label
}

impl Opened {
    /// Opens the pixels of a slide that the ledger has; `label` is the box's own name of it.
    pub(crate) fn new(
        ledger: &Ledger,
        label: String,
        row: &SlideRow,
        trust: Trust,
    ) -> Result<Self> {
        let meta = SlideMeta::decode(&row.meta)?;
        let pixels = match &meta.origin {
            Origin::File { path, digest } => {
                if trust == Trust::Nothing && digest::of_file(path)? != *digest {
                    bail!("{} is not the file that it was when it was taken", path.display());
                }
                let stated = (meta.mpp_source == MppSource::Operator).then_some(meta.mpp);
                Pixels::File(Box::new(Slide::open(path, stated)?))
            }
            Origin::Tiles {} => Pixels::Tiles(mosaic(ledger, row.id, &meta)?),
        };
        Ok(Self { id: row.id, label, meta, pixels })
    }

    /// Where tiles are added; none for a file.
    pub(crate) fn mosaic(&self) -> Option<&Mosaic> {
        match &self.pixels {
            Pixels::Tiles(mosaic) => Some(mosaic),
            Pixels::File(_) => None,
        }
    }

    /// What the slide is, for its report. `digest` is that of the file, or of the list of tiles.
    pub(crate) fn summary(&self, digest: Digest, name: String) -> ImageSummary {
        ImageSummary {
            name,
            digest,
            width_px: u64::from(self.meta.width_px),
            height_px: u64::from(self.meta.height_px),
            mpp: self.meta.mpp,
            mpp_source: self.meta.mpp_source,
        }
    }
}

impl Regions for Opened {
    fn size(&self) -> Size {
        self.meta.size()
    }

    fn mpp(&self) -> Mpp {
        self.meta.mpp
    }

    fn read(&self, x: usize, y: usize, size: Size) -> Result<RgbImage, ReadError> {
        match &self.pixels {
            Pixels::File(slide) => slide.read(x, y, size),
            Pixels::Tiles(mosaic) => mosaic.read(x, y, size),
        }
    }
}

/// The digest of a slide's content: of its file, or of the places and digests of its tiles.
pub(crate) fn content_digest(meta: &SlideMeta, tiles: &[TileRow]) -> Digest {
    if let Origin::File { digest, .. } = &meta.origin {
        return *digest;
    }
    let mut places: Vec<_> = tiles.iter().map(|tile| (tile.y, tile.x, tile.digest)).collect();
    places.sort_unstable();
    let mut hash = Sha256::new();
    for edge in [meta.width_px, meta.height_px] {
        hash.update(edge.to_le_bytes());
    }
    hash.update(meta.mpp.um_per_px().to_le_bytes());
    for (y, x, digest) in places {
        hash.update(y.to_le_bytes());
        hash.update(x.to_le_bytes());
        hash.update(digest);
    }
    Digest::from_bytes(hash.finalize().into())
}

/// A tile as the mosaic places it.
pub(crate) fn placed(row: &TileRow) -> Result<Placed> {
    Ok(TileMeta::decode(&row.meta)?.placed(row.x, row.y, row.sequence))
}

fn mosaic(ledger: &Ledger, slide: SlideId, meta: &SlideMeta) -> Result<Mosaic> {
    let tiles = ledger.tiles(slide)?;
    let places = tiles.iter().map(placed).collect::<Result<Vec<_>>>()?;
    let source = Box::new(Stored { ledger: ledger.clone(), slide });
    Ok(Mosaic::new(meta.size(), meta.mpp, places, source)?)
}

/// Tiles in the ledger.
struct Stored {
    ledger: Ledger,
    slide: SlideId,
}

impl TileSource for Stored {
    fn bytes(&self, x: u32, y: u32) -> Result<(Encoding, Vec<u8>), TileReadError> {
        let store =
            |source: Box<dyn std::error::Error + Send + Sync>| TileReadError::Store { source };
        let row = self.ledger.tile(self.slide, x, y).map_err(|error| store(error.into()))?;
        let tile = row.ok_or(TileReadError::Absent)?;
        let meta = TileMeta::decode(&tile.meta).map_err(|error| store(error.into()))?;
        let encoding = Encoding::new(meta.encoding).ok_or(TileReadError::Absent)?;
        Ok((encoding, tile.bytes))
    }
}

/// A slide that is being looked at, shared by those who do.
pub(crate) type Shared = Arc<Opened>;

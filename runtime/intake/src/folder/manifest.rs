//! The list that a scanner lays beside what it wrote.
//!
//! ```json
//! {"format": 1, "files": [{"file": "S-1.svs", "bytes": 1048576, "sha256": "9f86…"}]}
//! {"format": 1,
//!  "slide": {"slide": "S-2", "width_px": 4096, "height_px": 2048, "mpp": 0.25},
//!  "tiles": [{"file": "0_0.jpg", "x": 0, "y": 0, "bytes": 48213, "sha256": "60303…"}]}
//! ```
//!
//! **Invariant:** a [`Manifest`] names files inside its own folder alone, each once, and no more of
//! them than a slide may have tiles.

use std::collections::BTreeSet;
use std::path::{Component, Path, PathBuf};

use contract::Digest;
use serde::Deserialize;
use thiserror::Error;

use crate::check::{SLIDE_TILES_MAX, SlideFacts};
use crate::frame::SlideBegin;

/// Bytes of a manifest at most: 200 bytes for each tile of the largest slide, twice.
pub const MANIFEST_BYTES_MAX: u64 = 400 * SLIDE_TILES_MAX as u64;

/// The format that is read.
const FORMAT: u32 = 1;

/// What a manifest lists.
#[derive(Clone, Debug, PartialEq)]
pub enum Manifest {
    /// Slides in files.
    Slides(Vec<ListedFile>),
    /// One slide in tiles.
    Tiles {
        /// What the slide is.
        facts: SlideFacts,
        /// Its tiles.
        tiles: Vec<ListedTile>,
    },
}

/// A file of a manifest.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ListedFile {
    /// Where it lies.
    pub path: PathBuf,
    /// Its bytes.
    pub bytes: u64,
    /// Their digest.
    pub sha256: Digest,
}

/// A tile of a manifest.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ListedTile {
    /// First column, level-0 pixels.
    pub x: u32,
    /// First row, level-0 pixels.
    pub y: u32,
    /// The JPEG.
    pub file: ListedFile,
}

/// Why a manifest is not taken.
#[derive(Debug, Error)]
pub enum ManifestError {
    /// It is not the JSON that it should be.
    #[error("the manifest cannot be read")]
    Json(#[source] serde_json::Error),
    /// It has another format.
    #[error("the manifest has format {0}, and {FORMAT} is read here")]
    Format(u32),
    /// It lists neither files nor the tiles of a slide, or both.
    #[error("the manifest must have either files, or slide and tiles")]
    Contents,
    /// A name leads out of the folder.
    #[error("the manifest's file {0:?} is not a name inside its own folder")]
    Name(String),
    /// A name or a place stands twice.
    #[error("the manifest has {0} twice")]
    Twice(String),
    /// It lists nothing, or too much.
    #[error("the manifest lists {0} files, not 1 to {SLIDE_TILES_MAX}")]
    Count(usize),
    /// The slide cannot be.
    #[error("the manifest's slide: {0}")]
    Slide(String),
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Written {
    format: u32,
    files: Option<Vec<WrittenFile>>,
    slide: Option<SlideBegin>,
    tiles: Option<Vec<WrittenTile>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct WrittenFile {
    file: String,
    bytes: u64,
    sha256: Digest,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct WrittenTile {
    file: String,
    x: u32,
    y: u32,
    bytes: u64,
    sha256: Digest,
}

impl Manifest {
    /// Reads a manifest that lies in `folder`.
    pub fn parse(bytes: &[u8], folder: &Path) -> Result<Self, ManifestError> {
        let written: Written = serde_json::from_slice(bytes).map_err(ManifestError::Json)?;
        if written.format != FORMAT {
            return Err(ManifestError::Format(written.format));
        }
        let manifest = match written {
            Written { files: Some(files), slide: None, tiles: None, .. } => {
                let files = files.into_iter().map(|file| file.in_folder(folder));
                Self::Slides(files.collect::<Result<_, _>>()?)
            }
            Written { files: None, slide: Some(slide), tiles: Some(tiles), .. } => {
                let facts = SlideFacts::new(&slide)
                    .map_err(|refusal| ManifestError::Slide(refusal.reason))?;
                let tiles = tiles.into_iter().map(|tile| tile.in_folder(folder));
                Self::Tiles { facts, tiles: tiles.collect::<Result<_, _>>()? }
            }
            Written { .. } => return Err(ManifestError::Contents),
        };
        manifest.check()?;
        Ok(manifest)
    }

    /// The files that it lists, in its order.
    pub fn files(&self) -> Box<dyn Iterator<Item = &ListedFile> + '_> {
        match self {
            Self::Slides(files) => Box::new(files.iter()),
            Self::Tiles { tiles, .. } => Box::new(tiles.iter().map(|tile| &tile.file)),
        }
    }

    fn check(&self) -> Result<(), ManifestError> {
        let count = self.files().count();
        if !(1..=SLIDE_TILES_MAX).contains(&count) {
            return Err(ManifestError::Count(count));
        }
        let mut paths = BTreeSet::new();
        if let Some(file) = self.files().find(|file| !paths.insert(&file.path)) {
            return Err(ManifestError::Twice(format!("the file {}", file.path.display())));
        }
        let Self::Tiles { tiles, .. } = self else { return Ok(()) };
        let mut places = BTreeSet::new();
        match tiles.iter().find(|tile| !places.insert((tile.x, tile.y))) {
            Some(tile) => Err(ManifestError::Twice(format!("a tile at ({}, {})", tile.x, tile.y))),
            None => Ok(()),
        }
    }
}

impl WrittenFile {
    fn in_folder(self, folder: &Path) -> Result<ListedFile, ManifestError> {
        let Self { file, bytes, sha256 } = self;
        let mut parts = Path::new(&file).components();
        let is_inside = !file.is_empty()
            && !file.contains(['\0', '\\'])
            && parts.all(|part| matches!(part, Component::Normal(_)));
        if !is_inside {
            return Err(ManifestError::Name(file));
        }
        Ok(ListedFile { path: folder.join(file), bytes, sha256 })
    }
}

impl WrittenTile {
    fn in_folder(self, folder: &Path) -> Result<ListedTile, ManifestError> {
        let Self { file, x, y, bytes, sha256 } = self;
        let file = WrittenFile { file, bytes, sha256 }.in_folder(folder)?;
        Ok(ListedTile { x, y, file })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SHA: &str = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";

    #[test]
    fn slides_and_tiles_are_read() {
        let slides = read(&format!(r#"{{"format":1,"files":[{}]}}"#, file("a/b.svs"))).unwrap();
        assert_eq!(slides.files().next().unwrap().path, Path::new("in/a/b.svs"));

        let manifest = read(&tiles(&[("0_0.jpg", 0, 0), ("8_0.jpg", 8, 0)])).unwrap();
        let Manifest::Tiles { facts, tiles } = manifest else { panic!() };
        assert_eq!((facts.slide.as_str(), tiles[1].x), ("S", 8));
    }

    #[test]
    fn a_name_that_leads_out_of_the_folder_is_refused() {
        for name in ["", "/etc/passwd", "../a", "a/../../b", "./a", "a\\\\b", "a\\u0000"] {
            let error = read(&format!(r#"{{"format":1,"files":[{}]}}"#, file(name))).unwrap_err();
            assert!(matches!(error, ManifestError::Name(_)), "{name}: {error}");
        }
    }

    #[test]
    fn what_cannot_be_is_refused() {
        let refused = |text: &str| read(text).unwrap_err();
        let one = file("a");

        assert!(matches!(refused("{"), ManifestError::Json(_)));
        assert!(matches!(refused(r#"{"format":2,"files":[]}"#), ManifestError::Format(2)));
        assert!(matches!(refused(r#"{"format":1}"#), ManifestError::Contents));
        assert!(matches!(refused(r#"{"format":1,"files":[]}"#), ManifestError::Count(0)));
        assert!(matches!(refused(r#"{"format":1,"files":[],"else":1}"#), ManifestError::Json(_)));
        let twice = format!(r#"{{"format":1,"files":[{one},{one}]}}"#);
        assert!(matches!(refused(&twice), ManifestError::Twice(_)));
        let place = tiles(&[("a.jpg", 1, 2), ("b.jpg", 1, 2)]);
        assert!(matches!(refused(&place), ManifestError::Twice(_)));
        let unbelievable = tiles(&[("a.jpg", 1, 2)]).replace("0.25", "25");
        assert!(matches!(refused(&unbelievable), ManifestError::Slide(_)));
    }

    fn read(text: &str) -> Result<Manifest, ManifestError> {
        Manifest::parse(text.as_bytes(), Path::new("in"))
    }

    fn file(name: &str) -> String {
        format!(r#"{{"file":"{name}","bytes":3,"sha256":"{SHA}"}}"#)
    }

    fn tiles(places: &[(&str, u32, u32)]) -> String {
        let tile = |(name, x, y): &(&str, u32, u32)| {
            format!(r#"{{"file":"{name}","x":{x},"y":{y},"bytes":3,"sha256":"{SHA}"}}"#)
        };
        let tiles: Vec<String> = places.iter().map(tile).collect();
        let slide = r#"{"slide":"S","width_px":16,"height_px":8,"mpp":0.25}"#;
        format!(r#"{{"format":1,"slide":{slide},"tiles":[{}]}}"#, tiles.join(","))
    }
}

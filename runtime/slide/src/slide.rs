//! A slide in a file: any format that is read, with one believable resolution.

use std::path::Path;

use contract::{Mpp, MppSource, RgbImage, Size};

use crate::format::Format;
use crate::image_file::{ImageFile, Level};
use crate::open::OpenError;
use crate::pyramid::Associated;
use crate::regions::{ReadError, Regions};
use crate::resolution;
use crate::source::Source;

/// An image file that is read by regions. Any number of threads may read at once.
#[derive(Debug)]
pub struct Slide {
    file: ImageFile,
    mpp: Mpp,
    mpp_source: MppSource,
}

impl Slide {
    /// Opens the file at `path`.
    ///
    /// `stated` is the operator's resolution and outweighs the file's; without
    /// it a file that states none that is believable is refused.
    pub fn open(path: &Path, stated: Option<Mpp>) -> Result<Self, OpenError> {
        let source =
            Source::open(path).map_err(|source| OpenError::Io { path: path.into(), source })?;
        Self::new(path, source, stated)
    }

    /// Opens the bytes of a file that was never on disk; `name` stands for it in errors.
    pub fn from_bytes(name: &Path, bytes: Vec<u8>, stated: Option<Mpp>) -> Result<Self, OpenError> {
        Self::new(name, Source::Memory(bytes), stated)
    }

    fn new(path: &Path, source: Source, stated: Option<Mpp>) -> Result<Self, OpenError> {
        let file = ImageFile::new(path, source)?;
        let (mpp, mpp_source) = resolution::settle(&file.claims, stated)
            .map_err(|reason| OpenError::Resolution { path: path.into(), reason })?;
        Ok(Self { file, mpp, mpp_source })
    }

    /// Who stated the resolution.
    pub fn mpp_source(&self) -> MppSource {
        self.mpp_source
    }

    /// What the file itself says of its resolution, if it is believable: where the
    /// operator says otherwise, a reader should be told.
    pub fn file_mpp(&self) -> Option<Mpp> {
        resolution::of_file(&self.file.claims)
    }

    /// The levels of the pyramid, level 0 first.
    pub fn levels(&self) -> &[Level] {
        &self.file.levels
    }

    /// The pictures that come with the slide; they are named and not decoded.
    pub fn associated(&self) -> &[Associated] {
        &self.file.associated
    }

    /// The format that the file was recognised as.
    pub fn format(&self) -> Format {
        self.file.format
    }

    /// The region of `size` at (`x`, `y`) of `level`, both in that level's pixels.
    pub fn read_level(
        &self,
        level: usize,
        x: usize,
        y: usize,
        size: Size,
    ) -> Result<RgbImage, ReadError> {
        self.file.read(level, x, y, size)
    }
}

impl Regions for Slide {
    fn size(&self) -> Size {
        self.file.size()
    }

    fn mpp(&self) -> Mpp {
        self.mpp
    }

    fn read(&self, x: usize, y: usize, size: Size) -> Result<RgbImage, ReadError> {
        self.file.read(0, x, y, size)
    }
}

/// Reads level 0 of a PNG, JPEG or TIFF of at most
/// [`WHOLE_PIXELS_MAX`](crate::WHOLE_PIXELS_MAX) as a whole.
///
/// No resolution is wanted: for training data, whose resolution its set states.
pub fn read_image(path: &Path) -> Result<RgbImage, OpenError> {
    let source =
        Source::open(path).map_err(|source| OpenError::Io { path: path.into(), source })?;
    ImageFile::new(path, source)?.read_whole()
}

//! What is said of a slide and of a tile, judged before a pixel is decoded.
//!
//! **Invariant:** an [`Accepted`] tile lies inside its slide, has the digest that was said, and its
//! picture says by its own header, or by its length, that it has the size that was said.

use contract::{Digest, Mpp, Size};
use slide::jpeg_size;

use crate::frame::{Code, Encoding, Refusal, SlideBegin, Tile, TileHeader};

/// Pixels of a slide's edge at most: 262 mm at 0.25 µm/px, three times the length of a glass slide.
pub const SLIDE_EDGE_PX_MAX: u32 = 1 << 20;

/// Pixels of a tile's edge at most: 192 MiB of RGB.
pub const TILE_EDGE_PX_MAX: u32 = 8192;

/// Tiles of a slide at most: a 40x slide has 3,400 of 1024², or 54,000 of 256².
pub const SLIDE_TILES_MAX: usize = 1 << 16;

/// Characters of a slide's name at most.
pub const SLIDE_NAME_CHARS_MAX: usize = 128;

/// Greatest relative difference of two statements of one resolution: a JSON number and an f64 of
/// the same decimal may differ in their last bits, two objectives differ by far more.
const MPP_DIFFERENCE_MAX: f64 = 1e-6;

/// Decimals of µm/px that are kept, so that the same statement is the same number.
const MPP_DECIMALS: f64 = 1e9;

/// What a slide is, stated by the scanner and believable.
#[derive(Clone, Debug, PartialEq)]
pub struct SlideFacts {
    /// The slide's name.
    pub slide: String,
    /// Level-0 size.
    pub size: Size,
    /// Level-0 resolution, to nine decimals.
    pub mpp: Mpp,
}

/// A tile whose facts hold.
#[derive(Clone, Debug, PartialEq)]
pub struct Accepted {
    /// First column, level-0 pixels.
    pub x: u32,
    /// First row, level-0 pixels.
    pub y: u32,
    /// Columns and rows, at most [`TILE_EDGE_PX_MAX`] each.
    pub size: Size,
    /// How the picture is written.
    pub encoding: Encoding,
    /// Digest of the picture's bytes.
    pub digest: Digest,
    /// The picture.
    pub bytes: Vec<u8>,
}

impl SlideFacts {
    /// Judges what is said of a slide.
    pub fn new(said: &SlideBegin) -> Result<Self, Refusal> {
        let SlideBegin { slide, width_px, height_px, mpp } = said;
        check_name(slide)?;
        if ![*width_px, *height_px].iter().all(|edge| (1..=SLIDE_EDGE_PX_MAX).contains(edge)) {
            let reason = format!(
                "the slide has {width_px} × {height_px} px, not 1 to {SLIDE_EDGE_PX_MAX} each"
            );
            return Err(Refusal::new(Code::SlideSize, reason));
        }
        let kept = (mpp * MPP_DECIMALS).round() / MPP_DECIMALS;
        let mpp =
            Mpp::new(kept).map_err(|error| Refusal::new(Code::Resolution, error.to_string()))?;
        Ok(Self { slide: slide.clone(), size: size_of(*width_px, *height_px), mpp })
    }

    /// The facts as they are sent, and as they can be kept: the same facts are the same bytes.
    pub fn statement(&self) -> SlideBegin {
        // Both edges are at most SLIDE_EDGE_PX_MAX.
        SlideBegin {
            slide: self.slide.clone(),
            width_px: self.size.width as u32,
            height_px: self.size.height as u32,
            mpp: self.mpp.um_per_px(),
        }
    }
}

/// A name may become part of a path and of a topic, so it holds none of their signs.
fn check_name(name: &str) -> Result<(), Refusal> {
    let refuse = |reason: String| Err(Refusal::new(Code::SlideName, reason));
    let chars = name.chars().count();
    if !(1..=SLIDE_NAME_CHARS_MAX).contains(&chars) {
        return refuse(format!("the slide's name has {chars} characters"));
    }
    let forbidden = |c: char| c.is_control() || ['/', '\\', '+', '#'].contains(&c);
    if let Some(sign) = name.chars().find(|&c| forbidden(c)) {
        return refuse(format!("the slide's name has the character {sign:?}"));
    }
    if name.starts_with([' ', '.']) || name.ends_with([' ', '.']) {
        return refuse("the slide's name begins or ends with a space or a full stop".into());
    }
    Ok(())
}

/// Judges a tile of `slide`. Its digest is computed; its pixels are not decoded.
pub fn accept(slide: &SlideFacts, tile: Tile, bytes_max: usize) -> Result<Accepted, Refusal> {
    let header = tile.header;
    check_place(slide, &header)?;
    let Some(encoding) = Encoding::new(header.encoding) else {
        let reason = format!("the tile's encoding is {}", header.encoding);
        return Err(Refusal::new(Code::Encoding, reason));
    };
    let size = size_of(header.width_px, header.height_px);
    check_bytes(encoding, size, &tile.bytes, bytes_max)?;
    let digest = Digest::of(&tile.bytes);
    if digest != header.sha256 {
        let reason = format!("the tile's bytes have the digest {digest}, not {}", header.sha256);
        return Err(Refusal::new(Code::Digest, reason));
    }
    if encoding == Encoding::Jpeg {
        check_jpeg(size, &tile.bytes)?;
    }
    Ok(Accepted { x: header.x, y: header.y, size, encoding, digest, bytes: tile.bytes })
}

/// Level, resolution, size and place.
fn check_place(slide: &SlideFacts, header: &TileHeader) -> Result<(), Refusal> {
    let TileHeader { x, y, width_px, height_px, mpp, level, .. } = *header;
    if level != 0 {
        return Err(Refusal::new(Code::Level, format!("the tile is of level {level}")));
    }
    let stated = slide.mpp.um_per_px();
    // A NaN is near nothing.
    let same = (mpp - stated).abs() <= MPP_DIFFERENCE_MAX * stated;
    if !same {
        let reason = format!("the tile has {mpp} µm/px, and its slide has {stated}");
        return Err(Refusal::new(Code::Mpp, reason));
    }
    if ![width_px, height_px].iter().all(|edge| (1..=TILE_EDGE_PX_MAX).contains(edge)) {
        let reason =
            format!("the tile has {width_px} × {height_px} px, not 1 to {TILE_EDGE_PX_MAX} each");
        return Err(Refusal::new(Code::TileSize, reason));
    }
    let fits =
        |start: u32, length: u32, end: usize| u64::from(start) + u64::from(length) <= end as u64;
    let Size { width, height } = slide.size;
    if !fits(x, width_px, width) || !fits(y, height_px, height) {
        let reason = format!(
            "the tile of {width_px} × {height_px} px at ({x}, {y}) reaches over the slide of \
             {width} × {height} px"
        );
        return Err(Refusal::new(Code::Outside, reason));
    }
    Ok(())
}

/// As many bytes as may be, and as there must be.
fn check_bytes(
    encoding: Encoding,
    size: Size,
    bytes: &[u8],
    bytes_max: usize,
) -> Result<(), Refusal> {
    let length = bytes.len();
    let refuse = |reason: String| Err(Refusal::new(Code::Bytes, reason));
    if length > bytes_max {
        return refuse(format!("the tile has {length} bytes, and the box takes {bytes_max}"));
    }
    let raw = 3 * size.pixels();
    if encoding == Encoding::RawRgb && length != raw {
        return refuse(format!(
            "{} × {} px raw are {raw} bytes, not {length}",
            size.width, size.height
        ));
    }
    Ok(())
}

fn check_jpeg(size: Size, bytes: &[u8]) -> Result<(), Refusal> {
    let refuse = |reason: String| Err(Refusal::new(Code::Header, reason));
    match jpeg_size(bytes) {
        Ok(actual) if actual == size => Ok(()),
        Ok(actual) => refuse(format!(
            "the JPEG has {} × {} px, and the tile's header says {} × {}",
            actual.width, actual.height, size.width, size.height
        )),
        Err(error) => refuse(error.to_string()),
    }
}

fn size_of(width_px: u32, height_px: u32) -> Size {
    Size::new(width_px as usize, height_px as usize)
}

#[cfg(test)]
mod tests;

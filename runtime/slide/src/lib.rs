//! Image files and tiles in: formats, level-0 coordinates, resolution, orientation.
//!
//! **Contract:** whatever an image is stored as, a caller sees level-0 pixels in
//! upright RGB with one believable resolution, and reads the regions it wants.
//! **Invariant:** memory is bounded by the region that is asked for and the
//! tiles it touches, never by the size of the slide; foreign bytes can make a
//! read fail, and nothing else.

#![forbid(unsafe_code)]

mod regions;
mod slide;

mod image_file;
mod open;
mod picture;

mod format;
mod pyramid;
mod whole;

mod aperio;
mod ome;
mod orientation;
mod resolution;

mod tiff;

mod cache;
mod codec;
mod fault;
mod samples;
mod source;

pub use cache::Cache;
pub use codec::CodecError;
pub use format::Format;
pub use image_file::Level;
pub use open::OpenError;
pub use picture::{PictureError, decode_jpeg, jpeg_size};
pub use pyramid::Associated;
pub use regions::{REGION_PIXELS_MAX, ReadError, Regions, TileImage, check_region};
pub use slide::{Slide, read_image};
pub use tiff::SegmentError;
pub use whole::WHOLE_PIXELS_MAX;

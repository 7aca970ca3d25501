//! Image files and tiles in: formats, level-0 coordinates, resolution, orientation.
//!
//! **Contract:** whatever an image is stored as, a caller sees level-0 pixels in
//! upright RGB with one believable resolution, and reads the regions it wants.
//! **Invariant:** memory is bounded by the region that is asked for and the
//! tiles it touches, never by the size of the slide; foreign bytes can make a
//! read fail, and nothing else.

#![forbid(unsafe_code)]

mod format;
mod open;
mod regions;
mod samples;
mod whole;

pub use format::Format;
pub use open::OpenError;
pub use regions::{REGION_PIXELS_MAX, ReadError, Regions, TileImage};
pub use whole::{WHOLE_PIXELS_MAX, read_image};

//! What leaves Margay: `QuPath` `GeoJSON`, label TIFFs, the Grand Challenge files, the overlay PNG,
//! the heat map of TILs, `report.json` and the table of TIL figures.
//!
//! **Invariants:** a file appears under its name only when it is whole ([`atomic`]); the writers
//! of nuclei take them one by one and hold no slide; positions are level-0 pixels from the outer
//! corner of the first pixel. **Never:** no clock, no socket, no database.

#![forbid(unsafe_code)]

pub mod atomic;
pub mod geojson;
pub mod heat;
pub mod json;
pub mod labels;
pub mod overlay;
pub mod puma;
pub mod table;

mod checked;
mod decimal;
mod outline;
mod picture;
mod scanline;
mod tiled_tiff;

#[cfg(test)]
mod samples;

pub use checked::NucleusError;

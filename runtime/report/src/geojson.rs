//! `GeoJSON` for `QuPath`: nuclei as detections, tissue as annotations.
//!
//! One `FeatureCollection` a file, one feature a line (`QuPathTypeAdapters.java` of `QuPath` 0.5 and
//! 0.6 reads it):
//!
//! ```text
//! {"type":"FeatureCollection","features":[
//! {"type":"Feature","id":UUID,"geometry":{"type":"Polygon","coordinates":[[[x,y],…]]},
//!  "properties":{"objectType":"detection","classification":{"name":…,"color":[r,g,b]},
//!  "measurements":{"Area µm^2":…,"Probability":…}}},
//! …
//! ]}
//! ```
//!
//! Coordinates are level-0 pixels with at most two decimals; rings are closed. A nucleus is a
//! *detection*: as annotations (what `QuPath` takes for granted) a slide's nuclei make it crawl. A
//! name that ends in `.gz` is compressed; `QuPath` reads both.
//!
//! **Invariant:** the id of an object depends on the image and the object's number alone, so that
//! two runs over one image can be compared object by object. It is a UUID of version 8 (RFC 9562,
//! 5.8): 96 bits of a SHA-256 over the image's digest, then the number.

use std::fmt::Write as _;
use std::io::Write;
use std::path::{Path, PathBuf};

use contract::{Class, Digest, Nucleus};
use flate2::Compression;
use flate2::write::GzEncoder;
use thiserror::Error;

use crate::atomic::{Pending, WriteError};
use crate::{NucleusError, checked, decimal};

mod tissue;

pub use tissue::write_tissue;

/// Why objects were not written as `GeoJSON`.
#[derive(Debug, Error)]
pub enum GeoJsonError {
    /// The file cannot be written.
    #[error("the objects cannot be written as GeoJSON")]
    File(#[source] WriteError),
    /// A nucleus cannot be written.
    #[error("a nucleus cannot be written as GeoJSON")]
    Nucleus(#[source] NucleusError),
}

/// A file of nuclei that is being written, one by one, in constant memory.
#[derive(Debug)]
pub struct NucleiGeoJson {
    features: Features,
    ids: Ids,
    classifications: Vec<String>,
}

impl NucleiGeoJson {
    /// Begins the file at `path` for the nuclei of the image with digest `image`.
    pub fn create(path: &Path, image: Digest, classes: &[Class]) -> Result<Self, GeoJsonError> {
        Ok(Self {
            features: Features::create(path)?,
            ids: Ids::of(image, "nuclei"),
            classifications: classes.iter().map(classification).collect(),
        })
    }

    /// Appends one nucleus.
    pub fn push(&mut self, nucleus: &Nucleus) -> Result<(), GeoJsonError> {
        checked::check(nucleus, self.classifications.len()).map_err(GeoJsonError::Nucleus)?;

        let text = self.features.begin();
        text.push_str(r#"{"type":"Feature","id":""#);
        self.ids.push(text, nucleus.id);
        text.push_str(r#"","geometry":{"type":"Polygon","coordinates":["#);
        let corners = nucleus.polygon.iter().map(|at| (f64::from(at.x), f64::from(at.y)));
        push_ring(text, corners);
        text.push_str(r#"]},"properties":{"objectType":"detection","classification":"#);
        text.push_str(&self.classifications[nucleus.class]);
        text.push_str(r#","measurements":{"Area µm^2":"#);
        decimal::push(text, f64::from(nucleus.area_um2));
        text.push_str(r#","Probability":"#);
        let probability = (f64::from(nucleus.probability) * 1e4).round() / 1e4;
        write!(text, "{probability}").expect("a string takes any text");
        text.push_str("}}}");
        self.features.end()
    }

    /// Completes the file and puts it in place.
    pub fn finish(self) -> Result<(), GeoJsonError> {
        self.features.finish()
    }
}

/// A `FeatureCollection` that is being written.
#[derive(Debug)]
struct Features {
    path: PathBuf,
    output: Output,
    /// The feature at hand; kept, so that no feature allocates.
    text: String,
    count: u64,
}

#[derive(Debug)]
enum Output {
    Plain(Pending),
    Compressed(Box<GzEncoder<Pending>>),
}

impl Features {
    fn create(path: &Path) -> Result<Self, GeoJsonError> {
        let pending = Pending::create(path).map_err(GeoJsonError::File)?;
        let compressed = path.extension().is_some_and(|extension| extension == "gz");
        // The fastest level: a slide is 2 GB of text, and the best level saves a fifth more.
        let output = if compressed {
            Output::Compressed(Box::new(GzEncoder::new(pending, Compression::fast())))
        } else {
            Output::Plain(pending)
        };
        let mut features = Self { path: path.into(), output, text: String::new(), count: 0 };
        features.text.push_str(r#"{"type":"FeatureCollection","features":["#);
        features.write_out()?;
        Ok(features)
    }

    /// The text to append a feature to.
    fn begin(&mut self) -> &mut String {
        self.text.push_str(if self.count == 0 { "\n" } else { ",\n" });
        self.count += 1;
        &mut self.text
    }

    /// Writes the feature out.
    fn end(&mut self) -> Result<(), GeoJsonError> {
        self.write_out()
    }

    fn finish(mut self) -> Result<(), GeoJsonError> {
        self.text.push_str("\n]}\n");
        self.write_out()?;
        let path = self.path;
        let whole = match self.output {
            Output::Plain(pending) => Ok(pending),
            Output::Compressed(encoder) => {
                encoder.finish().map_err(|source| WriteError::Write { path, source })
            }
        };
        whole.and_then(Pending::commit).map_err(GeoJsonError::File)
    }

    fn write_out(&mut self) -> Result<(), GeoJsonError> {
        let bytes = self.text.as_bytes();
        let written = match &mut self.output {
            Output::Plain(pending) => pending.write_all(bytes),
            Output::Compressed(encoder) => encoder.write_all(bytes),
        };
        self.text.clear();
        written.map_err(|source| {
            GeoJsonError::File(WriteError::Write { path: self.path.clone(), source })
        })
    }
}

/// The ids of one kind of object of one image.
#[derive(Debug)]
struct Ids {
    /// The id up to its last eight digits.
    prefix: String,
}

impl Ids {
    fn of(image: Digest, kind: &str) -> Self {
        let hash = Digest::of(format!("margay {kind} of {image}").as_bytes()).to_string();
        // Version 8 and the variant of RFC 9562 stand in fixed places.
        let prefix = format!(
            "{}-{}-8{}-8{}-{}",
            &hash[..8],
            &hash[8..12],
            &hash[12..15],
            &hash[15..18],
            &hash[18..22]
        );
        Self { prefix }
    }

    fn push(&self, text: &mut String, number: u32) {
        write!(text, "{}{number:08x}", self.prefix).expect("a string takes any text");
    }
}

fn classification(class: &Class) -> String {
    serde_json::json!({ "name": class.name, "color": class.colour }).to_string()
}

/// Appends a ring and its first corner once more.
fn push_ring(text: &mut String, corners: impl Iterator<Item = (f64, f64)> + Clone) {
    text.push('[');
    let closed = corners.clone().chain(corners.take(1));
    for (at, (x, y)) in closed.enumerate() {
        text.push_str(if at == 0 { "[" } else { ",[" });
        decimal::push(text, x);
        text.push(',');
        decimal::push(text, y);
        text.push(']');
    }
    text.push(']');
}

#[cfg(test)]
mod tests;

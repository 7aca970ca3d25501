//! Nuclei as polygons with class names, out of the two file layouts that PUMA uses.
//!
//! **`GeoJSON`**, the layout of the public training set: a `FeatureCollection`; a feature is one
//! nucleus, `geometry` a `Polygon` or `MultiPolygon` in pixels, `properties.classification.name`
//! the class. The outline is the exterior ring, as it stands (closed: its first vertex twice). A
//! `MultiPolygon` is one nucleus with slivers beside it (41 of 19,865 nuclei, median sliver 1 px²),
//! so its outline is that of its largest part. The organisers have not published how they made
//! their own truth from these files.
//!
//! **Grand Challenge "Multiple polygons"**, the layout of submissions and of the organisers'
//! truth: `polygons`, each with `name`, `path_points` of two or three coordinates and, outside the
//! platform, a `score`. The platform's own schema knows `probability` instead, which the
//! evaluation does not read.
//!
//! Fields that are not named here are ignored. **Invariant:** no bytes make a reader panic, and
//! memory is at most about ten times the bytes, which are at most [`BYTES_MAX`].

use std::fmt;

use serde::Deserialize;
use serde::de::{self, Deserializer, IgnoredAny, SeqAccess, Visitor};
use thiserror::Error;

/// Bytes of a file at most: the greatest PUMA file has 2.5 MB, for about 1,000 nuclei.
pub const BYTES_MAX: usize = 256 << 20;

/// Score of a polygon that states none, as the official evaluation has it.
const SCORE_UNSTATED: f64 = 1.0;

/// One nucleus of a file.
#[derive(Clone, Debug, PartialEq)]
pub struct Polygon {
    /// Name of the class, for example `nuclei_tumor`.
    pub class: String,
    /// How sure the prediction is; 1 where the file does not say.
    pub score: f64,
    /// Vertices as they stand in the file, x and y in pixels.
    pub points: Vec<[f64; 2]>,
}

/// The nuclei of one image, in file order, which the official matching depends on.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct PumaFile {
    /// The nuclei; those of fewer than three vertices are here and are not scored.
    pub polygons: Vec<Polygon>,
}

/// Why bytes are no PUMA file. The caller knows the file's name and adds it.
#[derive(Debug, Error)]
pub enum ReadPumaError {
    /// The file is too large.
    #[error(
        "the file has {bytes} bytes, more than the {BYTES_MAX} that are read: split it by image"
    )]
    TooLarge {
        /// Bytes of the file.
        bytes: usize,
    },
    /// The file is no JSON, or a field is missing or of another type.
    #[error("the file is not in the {layout} layout")]
    Layout {
        /// The layout that was expected.
        layout: &'static str,
        /// What is wrong, with line and column.
        #[source]
        source: serde_json::Error,
    },
    /// A nucleus has no outline.
    #[error("features[{index}].geometry.coordinates is empty: a nucleus needs an exterior ring")]
    NoRing {
        /// Index of the feature.
        index: usize,
    },
}

impl PumaFile {
    /// Reads the `GeoJSON` layout of the PUMA training set.
    pub fn from_geojson(bytes: &[u8]) -> Result<Self, ReadPumaError> {
        let collection: FeatureCollection = read("PUMA GeoJSON", bytes)?;
        let features = collection.features.into_iter().enumerate();
        let polygons = features
            .map(|(index, feature)| {
                let points = feature.geometry.outline().ok_or(ReadPumaError::NoRing { index })?;
                let class = feature.properties.classification.name;
                Ok(Polygon { class, score: SCORE_UNSTATED, points })
            })
            .collect::<Result<_, _>>()?;
        Ok(Self { polygons })
    }

    /// Reads Grand Challenge's "Multiple polygons".
    pub fn from_grand_challenge(bytes: &[u8]) -> Result<Self, ReadPumaError> {
        let file: MultiplePolygons = read("Grand Challenge \"Multiple polygons\"", bytes)?;
        let polygons = file
            .polygons
            .into_iter()
            .map(|path| Polygon {
                class: path.name,
                score: path.score,
                points: positions(path.vertices),
            })
            .collect();
        Ok(Self { polygons })
    }
}

fn read<'de, T: Deserialize<'de>>(
    layout: &'static str,
    bytes: &'de [u8],
) -> Result<T, ReadPumaError> {
    if bytes.len() > BYTES_MAX {
        return Err(ReadPumaError::TooLarge { bytes: bytes.len() });
    }
    serde_json::from_slice(bytes).map_err(|source| ReadPumaError::Layout { layout, source })
}

#[derive(Deserialize)]
struct FeatureCollection {
    features: Vec<Feature>,
}

#[derive(Deserialize)]
struct Feature {
    geometry: Geometry,
    properties: Properties,
}

#[derive(Deserialize)]
struct Properties {
    classification: Classification,
}

#[derive(Deserialize)]
struct Classification {
    name: String,
}

type Ring = Vec<Position>;

#[derive(Deserialize)]
#[serde(tag = "type", content = "coordinates")]
enum Geometry {
    Polygon(Vec<Ring>),
    MultiPolygon(Vec<Vec<Ring>>),
}

#[derive(Deserialize)]
struct MultiplePolygons {
    polygons: Vec<NamedPath>,
}

#[derive(Deserialize)]
struct NamedPath {
    name: String,
    #[serde(rename = "path_points")]
    vertices: Ring,
    #[serde(default = "score_unstated")]
    score: f64,
}

fn score_unstated() -> f64 {
    SCORE_UNSTATED
}

impl Geometry {
    /// The exterior ring of the only or the largest part.
    fn outline(self) -> Option<Vec<[f64; 2]>> {
        let exterior = |rings: Vec<Ring>| rings.into_iter().next();
        let ring = match self {
            Self::Polygon(rings) => exterior(rings),
            Self::MultiPolygon(parts) => parts
                .into_iter()
                .filter_map(exterior)
                .map(|ring| (area(&ring), ring))
                .reduce(|largest, part| if part.0 > largest.0 { part } else { largest })
                .map(|(_, ring)| ring),
        };
        ring.map(positions)
    }
}

/// Area of a ring by the shoelace formula, px².
fn area(ring: &[Position]) -> f64 {
    let next = ring.iter().cycle().skip(1);
    let twice: f64 =
        ring.iter().zip(next).map(|(Position(a), Position(b))| a[0] * b[1] - b[0] * a[1]).sum();
    twice.abs() / 2.0
}

fn positions(ring: Ring) -> Vec<[f64; 2]> {
    ring.into_iter().map(|Position(position)| position).collect()
}

/// A position of at least two coordinates; those after the second are left out.
struct Position([f64; 2]);

impl<'de> Deserialize<'de> for Position {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_seq(PositionVisitor)
    }
}

struct PositionVisitor;

impl<'de> Visitor<'de> for PositionVisitor {
    type Value = Position;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a position of two or three coordinates")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Position, A::Error> {
        let missing = |count| de::Error::invalid_length(count, &self);
        let x = seq.next_element()?.ok_or_else(|| missing(0))?;
        let y = seq.next_element()?.ok_or_else(|| missing(1))?;
        while seq.next_element::<IgnoredAny>()?.is_some() {}
        Ok(Position([x, y]))
    }
}

#[cfg(test)]
#[expect(clippy::float_cmp, reason = "the promise is equality to the last bit")]
mod tests;

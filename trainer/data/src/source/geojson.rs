//! The part of GeoJSON (RFC 7946) that PUMA's annotations use, as QuPath writes it.
//!
//! Coordinates are pixels of the image, the origin at the outer corner of its first pixel.

use serde::Deserialize;

/// A ring of positions, closed or not.
pub(super) type Ring = Vec<Position>;

/// x and y; further numbers are passed over.
pub(super) type Position = Vec<f64>;

/// A file of annotations.
#[derive(Debug, Deserialize)]
pub(super) struct Collection {
    pub(super) features: Vec<Feature>,
}

/// One annotation.
#[derive(Debug, Deserialize)]
pub(super) struct Feature {
    pub(super) geometry: Geometry,
    pub(super) properties: Properties,
}

/// Its outline.
#[derive(Debug, Deserialize)]
#[serde(tag = "type", content = "coordinates")]
pub(super) enum Geometry {
    /// An outer ring, then its holes.
    Polygon(Vec<Ring>),
    /// Several of them.
    MultiPolygon(Vec<Vec<Ring>>),
}

/// What QuPath knows of it.
#[derive(Debug, Deserialize)]
pub(super) struct Properties {
    pub(super) classification: Classification,
}

/// Its class.
#[derive(Debug, Deserialize)]
pub(super) struct Classification {
    pub(super) name: String,
}

impl Geometry {
    /// All rings: under the even-odd rule, holes and parts fall out by themselves.
    pub(super) fn rings(&self) -> impl Iterator<Item = &[Position]> {
        let (polygon, parts) = match self {
            Self::Polygon(rings) => (rings.as_slice(), [].as_slice()),
            Self::MultiPolygon(parts) => ([].as_slice(), parts.as_slice()),
        };
        polygon.iter().chain(parts.iter().flatten()).map(Vec::as_slice)
    }
}

/// Reads a file; the reason why it cannot be.
pub(super) fn parse(bytes: &[u8]) -> Result<Collection, String> {
    let collection: Collection = serde_json::from_slice(bytes)
        .map_err(|error| format!("not the GeoJSON of annotations: {error}"))?;
    for (number, feature) in (1..).zip(&collection.features) {
        if feature.geometry.rings().flatten().any(|position| position.len() < 2) {
            return Err(format!("annotation {number} has a position without x and y"));
        }
    }
    Ok(collection)
}

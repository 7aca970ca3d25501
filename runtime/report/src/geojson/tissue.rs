//! Tissue as annotations: one a class, a multi-polygon with holes along the cells' edges.

use std::path::Path;

use contract::{Class, Digest, Role, Size, TissueMap};

use super::{Features, GeoJsonError, Ids, classification, push_ring};
use crate::decimal;
use crate::outline::{self, Corner, Polygon};

/// Writes the tissue classes of `map` to `path`, but for those of role background.
///
/// `image` is the digest of the image and `size` its level-0 size: cells that reach over its
/// border are cut off there. Memory is that of the outlines of one class.
pub fn write_tissue(
    path: &Path,
    (image, size): (Digest, Size),
    map: &TissueMap,
    classes: &[Class],
) -> Result<(), GeoJsonError> {
    let mut features = Features::create(path)?;
    let ids = Ids::of(image, "tissue");
    let shown = classes.iter().zip(0u8..).filter(|(class, _)| class.role != Role::Background);
    for (class, value) in shown {
        let polygons = outline::polygons(&map.classes, map.size, value);
        if polygons.is_empty() {
            continue;
        }
        let text = features.begin();
        text.push_str(r#"{"type":"Feature","id":""#);
        ids.push(text, u32::from(value));
        text.push_str(r#"","geometry":{"type":"MultiPolygon","coordinates":["#);
        for (at, polygon) in polygons.iter().enumerate() {
            text.push_str(if at == 0 { "" } else { "," });
            push_polygon(text, polygon, |corner| position(corner, map, size));
        }
        text.push_str(r#"]},"properties":{"objectType":"annotation","isLocked":true,"#);
        text.push_str(r#""classification":"#);
        text.push_str(&classification(class));
        text.push_str(r#","measurements":{"Area µm^2":"#);
        decimal::push(text, area_um2(&polygons, map, size));
        text.push_str("}}}");
        features.end()?;
    }
    features.finish()
}

fn push_polygon(text: &mut String, polygon: &Polygon, position: impl Fn(Corner) -> (f64, f64)) {
    text.push('[');
    for (at, ring) in std::iter::once(&polygon.outer).chain(&polygon.holes).enumerate() {
        text.push_str(if at == 0 { "" } else { "," });
        push_ring(text, ring.iter().map(|&corner| position(corner)));
    }
    text.push(']');
}

/// A corner of the grid in level-0 pixels.
fn position((column, row): Corner, map: &TissueMap, size: Size) -> (f64, f64) {
    let along = |cells: u32, px: usize| (f64::from(cells) * map.px_per_cell).min(px as f64);
    (along(column, size.width), along(row, size.height))
}

/// The area inside all rings, cut off at the image's border.
fn area_um2(polygons: &[Polygon], map: &TissueMap, size: Size) -> f64 {
    let rings = polygons.iter().flat_map(|polygon| polygon.holes.iter().chain([&polygon.outer]));
    let px2: f64 = rings
        .map(|ring| {
            let corners = ring.iter().map(|&corner| position(corner, map, size));
            let next = corners.clone().cycle().skip(1);
            corners.zip(next).map(|((ax, ay), (bx, by))| (ax * by - bx * ay) / 2.0).sum::<f64>()
        })
        .sum();
    let um_per_px = map.mpp.um_per_px() / map.px_per_cell;
    px2 * um_per_px * um_per_px
}

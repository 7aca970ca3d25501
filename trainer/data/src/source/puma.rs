//! PUMA's annotations: nuclei of ten classes and tissue of six, as QuPath's GeoJSON.
//!
//! Schuiveling et al. 2025. Where two outlines share a pixel, the later in the file has it.

use std::collections::BTreeMap;

use contract::Size;

use super::class_names::ClassNames;
use super::{geojson, polygon};
use crate::Instances;
use crate::sample::UNKNOWN;

/// PUMA's tissue labels; [`crate::Sample::tissue`] holds indices into them.
pub const TISSUE: [&str; 6] = [
    "tissue_stroma",
    "tissue_blood_vessel",
    "tissue_tumor",
    "tissue_epidermis",
    "tissue_necrosis",
    "tissue_white_background",
];

/// Paints the nuclei of a file; the reason why they cannot be. Nucleus n is the n-th of the file;
/// one that covers no pixel's centre, or is covered wholly, is not there.
pub(super) fn nuclei(bytes: &[u8], size: Size, classes: &ClassNames) -> Result<Instances, String> {
    let mut ids = vec![0; size.pixels()];
    let mut by_id = BTreeMap::new();
    for (id, feature) in (1..).zip(&geojson::parse(bytes)?.features) {
        let class = classes.class(&feature.properties.classification.name)?;
        polygon::fill(feature.geometry.rings(), size, |at| ids[at] = id);
        if class != UNKNOWN {
            by_id.insert(id, class);
        }
    }

    let present: std::collections::BTreeSet<u32> = ids.iter().copied().collect();
    by_id.retain(|id, _| present.contains(id));
    Ok(Instances { ids, classes: by_id })
}

/// Paints the tissue of a file of PUMA's: for each pixel an index into [`TISSUE`], or
/// [`UNKNOWN`]; the reason why it cannot be.
pub fn tissue(bytes: &[u8], size: Size) -> Result<Vec<u8>, String> {
    let mut labels = vec![UNKNOWN; size.pixels()];
    for feature in &geojson::parse(bytes)?.features {
        let name = &feature.properties.classification.name;
        let label = TISSUE
            .iter()
            .position(|known| known == name)
            .ok_or_else(|| format!("tissue {name:?} is none of {TISSUE:?}"))?;
        polygon::fill(feature.geometry.rings(), size, |at| labels[at] = label as u8);
    }
    Ok(labels)
}

/// Reads the classes of a patch's instances: `{"1": "nuclei_tumor", …}`; the reason why they
/// cannot be.
pub(super) fn patch_classes(
    bytes: &[u8],
    ids: &[u32],
    classes: &ClassNames,
) -> Result<BTreeMap<u32, u8>, String> {
    let labels: BTreeMap<u32, String> = serde_json::from_slice(bytes)
        .map_err(|error| format!("not a JSON object from instance to class: {error}"))?;
    let present: std::collections::BTreeSet<u32> = ids.iter().copied().collect();

    let mut by_id = BTreeMap::new();
    for (id, label) in labels {
        if id == 0 || !present.contains(&id) {
            return Err(format!("instance {id} has a class and no pixel"));
        }
        let class = classes.class(&label)?;
        if class != UNKNOWN {
            by_id.insert(id, class);
        }
    }
    Ok(by_id)
}

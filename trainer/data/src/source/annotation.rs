//! The annotation of one image, by its layout.

use std::collections::BTreeMap;
use std::path::Path;

use contract::Size;

use super::Layout;
use super::class_names::ClassNames;
use super::entry::{Entry, Files};
use super::{dots, instance_map, puma};
use crate::fingerprint::Fault;
use crate::{Annotation, Instances};

/// What people marked in an image of `size`.
pub(super) fn read(
    layout: Layout,
    entry: &Entry,
    files: &Files,
    size: Size,
    classes: &ClassNames,
) -> Result<Annotation, Fault> {
    let bytes = files.bytes(&entry.labels);
    let fault = |reason| Fault::new(&entry.labels, reason);
    match layout {
        Layout::Dots => {
            let text = std::str::from_utf8(bytes).map_err(|error| fault(error.to_string()))?;
            Ok(Annotation::Dots(dots::parse(text, size, classes).map_err(fault)?))
        }
        Layout::Puma => {
            Ok(Annotation::Instances(puma::nuclei(bytes, size, classes).map_err(fault)?))
        }
        Layout::InstanceMaps | Layout::PumaPatches => {
            let ids = instance_map::decode(bytes, size).map_err(fault)?;
            let classes = match &entry.classes {
                None => BTreeMap::new(),
                Some(path) => patch_classes(path, files, &ids, classes)?,
            };
            Ok(Annotation::Instances(Instances { ids, classes }))
        }
    }
}

/// Tissue labels of an image of `size`, where the source has them.
pub(super) fn read_tissue(
    entry: &Entry,
    files: &Files,
    size: Size,
) -> Result<Option<Vec<u8>>, Fault> {
    let Some(path) = &entry.tissue else {
        return Ok(None);
    };
    let labels = puma::tissue(files.bytes(path), size);
    labels.map(Some).map_err(|reason| Fault::new(path, reason))
}

fn patch_classes(
    path: &Path,
    files: &Files,
    ids: &[u32],
    classes: &ClassNames,
) -> Result<BTreeMap<u32, u8>, Fault> {
    puma::patch_classes(files.bytes(path), ids, classes).map_err(|reason| Fault::new(path, reason))
}

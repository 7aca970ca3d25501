//! The files of a source, image by image.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use contract::Digest;

use super::{Layout, LoadError, SourceSpec};
use crate::fingerprint::{Fault, FileRecord};

/// Bytes of one file at most; the largest in any set known is a 3 MB region.
const FILE_BYTES_MAX: u64 = 1 << 30;

/// Endings of images, in lower case.
const IMAGE_ENDINGS: [&str; 5] = ["png", "jpg", "jpeg", "tif", "tiff"];

const PUMA_IMAGES: &str = "01_training_dataset_tif_ROIs";
const PUMA_NUCLEI: &str = "01_training_dataset_geojson_nuclei";
const PUMA_TISSUE: &str = "01_training_dataset_geojson_tissue";

/// An image and what belongs to it; all paths are below the data root.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Entry {
    pub(super) name: String,
    pub(super) image: PathBuf,
    pub(super) labels: PathBuf,
    pub(super) classes: Option<PathBuf>,
    pub(super) tissue: Option<PathBuf>,
}

/// The bytes of an entry's files.
#[derive(Debug)]
pub(super) struct Files {
    bytes: BTreeMap<PathBuf, Vec<u8>>,
}

/// Lists the images of a source, by name.
pub(super) fn list(root: &Path, spec: &SourceSpec) -> Result<Vec<Entry>, LoadError> {
    let below = |folder: &str| spec.path.join(folder);
    let images = match spec.layout {
        Layout::InstanceMaps | Layout::PumaPatches => below("images"),
        Layout::Puma => below(PUMA_IMAGES),
        Layout::Dots => spec.path.clone(),
    };
    let entries: Vec<Entry> =
        image_files(root, &images)?.into_iter().map(|image| entry_of(root, spec, image)).collect();
    if entries.is_empty() {
        let reason = format!("`path` leads to {}, which holds no image", images.display());
        return Err(LoadError::Spec { name: spec.name.clone(), reason });
    }
    if let Some(pair) = entries.windows(2).find(|pair| pair[0].name == pair[1].name) {
        let reason = format!("two images are named {}; rename one", pair[0].name);
        return Err(LoadError::Spec { name: spec.name.clone(), reason });
    }
    Ok(entries)
}

fn entry_of(root: &Path, spec: &SourceSpec, image: PathBuf) -> Entry {
    let name = image.file_stem().unwrap_or_default().to_string_lossy().into_owned();
    let below = |folder: &str, file: String| spec.path.join(folder).join(file);
    let (labels, classes, tissue) = match spec.layout {
        Layout::InstanceMaps => (below("labels", format!("{name}.png")), None, None),
        Layout::PumaPatches => {
            let classes = below("classes", format!("{name}.json"));
            (below("labels", format!("{name}.png")), Some(classes), None)
        }
        Layout::Puma => {
            let tissue = below(PUMA_TISSUE, format!("{name}_tissue.geojson"));
            let tissue = root.join(&tissue).exists().then_some(tissue);
            (puma_nuclei(spec, &name), None, tissue)
        }
        // Not `with_extension` on the stem: the names hold dots of their own.
        Layout::Dots => (spec.path.join(format!("{name}.txt")), None, None),
    };
    Entry { name, image, labels, classes, tissue }
}

/// Where the nuclei of the image `name` are, below the data root, as PUMA's `GeoJSON`; none where
/// `spec` has another layout.
pub fn puma_nuclei_path(spec: &SourceSpec, name: &str) -> Option<PathBuf> {
    (spec.layout == Layout::Puma).then(|| puma_nuclei(spec, name))
}

fn puma_nuclei(spec: &SourceSpec, name: &str) -> PathBuf {
    spec.path.join(PUMA_NUCLEI).join(format!("{name}_nuclei.geojson"))
}

/// Images in a folder, sorted by name.
fn image_files(root: &Path, folder: &Path) -> Result<Vec<PathBuf>, LoadError> {
    let path = root.join(folder);
    let fail = |source| LoadError::Folder { path: path.clone(), source };
    let mut images = Vec::new();
    for file in std::fs::read_dir(&path).map_err(fail)? {
        let file = PathBuf::from(file.map_err(fail)?.file_name());
        let ending = file.extension().unwrap_or_default().to_string_lossy().to_lowercase();
        if IMAGE_ENDINGS.contains(&ending.as_str()) {
            images.push(folder.join(file));
        }
    }
    images.sort();
    Ok(images)
}

impl Entry {
    /// Its files, the image first.
    pub(super) fn paths(&self) -> impl Iterator<Item = &PathBuf> {
        [&self.image, &self.labels].into_iter().chain(&self.classes).chain(&self.tissue)
    }
}

impl Files {
    /// Reads all files of `entry` and says what they are.
    pub(super) fn read(root: &Path, entry: &Entry) -> Result<(Self, Vec<FileRecord>), Fault> {
        let mut bytes = BTreeMap::new();
        let mut records = Vec::new();
        for path in entry.paths() {
            let content = read_bounded(&root.join(path))
                .map_err(|reason| Fault::new(path, format!("cannot be read: {reason}")))?;
            records.push(FileRecord {
                path: crate::fingerprint::portable(path),
                bytes: content.len() as u64,
                sha256: Digest::of(&content),
            });
            bytes.insert(path.clone(), content);
        }
        Ok((Self { bytes }, records))
    }

    /// The bytes of one of the entry's files.
    pub(super) fn bytes(&self, path: &Path) -> &[u8] {
        self.bytes.get(path).expect("all paths of an entry have been read")
    }
}

fn read_bounded(path: &Path) -> Result<Vec<u8>, String> {
    let length = std::fs::metadata(path).map_err(|error| error.to_string())?.len();
    if length > FILE_BYTES_MAX {
        return Err(format!("{length} bytes, more than {FILE_BYTES_MAX}"));
    }
    std::fs::read(path).map_err(|error| error.to_string())
}

#[cfg(test)]
pub(super) mod tests {
    use contract::Mpp;

    use super::super::{Grouping, Resolution};
    use super::*;

    /// A source of dots with these classes.
    pub(in super::super) fn spec_with_classes(classes: BTreeMap<String, String>) -> SourceSpec {
        SourceSpec {
            name: "set".into(),
            path: "set".into(),
            layout: Layout::Dots,
            resolution: Resolution::Stated(Mpp::new(0.5).unwrap()),
            group: Grouping::Image,
            classes: Some(classes),
            licence: "CC0-1.0".into(),
            citation: "none".into(),
        }
    }

    #[test]
    fn a_name_with_dots_keeps_all_but_its_ending() {
        let spec = spec_with_classes(BTreeMap::new());

        let entry = entry_of(Path::new("."), &spec, "set/TCGA-A7_0.9824.jpg".into());

        assert_eq!(entry.name, "TCGA-A7_0.9824");
        assert_eq!(entry.labels, Path::new("set/TCGA-A7_0.9824.txt"));
    }
}

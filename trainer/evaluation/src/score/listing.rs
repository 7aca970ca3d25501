//! Which files there are: of one image or of many, by name and by what they say.
//!
//! ```text
//! FOLDER/NAME.geojson  NAME.json  NAME_nuclei.geojson …    nuclei of image NAME
//! FOLDER/NAME.tif  NAME.tiff  NAME_tissue.geojson …        tissue of image NAME
//! FOLDER/NAME/nuclei.geojson …                             what `margay analyze` wrote of NAME
//! ```
//!
//! A hyphen may stand for the underscore. A result folder of `margay analyze` gives the two files
//! of the challenge where they are there (`--format puma`), else its `nuclei.geojson`. Files of
//! other endings are passed over.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use super::FileFault;
use super::fault::Problem;

/// What a file says.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Kind {
    Nuclei,
    Tissue,
}

impl Kind {
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Nuclei => "nuclei",
            Self::Tissue => "tissue",
        }
    }
}

/// Files by image and kind.
pub(super) type Listing = BTreeMap<(String, Kind), PathBuf>;

/// Files of nuclei in a result folder, the first that is there counts.
const RESULT_NUCLEI: [&str; 3] = [
    "melanoma-10-class-nuclei-segmentation.json",
    "melanoma-3-class-nuclei-segmentation.json",
    "nuclei.geojson",
];

/// Where a result folder holds the challenge's mask.
const RESULT_TISSUE: &str = "images/melanoma-tissue-mask-segmentation";

/// The files at `path`, which is one file or a folder.
pub(super) fn list(path: &Path) -> Result<Listing, FileFault> {
    if path.is_dir() {
        return list_folder(path);
    }
    let key = key_of(path).ok_or_else(|| FileFault::new(path, Problem::Ending))?;
    Ok(Listing::from([(key, path.to_owned())]))
}

fn list_folder(folder: &Path) -> Result<Listing, FileFault> {
    let own = result_folder(folder)?;
    if !own.is_empty() {
        return Ok(own);
    }
    let mut listing = Listing::new();
    for path in sorted(folder)? {
        let found = if path.is_dir() {
            result_folder(&path)?
        } else {
            key_of(&path).map(|key| (key, path)).into_iter().collect()
        };
        for (key, path) in found {
            if let Some(other) = listing.insert(key, path.clone()) {
                return Err(FileFault::new(&path, Problem::Twice { other }));
            }
        }
    }
    Ok(listing)
}

/// The files of a folder that `margay analyze` wrote; none where it is no such folder.
fn result_folder(folder: &Path) -> Result<Listing, FileFault> {
    let name = text(folder.file_name());
    let nuclei = RESULT_NUCLEI.iter().map(|file| folder.join(file)).find(|path| path.is_file());
    let mut listing: Listing =
        nuclei.map(|path| ((name.clone(), Kind::Nuclei), path)).into_iter().collect();

    let masks = folder.join(RESULT_TISSUE);
    if masks.is_dir() {
        for mask in sorted(&masks)?.into_iter().filter(|path| ending(path).is_some_and(is_tiff)) {
            if let Some(other) = listing.insert((name.clone(), Kind::Tissue), mask.clone()) {
                return Err(FileFault::new(&mask, Problem::Twice { other }));
            }
        }
    }
    Ok(listing)
}

/// The image and the kind that a file's name says; none for an ending that is not read.
fn key_of(path: &Path) -> Option<(String, Kind)> {
    let ending = ending(path)?;
    let stem = text(path.file_stem());
    let without =
        |what: &str| stem.strip_suffix(what).and_then(|name| name.strip_suffix(['_', '-']));
    if let Some(name) = without("tissue") {
        return Some((name.to_owned(), Kind::Tissue));
    }
    if let Some(name) = without("nuclei") {
        return Some((name.to_owned(), Kind::Nuclei));
    }
    let kind = if is_tiff(ending) || stem == "tissue" { Kind::Tissue } else { Kind::Nuclei };
    Some((stem, kind))
}

/// One of the endings that are read.
fn ending(path: &Path) -> Option<&'static str> {
    let ending = text(path.extension()).to_lowercase();
    ["geojson", "json", "tif", "tiff"].into_iter().find(|known| *known == ending)
}

/// Whether an ending is that of a mask.
pub(super) fn is_tiff(ending: &str) -> bool {
    ["tif", "tiff"].iter().any(|known| ending.eq_ignore_ascii_case(known))
}

fn sorted(folder: &Path) -> Result<Vec<PathBuf>, FileFault> {
    let fault = |source| FileFault::new(folder, Problem::Folder(source));
    let entries = std::fs::read_dir(folder).map_err(fault)?;
    let mut paths: Vec<PathBuf> = entries
        .map(|entry| entry.map(|entry| entry.path()))
        .collect::<Result<_, _>>()
        .map_err(fault)?;
    paths.sort();
    Ok(paths)
}

fn text(name: Option<&std::ffi::OsStr>) -> String {
    name.unwrap_or_default().to_string_lossy().into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_says_the_image_and_the_kind() {
        let key = |path: &str| key_of(Path::new(path));

        let nuclei = |name: &str| Some((name.to_owned(), Kind::Nuclei));
        let tissue = |name: &str| Some((name.to_owned(), Kind::Tissue));
        assert_eq!(key("a/roi_094_nuclei.geojson"), nuclei("roi_094"));
        assert_eq!(key("a/roi-094-nuclei.geojson"), nuclei("roi-094"));
        assert_eq!(key("a/roi_094.json"), nuclei("roi_094"));
        assert_eq!(key("a/roi_094_tissue.geojson"), tissue("roi_094"));
        assert_eq!(key("a/roi_094.TIF"), tissue("roi_094"));
        assert_eq!(key("tissue.geojson"), tissue("tissue"));
        assert_eq!(key("nuclei.geojson"), nuclei("nuclei"));
        assert_eq!((key("nuclei.geojson.gz"), key("README.md"), key("json")), (None, None, None));
    }
}

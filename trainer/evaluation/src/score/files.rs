//! Files as nuclei and as tissue.

use std::path::Path;

use serde::Deserialize;
use serde::de::IgnoredAny;

use super::fault::Problem;
use super::listing::is_tiff;
use super::mask::Mask;
use super::{FileFault, Rules};
use crate::puma::{BYTES_MAX, PumaFile, Track};

/// Nuclei of one image at most: HoVer-Net's pairing of 4,000 with 4,400 takes 0.2 s, and grows more
/// than with their square; the densest region of PUMA has 1,200.
pub(super) const NUCLEI_MAX: usize = 20_000;

/// What the classes of public annotations of tissue begin with.
const TISSUE: &str = "tissue_";

/// Which of the two a file is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Side {
    Truth,
    Result,
}

/// A file of tissue whose size is known or not.
#[derive(Debug)]
pub(super) enum Tissue {
    Mask(Mask),
    Annotations(Vec<u8>),
}

/// Reads nuclei, with the class names that `rules` want.
pub(super) fn nuclei(path: &Path, side: Side, rules: &Rules) -> Result<PumaFile, FileFault> {
    let fault = |problem| FileFault::new(path, problem);
    let bytes = read(path)?;
    let mut file = parse(&bytes).map_err(fault)?;
    let count = file.polygons.len();
    if count > NUCLEI_MAX {
        return Err(fault(Problem::TooMany { count }));
    }
    if let Some(index) = file.polygons.iter().position(|nucleus| nucleus.class.starts_with(TISSUE))
    {
        let class = file.polygons[index].class.clone();
        return Err(fault(Problem::TissueAmongNuclei { index, class }));
    }
    if side == Side::Result {
        rename(&mut file, rules);
    }
    match rules.track {
        None => Ok(file),
        Some(track) => in_track(file, track).map_err(fault),
    }
}

/// Reads a file of tissue; annotations are painted later, when a size is known.
pub(super) fn tissue(path: &Path) -> Result<Tissue, FileFault> {
    let bytes = read(path)?;
    if !is_tiff(&path.extension().unwrap_or_default().to_string_lossy()) {
        return Ok(Tissue::Annotations(bytes));
    }
    let mask = Mask::from_tiff(&bytes);
    mask.map(Tissue::Mask).map_err(|error| FileFault::new(path, Problem::Tissue(error)))
}

/// The two masks of an image, of which one may be painted at the other's size.
pub(super) fn masks(
    (truth, truth_path): (Tissue, &Path),
    (result, result_path): (Tissue, &Path),
) -> Result<(Mask, Mask), FileFault> {
    let paint = |bytes: &[u8], path, other: &Mask| {
        Mask::from_geojson(bytes, other.size)
            .map_err(|error| FileFault::new(path, Problem::Tissue(error)))
    };
    match (truth, result) {
        (Tissue::Mask(truth), Tissue::Mask(result)) => Ok((truth, result)),
        (Tissue::Annotations(bytes), Tissue::Mask(result)) => {
            Ok((paint(&bytes, truth_path, &result)?, result))
        }
        (Tissue::Mask(truth), Tissue::Annotations(bytes)) => {
            let result = paint(&bytes, result_path, &truth)?;
            Ok((truth, result))
        }
        (Tissue::Annotations(_), Tissue::Annotations(_)) => {
            Err(FileFault::new(result_path, Problem::NoSize))
        }
    }
}

fn read(path: &Path) -> Result<Vec<u8>, FileFault> {
    let fault = |source| FileFault::new(path, Problem::Read(source));
    let bytes = std::fs::metadata(path).map_err(fault)?.len();
    if bytes > BYTES_MAX as u64 {
        return Err(FileFault::new(path, Problem::TooLarge { bytes }));
    }
    std::fs::read(path).map_err(fault)
}

/// The field that tells the layouts apart.
#[derive(Deserialize)]
struct Fields {
    features: Option<IgnoredAny>,
    polygons: Option<IgnoredAny>,
}

fn parse(bytes: &[u8]) -> Result<PumaFile, Problem> {
    let fields: Fields = serde_json::from_slice(bytes).map_err(Problem::Json)?;
    match (fields.features, fields.polygons) {
        (Some(_), _) => PumaFile::from_geojson(bytes).map_err(Problem::Nuclei),
        (None, Some(_)) => PumaFile::from_grand_challenge(bytes).map_err(Problem::Nuclei),
        (None, None) => Err(Problem::Layout),
    }
}

fn rename(file: &mut PumaFile, rules: &Rules) {
    for nucleus in &mut file.polygons {
        if let Some(name) = rules.rename.get(&nucleus.class) {
            nucleus.class.clone_from(name);
        }
    }
}

fn in_track(file: PumaFile, track: Track) -> Result<PumaFile, Problem> {
    if let Some(index) = file.polygons.iter().position(|n| track.class(&n.class).is_none()) {
        let class = file.polygons[index].class.clone();
        return Err(Problem::Class { index, class, known: track.classes().join(", ") });
    }
    Ok(track.of_file(file))
}

//! Which file of the result answers which file of the truth.

use std::path::{Path, PathBuf};

use super::FileFault;
use super::fault::Problem;
use super::listing::{self, Kind, Listing};

/// A truth and its result.
pub(super) struct Pair {
    pub(super) image: String,
    pub(super) kind: Kind,
    pub(super) truth: PathBuf,
    pub(super) result: PathBuf,
}

/// The truths with their results, and the names of the results that are left over.
pub(super) fn pairs(
    truth_path: &Path,
    result_path: &Path,
) -> Result<(Vec<Pair>, Vec<String>), Vec<FileFault>> {
    let truth = list(truth_path).map_err(|fault| vec![fault])?;
    let mut results = list(result_path).map_err(|fault| vec![fault])?;
    if truth_path.is_file() {
        results = only_of_its_kind(&truth, results);
    }

    let (mut pairs, mut faults) = (Vec::new(), Vec::new());
    for ((image, kind), truth) in truth {
        match results.remove(&(image.clone(), kind)) {
            Some(result) => pairs.push(Pair { image, kind, truth, result }),
            None => faults.push(FileFault::new(&truth, Problem::NoResult { kind: kind.name() })),
        }
    }
    let left_over = results.into_keys().map(|(image, kind)| format!("{image} ({})", kind.name()));
    if faults.is_empty() { Ok((pairs, left_over.collect())) } else { Err(faults) }
}

/// The files at `path`, of which there is one at least.
fn list(path: &Path) -> Result<Listing, FileFault> {
    let listing = listing::list(path)?;
    if listing.is_empty() {
        return Err(FileFault::new(path, Problem::Nothing));
    }
    Ok(listing)
}

/// Where the truth is one file and the result has one of its kind, they are a pair whatever their
/// names.
fn only_of_its_kind(truth: &Listing, results: Listing) -> Listing {
    let Some((image, kind)) = truth.keys().next() else { return results };
    let mut of_kind = results.iter().filter(|((_, of_result), _)| of_result == kind);
    match (of_kind.next(), of_kind.next()) {
        (Some((_, path)), None) => Listing::from([((image.clone(), *kind), path.clone())]),
        _ => results,
    }
}

//! Reads sources whole, in parallel, and in the same order every time.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use contract::Digest;
use rayon::prelude::*;

use super::class_names::{self, ClassNames};
use super::entry::{self, Entry, Files};
use super::{DataSet, LoadError, SourceSpec, annotation, grouping, resolution};
use crate::fingerprint::{self, Fault, FileRecord, Fingerprint, ImageRecord, SourceFingerprint};
use crate::{Annotation, Sample};

pub(super) fn survey(
    root: &Path,
    specs: &[SourceSpec],
    classes: &[String],
) -> Result<DataSet, LoadError> {
    check(specs, classes)?;
    let mut set = DataSet {
        samples: Vec::new(),
        fingerprint: Fingerprint {
            format: fingerprint::FORMAT,
            classes: classes.to_vec(),
            sources: Vec::new(),
        },
    };
    let mut seen = BTreeMap::new();
    for spec in specs {
        let names = ClassNames::new(spec, classes)?;
        let reader = Reader { root, spec, names: &names, classes };
        let source = reader.read(&mut set.samples, &mut seen)?;
        set.fingerprint.sources.push(source);
    }
    Ok(set)
}

fn check(specs: &[SourceSpec], classes: &[String]) -> Result<(), LoadError> {
    class_names::check(classes)?;
    for (index, spec) in specs.iter().enumerate() {
        if specs[..index].iter().any(|other| other.name == spec.name) {
            let reason = "`name` stands twice in the plan".into();
            return Err(LoadError::Spec { name: spec.name.clone(), reason });
        }
    }
    Ok(())
}

struct Reader<'a> {
    root: &'a Path,
    spec: &'a SourceSpec,
    names: &'a ClassNames,
    classes: &'a [String],
}

/// What became of one image.
struct Read {
    files: Vec<FileRecord>,
    outcome: Result<(Sample, ImageRecord), Fault>,
}

impl Reader<'_> {
    /// Reads all images; `seen` holds the images of earlier sources by digest.
    fn read(
        &self,
        samples: &mut Vec<Sample>,
        seen: &mut BTreeMap<Digest, String>,
    ) -> Result<SourceFingerprint, LoadError> {
        let entries = entry::list(self.root, self.spec)?;
        let read: Vec<Read> = entries.par_iter().map(|entry| self.read_entry(entry)).collect();

        let (mut files, mut images, mut faults) = (Vec::new(), Vec::new(), Vec::new());
        for one in read {
            let twice = one.files.first().and_then(|image| duplicate(image, seen));
            files.extend(one.files);
            match (one.outcome, twice) {
                (Err(fault), _) | (Ok(_), Some(fault)) => faults.push(fault),
                (Ok((sample, image)), None) => {
                    samples.push(sample);
                    images.push(image);
                }
            }
        }
        let digest = fingerprint::digest_of(files.iter().map(|file| file.sha256));
        Ok(SourceFingerprint { name: self.spec.name.clone(), digest, files, images, faults })
    }

    fn read_entry(&self, entry: &Entry) -> Read {
        match Files::read(self.root, entry) {
            Err(fault) => Read { files: Vec::new(), outcome: Err(fault) },
            Ok((files, records)) => {
                let paths = records.iter().map(|record| record.path.clone()).collect();
                Read { outcome: self.sample(entry, &files, paths), files: records }
            }
        }
    }

    fn sample(
        &self,
        entry: &Entry,
        files: &Files,
        paths: Vec<String>,
    ) -> Result<(Sample, ImageRecord), Fault> {
        let image = slide::read_image(&self.root.join(&entry.image))
            .map_err(|error| Fault::new(&entry.image, chain(&error)))?;
        let size = image.size();
        let annotation = annotation::read(self.spec.layout, entry, files, size, self.names)?;
        let tissue = annotation::read_tissue(entry, files, size)?;
        let fault = |reason| Fault::new(&entry.labels, reason);
        let (mpp, mpp_rule) =
            resolution::resolve(&self.spec.resolution, &annotation).map_err(fault)?;
        let grouping::Membership { group, site } =
            grouping::membership(self.spec.group, &self.spec.name, &entry.name)
                .map_err(|reason| Fault::new(&entry.image, reason))?;

        let (set, name) = (self.spec.name.clone(), entry.name.clone());
        let image = Arc::new(image);
        let sample = Sample { set, name, group, site, image, mpp, annotation, tissue };
        let record = self.record(&sample, mpp_rule, paths);
        Ok((sample, record))
    }

    fn record(&self, sample: &Sample, mpp_rule: String, files: Vec<String>) -> ImageRecord {
        let nuclei = sample.nuclei();
        let mut classes = BTreeMap::new();
        for class in nuclei.iter().filter_map(|dot| self.classes.get(usize::from(dot.class))) {
            *classes.entry(class.clone()).or_default() += 1;
        }
        ImageRecord {
            name: sample.name.clone(),
            group: sample.group.clone(),
            width: sample.image.width(),
            height: sample.image.height(),
            mpp: sample.mpp,
            mpp_rule,
            outlined: matches!(sample.annotation, Annotation::Instances(_)),
            nuclei: nuclei.len() as u64,
            classes,
            files,
        }
    }
}

/// The fault of an image whose bytes were there before.
fn duplicate(image: &FileRecord, seen: &mut BTreeMap<Digest, String>) -> Option<Fault> {
    if let Some(first) = seen.get(&image.sha256) {
        let reason = format!("the same bytes as {first}; remove one of them");
        return Some(Fault { path: image.path.clone(), reason });
    }
    seen.insert(image.sha256, image.path.clone());
    None
}

/// An error with its causes, in one line.
fn chain(error: &dyn std::error::Error) -> String {
    let causes = std::iter::successors(Some(error), |error| error.source());
    causes.map(ToString::to_string).collect::<Vec<_>>().join(": ")
}

//! What is counted of the nuclei of one image; the counts of several images are added up by
//! [`NucleiFigures`](super::NucleiFigures).

use std::collections::{BTreeMap, BTreeSet};

use contract::Mpp;
use serde::Serialize;

use super::outline;
use crate::detection::hungarian::{self, Pairing};
use crate::detection::{Counts, Dot, greedy};
use crate::puma::nuclei::{DISTANCE_PX, FileScore, VERTICES_MIN};
use crate::puma::{Polygon, PumaFile};
use crate::{LabelMap, SegmentationScore};

/// The radius beside the challenge's, µm: 6 px at 0.5 µm/px, of the BRCA-M2C figures.
const RADIUS_UM: f64 = 3.0;

/// A truth and a prediction within this are the same nucleus.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Radius {
    /// As it is stated: `15 px` or `3 µm`.
    pub name: String,
    /// The same in pixels of the image.
    pub px: f64,
}

/// The counts of one image.
#[derive(Clone, Debug, PartialEq)]
pub struct NucleiCounts {
    pub(super) puma: FileScore,
    /// One for each radius.
    pub(super) within: Vec<Within>,
    /// Of the maps that the outlines give; none where they would be too large.
    pub(super) outlines: Option<SegmentationScore>,
}

/// Counts of one image within one radius.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Within {
    /// Nuclei whatever their class, by MCSpatNet's rule.
    pub(super) greedy: Counts,
    /// The same by HoVer-Net's rule, as published.
    pub(super) published: Counts,
    /// The same with pairs within the radius alone.
    pub(super) near: Counts,
    pub(super) classes: BTreeMap<String, ClassWithin>,
}

/// Counts of one class within one radius.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct ClassWithin {
    pub(super) greedy: Counts,
    pub(super) published: hungarian::ClassCounts,
    pub(super) near: hungarian::ClassCounts,
}

/// The radii at which an image of resolution `mpp` is looked at; without one, that in µm is
/// missing.
pub fn radii(mpp: Option<Mpp>) -> Vec<Radius> {
    let challenge = Radius { name: format!("{DISTANCE_PX} px"), px: DISTANCE_PX };
    let microns =
        mpp.map(|mpp| Radius { name: format!("{RADIUS_UM} µm"), px: RADIUS_UM / mpp.um_per_px() });
    std::iter::once(challenge).chain(microns).collect()
}

impl NucleiCounts {
    /// Compares the nuclei of one image; outlines of fewer than three vertices are none.
    pub fn of(truth: &PumaFile, predicted: &PumaFile, radii: &[Radius]) -> Self {
        let classes = class_names([truth, predicted]);
        let (true_dots, predicted_dots) = (dots(truth, &classes), dots(predicted, &classes));
        let within =
            radii.iter().map(|radius| Within::of(&true_dots, &predicted_dots, &classes, radius.px));
        Self {
            puma: FileScore::of(truth, predicted),
            within: within.collect(),
            outlines: outlines(truth, predicted),
        }
    }
}

impl Within {
    fn of(truth: &[Dot], predicted: &[Dot], classes: &[&str], radius_px: f64) -> Self {
        let [published, near] = [Pairing::Published, Pairing::WithinRadius].map(|pairing| {
            let pairs = hungarian::pair(truth, predicted, radius_px, pairing);
            let mut totals = hungarian::Totals::new(classes.len());
            totals.add(truth, predicted, &pairs);
            totals
        });
        let greedy = greedy::by_class(truth, predicted, classes.len(), radius_px);
        let by_class = classes.iter().enumerate().map(|(index, &class)| {
            let (published, near) = (published.classes()[index], near.classes()[index]);
            (class.to_owned(), ClassWithin { greedy: greedy[index], published, near })
        });
        Self {
            greedy: greedy::detection(truth, predicted, radius_px),
            published: published.detection(),
            near: near.detection(),
            classes: by_class.collect(),
        }
    }
}

/// The nuclei that are scored.
fn scored(file: &PumaFile) -> impl Iterator<Item = &Polygon> {
    file.polygons.iter().filter(|polygon| polygon.points.len() >= VERTICES_MIN)
}

fn class_names(files: [&PumaFile; 2]) -> Vec<&str> {
    let names = files.into_iter().flat_map(scored).map(|polygon| polygon.class.as_str());
    names.collect::<BTreeSet<_>>().into_iter().collect()
}

fn dots(file: &PumaFile, classes: &[&str]) -> Vec<Dot> {
    scored(file)
        .map(|polygon| {
            let (x, y) = outline::centre(&polygon.points);
            let class = classes.binary_search(&polygon.class.as_str());
            Dot { x, y, class: class.expect("the classes are those of both files, sorted") }
        })
        .collect()
}

fn outlines(truth: &PumaFile, predicted: &PumaFile) -> Option<SegmentationScore> {
    let size = outline::extent(scored(truth).chain(scored(predicted)))?;
    let [truth, predicted] = [truth, predicted].map(|file| outline::map(scored(file), size));
    let maps = [&truth, &predicted]
        .map(|map| LabelMap::new(size, map).expect("the map was made at this size"));
    Some(SegmentationScore::of(maps[0], maps[1]).expect("both maps have one size"))
}

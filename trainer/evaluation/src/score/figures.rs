//! The figures of the nuclei of one image, or of several together.

use std::collections::BTreeMap;

use serde::Serialize;

use super::nuclei::{ClassWithin, NucleiCounts, Radius, Within};
use crate::detection::Counts;
use crate::mean::mean_of_defined;
use crate::puma::nuclei::{FileScore, NucleiScore};
use crate::{Measure, SegmentationTotals};

/// Figures of a set of images; of one image where the set is one.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct NucleiFigures {
    /// Images.
    pub images: u64,
    /// By the challenge's rule.
    pub puma: PumaFigures,
    /// Whatever the class, for each radius.
    pub detection: Vec<DetectionFigures>,
    /// By class, in the order in which the challenge's mean adds them.
    pub classes: Vec<ClassFigures>,
    /// Dice, AJI, AJI+, DQ, SQ, PQ: means over images; none where an image has no map.
    pub outlines: Option<Vec<Measure>>,
    /// The same of all images' counts together.
    pub outlines_pooled: Option<Vec<Measure>>,
}

/// What the challenge says, and what its counts say without its traps.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct PumaFigures {
    /// The leaderboard's `macro_f1_nuclei_average`; none where there are no classes.
    pub macro_f1: Option<f64>,
    /// The challenge's `micro` F1 of a file, its mean over the files.
    pub micro_f1: Option<f64>,
    /// Mean over the classes of any truth of their pooled F1.
    pub macro_f1_pooled: Option<f64>,
    /// Mean over the classes of any truth of Σ F1 / images whose truth holds the class.
    pub macro_f1_where_present: Option<f64>,
    /// F1 of the counts of all images and classes together.
    pub micro_f1_pooled: Option<f64>,
}

/// Detection, whatever the class.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct DetectionFigures {
    /// Within what.
    pub radius: Radius,
    /// F1 by MCSpatNet's rule.
    pub f1_greedy: Option<f64>,
    /// HoVer-Net's `F_d`, as published.
    pub f_d: Option<f64>,
    /// The same with pairs within the radius alone.
    pub f_d_near: Option<f64>,
    /// Mean over the classes of any truth of their F1 by MCSpatNet's rule.
    pub mean_f1_greedy: Option<f64>,
    /// The same of HoVer-Net's `F_c`, as published.
    pub mean_f_c: Option<f64>,
    /// The same with pairs within the radius alone.
    pub mean_f_c_near: Option<f64>,
}

/// One class.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct ClassFigures {
    /// Its name.
    pub class: String,
    /// Nuclei in the truth.
    pub truth: u64,
    /// Nuclei in the result.
    pub predicted: u64,
    /// Images whose truth holds the class.
    pub images_with_truth: u64,
    /// The challenge's F1: Σ F1 / images.
    pub f1_puma: f64,
    /// F1 of all images' counts together, by the challenge's matching.
    pub f1_puma_pooled: Option<f64>,
    /// Σ F1 / images whose truth holds the class, by the challenge's matching.
    pub f1_puma_where_present: Option<f64>,
    /// For each radius.
    pub within: Vec<ClassFiguresWithin>,
}

/// One class within one radius, pooled over images.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct ClassFiguresWithin {
    /// Within what.
    pub radius: String,
    /// F1 by MCSpatNet's rule.
    pub f1_greedy: Option<f64>,
    /// HoVer-Net's `F_c`, as published.
    pub f_c: Option<f64>,
    /// The same with pairs within the radius alone.
    pub f_c_near: Option<f64>,
}

impl NucleiFigures {
    /// The figures of `images` together; all of them were counted within `radii`.
    pub fn of(images: &[&NucleiCounts], radii: &[Radius]) -> Self {
        let files: Vec<FileScore> = images.iter().map(|image| image.puma.clone()).collect();
        let score = NucleiScore::of(&files);
        let within: Vec<Within> =
            (0..radii.len()).map(|at| sum(images.iter().map(|image| &image.within[at]))).collect();
        let segmentation = segmentation(images);
        let classes = classes(&score, &within, radii);
        Self {
            images: images.len() as u64,
            puma: PumaFigures::of(&files, &score),
            detection: detection(&within, radii, &classes),
            classes,
            outlines: segmentation.as_ref().map(SegmentationTotals::means),
            outlines_pooled: segmentation.as_ref().map(SegmentationTotals::pooled),
        }
    }

    /// Nuclei in the truth, of all classes.
    pub fn truth(&self) -> u64 {
        self.classes.iter().map(|class| class.truth).sum()
    }

    /// Nuclei in the result, of all classes.
    pub fn predicted(&self) -> u64 {
        self.classes.iter().map(|class| class.predicted).sum()
    }
}

impl PumaFigures {
    fn of(files: &[FileScore], score: &NucleiScore) -> Self {
        Self {
            macro_f1: defined(score.macro_f1_official),
            micro_f1: mean_of_defined(files.iter().map(|file| Some(file.micro.f1))),
            macro_f1_pooled: score.macro_f1_pooled,
            macro_f1_where_present: score.macro_f1_where_present,
            micro_f1_pooled: score.micro_f1_pooled,
        }
    }
}

/// NumPy's mean of nothing is no figure here.
fn defined(value: f64) -> Option<f64> {
    value.is_finite().then_some(value)
}

fn classes(score: &NucleiScore, within: &[Within], radii: &[Radius]) -> Vec<ClassFigures> {
    let classes = score.classes.iter();
    classes
        .map(|class| {
            let Counts { true_positives, false_positives, false_negatives } = class.pooled;
            let within = within.iter().zip(radii).map(|(within, radius)| {
                let counts = within.classes.get(&class.class).copied().unwrap_or_default();
                ClassFiguresWithin {
                    radius: radius.name.clone(),
                    f1_greedy: counts.greedy.f1(),
                    f_c: counts.published.f_c(),
                    f_c_near: counts.near.f_c(),
                }
            });
            ClassFigures {
                class: class.class.clone(),
                truth: true_positives + false_negatives,
                predicted: true_positives + false_positives,
                images_with_truth: class.files_with_truth,
                f1_puma: class.f1_official,
                f1_puma_pooled: class.pooled.f1(),
                f1_puma_where_present: class.f1_where_present,
                within: within.collect(),
            }
        })
        .collect()
}

fn detection(
    within: &[Within],
    radii: &[Radius],
    classes: &[ClassFigures],
) -> Vec<DetectionFigures> {
    let mean = |at: usize, figure: fn(&ClassFiguresWithin) -> Option<f64>| {
        let known = classes.iter().filter(|class| class.truth > 0);
        mean_of_defined(known.map(|class| figure(&class.within[at])))
    };
    let radii = within.iter().zip(radii).enumerate();
    radii
        .map(|(at, (within, radius))| DetectionFigures {
            radius: radius.clone(),
            f1_greedy: within.greedy.f1(),
            f_d: within.published.f1(),
            f_d_near: within.near.f1(),
            mean_f1_greedy: mean(at, |class| class.f1_greedy),
            mean_f_c: mean(at, |class| class.f_c),
            mean_f_c_near: mean(at, |class| class.f_c_near),
        })
        .collect()
}

/// The counts of all images within one radius.
fn sum<'a>(images: impl Iterator<Item = &'a Within>) -> Within {
    images.fold(Within::default(), |sum, image| {
        let mut classes: BTreeMap<String, ClassWithin> = sum.classes;
        for (name, counts) in &image.classes {
            let of_class = classes.entry(name.clone()).or_default();
            of_class.greedy = of_class.greedy + counts.greedy;
            of_class.published = of_class.published + counts.published;
            of_class.near = of_class.near + counts.near;
        }
        Within {
            greedy: sum.greedy + image.greedy,
            published: sum.published + image.published,
            near: sum.near + image.near,
            classes,
        }
    })
}

/// None where an image has no map: a mean over the others would be of another set.
fn segmentation(images: &[&NucleiCounts]) -> Option<SegmentationTotals> {
    let mut totals = SegmentationTotals::default();
    for image in images {
        totals.add(image.outlines?);
    }
    Some(totals)
}

//! Plans over the bundled samples, for the tests beside this file.

#![expect(clippy::unwrap_used, reason = "a test may stop")]

use std::collections::BTreeMap;

use contract::Mpp;
use margay_data::augment::{Augmentation, Colour, Rotation, Sometimes};
use margay_data::batch::BatchPlan;
use margay_data::source::{Grouping, Layout, Resolution, SourceSpec};
use margay_data::target::DotRadii;

pub(crate) fn classes() -> Vec<String> {
    ["lymphocyte", "tumour", "other"].map(str::to_owned).to_vec()
}

pub(crate) fn source(name: &str, path: &str, layout: Layout) -> SourceSpec {
    let (mpp, group, labels): (f64, Grouping, &[(&str, &str)]) = match layout {
        Layout::InstanceMaps => (0.25, Grouping::LeadingNumber, &[]),
        Layout::Dots => {
            (0.5, Grouping::TcgaPatient, &[("1", "lymphocyte"), ("2", "tumour"), ("3", "other")])
        }
        Layout::Puma | Layout::PumaPatches => (
            0.23,
            Grouping::PumaRoi,
            &[
                ("nuclei_tumor", "tumour"),
                ("nuclei_lymphocyte", "lymphocyte"),
                ("nuclei_plasma_cell", "lymphocyte"),
                ("nuclei_histiocyte", "other"),
                ("nuclei_melanophage", "other"),
                ("nuclei_neutrophil", "other"),
                ("nuclei_stroma", "other"),
                ("nuclei_epithelium", "other"),
                ("nuclei_endothelium", "other"),
                ("nuclei_apoptosis", "unknown"),
            ],
        ),
    };
    let map = labels.iter().map(|&(label, class)| (label.to_owned(), class.to_owned()));
    SourceSpec {
        name: name.into(),
        path: path.into(),
        layout,
        resolution: Resolution::Stated(Mpp::new(mpp).unwrap()),
        group,
        classes: (!labels.is_empty()).then(|| map.collect()),
        licence: "CC0-1.0".into(),
        citation: "see tests/data/README.md".into(),
    }
}

pub(crate) fn bundled_sources() -> Vec<SourceSpec> {
    vec![
        source("tnbc", "tnbc", Layout::InstanceMaps),
        source("brca", "brca", Layout::Dots),
        source("puma", "puma_patches", Layout::PumaPatches),
    ]
}

pub(crate) fn radii() -> DotRadii {
    DotRadii { class_um: 2.0, nucleus_um: 1.25, background_um: 8.0 }
}

pub(crate) fn shares(shares: &[(&str, f64)]) -> BTreeMap<String, f64> {
    shares.iter().map(|(set, share)| ((*set).to_owned(), *share)).collect()
}

/// Batches in which all is changed that can be.
pub(crate) fn batches() -> BatchPlan {
    let still = still();
    BatchPlan {
        count: 6,
        crop_px: 48,
        shares: shares(&[("tnbc", 0.4), ("brca", 0.4), ("puma", 0.2)]),
        class_balance: 0.3,
        augmentation: Augmentation {
            zoom: 1.35,
            flip: true,
            rotation: Rotation::Quarter,
            colour: Colour {
                stain_scale: 0.2,
                stain_shift: 0.02,
                contrast: 0.1,
                ..still.augmentation.colour
            },
            sharpen: None,
            blur: Some(Sometimes { probability: 0.25, sigma_min: 0.3, sigma_max: 1.2 }),
            noise: Some(Sometimes { probability: 0.25, sigma_min: 0.005, sigma_max: 0.04 }),
            ..still.augmentation
        },
        ..still
    }
}

/// Batches of the PUMA patch in which nothing is changed.
pub(crate) fn still() -> BatchPlan {
    BatchPlan {
        count: 1,
        crop_px: 64,
        mpp: Mpp::new(0.5).unwrap(),
        mean: [0.70, 0.55, 0.68],
        std: [0.20, 0.22, 0.18],
        shares: shares(&[("puma", 1.0)]),
        class_balance: 0.0,
        augmentation: Augmentation::UNCHANGED,
    }
}

//! Images that are kept for measuring: published figures are stated on them.

use crate::Sample;

/// The validation images of BRCA-M2C (Abousamra et al. 2021), by the start of their names.
const BRCA_M2C_VAL: [&str; 10] = [
    "TCGA-A7-A0DB-01Z-00-DX1_168501_13501_",
    "TCGA-A7-A13G-01Z-00-DX2_14501_11501_",
    "TCGA-A7-A2KD-01Z-00-DX1_91000_26001_",
    "TCGA-A7-A6VW-01Z-00-DX1_69501_18001_",
    "TCGA-A8-A06O-01Z-00-DX1_28501_31001_",
    "TCGA-A8-A07E-01Z-00-DX1_55501_92001_",
    "TCGA-A8-A07P-01Z-00-DX1_13001_35001_",
    "TCGA-A8-A082-01Z-00-DX1_24501_29501_",
    "TCGA-AC-A2FG-01Z-00-DX1_30501_12001_",
    "TCGA-AC-A2QI-01Z-00-DX1_6501_29001_",
];

/// The PUMA region on which melanoma figures are stated.
const PUMA_094: &str = "metastatic_roi_094";

/// What `sample` is kept for, if it is.
pub(super) fn reason(sample: &Sample) -> Option<&'static str> {
    if BRCA_M2C_VAL.iter().any(|start| sample.name.starts_with(start)) {
        return Some("validation image of BRCA-M2C");
    }
    sample.name.contains(PUMA_094).then_some("PUMA region metastatic 094")
}

//! A report to write in tests.

use contract::{
    ClassCount, Digest, Evidence, FORMAT, HotSpot, ImageSummary, Mpp, MppSource, Quality, Quantity,
    Role, TilFigure, TilReport, TissueArea,
};

pub(crate) fn report() -> TilReport {
    TilReport {
        format: FORMAT,
        margay: "0.1.0".into(),
        research_use_only: true,
        image: ImageSummary {
            name: "roi_094.tif".into(),
            digest: Digest::of(b"image"),
            width_px: 1024,
            height_px: 1024,
            mpp: Mpp::new(0.23).unwrap(),
            mpp_source: MppSource::File,
        },
        models: Vec::new(),
        quality: Quality { glass_fraction: 0.0, focus: None, stain_mean_od: None },
        evaluated_area_mm2: 0.055,
        nuclei: vec![count("tumour", Role::Tumour, 180), count("lymphocyte", Role::Til, 475)],
        tissue: vec![TissueArea {
            class: "stroma".into(),
            role: Role::Stroma,
            area_mm2: 0.02,
            fraction: 0.36,
        }],
        tils: vec![figure("eTIL %", "%", Some(72.5), Evidence::Sufficient)],
        hot_spots: vec![HotSpot {
            x: 512.0,
            y: 512.0,
            radius_um: 250.0,
            tils: 300,
            per_mm2: 1500.0,
        }],
        density: None,
        seed: 1,
        warnings: Vec::new(),
    }
}

fn count(class: &str, role: Role, count: u64) -> ClassCount {
    ClassCount {
        class: class.into(),
        role,
        count,
        per_mm2: Some(count as f64 / 0.055),
        mean_area_um2: Some(40.0),
        mean_probability: Some(0.9),
    }
}

/// A figure over 0.25 mm² whose interval is half its value to either side.
pub(crate) fn figure(title: &str, unit: &str, value: Option<f64>, evidence: Evidence) -> TilFigure {
    let quantity = |what: &str| Quantity { what: what.into(), value: 1.0, unit: "nuclei".into() };
    TilFigure {
        name: title.to_lowercase().replace(' ', "_"),
        title: title.into(),
        formula: "100 · TIL / (TIL + tumour)".into(),
        source: "a paper".into(),
        unit: unit.into(),
        value,
        numerator: quantity("TILs"),
        denominator: quantity("TILs and tumour cells"),
        area_mm2: 0.25,
        truncated_fraction: None,
        interval_95: value.map(|value| [value * 0.5, value * 1.5]),
        fields: 16,
        evidence,
    }
}

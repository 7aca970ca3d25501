//! What may be set about the figures, each with the source of its usual value.
//!
//! None of these is a standard of melanoma H&E: there is none (Margay's documentation of the
//! figures says so). They are stated in every report through the figures' names and formulas.

/// Parameters of the scores.
#[derive(Clone, Debug, PartialEq)]
pub struct Parameters {
    /// Seed of the bootstrap.
    pub seed: u64,
    /// Outer edges of the rings around the tumour, µm, rising; the first ring begins at 0.
    pub ring_edges_um: Vec<u32>,
    /// Clusters of tumour tissue below this area are no tumour to the rings and to the figures
    /// inside tumour tissue, µm².
    pub tumour_cluster_area_min_um2: f64,
    /// Radius of a hot spot, µm.
    pub hot_spot_radius_um: f64,
    /// TILs per mm² that a hot spot has at least.
    pub hot_spot_tils_per_mm2_min: f64,
    /// Edge of a field of view at most, µm.
    pub field_edge_um: f64,
    /// Resamples of the bootstrap.
    pub resamples: u32,
}

impl Parameters {
    /// Rings 0–50, 50–100, 100–250 and 250–500 µm: no width is standard in melanoma; 500 µm is
    /// the margin of `QuPath`'s author, 50 µm the best radius of `TILseg` (TNBC).
    pub const RING_EDGES_UM: [u32; 4] = [50, 100, 250, 500];
    /// Smallest tumour cluster with the best result in `TILseg` (TNBC), µm².
    pub const TUMOUR_CLUSTER_AREA_MIN_UM2: f64 = 797.0;
    /// Radius of a hot spot, µm: a circle of about 0.2 mm², one high-power field.
    pub const HOT_SPOT_RADIUS_UM: f64 = 250.0;
    /// 2 TILs in 50 × 50 µm: the positive patch of the TCGA TIL maps (Saltz et al. 2018).
    pub const HOT_SPOT_TILS_PER_MM2_MIN: f64 = 800.0;
    /// Hot spots that are reported at most.
    pub const HOT_SPOTS_MAX: usize = 5;
    /// Edge of a field of view, µm: wide against the distance over which TILs cluster, narrow
    /// against a section.
    pub const FIELD_EDGE_UM: f64 = 250.0;
    /// Resamples: the 2.5th percentile then rests on 25 of them (Efron & Tibshirani 1993, 13.3).
    pub const RESAMPLES: u32 = 1000;

    /// Rings at most: each takes a code of the zone map and a column of every field.
    pub const RINGS_MAX: usize = 8;
    /// Outermost ring edge, µm, the widest of `TILseg`: at the finest resolution its width in cells
    /// still fits 15 bits.
    pub const RING_EDGE_MAX_UM: u32 = 1500;

    /// The values above, with a seed.
    pub fn published(seed: u64) -> Self {
        Self {
            seed,
            ring_edges_um: Self::RING_EDGES_UM.to_vec(),
            tumour_cluster_area_min_um2: Self::TUMOUR_CLUSTER_AREA_MIN_UM2,
            hot_spot_radius_um: Self::HOT_SPOT_RADIUS_UM,
            hot_spot_tils_per_mm2_min: Self::HOT_SPOT_TILS_PER_MM2_MIN,
            field_edge_um: Self::FIELD_EDGE_UM,
            resamples: Self::RESAMPLES,
        }
    }

    /// All that is out of range, by name.
    pub(super) fn faults(&self) -> Vec<String> {
        let mut faults = self.ring_faults();
        let mut within = |name: &str, value: f64, least: f64, most: f64| {
            if !(least..=most).contains(&value) {
                faults.push(format!("{name} is {value}, not {least} to {most}"));
            }
        };
        within("tumour_cluster_area_min_um2", self.tumour_cluster_area_min_um2, 0.0, 1e6);
        within("hot_spot_radius_um", self.hot_spot_radius_um, 10.0, 2000.0);
        within("hot_spot_tils_per_mm2_min", self.hot_spot_tils_per_mm2_min, 0.0, 1e6);
        within("field_edge_um", self.field_edge_um, 25.0, 5000.0);
        within("resamples", f64::from(self.resamples), 40.0, 100_000.0);
        faults
    }

    fn ring_faults(&self) -> Vec<String> {
        let edges = &self.ring_edges_um;
        let mut faults = Vec::new();
        if edges.len() > Self::RINGS_MAX {
            faults.push(format!(
                "ring_edges_um names {} rings, more than {}",
                edges.len(),
                Self::RINGS_MAX
            ));
        }
        if edges.first() == Some(&0) || !edges.is_sorted_by(|inner, outer| inner < outer) {
            faults.push(format!("ring_edges_um is {edges:?}, not rising from above 0"));
        }
        if let Some(&last) = edges.last().filter(|&&last| last > Self::RING_EDGE_MAX_UM) {
            faults
                .push(format!("ring_edges_um ends at {last}, above {} µm", Self::RING_EDGE_MAX_UM));
        }
        faults
    }
}

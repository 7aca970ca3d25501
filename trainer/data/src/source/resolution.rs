//! What resolution an image has, and how that was found.

use contract::Mpp;

use super::Resolution;
use crate::Annotation;

/// Nuclei of an area up to this many pixels are specks of the annotation, not nuclei.
const SPECK_PX: usize = 20;

/// The resolution of an image with `annotation`, and the rule in words; the reason why there is
/// none.
pub(super) fn resolve(rule: &Resolution, annotation: &Annotation) -> Result<(Mpp, String), String> {
    match *rule {
        Resolution::Stated(mpp) => Ok((mpp, "stated by the plan".into())),
        Resolution::MedianDiameter { threshold_px, above, below } => {
            let diameter = median_diameter(annotation)
                .ok_or("no outlined nucleus tells the resolution by its diameter")?;
            let (mpp, relation) =
                if diameter > threshold_px { (above, "above") } else { (below, "not above") };
            let rule = format!("median diameter {diameter:.1} px, {relation} {threshold_px} px");
            Ok((mpp, rule))
        }
    }
}

/// Diameter of the circle that has the median area of the nuclei, px.
fn median_diameter(annotation: &Annotation) -> Option<f64> {
    let Annotation::Instances(instances) = annotation else {
        return None;
    };
    let mut areas = std::collections::BTreeMap::<u32, usize>::new();
    for &id in instances.ids.iter().filter(|id| **id > 0) {
        *areas.entry(id).or_default() += 1;
    }
    let mut areas: Vec<usize> = areas.into_values().filter(|area| *area > SPECK_PX).collect();
    areas.sort_unstable();

    let upper = *areas.get(areas.len() / 2)?;
    let lower = areas[(areas.len() - 1) / 2];
    let median = f64::midpoint(lower as f64, upper as f64);
    Some(2.0 * (median / std::f64::consts::PI).sqrt())
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;
    use crate::{Dot, Instances};

    fn nuclei_of(areas: &[usize]) -> Annotation {
        let ids = (1..).zip(areas).flat_map(|(id, &area)| vec![id; area]).collect();
        Annotation::Instances(Instances { ids, classes: BTreeMap::new() })
    }

    fn rule() -> Resolution {
        Resolution::MedianDiameter {
            threshold_px: 18.0,
            above: Mpp::new(0.25).unwrap(),
            below: Mpp::new(0.5).unwrap(),
        }
    }

    #[test]
    fn large_nuclei_mean_a_fine_resolution() {
        // A circle of 18 px has 254.5 px.
        let fine = resolve(&rule(), &nuclei_of(&[5, 255, 256, 254, 20])).unwrap();
        let coarse = resolve(&rule(), &nuclei_of(&[254, 255, 100])).unwrap();

        assert_eq!((fine.0.um_per_px(), coarse.0.um_per_px()), (0.25, 0.5));
        assert_eq!(fine.1, "median diameter 18.0 px, above 18 px");
    }

    #[test]
    fn without_outlines_there_is_no_diameter() {
        assert!(resolve(&rule(), &nuclei_of(&[20])).is_err());
        let dots = Annotation::Dots(vec![Dot { x: 1.0, y: 1.0, class: 0 }]);
        assert!(resolve(&rule(), &dots).is_err());
    }
}

//! Counts of nuclei by class and areas of tissue by class.

use contract::{ClassCount, TissueArea, UNLABELLED};

use super::Input;
use super::fields::{area_steps, steps_to_um2};
use super::zones::inside;

/// Sums over the nuclei of one class, in integers.
#[derive(Clone, Copy, Debug, Default)]
struct Sums {
    count: u64,
    area_steps: u64,
    probability: u64,
}

/// The nuclei of each class of the model, in class order.
pub(super) fn class_counts(input: &Input<'_>) -> Vec<ClassCount> {
    let mut sums = vec![Sums::default(); input.classes.len()];
    for nucleus in input.nuclei {
        let sum = &mut sums[usize::from(nucleus.class)];
        sum.count += 1;
        sum.area_steps += area_steps(nucleus.area_um2);
        sum.probability += u64::from(nucleus.probability);
    }

    let evaluated = Some(input.evaluated_area_mm2).filter(|&area| area > 0.0);
    let count_of = |(class, sum): (&contract::Class, Sums)| {
        let mean = |total: f64| (sum.count > 0).then(|| total / sum.count as f64);
        ClassCount {
            class: class.name.clone(),
            role: class.role,
            count: sum.count,
            per_mm2: evaluated.map(|area| sum.count as f64 / area),
            mean_area_um2: mean(steps_to_um2(sum.area_steps)),
            mean_probability: mean(sum.probability as f64 / f64::from(u16::MAX)),
        }
    };
    input.classes.iter().zip(sums).map(count_of).collect()
}

/// The area of each class of the tissue model, in class order; cells over the image's border
/// count as far as they lie inside.
pub(super) fn tissue_areas(input: &Input<'_>) -> Vec<TissueArea> {
    let Some(tissue) = input.tissue else { return Vec::new() };
    let map = tissue.map;
    let columns = inside(map.size.width, input.image.width, map.px_per_cell);
    let rows = inside(map.size.height, input.image.height, map.px_per_cell);

    let mut cells = [0.0; 256];
    for (row, height) in map.classes.chunks_exact(map.size.width).zip(rows) {
        for (&class, &width) in row.iter().zip(&columns) {
            cells[usize::from(class)] += width * height;
        }
    }

    let all: f64 = cells.iter().sum();
    let area_of = |(class, &cells): (&contract::Class, &f64)| TissueArea {
        class: class.name.clone(),
        role: class.role,
        area_mm2: cells * map.mpp.area_mm2(1),
        fraction: if all > 0.0 { cells / all } else { 0.0 },
    };
    tissue.classes.iter().zip(&cells[..usize::from(UNLABELLED)]).map(area_of).collect()
}

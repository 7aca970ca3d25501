//! Outlines for dots: a network's instances take the classes of the dots in them.
//!
//! - An instance that holds dots becomes a nucleus of each; where it holds several, a pixel goes
//!   to the nearest of them.
//! - An instance without a dot is unknown: annotators pass over many nuclei.
//! - Nuclei that come out too small or too large are unknown; their dots keep their class disc.
//! - The rest is background where the network believes so and no dot is near, otherwise unknown.

use contract::Size;
use serde::{Deserialize, Serialize};

use crate::sample::UNKNOWN;
use crate::target::{
    DotRadii, IGNORE, IGNORED, Nearest, ObjectMap, Prepared, TargetError, nearest_dots,
    of_instances,
};
use crate::{Annotation, Dot, Instances, Sample};

/// When a predicted instance is believed.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PseudoRules {
    /// Smallest nucleus, µm².
    pub area_min_um2: f64,
    /// Largest nucleus, µm².
    pub area_max_um2: f64,
    /// Background is believed where `np` is below this, 0 to 1,
    pub background_np_max: f32,
    /// and no dot is nearer than this, µm.
    pub background_distance_um: f64,
}

/// What a network found in a sample, at the sample's own resolution.
#[derive(Clone, Copy, Debug)]
pub struct Predicted<'a> {
    /// Row-major, the sample's size: 0 background, otherwise the number of an instance.
    pub ids: &'a [u32],
    /// Row-major: probability of nucleus.
    pub np: &'a [f32],
}

/// Targets from dots and predictions.
#[derive(Clone, Debug)]
pub struct PseudoTargets {
    /// The sample, now annotated.
    pub prepared: Prepared,
    /// Dots in it.
    pub dots: usize,
    /// Dots that got an outline.
    pub outlined: usize,
}

/// Gives the dots of `sample` the outlines that a network found.
pub fn outline(
    sample: &Sample,
    predicted: &Predicted<'_>,
    rules: &PseudoRules,
    radii: &DotRadii,
) -> Result<PseudoTargets, TargetError> {
    let Annotation::Dots(dots) = &sample.annotation else {
        return Err(TargetError::Outlined { name: sample.name.clone() });
    };
    check_size(sample, "the predicted instance map", predicted.ids.len())?;
    check_size(sample, "the predicted probability map", predicted.np.len())?;
    let radii_px = radii.in_pixels(&sample.name, sample.mpp)?;
    let size = sample.image.size();

    let mut ids = divide(predicted.ids, dots, size);
    let um2 = sample.mpp.um2_per_px();
    let outlined =
        drop_by_area(&mut ids, dots.len(), [rules.area_min_um2 / um2, rules.area_max_um2 / um2]);
    let classes = (1..).zip(dots).map(|(id, dot)| (id, dot.class));
    let classes = classes.filter(|(_, class)| *class != UNKNOWN).collect();
    let mut map = of_instances(&sample.name, size, &Instances { ids, classes })?;

    let near = rules.background_distance_um / sample.mpp.um_per_px();
    let surroundings =
        Surroundings { dots, nearest: nearest_dots(size, dots, near.max(radii_px.class)), near };
    surroundings.forget(&mut map, predicted, rules.background_np_max, radii_px.class);
    let prepared = Prepared::of_objects(sample, map, true)?;
    Ok(PseudoTargets { prepared, dots: dots.len(), outlined })
}

fn check_size(sample: &Sample, map: &'static str, actual: usize) -> Result<(), TargetError> {
    let expected = sample.image.size().pixels();
    if actual == expected {
        return Ok(());
    }
    Err(TargetError::Size { name: sample.name.clone(), map, expected, actual })
}

/// Nuclei by dot: 1 + the index of the nearest dot of the pixel's instance, 0 where it has none.
fn divide(instances: &[u32], dots: &[Dot], size: Size) -> Vec<u32> {
    let mut dots_in = std::collections::BTreeMap::<u32, Vec<usize>>::new();
    for (index, dot) in dots.iter().enumerate() {
        let hit = pixel_under(dot, size).map_or(0, |at| instances[at]);
        if hit > 0 {
            dots_in.entry(hit).or_default().push(index);
        }
    }

    let squared = |at: usize, dot: &Dot| {
        let (x, y) = ((at % size.width) as f64 + 0.5, (at / size.width) as f64 + 0.5);
        (x - dot.x).powi(2) + (y - dot.y).powi(2)
    };
    let nearest = |at: usize, candidates: &[usize]| {
        let distance = |index: &&usize| squared(at, &dots[**index]);
        candidates.iter().min_by(|a, b| distance(a).total_cmp(&distance(b))).copied()
    };
    instances
        .iter()
        .enumerate()
        .map(|(at, instance)| {
            let dot = dots_in.get(instance).and_then(|candidates| nearest(at, candidates));
            dot.map_or(0, |index| index as u32 + 1)
        })
        .collect()
}

fn pixel_under(dot: &Dot, size: Size) -> Option<usize> {
    let within =
        dot.x >= 0.0 && dot.y >= 0.0 && dot.x < size.width as f64 && dot.y < size.height as f64;
    within.then(|| dot.y as usize * size.width + dot.x as usize)
}

/// Removes nuclei whose area is out of `bounds`, px; how many are left.
fn drop_by_area(ids: &mut [u32], nuclei: usize, bounds: [f64; 2]) -> usize {
    let mut areas = vec![0_u64; nuclei + 1];
    for &id in ids.iter() {
        areas[id as usize] += 1;
    }
    let believed: Vec<bool> = areas
        .iter()
        .enumerate()
        .map(|(id, &area)| id > 0 && area > 0 && (bounds[0]..=bounds[1]).contains(&(area as f64)))
        .collect();
    for id in ids.iter_mut() {
        if !believed[*id as usize] {
            *id = 0;
        }
    }
    believed.iter().filter(|believed| **believed).count()
}

/// Where dots are near, beyond the nuclei.
struct Surroundings<'a> {
    dots: &'a [Dot],
    nearest: Vec<Nearest>,
    /// Distance within which background is not believed, px.
    near: f64,
}

impl Surroundings<'_> {
    /// Marks what is neither a nucleus nor believed background.
    fn forget(&self, map: &mut ObjectMap, predicted: &Predicted<'_>, np_max: f32, class_px: f64) {
        let rim = map.add_one_for_each_class(IGNORE);
        for (at, id) in map.ids.iter_mut().enumerate() {
            let inside = map.table[usize::from(*id)].shape.is_some();
            if inside {
                continue;
            }
            let near = self.nearest[at];
            // A NaN is not below the bound.
            let believed = predicted.ids[at] == 0
                && predicted.np[at] < np_max
                && near.squared >= self.near * self.near;
            if near.squared <= class_px * class_px {
                *id = rim(self.dots[near.dot].class);
            } else if !believed {
                *id = IGNORED;
            }
        }
    }
}

#[cfg(test)]
mod tests;

//! Targets from outlined nuclei.

use std::collections::BTreeMap;

use contract::Size;
use kernels::{Mask, edt};

use super::TargetError;
use super::object::{BACKGROUND, FIRST, OBJECTS_MAX, Object, ObjectMap};
use super::shape::{Shape, hull};
use crate::Instances;
use crate::sample::UNKNOWN;

/// A nucleus in its image: columns and rows from `left`, `top` up to and with `right`, `bottom`.
struct Nucleus {
    id: u32,
    left: usize,
    right: usize,
    top: usize,
    bottom: usize,
}

/// The targets of an image of `size` in which every nucleus is outlined; objects follow the
/// numbers of the nuclei.
pub(crate) fn of_instances(
    name: &str,
    size: Size,
    marked: &Instances,
) -> Result<ObjectMap, TargetError> {
    if marked.ids.len() != size.pixels() {
        let (expected, actual) = (size.pixels(), marked.ids.len());
        let name = name.to_owned();
        return Err(TargetError::Size { name, map: "the instance map", expected, actual });
    }
    let nuclei = nuclei_of(size, &marked.ids);
    // Room is left for objects of each class without an outline.
    let max = OBJECTS_MAX - usize::from(FIRST) - 2 * (usize::from(UNKNOWN) + 1);
    if nuclei.len() > max {
        return Err(TargetError::TooMany { name: name.to_owned(), nuclei: nuclei.len(), max });
    }

    let mut map = ObjectMap::filled(size, BACKGROUND);
    let distances = edge_distances(size, &marked.ids, &nuclei);
    let deepest = distances.iter().copied().fold(0.0, f32::max);
    map.distance_step_px = deepest / 255.0;
    for nucleus in &nuclei {
        let class = marked.classes.get(&nucleus.id).copied().unwrap_or(UNKNOWN);
        let object = map.add(Object { np: 1, class, shape: None });
        let shape =
            paint(&mut map, size, &Painted { nucleus, marked, distances: &distances, object });
        if class != UNKNOWN {
            map.landmarks.push((class, shape.centre));
        }
        map.table[usize::from(object)].shape = Some(shape);
    }
    Ok(map)
}

/// Nuclei by number, with their boxes.
fn nuclei_of(size: Size, ids: &[u32]) -> Vec<Nucleus> {
    let mut boxes: BTreeMap<u32, Nucleus> = BTreeMap::new();
    for (y, row) in ids.chunks_exact(size.width.max(1)).enumerate() {
        for (x, &id) in row.iter().enumerate().filter(|(_, id)| **id > 0) {
            let start = || Nucleus { id, left: x, right: x, top: y, bottom: y };
            let nucleus = boxes.entry(id).or_insert_with(start);
            nucleus.left = nucleus.left.min(x);
            nucleus.right = nucleus.right.max(x);
            nucleus.bottom = y;
        }
    }
    boxes.into_values().collect()
}

/// Distance of each nucleus pixel to the nearest pixel centre that is not of its nucleus, px.
fn edge_distances(size: Size, ids: &[u32], nuclei: &[Nucleus]) -> Vec<f32> {
    let mut distances = vec![0.0; size.pixels()];
    for nucleus in nuclei {
        let &Nucleus { id, left, right, top, bottom } = nucleus;
        // A pixel of frame all around stands for what is not of the nucleus.
        let framed = Size::new(right - left + 3, bottom - top + 3);
        let mask = Mask::from_fn(framed, |x, y| {
            (1..framed.width - 1).contains(&x)
                && (1..framed.height - 1).contains(&y)
                && ids[(top + y - 1) * size.width + left + x - 1] == id
        });
        let inside = edt::to_clear(&mask);
        for y in top..=bottom {
            for x in left..=right {
                let squared = inside.at(x + 1 - left, y + 1 - top);
                if squared > 0 {
                    distances[y * size.width + x] = (squared as f32).sqrt();
                }
            }
        }
    }
    distances
}

/// What is painted into a map.
struct Painted<'a> {
    nucleus: &'a Nucleus,
    marked: &'a Instances,
    distances: &'a [f32],
    object: u16,
}

/// Paints one nucleus; its shape.
fn paint(map: &mut ObjectMap, size: Size, painted: &Painted<'_>) -> Shape {
    let Nucleus { id, left, right, top, bottom } = *painted.nucleus;
    let (mut sum_x, mut sum_y, mut area, mut depth) = (0.0_f64, 0.0_f64, 0.0_f64, 0);
    let mut ends = Vec::new();
    for y in top..=bottom {
        let (mut first, mut last) = (None, left);
        for x in left..=right {
            let at = y * size.width + x;
            if painted.marked.ids[at] != id {
                continue;
            }
            let steps = (painted.distances[at] / map.distance_step_px).round().clamp(1.0, 255.0);
            map.ids[at] = painted.object;
            map.distance[at] = steps as u8;
            depth = depth.max(steps as u8);
            first.get_or_insert(x);
            last = x;
            sum_x += x as f64 + 0.5;
            sum_y += y as f64 + 0.5;
            area += 1.0;
        }
        if let Some(first) = first {
            // Sorted by (y, x) below: the hull's coordinates are swapped for the chain.
            ends.push([y as f32 + 0.5, first as f32 + 0.5]);
            if last > first {
                ends.push([y as f32 + 0.5, last as f32 + 0.5]);
            }
        }
    }
    let hull = hull(&ends).into_iter().map(|[y, x]| [x, y]).collect();
    Shape { centre: [(sum_x / area) as f32, (sum_y / area) as f32], hull, depth }
}

//! Component by component: no marker, one marker, or a flood.

use super::component::{self, Basin};
use crate::label::{Components, Run};

/// Memory that is kept from image to image.
#[derive(Clone, Debug, Default)]
pub(super) struct Scratch {
    /// For each component: what is known of its markers.
    markers: Vec<Markers>,
    /// Runs of the components that must be flooded, one component after the other.
    runs: Vec<(u32, Run)>,
    /// Where each component's runs end in `runs`, while they are filled in.
    ends: Vec<u32>,
    basin: Basin<u32>,
    large_basin: Basin<u64>,
}

/// What is known of a component's markers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Markers {
    None,
    One(u32),
    Many,
}

pub(super) fn flood(
    scratch: &mut Scratch,
    levels: &[u16],
    components: &Components,
    values: &mut [u32],
) {
    let Scratch { markers, runs, ends, basin, large_basin } = scratch;
    count_markers(markers, components, values);
    fill_single(markers, components, values);
    gather_runs(markers, components, runs, ends);
    let width = components.width();
    let mut start = 0;
    for (component, &end) in ends.iter().enumerate() {
        let own = &runs[start..end as usize];
        start = end as usize;
        if own.is_empty() {
            continue;
        }
        if components.areas()[component] <= component::SMALL_PIXELS_MAX {
            basin.flood(own, width, levels, values);
        } else {
            large_basin.flood(own, width, levels, values);
        }
    }
}

fn count_markers(markers: &mut Vec<Markers>, components: &Components, values: &[u32]) {
    markers.clear();
    markers.resize(components.count(), Markers::None);
    let width = components.width();
    for y in 0..components.height() {
        for (run, component) in components.row(y) {
            if markers[component] != Markers::Many {
                let row = &values[y * width..][run.columns()];
                markers[component] = add_markers(markers[component], row);
            }
        }
    }
}

fn add_markers(mut known: Markers, row: &[u32]) -> Markers {
    for &value in row {
        known = match known {
            _ if value == 0 => continue,
            Markers::None => Markers::One(value),
            Markers::One(id) if id == value => continue,
            Markers::One(_) | Markers::Many => return Markers::Many,
        };
    }
    known
}

/// A component with one marker is that marker's; without any, it is nobody's and stays 0.
fn fill_single(markers: &[Markers], components: &Components, values: &mut [u32]) {
    let width = components.width();
    for y in 0..components.height() {
        for (run, component) in components.row(y) {
            if let Markers::One(id) = markers[component] {
                values[y * width..][run.columns()].fill(id);
            }
        }
    }
}

/// Collects the runs of each component that has many markers.
fn gather_runs(
    markers: &[Markers],
    components: &Components,
    runs: &mut Vec<(u32, Run)>,
    ends: &mut Vec<u32>,
) {
    ends.clear();
    ends.resize(components.count() + 1, 0);
    let many = || {
        (0..components.height())
            .flat_map(|y| components.row(y).map(move |(run, c)| (y, run, c)))
            .filter(|&(_, _, component)| markers[component] == Markers::Many)
    };
    for (_, _, component) in many() {
        ends[component + 1] += 1;
    }
    for component in 0..components.count() {
        ends[component + 1] += ends[component];
    }
    runs.clear();
    runs.resize(ends[components.count()] as usize, (0, Run { start: 0, end: 0 }));
    for (y, run, component) in many() {
        runs[ends[component] as usize] = (y as u32, run);
        ends[component] += 1;
    }
    ends.truncate(components.count());
}

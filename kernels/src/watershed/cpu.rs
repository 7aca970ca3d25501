//! Component by component: no marker, one marker, or a flood.

use super::basin::{self, Basin, Component};
use super::markers::{Held, Markers, Piece};
use crate::Labels;
use crate::label::{Components, Run};

/// Floods markers; its memory is kept from image to image.
#[derive(Clone, Debug, Default)]
pub(crate) struct Flooder {
    markers: Markers,
    /// Runs (row, run) and pieces of markers of the components that must be flooded.
    runs: Grouped<(u32, Run)>,
    pieces: Grouped<Piece>,
    /// Where the labels of each run of the mask begin in `flooded`, if its component was flooded.
    offsets: Vec<u32>,
    /// Where the next run of each component goes, while offsets are laid out.
    next: Vec<u32>,
    /// Labels of the flooded components, run after run.
    flooded: Vec<u32>,
    small: Basin<u32>,
    large: Basin<u64>,
}

/// The labels of one run of the mask.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Part<'a> {
    /// All pixels have this label.
    Uniform(u32),
    /// The label of each pixel.
    Pixels(&'a [u32]),
}

impl Flooder {
    /// Takes the labels of an image as markers of the mask that has these components.
    pub(crate) fn mark_labels(&mut self, mask: &Components, labels: &Labels) {
        self.markers.of_labels(mask, labels);
    }

    /// Takes components as markers; `ids` gives the id of each, 0 for those that are none.
    pub(crate) fn mark(&mut self, mask: &Components, markers: &Components, ids: &[u32]) {
        self.markers.of_components(mask, markers, ids);
    }

    /// Floods the mask, whose 4-connected components are `mask`, from the markers taken last.
    pub(crate) fn flood(&mut self, levels: &[u16], mask: &Components) {
        self.gather(mask);
        self.flooded.clear();
        for component in 0..mask.count() {
            let runs = self.runs.of(component);
            if runs.is_empty() {
                continue;
            }
            let flood = Component { runs, pieces: self.pieces.of(component), width: mask.width() };
            if mask.areas()[component] <= basin::SMALL_PIXELS_MAX {
                self.small.flood(flood, levels, &mut self.flooded);
            } else {
                self.large.flood(flood, levels, &mut self.flooded);
            }
        }
    }

    /// The labels of run `index` of the mask.
    pub(crate) fn part(&self, mask: &Components, index: usize) -> Part<'_> {
        let (run, component) = mask.run(index);
        match self.markers.held[component] {
            Held::None => Part::Uniform(0),
            Held::One(id) => Part::Uniform(id),
            Held::Many => {
                let from = self.offsets[index] as usize;
                Part::Pixels(&self.flooded[from..from + run.columns().len()])
            }
        }
    }

    /// Pixels of each id, of which there are `0..=last`.
    pub(crate) fn areas(&self, mask: &Components, last: u32, areas: &mut Vec<u32>) {
        areas.clear();
        areas.resize(last as usize + 1, 0);
        for (held, area) in self.markers.held.iter().zip(mask.areas()) {
            if let Held::One(id) = held {
                areas[*id as usize] += area;
            }
        }
        for &id in &self.flooded {
            areas[id as usize] += 1;
        }
    }

    /// Sorts the runs and pieces of the components that must be flooded by component.
    fn gather(&mut self, mask: &Components) {
        let Markers { pieces, component, held } = &self.markers;
        let many = |component: usize| held[component] == Held::Many;
        let rows =
            (0..mask.height()).flat_map(|y| mask.row(y).map(move |(run, c)| (c, (y as u32, run))));
        self.runs.group(mask.count(), rows.filter(|(component, _)| many(*component)));
        let pieces =
            component.iter().map(|&component| component as usize).zip(pieces.iter().copied());
        self.pieces.group(mask.count(), pieces.filter(|(component, _)| many(*component)));

        // Flooded components stand one after the other, as large as they are.
        self.next.clear();
        let mut start = 0;
        for (component, area) in mask.areas().iter().enumerate() {
            self.next.push(start);
            start += if many(component) { *area } else { 0 };
        }
        self.offsets.clear();
        for (run, component) in (0..mask.run_count()).map(|index| mask.run(index)) {
            self.offsets.push(self.next[component]);
            self.next[component] += run.end - run.start;
        }
    }
}

/// Items sorted by group.
#[derive(Clone, Debug)]
struct Grouped<T> {
    items: Vec<T>,
    /// Where each group ends.
    ends: Vec<u32>,
}

impl<T> Default for Grouped<T> {
    fn default() -> Self {
        Self { items: Vec::new(), ends: Vec::new() }
    }
}

impl<T: Copy> Grouped<T> {
    /// Takes items with their groups, `0..groups`; within a group they keep their order.
    fn group(&mut self, groups: usize, items: impl Iterator<Item = (usize, T)> + Clone) {
        self.items.clear();
        self.ends.clear();
        self.ends.resize(groups + 1, 0);
        for (group, item) in items.clone() {
            self.ends[group + 1] += 1;
            self.items.push(item);
        }
        for group in 0..groups {
            self.ends[group + 1] += self.ends[group];
        }
        for (group, item) in items {
            self.items[self.ends[group] as usize] = item;
            self.ends[group] += 1;
        }
    }

    fn of(&self, group: usize) -> &[T] {
        let start = if group == 0 { 0 } else { self.ends[group - 1] };
        &self.items[start as usize..self.ends[group] as usize]
    }
}

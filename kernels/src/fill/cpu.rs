//! Runs of background; a component that touches no border is a hole.

use super::Filler;
use crate::mask::Pixel;
use crate::{Connectivity, Mask};

pub(super) fn fill(filler: &mut Filler, mask: &mut Mask) {
    let Filler { background, touches_border } = filler;
    background.find_complement(mask, Connectivity::Four);
    touches_border.clear();
    touches_border.resize(background.count(), false);
    let (width, height) = (background.width() as u32, background.height());
    for y in 0..height {
        let at_edge = y == 0 || y + 1 == height;
        for (run, component) in background.row(y) {
            touches_border[component] |= at_edge || run.start == 0 || run.end == width;
        }
    }
    for y in 0..height {
        for (run, component) in background.row(y) {
            if !touches_border[component] {
                mask.put_run(y, run.columns(), Pixel::Set);
            }
        }
    }
}

//! Tissue: a faint tint in the class colour, and a line where two classes meet.

use contract::{Class, Role, TissueMap, UNLABELLED};

use crate::picture::canvas::Canvas;

const TINT_OPACITY: f32 = 0.10;
const BORDER_OPACITY: f32 = 0.65;

/// Tints all tissue of `map`; glass and what was not looked at stay as they are.
pub(super) fn draw(canvas: &mut Canvas, scale: f64, map: &TissueMap, classes: &[Class]) {
    let size = canvas.size();
    let class_of =
        |x: usize, y: usize| map.class_at((x as f64 + 0.5) / scale, (y as f64 + 0.5) / scale);
    let shown = |value: u8| {
        let class = classes.get(usize::from(value)).filter(|_| value != UNLABELLED);
        class.filter(|class| class.role != Role::Background)
    };
    let mut above: Vec<u8> = (0..size.width).map(|x| class_of(x, 0)).collect();
    for y in 0..size.height {
        let mut left = class_of(0, y);
        for (x, above) in above.iter_mut().enumerate() {
            let here = class_of(x, y);
            if let Some(class) = shown(here) {
                let border = here != left || here != *above;
                let opacity = if border { BORDER_OPACITY } else { TINT_OPACITY };
                canvas.blend((x as i64, y as i64), class.colour, opacity);
            }
            (left, *above) = (here, here);
        }
    }
}

//! Outlines of nuclei, anti-aliased.
//!
//! A pixel is covered as far as its centre lies within half a line's width of the outline, with a
//! ramp one pixel wide. Coverage is the greatest over all edges, so that joints are not darker.
//! Around the line lies a faint white one, which keeps dark colours apart from haematoxylin.

use contract::Point;

use crate::picture::canvas::{Canvas, Colour};

/// Width of a line, pixels of the picture.
const WIDTH_PX: f32 = 1.3;
/// How far the white line reaches beyond it.
const HALO_PX: f32 = 0.9;
const HALO_OPACITY: f32 = 0.35;
const LINE_OPACITY: f32 = 0.95;
/// A nucleus below this is a dot, pixels of the picture.
const DOT_BELOW_PX: f32 = 4.0;
/// Largest outline that is drawn, pixels of the picture: a bound for the coverage buffer.
const OUTLINE_MAX_PX: f32 = 4096.0;

/// Draws `polygon`, given in level-0 pixels.
pub(super) fn draw(canvas: &mut Canvas, scale: f64, polygon: &[Point], colour: Colour) {
    let to_picture = |value: f32| (f64::from(value) * scale) as f32;
    let vertices: Vec<(f32, f32)> =
        polygon.iter().map(|vertex| (to_picture(vertex.x), to_picture(vertex.y))).collect();
    let (least, most) = bounds(&vertices);
    let (width, height) = (most.0 - least.0, most.1 - least.1);
    if width.max(height) < DOT_BELOW_PX {
        let middle = (f32::midpoint(least.0, most.0), f32::midpoint(least.1, most.1));
        dot(canvas, middle, width.max(height), colour);
    } else if width.max(height) < OUTLINE_MAX_PX {
        line(canvas, &vertices, (least, most), colour);
    }
}

/// A soft disc: as large as the nucleus, and at least faintly there.
fn dot(canvas: &mut Canvas, (x, y): (f32, f32), diameter: f32, colour: Colour) {
    let radius = (diameter / 2.0).max(0.6);
    let (left, top) = ((x - radius - 1.0).floor() as i64, (y - radius - 1.0).floor() as i64);
    let span = (2.0 * radius + 3.0).ceil() as i64;
    for row in top..=top + span {
        for column in left..=left + span {
            let distance = (column as f32 + 0.5 - x).hypot(row as f32 + 0.5 - y);
            let coverage = (radius + 0.5 - distance).clamp(0.0, 1.0);
            canvas.blend((column, row), colour, 0.8 * coverage);
        }
    }
}

fn line(
    canvas: &mut Canvas,
    vertices: &[(f32, f32)],
    (least, most): ((f32, f32), (f32, f32)),
    colour: Colour,
) {
    let reach = WIDTH_PX / 2.0 + HALO_PX + 1.0;
    let origin = ((least.0 - reach).floor() as i64, (least.1 - reach).floor() as i64);
    let end = ((most.0 + reach).ceil() as i64, (most.1 + reach).ceil() as i64);
    let columns = (end.0 - origin.0) as usize;
    let mut distances = vec![f32::INFINITY; columns * (end.1 - origin.1) as usize];

    for (&from, &to) in vertices.iter().zip(vertices.iter().cycle().skip(1)) {
        near_edge((from, to), reach, |x, y| {
            let at = (y - origin.1) as usize * columns + (x - origin.0) as usize;
            let distance = to_edge((x as f32 + 0.5, y as f32 + 0.5), from, to);
            distances[at] = distances[at].min(distance);
        });
    }

    for (at, &distance) in distances.iter().enumerate() {
        let pixel = (origin.0 + (at % columns) as i64, origin.1 + (at / columns) as i64);
        let coverage = |half: f32| (half + 0.5 - distance).clamp(0.0, 1.0);
        let halo = coverage(WIDTH_PX / 2.0 + HALO_PX);
        if halo > 0.0 {
            canvas.blend(pixel, [255; 3], HALO_OPACITY * halo);
            canvas.blend(pixel, colour, LINE_OPACITY * coverage(WIDTH_PX / 2.0));
        }
    }
}

/// Calls `visit` for the pixels that may lie within `reach` of an edge.
fn near_edge((from, to): ((f32, f32), (f32, f32)), reach: f32, mut visit: impl FnMut(i64, i64)) {
    let span = |a: f32, b: f32| {
        (a.min(b) - reach + 0.5).floor() as i64..(a.max(b) + reach - 0.5).ceil() as i64
    };
    for y in span(from.1, to.1) {
        for x in span(from.0, to.0) {
            visit(x, y);
        }
    }
}

/// Distance of a point to an edge.
fn to_edge((x, y): (f32, f32), from: (f32, f32), to: (f32, f32)) -> f32 {
    let (dx, dy) = (to.0 - from.0, to.1 - from.1);
    let length = dx * dx + dy * dy;
    let along = if length > 0.0 { ((x - from.0) * dx + (y - from.1) * dy) / length } else { 0.0 };
    let along = along.clamp(0.0, 1.0);
    (x - from.0 - along * dx).hypot(y - from.1 - along * dy)
}

fn bounds(vertices: &[(f32, f32)]) -> ((f32, f32), (f32, f32)) {
    vertices.iter().fold(
        ((f32::INFINITY, f32::INFINITY), (f32::NEG_INFINITY, f32::NEG_INFINITY)),
        |(least, most), &(x, y)| ((least.0.min(x), least.1.min(y)), (most.0.max(x), most.1.max(y))),
    )
}

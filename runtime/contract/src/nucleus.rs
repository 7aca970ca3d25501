//! A nucleus as it leaves the pipeline.

use serde::{Deserialize, Serialize};

/// A position in level-0 pixels: x to the right, y down, the origin at the
/// outer corner of the image's first pixel, so that its centre is (0.5, 0.5).
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Point {
    /// Level-0 pixels to the right.
    pub x: f32,
    /// Level-0 pixels down.
    pub y: f32,
}

/// One nucleus of an image.
#[derive(Clone, Debug, PartialEq)]
pub struct Nucleus {
    /// Number of the nucleus in its image, from 1: its value in the label map.
    pub id: u32,
    /// Index into the nuclei model's classes.
    pub class: usize,
    /// Mean probability of that class over the nucleus, 0 to 1.
    pub probability: f32,
    /// Centre of area.
    pub centroid: Point,
    /// Area, µm².
    pub area_um2: f32,
    /// Outline along pixel edges, evenly spaced vertices, clockwise on the screen, not closed
    /// (the last vertex is not the first again); holes are ignored. At least 3 vertices, at most
    /// [`Nucleus::VERTICES_MAX`].
    pub polygon: Vec<Point>,
}

impl Nucleus {
    /// Vertices of an outline at most: a nucleus has about 30; longer outlines
    /// are thinned to this many.
    pub const VERTICES_MAX: usize = 256;
}

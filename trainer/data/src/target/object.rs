//! The table of objects, and the map of indices into it.

use contract::Size;

use super::IGNORE;
use super::shape::Shape;
use crate::sample::UNKNOWN;

/// The object that is no nucleus.
pub(crate) const BACKGROUND: u16 = 0;
/// The object of which nothing is known.
pub(crate) const IGNORED: u16 = 1;
/// The first index that is free.
pub(crate) const FIRST: u16 = 2;
/// Objects of an image at most, with the two above.
pub(crate) const OBJECTS_MAX: usize = 1 << 16;

/// What all pixels of one object have in common.
#[derive(Clone, Debug)]
pub(crate) struct Object {
    /// 0, 1 or [`IGNORE`].
    pub(crate) np: u8,
    /// Index into the plan's classes, or [`UNKNOWN`].
    pub(crate) class: u8,
    /// The outline, where it is known.
    pub(crate) shape: Option<Shape>,
}

/// The targets of an image.
#[derive(Clone, Debug)]
pub(crate) struct ObjectMap {
    /// Row-major indices into `table`.
    pub(crate) ids: Vec<u16>,
    /// Row-major distances to the object's edge, in `distance_step_px`.
    pub(crate) distance: Vec<u8>,
    /// Pixels of one step.
    pub(crate) distance_step_px: f32,
    /// Begins with [`BACKGROUND`] and [`IGNORED`].
    pub(crate) table: Vec<Object>,
    /// Class and position of each nucleus whose class is known, px.
    pub(crate) landmarks: Vec<(u8, [f32; 2])>,
}

impl ObjectMap {
    /// An image of which all pixels are `object`, [`BACKGROUND`] or [`IGNORED`].
    pub(super) fn filled(size: Size, object: u16) -> Self {
        Self {
            ids: vec![object; size.pixels()],
            distance: vec![0; size.pixels()],
            distance_step_px: 0.0,
            table: vec![
                Object { np: 0, class: UNKNOWN, shape: None },
                Object { np: IGNORE, class: UNKNOWN, shape: None },
            ],
            landmarks: Vec::new(),
        }
    }

    /// Adds an object; its index. There must be room.
    pub(crate) fn add(&mut self, object: Object) -> u16 {
        let index = self.table.len() as u16;
        self.table.push(object);
        index
    }

    /// The object of each class (and one of none) with this `np` and no outline, by class.
    pub(crate) fn add_one_for_each_class(&mut self, np: u8) -> impl Fn(u8) -> u16 + use<> {
        let first = self.table.len() as u16;
        for class in 0..=UNKNOWN {
            self.add(Object { np, class, shape: None });
        }
        move |class| first + u16::from(class)
    }
}

//! What every writer asks of a nucleus before it writes it.

use contract::Nucleus;
use thiserror::Error;

/// Why a nucleus cannot be written.
#[derive(Clone, Debug, PartialEq, Error)]
pub enum NucleusError {
    /// Its class is not among those of the model.
    #[error("nucleus {id} has class {class}, but its model has {classes} classes")]
    Class {
        /// The nucleus.
        id: u32,
        /// Its class.
        class: usize,
        /// Classes of the model.
        classes: usize,
    },
    /// Its outline is no polygon.
    #[error("the outline of nucleus {id} has {vertices} vertices, not 3 to {max}", max = Nucleus::VERTICES_MAX)]
    Vertices {
        /// The nucleus.
        id: u32,
        /// Vertices that it has.
        vertices: usize,
    },
    /// A number of it is none, or too large to be a position.
    #[error("{field} of nucleus {id} is {value}, which cannot be written")]
    Number {
        /// The nucleus.
        id: u32,
        /// What.
        field: &'static str,
        /// Its value.
        value: f32,
    },
}

/// Largest coordinate, level-0 pixels: beyond 2²³ a f32 no longer knows half pixels.
const COORDINATE_MAX: f32 = 8_388_608.0;

/// Checks that `nucleus` can be written, under a model of `classes` classes.
pub(crate) fn check(nucleus: &Nucleus, classes: usize) -> Result<(), NucleusError> {
    let Nucleus { id, class, .. } = *nucleus;
    if class >= classes {
        return Err(NucleusError::Class { id, class, classes });
    }
    let vertices = nucleus.polygon.len();
    if !(3..=Nucleus::VERTICES_MAX).contains(&vertices) {
        return Err(NucleusError::Vertices { id, vertices });
    }

    let positions = nucleus.polygon.iter().chain([&nucleus.centroid]);
    let coordinates = positions.flat_map(|point| [point.x, point.y]);
    // A NaN is in no range.
    let number = |field, value: f32, max: f32| {
        let written = (-max..=max).contains(&value);
        if written { Ok(()) } else { Err(NucleusError::Number { id, field, value }) }
    };
    for coordinate in coordinates {
        number("a coordinate", coordinate, COORDINATE_MAX)?;
    }
    number("probability", nucleus.probability, 1.0)?;
    number("area_um2", nucleus.area_um2, f32::MAX)
}

#[cfg(test)]
mod tests {
    use contract::Point;

    use super::*;

    #[test]
    fn a_nucleus_that_is_none_is_refused_by_name() {
        let refused = |change: fn(&mut Nucleus)| {
            let mut nucleus = triangle();
            change(&mut nucleus);
            check(&nucleus, 2).map_err(|error| error.to_string()).unwrap_err()
        };

        assert_eq!(check(&triangle(), 2), Ok(()));
        assert_eq!(
            refused(|nucleus| nucleus.class = 2),
            "nucleus 7 has class 2, but its model has 2 classes"
        );
        assert_eq!(
            refused(|nucleus| nucleus.polygon.truncate(2)),
            "the outline of nucleus 7 has 2 vertices, not 3 to 256"
        );
        assert_eq!(
            refused(|nucleus| nucleus.polygon[1].y = f32::NAN),
            "a coordinate of nucleus 7 is NaN, which cannot be written"
        );
        assert_eq!(
            refused(|nucleus| nucleus.probability = f32::INFINITY),
            "probability of nucleus 7 is inf, which cannot be written"
        );
    }

    fn triangle() -> Nucleus {
        Nucleus {
            id: 7,
            class: 1,
            probability: 0.5,
            centroid: Point { x: 1.0, y: 1.0 },
            area_um2: 2.0,
            polygon: [(0.0, 0.0), (3.0, 0.0), (0.0, 3.0)].map(|(x, y)| Point { x, y }).into(),
        }
    }
}

//! The eight ways to lay a square on itself, exactly.

/// A mirroring, then quarter turns counter-clockwise.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Turn {
    /// Whether left and right are swapped first.
    pub(crate) flipped: bool,
    /// Quarter turns, 0 to 3.
    pub(crate) quarters: u8,
}

impl Turn {
    /// The matrix from an offset in the turned square to the same offset in the original one,
    /// by rows; both from the centre, x to the right and y down.
    pub(crate) fn matrix(self) -> [[i32; 2]; 2] {
        let [[a, b], [c, d]] = match self.quarters % 4 {
            0 => [[1, 0], [0, 1]],
            1 => [[0, -1], [1, 0]],
            2 => [[-1, 0], [0, -1]],
            _ => [[0, 1], [-1, 0]],
        };
        if self.flipped { [[-a, -b], [c, d]] } else { [[a, b], [c, d]] }
    }

    /// Where the turned square's axes point in the original: h, then v.
    pub(crate) fn axes(self) -> [[f32; 2]; 2] {
        let [[a, b], [c, d]] = self.matrix();
        [[a as f32, c as f32], [b as f32, d as f32]]
    }

    /// For each pixel of the turned square of edge `edge`, its index in the original, row-major.
    pub(crate) fn origins(self, edge: usize) -> impl Iterator<Item = usize> {
        let [[a, b], [c, d]] = self.matrix();
        let last = edge as i32 - 1;
        // Twice the offset from the centre, so that it is whole.
        let offset = move |position: i32| 2 * position - last;
        (0..=last).flat_map(move |y| {
            (0..=last).map(move |x| {
                let (u, v) = (offset(x), offset(y));
                let column = (a * u + b * v + last) / 2;
                let row = (c * u + d * v + last) / 2;
                row as usize * edge + column as usize
            })
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn turned(flipped: bool, quarters: u8) -> Vec<usize> {
        Turn { flipped, quarters }.origins(3).collect()
    }

    #[test]
    fn the_turns_are_those_of_numpy() {
        // np.rot90(np.arange(9).reshape(3, 3), k), and the same of its [:, ::-1].
        assert_eq!(turned(false, 0), [0, 1, 2, 3, 4, 5, 6, 7, 8]);
        assert_eq!(turned(false, 1), [2, 5, 8, 1, 4, 7, 0, 3, 6]);
        assert_eq!(turned(false, 2), [8, 7, 6, 5, 4, 3, 2, 1, 0]);
        assert_eq!(turned(false, 3), [6, 3, 0, 7, 4, 1, 8, 5, 2]);
        assert_eq!(turned(true, 0), [2, 1, 0, 5, 4, 3, 8, 7, 6]);
        assert_eq!(turned(true, 1), [0, 3, 6, 1, 4, 7, 2, 5, 8]);
    }

    #[test]
    fn a_quarter_turn_makes_v_of_h_and_minus_h_of_v() {
        // new h = old v, new v = -old h.
        let turn = Turn { flipped: false, quarters: 1 };

        assert_eq!(turn.axes(), [[0.0, 1.0], [-1.0, 0.0]]);
    }
}

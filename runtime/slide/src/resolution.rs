//! Which resolution to believe.
//!
//! **Invariant:** nothing is guessed. A claim of the file counts only when both
//! axes are believable and agree; the operator's word outweighs the file's.

use contract::{Mpp, MppSource};

/// Greatest relative difference of the two axes: pixels of a scanner are square, and a
/// greater one means that a length measured across is not one measured down.
const AXES_DIFFERENCE_MAX: f64 = 0.02;

/// One claim of a file about its resolution, µm/px.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Claim {
    /// The field that makes it, for example `XResolution`.
    pub(crate) field: &'static str,
    /// Micrometres per column.
    pub(crate) x_um: f64,
    /// Micrometres per row.
    pub(crate) y_um: f64,
}

impl Claim {
    /// The resolution that is claimed, or why it is not believed.
    fn believed(&self) -> Result<Mpp, String> {
        let Self { field, x_um, y_um } = self;
        let (Ok(x), Ok(y)) = (Mpp::new(*x_um), Mpp::new(*y_um)) else {
            return Err(format!(
                "{field} gives {x_um:.4} × {y_um:.4} µm/px, outside the believable {} to {}",
                Mpp::MIN,
                Mpp::MAX
            ));
        };
        if (x_um - y_um).abs() > AXES_DIFFERENCE_MAX * x_um.min(*y_um) {
            return Err(format!("{field} gives {x_um:.4} × {y_um:.4} µm/px, which is not square"));
        }
        // The geometric mean keeps areas right; of equal axes it is the axis, to the last bit.
        Ok(if x == y { x } else { Mpp::new((x_um * y_um).sqrt()).unwrap_or(x) })
    }
}

/// The first believable claim.
pub(crate) fn of_file(claims: &[Claim]) -> Option<Mpp> {
    claims.iter().find_map(|claim| claim.believed().ok())
}

/// The resolution to work with and who said so; an error is what the file said instead.
pub(crate) fn settle(claims: &[Claim], stated: Option<Mpp>) -> Result<(Mpp, MppSource), String> {
    if let Some(mpp) = stated {
        return Ok((mpp, MppSource::Operator));
    }
    if let Some(mpp) = of_file(claims) {
        return Ok((mpp, MppSource::File));
    }
    let refused: Vec<String> = claims.iter().filter_map(|claim| claim.believed().err()).collect();
    Err(if refused.is_empty() { "the file states none".into() } else { refused.join("; ") })
}

/// Micrometres of one unit of `per_unit` pixels, where `unit_um` is the unit's length.
pub(crate) fn um_per_px(per_unit: f64, unit_um: f64) -> f64 {
    unit_um / per_unit
}

#[cfg(test)]
mod tests {
    use super::*;

    fn claim(x_um: f64, y_um: f64) -> Claim {
        Claim { field: "XResolution", x_um, y_um }
    }

    #[test]
    fn a_resolution_is_believed_only_in_its_bounds_and_when_square() {
        let cases = [
            (0.25, 0.25, true),
            (0.25, 0.2549, true),
            (0.25, 0.2551, false),
            (0.2551, 0.25, false),
            (352.8, 352.8, false),
            (0.0, 0.0, false),
            (f64::INFINITY, 0.25, false),
            (f64::NAN, f64::NAN, false),
            (-0.25, -0.25, false),
        ];
        for (x, y, believed) in cases {
            assert_eq!(of_file(&[claim(x, y)]).is_some(), believed, "{x} × {y}");
        }
    }

    #[test]
    fn the_operator_outweighs_the_file() {
        let stated = Mpp::new(0.5).unwrap();

        let settled = settle(&[claim(0.25, 0.25)], Some(stated));

        assert_eq!(settled, Ok((stated, MppSource::Operator)));
        assert_eq!(
            settle(&[claim(352.8, 352.8), claim(0.25, 0.25)], None),
            Ok((Mpp::new(0.25).unwrap(), MppSource::File))
        );
    }

    #[test]
    fn a_refusal_says_what_the_file_claims() {
        let refusal = settle(&[claim(352.8, 352.8)], None).unwrap_err();

        assert_eq!(
            refusal,
            "XResolution gives 352.8000 × 352.8000 µm/px, outside the believable 0.05 to 4"
        );
        assert_eq!(settle(&[], None).unwrap_err(), "the file states none");
    }

    #[test]
    fn equal_axes_are_kept_to_the_last_bit() {
        let mpp = of_file(&[claim(0.499, 0.499)]).unwrap();

        assert_eq!(mpp.um_per_px().to_bits(), 0.499_f64.to_bits());
    }
}

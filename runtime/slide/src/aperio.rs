//! Aperio's image description: `key = value` pairs behind a two-line head.
//!
//! ```text
//! Aperio Image Library v11.2.1
//! 46000x32914 [42673,5576 2220x2967] (240x240) JPEG/RGB Q=30|AppMag = 20|MPP = 0.4990
//! ```
//!
//! The second line of a label or macro page starts with its name. Decimals may
//! carry a comma, and MPP may be absent (both seen in the field).

use crate::resolution::Claim;

/// Whether `description` is Aperio's.
pub(crate) fn is_aperio(description: &str) -> bool {
    description.starts_with("Aperio")
}

/// The value of `key` in the `|`-list.
fn value<'a>(description: &'a str, key: &str) -> Option<&'a str> {
    description
        .split('|')
        .filter_map(|pair| pair.split_once('='))
        .find(|(name, _)| name.trim() == key)
        .map(|(_, value)| value.trim())
}

/// What the description says of the resolution.
pub(crate) fn resolution(description: &str) -> Option<Claim> {
    let um: f64 = value(description, "MPP")?.replace(',', ".").parse().ok()?;
    Some(Claim { field: "MPP in ImageDescription", x_um: um, y_um: um })
}

/// The name of an associated page: `label` or `macro` where its second line says so.
pub(crate) fn associated_name(description: &str) -> Option<&'static str> {
    let second = description.lines().nth(1)?;
    ["label", "macro"].into_iter().find(|name| second.trim_start().starts_with(name))
}

#[cfg(test)]
mod tests {
    use super::*;

    const SLIDE: &str = "Aperio Image Library v11.2.1 \r\n46000x32914 [42673,5576 2220x2967] \
                         (240x240) JPEG/RGB Q=30;Aperio|AppMag = 20|MPP = 0.4990|Left = 25.69";

    #[test]
    fn the_resolution_is_read_from_the_list() {
        assert_eq!(resolution(SLIDE).unwrap().x_um.to_bits(), 0.499_f64.to_bits());
        let comma = SLIDE.replace("0.4990", "0,2520");
        assert_eq!(resolution(&comma).unwrap().y_um.to_bits(), 0.252_f64.to_bits());
    }

    #[test]
    fn a_resolution_that_is_absent_or_no_number_is_none() {
        assert_eq!(resolution("Aperio Image Library\r\n4443x3567|AppMag = 20"), None);
        assert_eq!(resolution(&SLIDE.replace("0.4990", "fine")), None);
    }

    #[test]
    fn the_name_of_a_page_is_in_its_second_line() {
        assert_eq!(associated_name("Aperio Image Library v11\nlabel 387x463"), Some("label"));
        assert_eq!(associated_name("Aperio Image Library v11\r\nmacro 1280x431"), Some("macro"));
        assert_eq!(associated_name("Aperio Image Library v11\n2220x2967 -> 574x768"), None);
    }
}

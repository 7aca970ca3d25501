//! The challenge's names for classes of nuclei and its numbers for classes of tissue.

use contract::{Class, Role};

use super::three_class_name;

/// Names of the ten classes, without `nuclei_`.
const TEN: [(&str, &str); 10] = [
    ("tumor", "nuclei_tumor"),
    ("lymphocyte", "nuclei_lymphocyte"),
    ("plasma_cell", "nuclei_plasma_cell"),
    ("histiocyte", "nuclei_histiocyte"),
    ("melanophage", "nuclei_melanophage"),
    ("neutrophil", "nuclei_neutrophil"),
    ("stroma", "nuclei_stroma"),
    ("epithelium", "nuclei_epithelium"),
    ("endothelium", "nuclei_endothelium"),
    ("apoptosis", "nuclei_apoptosis"),
];

/// Numbers of the tissue classes.
const TISSUE: [(&str, u8); 5] =
    [("stroma", 1), ("blood_vessel", 2), ("tumor", 3), ("epidermis", 4), ("necrosis", 5)];

/// The number of what is no tissue.
pub(super) const BACKGROUND: u8 = 0;

/// What the numbers mean, for people.
pub(super) const TISSUE_LEGEND: &str =
    "0 background, 1 stroma, 2 blood vessel, 3 tumor, 4 epidermis, 5 necrosis";

/// A track of the challenge.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Track {
    /// Three classes: tumour, lymphocyte, other, by role.
    Three,
    /// Ten classes, by name.
    Ten,
}

impl Track {
    /// The track that a model's classes fit: ten when all are named as the challenge names them
    /// and there are more than the three that track 1 knows; else three.
    pub fn of(classes: &[Class]) -> Self {
        let all_known = classes.iter().all(|class| ten_class_name(class).is_some());
        if all_known && classes.len() > 3 { Self::Ten } else { Self::Three }
    }

    /// Name of the nuclei file.
    pub fn file_name(self) -> &'static str {
        match self {
            Self::Three => "melanoma-3-class-nuclei-segmentation.json",
            Self::Ten => "melanoma-10-class-nuclei-segmentation.json",
        }
    }

    /// The challenge's name of a class.
    pub fn name(self, class: &Class) -> &'static str {
        match self {
            Self::Three => three_class_name(class.role),
            Self::Ten => ten_class_name(class).unwrap_or(three_class_name(class.role)),
        }
    }
}

/// The challenge's number of a tissue class: by its name, else by its role.
pub(super) fn tissue_label(class: &Class) -> u8 {
    let plain = plain(&class.name);
    let by_name = TISSUE.iter().find(|(name, _)| *name == plain).map(|&(_, label)| label);
    by_name.unwrap_or(match class.role {
        Role::Stroma => 1,
        Role::Tumour => 3,
        Role::Til | Role::Other | Role::Background => BACKGROUND,
    })
}

fn ten_class_name(class: &Class) -> Option<&'static str> {
    let plain = plain(&class.name);
    TEN.iter().find(|(name, _)| *name == plain).map(|&(_, name)| name)
}

/// A name as the challenge would write it: `Plasma cell` is `plasma_cell`, `tumour` is `tumor`.
fn plain(name: &str) -> String {
    let name = name.to_lowercase().replace([' ', '-'], "_").replace("tumour", "tumor");
    name.trim_start_matches("nuclei_").trim_start_matches("tissue_").to_owned()
}

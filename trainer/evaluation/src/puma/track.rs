//! The two tracks of the challenge: the class names that a file of nuclei may hold.
//!
//! Track 1 knows three classes. Of the ten of the public annotations, tumour stays, lymphocyte and
//! plasma cell are its lymphocyte (the TILs), and the seven others are `nuclei_other`. Track 2
//! knows the ten.

use super::PumaFile;

/// Names of track 2, which are those of the public annotations.
const TEN: [&str; 10] = [
    "nuclei_tumor",
    "nuclei_lymphocyte",
    "nuclei_plasma_cell",
    "nuclei_histiocyte",
    "nuclei_melanophage",
    "nuclei_neutrophil",
    "nuclei_stroma",
    "nuclei_epithelium",
    "nuclei_endothelium",
    "nuclei_apoptosis",
];

const TUMOUR: &str = "nuclei_tumor";
const LYMPHOCYTE: &str = "nuclei_lymphocyte";
const OTHER: &str = "nuclei_other";

/// Names of track 1.
const THREE: [&str; 3] = [TUMOUR, LYMPHOCYTE, OTHER];

/// A track of the challenge.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Track {
    /// Track 1: tumour, lymphocyte, other.
    Three,
    /// Track 2: ten classes.
    Ten,
}

impl Track {
    /// Its classes.
    pub fn classes(self) -> &'static [&'static str] {
        match self {
            Self::Three => &THREE,
            Self::Ten => &TEN,
        }
    }

    /// Its class of a nucleus that a file names `name`; none where the challenge has no such name.
    pub fn class(self, name: &str) -> Option<&'static str> {
        let own = self.classes().iter().copied().find(|class| *class == name);
        own.or_else(|| match self {
            Self::Three if TEN.contains(&name) => Some(merged(name)),
            Self::Three | Self::Ten => None,
        })
    }

    /// `file` with the classes of this track; a name that the challenge does not know stays.
    #[must_use]
    pub fn of_file(self, mut file: PumaFile) -> PumaFile {
        for nucleus in &mut file.polygons {
            if let Some(class) = self.class(&nucleus.class) {
                class.clone_into(&mut nucleus.class);
            }
        }
        file
    }
}

/// One of the ten names in track 1.
fn merged(name: &str) -> &'static str {
    match name {
        "nuclei_tumor" => TUMOUR,
        "nuclei_lymphocyte" | "nuclei_plasma_cell" => LYMPHOCYTE,
        _ => OTHER,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn track_1_takes_lymphocytes_and_plasma_cells_together_and_all_others() {
        let merged = TEN.map(|name| Track::Three.class(name).unwrap());

        assert_eq!(merged[..3], [TUMOUR, LYMPHOCYTE, LYMPHOCYTE]);
        assert!(merged[3..].iter().all(|class| *class == OTHER), "{merged:?}");
        assert_eq!(Track::Three.class(OTHER), Some(OTHER));
    }

    #[test]
    fn track_2_keeps_the_ten_names_and_no_other() {
        assert!(TEN.iter().all(|name| Track::Ten.class(name) == Some(name)));
        assert_eq!(Track::Ten.class(OTHER), None);
        assert_eq!(Track::Three.class("tumour"), None);
    }
}

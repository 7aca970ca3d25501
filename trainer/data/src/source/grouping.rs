//! Which images belong to one patient, slide or region.

use super::Grouping;

/// Group and, where known, site of an image.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Membership {
    pub(super) group: String,
    pub(super) site: Option<String>,
}

/// The group of the image `name` of source `set`; the reason why it has none.
///
/// Patients of TCGA and regions of PUMA are the same across sources; others are of their source.
pub(super) fn membership(grouping: Grouping, set: &str, name: &str) -> Result<Membership, String> {
    match grouping {
        Grouping::Image => Ok(Membership { group: format!("{set}/{name}"), site: None }),
        Grouping::LeadingNumber => {
            let digits = name.len() - name.trim_start_matches(|c: char| c.is_ascii_digit()).len();
            if digits == 0 {
                return Err(
                    "the name does not start with a number, which should be its group".into()
                );
            }
            Ok(Membership { group: format!("{set}/{}", &name[..digits]), site: None })
        }
        Grouping::TcgaPatient => tcga(name)
            .ok_or_else(|| "the name does not start with TCGA-XX-XXXX, a patient of TCGA".into()),
        Grouping::PumaRoi => puma(name)
            .map(|group| Membership { group, site: None })
            .ok_or_else(|| "the name holds no primary_roi_NNN or metastatic_roi_NNN".into()),
    }
}

/// TCGA barcode: project, tissue source site, participant.
fn tcga(name: &str) -> Option<Membership> {
    let mut fields = name.split('-');
    let (project, site, participant) = (fields.next()?, fields.next()?, fields.next()?);
    let plain = |text: &str, length| {
        text.len() == length && text.bytes().all(|byte| byte.is_ascii_alphanumeric())
    };
    (project == "TCGA" && plain(site, 2) && plain(participant, 4)).then(|| Membership {
        group: format!("TCGA-{site}-{participant}"),
        site: Some(site.to_owned()),
    })
}

fn puma(name: &str) -> Option<String> {
    ["primary", "metastatic"].into_iter().find_map(|kind| {
        let (_, rest) = name.split_once(&format!("{kind}_roi_"))?;
        let number = rest.get(..3).filter(|text| text.bytes().all(|b| b.is_ascii_digit()))?;
        Some(format!("PUMA-{kind}-{number}"))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn group(grouping: Grouping, name: &str) -> String {
        membership(grouping, "set", name).unwrap().group
    }

    #[test]
    fn names_tell_their_group() {
        let slide = "TCGA-A7-A0DB-01Z-00-DX2_16001_32501_1000_1000_0.986";

        assert_eq!(group(Grouping::TcgaPatient, slide), "TCGA-A7-A0DB");
        assert_eq!(
            membership(Grouping::TcgaPatient, "set", slide).unwrap().site,
            Some("A7".to_owned())
        );
        assert_eq!(group(Grouping::LeadingNumber, "01_2"), "set/01");
        assert_eq!(group(Grouping::Image, "7"), "set/7");
        let patch = "training_set_metastatic_roi_094_x0_y192";
        assert_eq!(group(Grouping::PumaRoi, patch), "PUMA-metastatic-094");
    }

    #[test]
    fn a_name_without_a_group_is_refused() {
        let wrong = [
            (Grouping::TcgaPatient, "TCGA-A7"),
            (Grouping::TcgaPatient, "TCGA-A77-A0DB-01Z"),
            (Grouping::LeadingNumber, "a1"),
            (Grouping::LeadingNumber, ""),
            (Grouping::PumaRoi, "training_set_primary_roi_9"),
            (Grouping::PumaRoi, "primary_roi_é12"),
        ];
        for (grouping, name) in wrong {
            assert!(membership(grouping, "set", name).is_err(), "{name}");
        }
    }
}

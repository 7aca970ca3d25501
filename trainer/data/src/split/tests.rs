use std::sync::Arc;

use contract::{Mpp, RgbImage, Size};
use proptest::prelude::*;

use super::*;
use crate::Annotation;

fn sample(set: &str, name: &str, group: &str) -> Sample {
    Sample {
        set: set.into(),
        name: name.into(),
        group: group.into(),
        site: group.split('-').nth(1).map(str::to_owned),
        image: Arc::new(RgbImage::filled(Size::new(1, 1), [0; 3])),
        mpp: Mpp::new(0.5).unwrap(),
        annotation: Annotation::Dots(vec![]),
        tissue: None,
    }
}

/// `images` of set `a`, two to a group.
fn pairs(images: usize) -> Vec<Sample> {
    (0..images)
        .map(|i| sample("a", &format!("{i}"), &format!("P-S{}-{}", i / 2 % 3, i / 2)))
        .collect()
}

fn rules(rules: &[(&str, SplitRule)]) -> BTreeMap<String, SplitRule> {
    rules.iter().map(|(set, rule)| ((*set).to_owned(), rule.clone())).collect()
}

fn groups<'a>(samples: &'a [Sample], indices: &[usize]) -> BTreeSet<&'a str> {
    indices.iter().map(|&index| samples[index].group.as_str()).collect()
}

proptest! {
    #[test]
    fn no_group_stands_in_two_parts(
        members in prop::collection::vec((0_u8..3, 0_u8..12), 1..60),
        validation in 0.0_f64..0.5,
        test in 0.0_f64..0.5,
        seed: u64,
    ) {
        let names = ["a", "b", "c"];
        let samples: Vec<Sample> = members
            .iter()
            .map(|&(set, group)| sample(names[usize::from(set)], "x", &format!("g{group}")))
            .collect();
        let by_fractions = SplitRule::Fractions { validation, test };
        let rules = rules(&[
            ("a", by_fractions.clone()),
            ("b", by_fractions),
            ("c", SplitRule::Whole(Part::Validation)),
        ]);

        let split = assign(&samples, &rules, seed).unwrap();

        let parts = [&split.train, &split.validation, &split.test];
        for (i, part) in parts.iter().enumerate() {
            for other in &parts[..i] {
                let (own, others) = (groups(&samples, part), groups(&samples, other));
                prop_assert!(own.is_disjoint(&others));
            }
        }
        let mut all = [parts[0].as_slice(), parts[1], parts[2], &split.left_out].concat();
        all.sort_unstable();
        prop_assert_eq!(all, (0..samples.len()).collect::<Vec<_>>());
    }
}

#[test]
fn shares_are_kept_by_group() {
    let samples = pairs(40);
    let rules = rules(&[("a", SplitRule::Fractions { validation: 0.1, test: 0.25 })]);

    let split = assign(&samples, &rules, 5).unwrap();

    assert_eq!((split.train.len(), split.validation.len(), split.test.len()), (26, 4, 10));
    assert_eq!(assign(&samples, &rules, 5).unwrap(), split);
    assert_ne!(assign(&samples, &rules, 6).unwrap(), split);
}

#[test]
fn a_division_does_not_depend_on_the_order_of_samples() {
    let samples = pairs(20);
    let reversed: Vec<Sample> = samples.iter().rev().cloned().collect();
    let rules = rules(&[("a", SplitRule::Fractions { validation: 0.3, test: 0.3 })]);

    let split = assign(&samples, &rules, 5).unwrap();
    let turned = assign(&reversed, &rules, 5).unwrap();

    assert_eq!(groups(&samples, &split.test), groups(&reversed, &turned.test));
}

#[test]
fn every_image_is_validated_on_in_exactly_one_fold() {
    let samples = pairs(25);
    let mut validated = Vec::new();

    for validation in 0..4 {
        let rule = SplitRule::Fold { folds: 4, validation };
        let split = assign(&samples, &rules(&[("a", rule)]), 1).unwrap();
        assert!((5..=8).contains(&split.validation.len()), "{}", split.validation.len());
        validated.extend(split.validation);
    }

    validated.sort_unstable();
    assert_eq!(validated, (0..25).collect::<Vec<_>>());
}

#[test]
fn a_left_out_site_is_validated_on_alone() {
    let mut samples = pairs(6);
    for sample in &mut samples {
        sample.group = format!("P-X-{}", sample.name);
    }
    let rule = SplitRule::LeaveSiteOut { site: "S1".into() };

    let split = assign(&samples, &rules(&[("a", rule)]), 1).unwrap();

    assert_eq!((split.validation, split.train), (vec![2, 3], vec![0, 1, 4, 5]));
    let unknown = SplitRule::LeaveSiteOut { site: "S9".into() };
    assert!(assign(&samples, &rules(&[("a", unknown)]), 1).is_err());
}

#[test]
fn patients_that_are_tested_on_are_left_out_of_training() {
    let samples = [
        sample("brca", "TCGA-A7-A0DB-01Z-00-DX2_16001_32501_", "TCGA-A7-A0DB"),
        sample("brca", "TCGA-A7-A0DA-01Z-00-DX1_63501_13001_", "TCGA-A7-A0DA"),
        sample("brca_val", "TCGA-A7-A0DB-01Z-00-DX1_168501_13501_", "TCGA-A7-A0DB"),
    ];
    let rules = rules(&[
        ("brca", SplitRule::Whole(Part::Train)),
        ("brca_val", SplitRule::Whole(Part::Test)),
    ]);

    let split = assign(&samples, &rules, 1).unwrap();

    assert_eq!((split.train, split.test, split.left_out), (vec![1], vec![2], vec![0]));
}

#[test]
fn what_is_kept_for_measuring_is_never_learnt_from() {
    for name in [
        "TCGA-A8-A06O-01Z-00-DX1_28501_31001_1000_1000_0.93",
        "training_set_metastatic_roi_094",
        "training_set_metastatic_roi_094_x0_y192",
    ] {
        let samples = [sample("a", name, "g")];
        let whole = |part| rules(&[("a", SplitRule::Whole(part))]);
        let random = rules(&[("a", SplitRule::Fractions { validation: 0.0, test: 0.0 })]);

        let refused = assign(&samples, &whole(Part::Train), 1);

        assert!(matches!(refused, Err(SplitError::Reserved { .. })), "{name}: {refused:?}");
        assert_eq!(assign(&samples, &random, 1).unwrap().test, [0], "{name}");
        assert_eq!(assign(&samples, &whole(Part::Test), 1).unwrap().test, [0], "{name}");
    }
}

#[test]
fn a_rule_that_cannot_be_is_refused() {
    let samples = pairs(4);
    for rule in [
        SplitRule::Fractions { validation: 0.6, test: 0.6 },
        SplitRule::Fractions { validation: -0.1, test: 0.0 },
        SplitRule::Fractions { validation: f64::NAN, test: 0.0 },
        SplitRule::Fold { folds: 1, validation: 0 },
        SplitRule::Fold { folds: 3, validation: 0 },
        SplitRule::Fold { folds: 2, validation: 2 },
    ] {
        let refused = assign(&samples, &rules(&[("a", rule.clone())]), 1);
        assert!(matches!(refused, Err(SplitError::Rule { .. })), "{rule:?}");
    }
    assert_eq!(assign(&samples, &BTreeMap::new(), 1), Err(SplitError::NoRule("a".into())));
}

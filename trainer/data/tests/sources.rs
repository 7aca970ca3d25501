//! Readers, fingerprint and division over real samples: what is at fault is named, all at once.

#![expect(clippy::unwrap_used, clippy::panic, reason = "a test may stop")]

#[path = "support/plans.rs"]
#[expect(dead_code, reason = "batches are tested elsewhere")]
mod plans;

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use margay_data::source::{DataSet, Layout, LoadError, SourceSpec, load, survey};
use margay_data::split::{Part, SplitRule, assign};
use margay_data::{Annotation, Sample};
use tempfile::TempDir;

fn bundled() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data")
}

/// The repository's own samples.
fn house() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/data")
}

/// A copy of the bundled samples that a test may damage.
fn copy() -> TempDir {
    let copy = TempDir::new().unwrap();
    copy_below(&bundled(), copy.path());
    copy
}

fn copy_below(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let target = to.join(entry.file_name());
        if entry.file_type().unwrap().is_dir() {
            copy_below(&entry.path(), &target);
        } else {
            fs::copy(entry.path(), target).unwrap();
        }
    }
}

fn write(path: &Path, bytes: &[u8]) {
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    // A fresh file in a folder of the test's own.
    std::io::Write::write_all(&mut fs::File::create(path).unwrap(), bytes).unwrap();
}

fn loaded(root: &Path) -> DataSet {
    load(root, &plans::bundled_sources(), &plans::classes()).unwrap()
}

fn faults(root: &Path, sources: &[SourceSpec]) -> Vec<String> {
    match load(root, sources, &plans::classes()) {
        Err(LoadError::Faults(faults)) => faults.iter().map(ToString::to_string).collect(),
        other => panic!("faults were expected, not {other:?}"),
    }
}

fn by_set<'a>(samples: &'a [Sample], set: &str) -> Vec<&'a Sample> {
    samples.iter().filter(|sample| sample.set == set).collect()
}

#[test]
fn each_layout_is_read_with_groups_and_classes() {
    let set = loaded(&bundled());

    let groups: Vec<(&str, &str)> =
        set.samples.iter().map(|sample| (sample.set.as_str(), sample.group.as_str())).collect();
    assert_eq!(
        groups,
        [
            ("tnbc", "tnbc/01"),
            ("tnbc", "tnbc/02"),
            ("brca", "TCGA-A7-A0D9"),
            ("brca", "TCGA-AC-A23C"),
            ("puma", "PUMA-primary-020"),
        ]
    );
    assert_eq!(by_set(&set.samples, "brca")[1].site.as_deref(), Some("AC"));

    let puma = set.fingerprint.source("puma").unwrap();
    assert_eq!((puma.images[0].nuclei, puma.images[0].outlined), (32, true));
    let counted: u64 = puma.images[0].classes.values().sum();
    assert_eq!(counted, 32);
    let brca = set.fingerprint.source("brca").unwrap();
    assert_eq!((brca.images[0].nuclei, brca.images[0].outlined), (77, false));
    let tnbc = set.fingerprint.source("tnbc").unwrap();
    assert!(tnbc.images.iter().all(|image| image.classes.is_empty() && image.nuclei > 0));
}

#[test]
fn the_first_line_of_dots_is_where_it_says() {
    let set = loaded(&bundled());
    let sample = by_set(&set.samples, "brca")[0];
    let text = fs::read_to_string(bundled().join("brca").join(format!("{}.txt", sample.name)));
    let text = text.unwrap();
    let fields: Vec<f64> =
        text.lines().next().unwrap().split(' ').map(|f| f.parse().unwrap()).collect();

    let dot = sample.nuclei()[0];

    assert_eq!(
        (dot.y, dot.x, f64::from(dot.class)),
        (fields[0] + 0.5, fields[1] + 0.5, fields[2] - 1.0)
    );
}

#[test]
fn a_fingerprint_depends_on_the_bytes_and_not_on_the_place() {
    let copied = copy();
    let (here, there) = (loaded(&bundled()), loaded(copied.path()));
    assert_eq!(here.fingerprint, there.fingerprint);
    assert_eq!(here.samples, there.samples);

    let path = copied.path().join(&here.fingerprint.sources[1].files[1].path);
    let mut text = fs::read(&path).unwrap();
    text.extend(b"3 3 3\n");
    write(&path, &text);

    let changed = loaded(copied.path()).fingerprint;

    assert_eq!(changed.sources[0], here.fingerprint.sources[0]);
    assert_ne!(changed.sources[1].digest, here.fingerprint.sources[1].digest);
    assert_eq!(changed.sources[1].images[0].nuclei, 78);
}

#[test]
fn all_files_at_fault_are_named_at_once_and_survey_goes_on() {
    let copied = copy();
    let root = copied.path();
    let image = fs::read(root.join("tnbc/images/01_1.jpg")).unwrap();
    write(&root.join("tnbc/images/01_1.jpg"), &image[..image.len() / 2]);
    fs::remove_file(root.join("tnbc/labels/02_2.png")).unwrap();
    write(&root.join("tnbc/images/03_1.png"), b"not an image at all");
    write(&root.join("tnbc/labels/03_1.png"), b"");
    let classes = fs::read_dir(root.join("puma_patches/classes")).unwrap().next().unwrap();
    write(&classes.unwrap().path(), b"{\"1\": \"nuclei_martian\"}");

    let named = faults(root, &plans::bundled_sources());

    assert_eq!(named.len(), 4, "{named:#?}");
    assert!(named[0].starts_with("tnbc/images/01_1.jpg: "), "{named:#?}");
    assert!(named[1].starts_with("tnbc/labels/02_2.png: cannot be read"), "{named:#?}");
    assert!(named[2].starts_with("tnbc/images/03_1.png: "), "{named:#?}");
    assert!(named[3].contains("nuclei_martian"), "{named:#?}");
    let set = survey(root, &plans::bundled_sources(), &plans::classes()).unwrap();
    assert_eq!(set.samples.len(), 2);
    assert_eq!(set.fingerprint.faults().len(), 4);
}

#[test]
fn the_same_image_twice_is_a_fault_even_in_another_source() {
    let copied = copy();
    let root = copied.path();
    let image = fs::read(root.join("tnbc/images/01_1.jpg")).unwrap();
    let labels = fs::read(root.join("tnbc/labels/01_1.png")).unwrap();
    write(&root.join("again/images/07_1.jpg"), &image);
    write(&root.join("again/labels/07_1.png"), &labels);
    let mut sources = plans::bundled_sources();
    sources.push(plans::source("again", "again", Layout::InstanceMaps));

    let named = faults(root, &sources);

    assert_eq!(
        named,
        ["again/images/07_1.jpg: the same bytes as tnbc/images/01_1.jpg; remove one of them"]
    );
}

#[test]
fn a_plan_that_contradicts_itself_is_refused() {
    let root = bundled();
    let refused = |change: &dyn Fn(&mut Vec<SourceSpec>)| {
        let mut sources = plans::bundled_sources();
        change(&mut sources);
        load(&root, &sources, &plans::classes()).unwrap_err().to_string()
    };

    let twice = refused(&|sources| sources[1].name = "tnbc".into());
    let nowhere = refused(&|sources| sources[0].path = "nowhere".into());
    let empty = refused(&|sources| {
        sources[0] = plans::source("empty", "puma_patches", Layout::Dots);
    });
    let classes = refused(&|sources| {
        let map = sources[1].classes.as_mut().unwrap();
        map.insert("3".into(), "stroma".into());
    });

    assert!(twice.contains("`name` stands twice"), "{twice}");
    assert!(nowhere.contains("nowhere") && nowhere.contains("check the data root"), "{nowhere}");
    assert!(empty.contains("holds no image"), "{empty}");
    assert!(classes.contains("\"stroma\""), "{classes}");
}

#[test]
fn unknown_fields_of_a_source_are_refused() {
    let sound = serde_json::to_value(plans::source("a", "a", Layout::Dots)).unwrap();
    let mut odd = sound.clone();
    odd["mpp"] = 0.5.into();

    assert!(serde_json::from_value::<SourceSpec>(sound).is_ok());
    assert!(serde_json::from_value::<SourceSpec>(odd).is_err());
}

/// PUMA's own layout, from the region that the repository holds.
#[test]
fn a_puma_region_is_read_with_its_ten_classes_and_kept_from_training() {
    let root = TempDir::new().unwrap();
    let stem = "training_set_metastatic_roi_094";
    let put = |folder: &str, name: String, from: &str| {
        let bytes = fs::read(house().join(from)).unwrap();
        write(&root.path().join("puma").join(folder).join(name), &bytes);
    };
    put("01_training_dataset_tif_ROIs", format!("{stem}.tif"), "puma-metastatic-094.tif");
    let nuclei = format!("{stem}_nuclei.geojson");
    put("01_training_dataset_geojson_nuclei", nuclei, "puma-metastatic-094-nuclei.geojson");
    let tissue = br#"{"type": "FeatureCollection", "features": [{"type": "Feature",
        "geometry": {"type": "Polygon", "coordinates": [[[0, 0], [512, 0], [512, 1024], [0, 1024]]]},
        "properties": {"classification": {"name": "tissue_tumor"}}}]}"#;
    let folder = "puma/01_training_dataset_geojson_tissue";
    write(&root.path().join(folder).join(format!("{stem}_tissue.geojson")), tissue);

    let sources = [plans::source("puma", "puma", Layout::Puma)];
    let set = load(root.path(), &sources, &plans::classes()).unwrap();

    let sample = &set.samples[0];
    assert_eq!(sample.group, "PUMA-metastatic-094");
    let Annotation::Instances(instances) = &sample.annotation else { panic!("dots") };
    assert_eq!(instances.ids.len(), 1024 * 1024);
    let image = &set.fingerprint.sources[0].images[0];
    let text = fs::read_to_string(house().join("puma-metastatic-094-nuclei.geojson")).unwrap();
    let drawn = text.matches("classification\"").count() as u64;
    // Some nuclei are covered by later ones.
    assert!(image.nuclei <= drawn && image.nuclei >= drawn * 98 / 100, "{} {drawn}", image.nuclei);
    assert!(image.classes["tumour"] > 0 && image.classes["lymphocyte"] > 0);
    let labels = sample.tissue.as_ref().unwrap();
    assert_eq!((labels[0], labels[511], labels[512]), (2, 2, 255));

    let train = BTreeMap::from([("puma".to_owned(), SplitRule::Whole(Part::Train))]);
    assert!(assign(&set.samples, &train, 1).is_err());
}

/// The sets that a developer's machine holds beside the repository, where it does.
#[test]
fn the_real_sets_are_sound() {
    let candidates = ["../../../shared/data", "../../shared/data"];
    let root = candidates
        .map(|path| Path::new(env!("CARGO_MANIFEST_DIR")).join(path))
        .into_iter()
        .find(|path| path.join("brca_m2c").exists());
    let Some(root) = root else {
        println!(
            "shared/data is missing, so brca_m2c, tnbc and puma are not read; the bundled samples are"
        );
        assert_eq!(loaded(&bundled()).samples.len(), 5);
        return;
    };
    let sources = [
        plans::source("tnbc", "tnbc", Layout::InstanceMaps),
        plans::source("brca", "brca_m2c/train", Layout::Dots),
        plans::source("brca_val", "brca_m2c/val", Layout::Dots),
        plans::source("patches", "puma/patches_256", Layout::PumaPatches),
    ];

    let set = load(&root, &sources, &plans::classes()).unwrap();

    assert_eq!(set.samples.len(), 40 + 80 + 10 + 12);
    let rules = [
        ("tnbc", SplitRule::Fractions { validation: 0.2, test: 0.0 }),
        ("brca", SplitRule::Whole(Part::Train)),
        ("brca_val", SplitRule::Whole(Part::Test)),
        ("patches", SplitRule::Whole(Part::Train)),
    ];
    let split = assign(&set.samples, &rules.map(|(set, rule)| (set.to_owned(), rule)).into(), 1);
    let left_out: std::collections::BTreeSet<&str> =
        split.unwrap().left_out.iter().map(|&at| set.samples[at].group.as_str()).collect();
    assert!(left_out.contains("TCGA-A7-A0DB") && left_out.contains("TCGA-A7-A13G"), "{left_out:?}");
}

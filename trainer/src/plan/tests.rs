use contract::Kind;

use data::augment::Augmentation;

use super::*;

const NUCLEI: &str = include_str!("../../plans/nuclei-lite.toml");
const TISSUE: &str = include_str!("../../plans/tissue-lite.toml");

/// The faults of the tissue plan after `from` became `to`.
fn refused(from: &str, to: &str) -> String {
    assert!(TISSUE.contains(from), "the plan has no {from}");
    Plan::parse(&TISSUE.replace(from, to)).unwrap_err().to_string()
}

#[test]
fn a_plan_without_a_kind_is_one_of_nuclei_and_survives_being_written() {
    let plan = Plan::parse(NUCLEI).unwrap();

    let file: NucleiFile = toml::from_str(NUCLEI).unwrap();
    let written = toml::to_string(&file).unwrap();

    assert_eq!(plan.kind(), Kind::Nuclei);
    assert_eq!(Plan::parse(&written).unwrap(), plan);
    let Task::Nuclei(task) = plan.task else { panic!("no nuclei") };
    assert_eq!(task.validation_batch().augmentation.stain_transfer, None);
}

#[test]
fn a_plan_of_tissue_holds_and_survives_being_written() {
    let plan = Plan::parse(TISSUE).unwrap();

    let file: TissueFile = toml::from_str(TISSUE).unwrap();
    let written = toml::to_string(&file).unwrap();

    assert_eq!(plan.kind(), Kind::Tissue);
    assert_eq!(plan.nucleus_classes(), ["tumour", "other"]);
    assert_eq!(Plan::parse(&written).unwrap(), plan);
    let Task::Tissue(task) = plan.task else { panic!("no tissue") };
    assert_eq!(task.validation_batch().augmentation, Augmentation::UNCHANGED);
}

#[test]
fn every_fault_of_a_tissue_plan_is_named_at_once() {
    let wrong = TISSUE
        .replace("format = 1", "format = 2")
        .replace("tumour_class = 0", "tumour_class = 2")
        .replace("labels = \"weak\"", "labels = \"annotated\"")
        .replace("class_weights = [1.0, 1.0, 2.0]", "class_weights = [1.0]")
        .replace("crop_px = 96", "crop_px = 100");

    let faults = Plan::parse(&wrong).unwrap_err().to_string();

    for fault in [
        "format is 2, not 1",
        "labels.tumour_class is 2, and nuclei has 2 classes",
        "export.labels is not weak",
        "loss.class_weights has 1 for 3 classes",
        "batch.crop_px is 100, not a multiple of 16",
    ] {
        assert!(faults.contains(fault), "{fault}: {faults}");
    }
}

#[test]
fn classes_in_another_order_than_the_labels_are_refused() {
    let faults = refused("role = \"stroma\"", "role = \"tumour\"");

    assert!(faults.contains("[Tumour, Tumour, Background]"), "{faults}");
    assert!(faults.contains("[Tumour, Stroma, Background]"), "{faults}");
}

#[test]
fn labels_of_another_resolution_than_the_crops_are_refused() {
    let faults = refused("[labels]\nmpp = 2.0", "[labels]\nmpp = 1.0");

    assert!(faults.contains("labels.mpp is 1 and batch.mpp 2"), "{faults}");
}

#[test]
fn maps_and_outlines_of_tissue_are_refused() {
    let maps = refused("[network]\nmaps = []", "[network]\nmaps = [\"np\"]");
    let pseudo = refused(
        "steps = 700",
        "steps = 700\npseudo = { area_min_um2 = 5.0, area_max_um2 = 500.0, background_np_max = 0.2, background_distance_um = 8.0 }",
    );

    assert!(maps.contains("a tissue network gives classes alone"), "{maps}");
    assert!(pseudo.contains("pseudo"), "{pseudo}");
}

#[test]
fn features_that_nothing_reads_are_refused() {
    let faults = refused("class_levels = [0]", "class_levels = [1, 2]");

    assert!(faults.contains("nothing reads the finest features"), "{faults}");
}

#[test]
fn a_chain_that_is_not_of_tissue_or_names_no_class_is_refused() {
    let chain = refused(
        "chain = \"windows\"\nglass_class = \"background\"\nglass_grey_min = 225.0",
        "chain = \"distance\"\nnp_threshold = 0.5\nsmoothing_sigma_px = 1.4\ndome_height = 0.12\n\
         marker_floor = 0.3\nnucleus_area_min_um2 = 5.0",
    );
    let class = refused("glass_class = \"background\"", "glass_class = \"glass\"");

    assert!(chain.contains("chain is not windows"), "{chain}");
    assert!(class.contains("glass_class is \"glass\", which is no class"), "{class}");
}

#[test]
fn a_misspelt_field_and_a_kind_that_is_not_trained_are_refused() {
    let misspelt = Plan::parse(&TISSUE.replace("label_smoothing", "smoothing"));
    let classifier = refused("kind = \"tissue\"", "kind = \"classifier\"");

    assert!(matches!(misspelt, Err(PlanError::Syntax(_))));
    assert!(classifier.contains("kind is classifier"), "{classifier}");
}

use super::*;

fn card() -> ModelCard {
    ModelCard::parse(TEXT).unwrap()
}

const TEXT: &str = r#"
format = 1
name = "nuclei-lite"
version = "1.0.0"
release = 1
kind = "nuclei"
description = "Nuclei of H&E."
research_use_only = true
labels = "annotated"
mpp = 0.5
training_data = []
evaluation = []
golden = []

[window]
size_px = 512
margin_px = 64
multiple_px = 16

[input]
tensor = "image"
mean = [0.7, 0.55, 0.68]
std = [0.2, 0.22, 0.18]

[outputs]
np = { tensor = "np", channels = 1 }
dist = { tensor = "dist", channels = 1 }
tp = { tensor = "tp", channels = 1 }

[[classes]]
name = "tumour"
role = "tumour"
colour = [200, 0, 0]

[postprocessing]
chain = "distance"
np_threshold = 0.5
smoothing_sigma_px = 1.4
dome_height = 0.12
marker_floor = 0.3
nucleus_area_min_um2 = 5.0

[files]
"model.onnx" = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
"#;

#[test]
fn a_card_reads_back_as_it_was_written() {
    let text = card().to_toml().unwrap();

    assert_eq!(ModelCard::parse(&text).unwrap(), card());
}

#[test]
fn a_field_that_is_unknown_anywhere_is_refused() {
    let places = [
        TEXT.replace("release = 1", "release = 1\nrelaese = 2"),
        TEXT.replace("margin_px = 64", "margin_px = 64\npadding = 1"),
        TEXT.replace("dome_height = 0.12", "dome_height = 0.12\ndome = 1.0"),
        TEXT.replace("channels = 1 }\ntp", "channels = 1, kind = 2 }\ntp"),
    ];
    for text in places {
        assert_ne!(text, TEXT);
        assert!(matches!(ModelCard::parse(&text), Err(CardError::Syntax(_))), "{text}");
    }
}

#[test]
fn a_missing_field_is_refused_by_name() {
    let error = ModelCard::parse(&TEXT.replace("mpp = 0.5", "")).unwrap_err();

    let CardError::Syntax(source) = error else { panic!("{error}") };
    assert!(source.to_string().contains("missing field `mpp`"), "{source}");
}

#[test]
fn every_fault_is_named_at_once() {
    let text = TEXT
        .replace("margin_px = 64", "margin_px = 256")
        .replace("np_threshold = 0.5", "np_threshold = 1.5")
        .replace("np = { tensor = \"np\", channels = 1 }", "");

    let error = ModelCard::parse(&text).unwrap_err().to_string();

    assert_eq!(
        error,
        "invalid model card: window.margin_px is 256, which leaves nothing of 512 px; \
         postprocessing.np_threshold is 1.5, not 0 to 1; \
         outputs.np is missing, which this chain reads"
    );
}

#[test]
fn a_number_that_is_not_one_is_refused() {
    let error = ModelCard::parse(&TEXT.replace("dome_height = 0.12", "dome_height = nan"));

    assert!(matches!(error, Err(CardError::Fields(_))), "{error:?}");
}

#[test]
fn a_hover_card_states_the_bounds_of_its_gradients() {
    let text = hover_text();
    assert!(ModelCard::parse(&text).is_ok(), "{:?}", ModelCard::parse(&text));

    for wrong in ["[0.5, -0.5]", "[0.5, 0.5]", "[nan, 0.5]", "[-0.5, inf]"] {
        let error = ModelCard::parse(
            &text.replace("gradient_v = [-0.5, 0.25]", &format!("gradient_v = {wrong}")),
        )
        .unwrap_err();
        assert!(error.to_string().contains("postprocessing.gradient_v is ["), "{wrong}: {error}");
    }
    let missing = ModelCard::parse(&text.replace("gradient_h = [-0.5, 0.25]", ""));
    assert!(matches!(missing, Err(CardError::Syntax(_))), "{missing:?}");
}

/// The card with HoVer-Net's chain in place of the other.
fn hover_text() -> String {
    let (head, _) = TEXT.split_once("[postprocessing]").unwrap();
    let (_, files) = TEXT.split_once("[files]").unwrap();
    let hv = "hv = { tensor = \"hv\", channels = 2 }";
    let head = head.replace("dist = { tensor = \"dist\", channels = 1 }", hv);
    format!(
        "{head}[postprocessing]\nchain = \"hover\"\nnp_threshold = 0.5\nsobel_px = 11\n\
         gradient_h = [-0.5, 0.25]\ngradient_v = [-0.5, 0.25]\nboundary_threshold = 0.4\n\
         opening_px = 3\nmarker_area_min_um2 = 1.5\nnucleus_area_min_um2 = 5.0\n[files]{files}"
    )
}

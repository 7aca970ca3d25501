//! What cannot be scored is named, all of it at once, and nothing is scored then.

#![expect(clippy::unwrap_used, reason = "a test may stop")]

#[path = "support/desk.rs"]
mod desk;

use std::fs;

use margay_evaluation::puma::Track;
use margay_evaluation::score::{Rules, ScoreError, score};
use tiff::encoder::{TiffEncoder, colortype};

use desk::{Desk, grand_challenge, mask, real_nuclei};

#[test]
fn every_file_at_fault_is_named_at_once_with_the_reason() {
    let good = grand_challenge(&[("nuclei_tumor", 0.0)]);
    let cases: [(&str, &[u8], &str); 10] = [
        (
            "a.json",
            b"{\"polygons\": [",
            "no JSON object: EOF while parsing a list at line 1 column 14",
        ),
        ("b.json", b"{\"regions\": []}", "neither `features` (GeoJSON) nor `polygons`"),
        ("c.json", br#"{"polygons": [{"name": "a"}]}"#, "missing field `path_points` at line 1"),
        ("d.geojson", br#"{"features": [{"properties": 1}]}"#, "PUMA GeoJSON layout: invalid type"),
        (
            "e.json",
            br#"{"polygons": [{"name": "tissue_tumor", "path_points": []}]}"#,
            "nucleus 0, counted from 0, is of class \"tissue_tumor\": the file's name says nuclei",
        ),
        (
            "f.json",
            br#"{"polygons": [{"name": "tumour", "path_points": []}]}"#,
            "rename it (--rename tumour=NAME) to one of nuclei_tumor, nuclei_lymphocyte",
        ),
        ("g.tif", b"II*\0", "the mask is no TIFF that can be read"),
        ("h_tissue.geojson", b"{}", "neither says the size of the image"),
        ("j.json", &crowd(), "the file has 20001 nuclei, more than the 20000 that are compared"),
        ("i.tif", &picture(), "the mask has RGB(8), not one value of 8 bits a pixel"),
    ];
    let desk = Desk::new();
    for (name, bytes, _) in cases {
        let mask = mask(&[0, 1, 2, 3, 4, 5]);
        let truth =
            if matches!(name, "g.tif" | "i.tif") { mask.as_slice() } else { good.as_bytes() };
        desk.put(&format!("truth/{name}"), truth);
        desk.put(&format!("result/{name}"), bytes);
    }
    // A truth that is no GeoJSON is told as Grand Challenge's; this one has to be tissue.
    desk.put("truth/d.geojson", real_nuclei());

    let refused = desk.score(&Rules { track: Some(Track::Three), ..Rules::default() });

    let ScoreError::Faults(faults) = refused.unwrap_err();
    assert_eq!(faults.len(), cases.len(), "{faults:#?}");
    for (name, _, reason) in cases {
        let of_file = faults.iter().find(|fault| fault.path().ends_with(format!("result/{name}")));
        let said = of_file.unwrap().to_string();
        assert!(said.contains(name) && said.contains(reason), "{said}");
    }
}

#[test]
fn an_image_without_a_result_stops_the_whole_set() {
    let desk = Desk::new();
    desk.put("truth/a.json", grand_challenge(&[("a", 0.0)]));
    desk.put("truth/b.json", grand_challenge(&[("a", 0.0)]));
    desk.put("result/a.json", grand_challenge(&[("a", 0.0)]));

    let refused = desk.score(&Rules::default()).unwrap_err().to_string();

    assert!(
        refused.contains("truth/b.json: the result holds no nuclei of this image"),
        "{refused}"
    );
    fs::remove_file(desk.path("result/a.json")).unwrap();
    let refused = desk.score(&Rules::default()).unwrap_err().to_string();
    assert!(refused.contains("result: the folder holds no file of nuclei or tissue"), "{refused}");
    let missing = score(&desk.path("none"), &desk.path("truth"), &Rules::default()).unwrap_err();
    assert!(missing.to_string().contains("none: the ending is none of .geojson"), "{missing}");
    desk.put("truth/b_nuclei.geojson", real_nuclei());
    let twice = desk.score(&Rules::default()).unwrap_err().to_string();
    assert!(twice.contains("the image has a file of this kind already"), "{twice}");
}

fn picture() -> Vec<u8> {
    let mut bytes = std::io::Cursor::new(Vec::new());
    let mut encoder = TiffEncoder::new(&mut bytes).unwrap();
    encoder.write_image::<colortype::RGB8>(1, 1, &[1, 2, 3]).unwrap();
    bytes.into_inner()
}

/// One nucleus more than is compared.
fn crowd() -> Vec<u8> {
    let nuclei = vec![r#"{"name":"nuclei_tumor","path_points":[]}"#; 20_001];
    format!(r#"{{"polygons":[{}]}}"#, nuclei.join(",")).into_bytes()
}

use contract::{Mpp, Point};
use serde_json::{Value, json};
use tiff::decoder::{Decoder, DecodingResult};
use tiff::tags::Tag;

use super::*;

fn class(name: &str, role: Role) -> Class {
    Class { name: name.into(), role, colour: [0; 3] }
}

fn nucleus(class: usize) -> Nucleus {
    Nucleus {
        id: 1,
        class,
        probability: 0.912_34,
        centroid: Point { x: 11.0, y: 10.5 },
        area_um2: 10.0,
        polygon: [(10.0, 10.0), (12.0, 10.0), (11.0, 12.25)].map(|(x, y)| Point { x, y }).into(),
    }
}

fn written(classes: &[Class], nuclei: &[Nucleus]) -> (String, Value) {
    let folder = tempfile::tempdir().unwrap();
    let mut file = PumaNuclei::create(folder.path(), classes).unwrap();
    for nucleus in nuclei {
        file.push(nucleus).unwrap();
    }
    let path = file.path().to_owned();
    file.finish().unwrap();
    let name = path.file_name().unwrap().to_str().unwrap().to_owned();
    (name, serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap())
}

#[test]
fn three_classes_are_named_by_role_and_hold_nothing_beyond_the_schema() {
    let classes = [
        class("neoplastic", Role::Tumour),
        class("inflammatory", Role::Til),
        class("connective", Role::Stroma),
    ];

    let (name, read) = written(&classes, &[nucleus(0), nucleus(1), nucleus(2)]);

    assert_eq!(name, "melanoma-3-class-nuclei-segmentation.json");
    assert_eq!(read["type"], "Multiple polygons");
    assert_eq!(read["version"], json!({ "major": 1, "minor": 0 }));
    assert_eq!(read.as_object().unwrap().len(), 3);
    let names: Vec<&Value> =
        read["polygons"].as_array().unwrap().iter().map(|polygon| &polygon["name"]).collect();
    assert_eq!(names, ["nuclei_tumor", "nuclei_lymphocyte", "nuclei_other"]);
    assert_eq!(
        read["polygons"][0],
        json!({
            "name": "nuclei_tumor",
            "seed_point": [11, 10.5, 0.5],
            "path_points": [[10, 10, 0.5], [12, 10, 0.5], [11, 12.25, 0.5]],
            "sub_type": "",
            "groups": [],
            "probability": 0.9123
        })
    );
}

#[test]
fn classes_with_the_challenges_names_go_to_the_track_of_ten() {
    let classes = [
        class("Tumour", Role::Tumour),
        class("nuclei_lymphocyte", Role::Til),
        class("plasma cell", Role::Til),
        class("apoptosis", Role::Other),
    ];

    let (name, read) = written(&classes, &[nucleus(0), nucleus(2)]);

    assert_eq!(name, "melanoma-10-class-nuclei-segmentation.json");
    assert_eq!(read["polygons"][0]["name"], "nuclei_tumor");
    assert_eq!(read["polygons"][1]["name"], "nuclei_plasma_cell");
    assert_eq!(Track::of(&classes[..3]), Track::Three);
}

#[test]
fn an_image_without_nuclei_has_an_empty_list() {
    let (_, read) = written(&[class("tumour", Role::Tumour)], &[]);

    assert_eq!(read["polygons"], json!([]));
}

#[test]
fn the_tissue_mask_has_the_images_size_and_the_challenges_numbers() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("mask.tif");
    let classes = [
        class("tumour", Role::Tumour),
        class("blood vessel", Role::Other),
        class("dermis", Role::Stroma),
        class("glass", Role::Background),
    ];
    let map = TissueMap {
        size: Size::new(2, 3),
        mpp: Mpp::new(2.0).unwrap(),
        px_per_cell: 8.5,
        classes: vec![0, 1, 2, 3, UNLABELLED, 0],
    };

    write_tissue(&path, Size::new(17, 20), &map, &classes).unwrap();

    let mut decoder = Decoder::new(std::fs::File::open(&path).unwrap()).unwrap();
    assert_eq!(decoder.dimensions().unwrap(), (17, 20));
    let extremes =
        [Tag::SMinSampleValue, Tag::SMaxSampleValue].map(|tag| decoder.get_tag_u32(tag).unwrap());
    assert_eq!(extremes, [0, 3]);
    let resolution = decoder.get_tag_u32_vec(Tag::XResolution).unwrap();
    let um_per_px = 10_000.0 * f64::from(resolution[1]) / f64::from(resolution[0]);
    assert!((um_per_px - 2.0 / 8.5).abs() < 1e-6);
    let DecodingResult::U8(pixels) = decoder.read_image().unwrap() else { panic!("8 bits") };
    let at = |x: usize, y: usize| pixels[y * 17 + x];
    // Cells end at 8.5 px: the centre of pixel 8 stands on the border and belongs to the next.
    assert_eq!([at(0, 0), at(7, 7), at(8, 0), at(16, 0)], [3, 3, 2, 2]);
    assert_eq!([at(0, 9), at(16, 9), at(0, 19), at(16, 19)], [1, 0, 0, 3]);
}

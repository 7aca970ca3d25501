use std::io::Read;

use contract::{Mpp, Point, Role, Size, TissueMap};
use serde_json::Value;

use super::*;

fn classes() -> Vec<Class> {
    let class = |name: &str, role, colour| Class { name: name.into(), role, colour };
    vec![
        class("tumour", Role::Tumour, [200, 0, 0]),
        class("\"odd\" name", Role::Til, [255, 0, 255]),
        class("glass", Role::Background, [255, 255, 255]),
    ]
}

fn nucleus(id: u32, corners: &[(f32, f32)]) -> Nucleus {
    Nucleus {
        id,
        class: 1,
        probability: 0.876_54,
        centroid: Point { x: 1.0, y: 1.0 },
        area_um2: 31.416,
        polygon: corners.iter().map(|&(x, y)| Point { x, y }).collect(),
    }
}

#[test]
fn a_nucleus_is_a_detection_with_a_closed_ring() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("nuclei.geojson");

    let mut file = NucleiGeoJson::create(&path, Digest::of(b"image"), &classes()).unwrap();
    file.push(&nucleus(1, &[(10.0, 10.004), (12.5, 10.0), (11.0, 13.125)])).unwrap();
    file.push(&nucleus(2, &[(0.0, 0.0), (1.0, 0.0), (0.0, 1.0)])).unwrap();
    file.finish().unwrap();

    let read = json(&std::fs::read(&path).unwrap());
    assert_eq!(read["type"], "FeatureCollection");
    assert_eq!(read["features"].as_array().unwrap().len(), 2);
    let feature = &read["features"][0];
    assert_eq!(feature["type"], "Feature");
    assert_eq!(
        feature["geometry"],
        serde_json::json!({
            "type": "Polygon",
            "coordinates": [[[10, 10], [12.5, 10], [11, 13.13], [10, 10]]]
        })
    );
    assert_eq!(
        feature["properties"],
        serde_json::json!({
            "objectType": "detection",
            "classification": { "name": "\"odd\" name", "color": [255, 0, 255] },
            "measurements": { "Area µm^2": 31.42, "Probability": 0.8765 }
        })
    );
}

#[test]
fn ids_are_uuids_that_depend_on_image_and_number_alone() {
    let id = |image: &[u8], kind: &str, number| {
        let mut text = String::new();
        Ids::of(Digest::of(image), kind).push(&mut text, number);
        text
    };

    let first = id(b"image", "nuclei", 1);

    assert_eq!(first, id(b"image", "nuclei", 1));
    let others = [id(b"image", "nuclei", 2), id(b"other", "nuclei", 1), id(b"image", "tissue", 1)];
    assert!(!others.contains(&first));
    let lengths: Vec<usize> = first.split('-').map(str::len).collect();
    assert_eq!(lengths, [8, 4, 4, 4, 12]);
    assert_eq!((&first[14..15], &first[19..20]), ("8", "8"));
    assert!(first.ends_with("00000001"));
}

#[test]
fn a_file_without_nuclei_is_a_collection_without_features() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("nuclei.geojson");

    NucleiGeoJson::create(&path, Digest::of(b""), &classes()).unwrap().finish().unwrap();

    let read = json(&std::fs::read(&path).unwrap());
    assert_eq!(read, serde_json::json!({ "type": "FeatureCollection", "features": [] }));
}

#[test]
fn a_name_that_ends_in_gz_is_compressed_and_holds_the_same() {
    let folder = tempfile::tempdir().unwrap();
    let [plain, compressed] = ["a.geojson", "a.geojson.gz"].map(|name| folder.path().join(name));

    for path in [&plain, &compressed] {
        let mut file = NucleiGeoJson::create(path, Digest::of(b"image"), &classes()).unwrap();
        for id in 1..200 {
            file.push(&nucleus(id, &[(0.0, 0.0), (1.0, 0.0), (0.0, 1.0)])).unwrap();
        }
        file.finish().unwrap();
    }

    let mut inflated = Vec::new();
    let packed = std::fs::read(&compressed).unwrap();
    flate2::read::GzDecoder::new(&packed[..]).read_to_end(&mut inflated).unwrap();
    assert_eq!(inflated, std::fs::read(&plain).unwrap());
    assert!(packed.len() * 4 < inflated.len());
}

#[test]
fn a_nucleus_that_is_none_is_refused_and_the_file_goes_on() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("nuclei.geojson");
    let mut file = NucleiGeoJson::create(&path, Digest::of(b""), &classes()).unwrap();

    let refused = file.push(&nucleus(5, &[(0.0, f32::NAN), (1.0, 0.0), (0.0, 1.0)]));
    file.push(&nucleus(6, &[(0.0, 0.0), (1.0, 0.0), (0.0, 1.0)])).unwrap();
    file.finish().unwrap();

    assert!(matches!(refused, Err(GeoJsonError::Nucleus(NucleusError::Number { id: 5, .. }))));
    let read = json(&std::fs::read(&path).unwrap());
    assert_eq!(read["features"].as_array().unwrap().len(), 1);
}

#[test]
fn tissue_is_one_annotation_a_class_with_holes_and_without_glass() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("tissue.geojson");
    #[rustfmt::skip]
    let cells = vec![
        0, 0, 0, 2,
        0, 1, 0, 2,
        0, 0, 0, 0,
    ];
    let map = TissueMap {
        size: Size::new(4, 3),
        mpp: Mpp::new(2.0).unwrap(),
        px_per_cell: 8.0,
        classes: cells,
    };

    let image = (Digest::of(b"image"), Size::new(30, 24));
    write_tissue(&path, image, &map, &classes()).unwrap();

    let read = json(&std::fs::read(&path).unwrap());
    let features = read["features"].as_array().unwrap();
    assert_eq!(features.len(), 2);
    assert_eq!(features[0]["properties"]["objectType"], "annotation");
    assert_eq!(features[0]["properties"]["classification"]["name"], "tumour");
    let polygons = features[0]["geometry"]["coordinates"].as_array().unwrap();
    assert_eq!(polygons.len(), 1);
    assert_eq!(polygons[0].as_array().unwrap().len(), 2, "an outer ring and a hole");
    // Nine cells of 4 µm², of which one is cut off at three quarters.
    assert_eq!(features[0]["properties"]["measurements"]["Area µm^2"], 35.0);
    assert_eq!(features[1]["properties"]["measurements"]["Area µm^2"], 4.0);
}

fn json(bytes: &[u8]) -> Value {
    serde_json::from_slice(bytes).unwrap()
}

use std::error::Error as _;

use proptest::prelude::*;

use super::*;

const GEOJSON: &str = r#"{"type": "FeatureCollection", "features": [
  {"type": "Feature", "id": "a", "properties": {"objectType": "annotation",
     "classification": {"name": "nuclei_tumor", "color": [200, 0, 0]}},
   "geometry": {"type": "Polygon", "coordinates":
     [[[1, 2], [3.25, 2], [3, 4], [1, 2]], [[2, 2], [2, 3], [3, 3]]]}},
  {"properties": {"classification": {"name": "nuclei_stroma"}},
   "geometry": {"coordinates":
     [[[[0, 0], [1, 0], [1, 1], [0, 0]]], [], [[[5, 5], [9, 5], [9, 9], [5, 9], [5, 5]]]],
     "type": "MultiPolygon"}}]}"#;

const POLYGONS: &str = r#"{"type": "Multiple polygons", "version": {"major": 1, "minor": 0},
 "polygons": [
  {"name": "nuclei_tumor", "seed_point": [1, 2, 0.5], "path_points": [[1, 2, 0.5], [3, 4, 0.5]],
   "sub_type": "", "groups": [], "probability": 0.4},
  {"name": "nuclei_stroma", "path_points": [[1.5, 2]], "score": 0.25}]}"#;

#[test]
fn the_outline_is_the_exterior_ring_as_it_stands() {
    let file = PumaFile::from_geojson(GEOJSON.as_bytes()).unwrap();

    let tumour = &file.polygons[0];
    assert_eq!((tumour.class.as_str(), tumour.score), ("nuclei_tumor", 1.0));
    assert_eq!(tumour.points, [[1.0, 2.0], [3.25, 2.0], [3.0, 4.0], [1.0, 2.0]]);
}

#[test]
fn of_several_parts_the_largest_is_the_nucleus() {
    let file = PumaFile::from_geojson(GEOJSON.as_bytes()).unwrap();

    assert_eq!(file.polygons.len(), 2);
    assert_eq!(file.polygons[1].points[0], [5.0, 5.0]);
}

#[test]
fn a_third_coordinate_and_the_platforms_probability_are_not_read() {
    let file = PumaFile::from_grand_challenge(POLYGONS.as_bytes()).unwrap();

    assert_eq!(file.polygons[0].points, [[1.0, 2.0], [3.0, 4.0]]);
    assert_eq!(file.polygons.iter().map(|p| p.score).collect::<Vec<_>>(), [1.0, 0.25]);
}

#[test]
fn a_refusal_says_which_field_and_where() {
    let cases = [
        (GEOJSON.replace("[3.25, 2]", "[3.25]"), "invalid length 1"),
        (GEOJSON.replace("[3.25, 2]", "[1e999, 2]"), "number out of range"),
        (GEOJSON.replace("\"name\"", "\"nom\""), "missing field `name`"),
        (GEOJSON.replace("\"Polygon\"", "\"Point\""), "unknown variant `Point`"),
        (GEOJSON.replace("features", "Features"), "missing field `features`"),
    ];
    for (text, reason) in cases {
        let error = PumaFile::from_geojson(text.as_bytes()).unwrap_err();

        assert_eq!(error.to_string(), "the file is not in the PUMA GeoJSON layout");
        let source = error.source().unwrap().to_string();
        assert!(source.contains(reason), "{source}");
        assert!(source.contains("line"), "{source}");
    }
}

#[test]
fn a_nucleus_without_a_ring_is_refused_by_its_index() {
    let text = GEOJSON.replace(
        "[[[[0, 0], [1, 0], [1, 1], [0, 0]]], [], [[[5, 5], [9, 5], [9, 9], [5, 9], [5, 5]]]]",
        "[]",
    );

    let error = PumaFile::from_geojson(text.as_bytes()).unwrap_err();

    assert_eq!(
        error.to_string(),
        "features[1].geometry.coordinates is empty: a nucleus needs an exterior ring"
    );
}

#[test]
fn every_cut_of_a_file_is_refused() {
    for end in 0..GEOJSON.len() {
        assert!(PumaFile::from_geojson(&GEOJSON.as_bytes()[..end]).is_err(), "cut at {end}");
    }
    for end in 0..POLYGONS.len() {
        assert!(PumaFile::from_grand_challenge(&POLYGONS.as_bytes()[..end]).is_err(), "at {end}");
    }
}

#[test]
fn deep_nesting_is_refused_and_does_not_exhaust_the_stack() {
    let deep = format!("{{\"features\": {}", "[".repeat(1 << 20));

    assert!(PumaFile::from_geojson(deep.as_bytes()).is_err());
}

proptest! {
    #[test]
    fn a_changed_byte_never_panics(at in 0..GEOJSON.len(), byte in any::<u8>()) {
        let mut bytes = GEOJSON.as_bytes().to_vec();
        bytes[at] = byte;

        if let Ok(file) = PumaFile::from_geojson(&bytes) {
            prop_assert!(file.polygons.len() <= 2);
        }
    }
}

//! One real tile with its nuclei leaves as every file, and each file holds the same nuclei.

#![expect(clippy::unwrap_used, reason = "a test may stop")]

use std::fs::File;
use std::io::BufReader;
use std::path::{Path, PathBuf};

use contract::{
    Class, ClassCount, Digest, Evidence, FORMAT, ImageSummary, Mpp, MppSource, Nucleus, Point,
    Quality, Quantity, RgbImage, Role, Size, TilFigure, TilReport,
};
use report::geojson::NucleiGeoJson;
use report::labels::NucleiLabels;
use report::overlay::{Overlay, write_png};
use report::puma::PumaNuclei;
use serde_json::Value;
use tiff::decoder::{Decoder, DecodingResult};

/// A tile, its nuclei, and how many pixels each of them has by an independent count.
struct Tile {
    image: RgbImage,
    nuclei: Vec<Nucleus>,
    pixels: Vec<usize>,
}

#[test]
fn labels_hold_the_pixels_that_an_independent_count_found() {
    let tile = tile();
    let path = output("nuclei-labels.tif");

    let mut labels = NucleiLabels::create(&path, tile.image.size(), mpp(), 64).unwrap();
    for nucleus in &tile.nuclei {
        labels.push(nucleus).unwrap();
    }
    labels.finish().unwrap();

    let mut decoder = Decoder::new(File::open(&path).unwrap()).unwrap();
    let DecodingResult::U32(read) = decoder.read_image().unwrap() else { panic!("32 bits") };
    let mut shared = 0;
    for (nucleus, &pixels) in tile.nuclei.iter().zip(&tile.pixels) {
        let found = read.iter().filter(|&&label| label == nucleus.id).count();
        assert!(found <= pixels, "nucleus {}: {found} of {pixels} pixels", nucleus.id);
        shared += pixels - found;
    }
    // The annotators' outlines overlap by a few pixels, which go to the smaller id.
    assert!(shared * 200 < tile.pixels.iter().sum(), "{shared} pixels are in two outlines");
    assert!(tile.pixels.len() > 30);
}

#[test]
fn every_file_names_the_same_nuclei_in_the_same_order() {
    let tile = tile();
    let classes = classes();
    let path = output("nuclei.geojson");

    let mut geojson = NucleiGeoJson::create(&path, Digest::of(b"tile"), &classes).unwrap();
    let mut puma = PumaNuclei::create(path.parent().unwrap(), &classes).unwrap();
    for nucleus in &tile.nuclei {
        geojson.push(nucleus).unwrap();
        puma.push(nucleus).unwrap();
    }
    let puma_path = puma.path().to_owned();
    geojson.finish().unwrap();
    puma.finish().unwrap();

    let features = json(&path)["features"].as_array().unwrap().clone();
    let polygons = json(&puma_path)["polygons"].as_array().unwrap().clone();
    assert_eq!((features.len(), polygons.len()), (tile.nuclei.len(), tile.nuclei.len()));
    for ((feature, polygon), nucleus) in features.iter().zip(&polygons).zip(&tile.nuclei) {
        let name = &classes[nucleus.class].name;
        assert_eq!(feature["properties"]["classification"]["name"], name.as_str());
        assert_eq!(polygon["name"], format!("nuclei_{name}"));
        let ring = feature["geometry"]["coordinates"][0].as_array().unwrap();
        assert_eq!(ring.first(), ring.last());
        let vertices = polygon["path_points"].as_array().unwrap();
        assert_eq!(
            (ring.len() - 1, vertices.len()),
            (nucleus.polygon.len(), nucleus.polygon.len())
        );
        for ((at, vertex), point) in ring.iter().zip(vertices).zip(&nucleus.polygon) {
            let off = |value: &Value, expected: f32| value.as_f64().unwrap() - f64::from(expected);
            assert!(off(&at[0], point.x).abs() < 0.006 && off(&at[1], point.y).abs() < 0.006);
            assert_eq!((&vertex[0], &vertex[1]), (&at[0], &at[1]));
        }
    }
}

#[test]
fn the_overlay_changes_the_image_at_the_outlines_alone() {
    let tile = tile();
    let path = output("overlay.png");

    let mut overlay = Overlay::new(&tile.image, tile.image.size(), mpp(), &classes()).unwrap();
    let bare = Overlay::new(&tile.image, tile.image.size(), mpp(), &classes()).unwrap();
    for nucleus in &tile.nuclei {
        overlay.push(nucleus).unwrap();
    }
    let report = report_of(&tile);
    let (picture, bare) = (overlay.finish(&report), bare.finish(&report));
    write_png(&path, &picture).unwrap();

    let zoom = (bare.width() - (picture.width() - 768)) / tile.image.width();
    assert_eq!(zoom, 3, "256 px are enlarged three times");
    let differing = |x: usize, y: usize| picture.pixel(x, y) != bare.pixel(x, y);
    let changed =
        (0..768).flat_map(|y| (0..768).map(move |x| (x, y))).filter(|&(x, y)| differing(x, y));
    let changed = changed.count();
    let outline: f32 = tile.nuclei.iter().map(perimeter).sum::<f32>() * 3.0;
    // A line of 1.3 px with a halo of 0.9 px to either side and soft edges.
    let width = changed as f32 / outline;
    assert!((2.0..5.0).contains(&width), "the lines are {width} px wide");
}

fn perimeter(nucleus: &Nucleus) -> f32 {
    let next = nucleus.polygon.iter().cycle().skip(1);
    nucleus.polygon.iter().zip(next).map(|(a, b)| (a.x - b.x).hypot(a.y - b.y)).sum()
}

fn report_of(tile: &Tile) -> TilReport {
    let count = |(index, class): (usize, Class)| ClassCount {
        count: tile.nuclei.iter().filter(|nucleus| nucleus.class == index).count() as u64,
        class: class.name,
        role: class.role,
        per_mm2: None,
        mean_area_um2: None,
        mean_probability: None,
    };
    let quantity = |what: &str| Quantity { what: what.into(), value: 1.0, unit: "nuclei".into() };
    TilReport {
        format: FORMAT,
        margay: "0.1.0".into(),
        research_use_only: true,
        image: ImageSummary {
            name: "tile.png".into(),
            digest: Digest::of(b"tile"),
            width_px: 256,
            height_px: 256,
            mpp: mpp(),
            mpp_source: MppSource::Operator,
        },
        models: Vec::new(),
        quality: Quality { glass_fraction: 0.0, focus: None, stain_mean_od: None },
        evaluated_area_mm2: 0.0035,
        nuclei: classes().into_iter().enumerate().map(count).collect(),
        tissue: Vec::new(),
        tils: vec![TilFigure {
            name: "etil_percent".into(),
            title: "eTIL %".into(),
            formula: "100 · TIL / (TIL + tumour)".into(),
            source: "a paper".into(),
            unit: "%".into(),
            value: Some(70.0),
            numerator: quantity("TILs"),
            denominator: quantity("TILs and tumour cells"),
            area_mm2: 0.0035,
            truncated_fraction: None,
            interval_95: Some([60.0, 80.0]),
            fields: 4,
            evidence: Evidence::Low { reason: "0.004 mm² is less than 0.1 mm²".into() },
        }],
        hot_spots: Vec::new(),
        density: None,
        seed: 1,
        warnings: Vec::new(),
    }
}

fn classes() -> Vec<Class> {
    [
        ("tumor", Role::Tumour, [200, 0, 0]),
        ("lymphocyte", Role::Til, [255, 0, 255]),
        ("plasma_cell", Role::Til, [3, 193, 98]),
        ("histiocyte", Role::Other, [52, 4, 179]),
        ("apoptosis", Role::Other, [51, 0, 51]),
        ("endothelium", Role::Other, [0, 255, 0]),
    ]
    .map(|(name, role, colour)| Class { name: name.into(), role, colour })
    .into()
}

fn mpp() -> Mpp {
    Mpp::new(0.23).unwrap()
}

fn tile() -> Tile {
    let data = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data");
    let described = json(&data.join("tile.json"));
    let described = described.as_array().unwrap();
    Tile {
        image: png_image(&data.join("tile.png")),
        nuclei: (1..).zip(described).map(|(id, nucleus)| nucleus_of(id, nucleus)).collect(),
        pixels: described.iter().map(|n| n["pixels"].as_u64().unwrap() as usize).collect(),
    }
}

fn nucleus_of(id: u32, described: &Value) -> Nucleus {
    let number = |value: &Value| value.as_f64().unwrap() as f32;
    let ring = described["ring"].as_array().unwrap();
    let polygon: Vec<Point> =
        ring.iter().map(|at| Point { x: number(&at[0]), y: number(&at[1]) }).collect();
    let mean =
        |value: fn(&Point) -> f32| polygon.iter().map(value).sum::<f32>() / polygon.len() as f32;
    let name = described["class"].as_str().unwrap();
    Nucleus {
        id,
        class: classes().iter().position(|class| class.name == name).unwrap(),
        probability: 1.0,
        centroid: Point { x: mean(|at| at.x), y: mean(|at| at.y) },
        area_um2: described["pixels"].as_f64().unwrap() as f32 * 0.23 * 0.23,
        polygon,
    }
}

fn png_image(path: &Path) -> RgbImage {
    let file = BufReader::new(File::open(path).unwrap());
    let mut reader = png::Decoder::new(file).read_info().unwrap();
    let mut pixels = vec![0; reader.output_buffer_size().unwrap()];
    let info = reader.next_frame(&mut pixels).unwrap();
    assert_eq!(info.color_type, png::ColorType::Rgb);
    RgbImage::new(Size::new(info.width as usize, info.height as usize), pixels).unwrap()
}

fn json(path: &Path) -> Value {
    serde_json::from_reader(BufReader::new(File::open(path).unwrap())).unwrap()
}

/// A file under the build's own folder, to be looked at after the test.
fn output(name: &str) -> PathBuf {
    Path::new(env!("CARGO_TARGET_TMPDIR")).join(name)
}

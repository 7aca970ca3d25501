//! What is said of each of the scanners' files: size, levels, resolution, or why it is refused.

#[path = "support/files.rs"]
mod files;

use contract::{Mpp, MppSource, Size};
use slide::{Format, OpenError, Regions, Slide, read_image};

#[test]
fn an_aperio_slide_states_its_resolution_levels_and_what_comes_with_it() {
    let Some(path) = files::find("cmu-1-small-region.svs") else { return };

    let slide = Slide::open(&path, None).unwrap();

    assert_eq!(slide.format(), Format::Svs);
    assert_eq!(slide.size(), Size::new(2220, 2967));
    assert_eq!((slide.mpp(), slide.mpp_source()), (mpp(0.499), MppSource::File));
    assert_eq!(slide.levels().len(), 1);
    assert!(slide.levels()[0].tiled);
    let named: Vec<_> = slide.associated().iter().map(|a| (a.name.as_str(), a.size)).collect();
    assert_eq!(
        named,
        [
            ("thumbnail", Size::new(574, 768)),
            ("label", Size::new(387, 463)),
            ("macro", Size::new(1280, 431))
        ]
    );
}

#[test]
fn a_cut_of_an_aperio_slide_reads_its_decimal_comma() {
    let slide = Slide::open(&files::bundled("jpeg.svs"), None).unwrap();

    assert_eq!(slide.mpp(), mpp(0.499));
    let named: Vec<_> = slide.associated().iter().map(|a| a.name.as_str()).collect();
    assert_eq!(named, ["thumbnail", "label", "macro"]);
}

#[test]
fn a_slide_without_a_resolution_is_refused_unless_it_is_stated() {
    let Some(path) = files::find("tcga-jpeg2000.svs") else { return };

    let error = Slide::open(&path, None).unwrap_err();
    assert!(matches!(error, OpenError::Resolution { .. }), "{error}");
    assert!(error.to_string().contains("tcga-jpeg2000.svs: its resolution is unknown"), "{error}");
    assert!(error.to_string().contains("--mpp"), "{error}");

    let slide = Slide::open(&path, Some(mpp(0.5))).unwrap();
    assert_eq!(slide.mpp_source(), MppSource::Operator);
    assert_eq!(slide.file_mpp(), None);
    let downsamples: Vec<_> = slide.levels().iter().map(|level| level.downsample).collect();
    assert!((downsamples[1] - 2.0).abs() < 0.001, "{downsamples:?}");
}

#[test]
fn an_ome_tiff_states_its_resolution_with_a_unit() {
    let slide = Slide::open(&files::bundled("jpeg.ome.tif"), None).unwrap();

    assert_eq!(slide.format(), Format::OmeTiff);
    assert_eq!(slide.mpp(), mpp(0.25));
    assert_eq!(slide.levels().len(), 2);
    assert_eq!(slide.levels()[1].size, Size::new(64, 64));

    let Some(path) = files::find("he-ome-jpeg-tiled.tif") else { return };
    let slide = Slide::open(&path, None).unwrap();
    assert_eq!(slide.size(), Size::new(1380, 1484));
    assert!((slide.mpp().um_per_px() - 0.500_08).abs() < 1e-5, "{:?}", slide.mpp());
}

#[test]
fn the_operator_outweighs_the_file_and_both_are_known() {
    let stated = mpp(0.23);

    let slide = Slide::open(&files::bundled("strips-lzw.tif"), Some(stated)).unwrap();

    assert_eq!((slide.mpp(), slide.mpp_source()), (stated, MppSource::Operator));
    assert_eq!(slide.file_mpp(), Some(mpp(0.5)));
}

#[test]
fn every_bundled_format_states_its_resolution() {
    for (name, format, mpp) in [
        ("strips-raw.tif", Format::Tiff, 0.5),
        ("tiles-zstd-bigtiff.tif", Format::Tiff, 0.5),
        ("tiles-deflate-planar-big-endian.tif", Format::Tiff, 0.5),
        ("deflate-bigtiff.ome.tif", Format::OmeTiff, 0.25),
        ("jpeg2000-33003.svs", Format::Svs, 0.25),
        ("rgb.png", Format::Png, 0.25),
        ("rgb.jpg", Format::Jpeg, 0.508),
    ] {
        let slide = Slide::open(&files::bundled(name), None).unwrap();

        assert_eq!(slide.format(), format, "{name}");
        assert!((slide.mpp().um_per_px() - mpp).abs() < 1e-4, "{name}: {:?}", slide.mpp());
    }
}

#[test]
fn a_resolution_that_no_scanner_has_is_not_believed() {
    for name in ["pyramid-zstd.tiff", "test_orient1.tif"] {
        let Some(path) = files::find(name) else { continue };

        let error = Slide::open(&path, None).unwrap_err().to_string();

        assert!(error.contains("352.8581 × 352.8581 µm/px"), "{error}");
    }
}

#[test]
fn a_pyramid_of_pages_has_its_levels_in_order() {
    let Some(path) = files::find("pyramid-zstd.tiff") else { return };

    let slide = Slide::open(&path, Some(mpp(0.25))).unwrap();

    let widths: Vec<_> = slide.levels().iter().map(|level| level.size.width).collect();
    assert_eq!(widths, [10_000, 5_000, 2_500, 1_250, 625]);
}

#[test]
fn every_damaged_file_is_refused_with_its_name_a_reason_and_a_remedy() {
    for (name, reason, remedy) in [
        ("broken.svs", "not an image that is known by its first bytes", "export it as"),
        ("unopenable.tiff", "Compression is 52479", "export it as"),
        ("zero-gi.tif", "", "export"),
    ] {
        let Some(path) = files::find(name) else { continue };
        for error in
            [Slide::open(&path, Some(mpp(0.25))).unwrap_err(), read_image(&path).unwrap_err()]
        {
            let text = error.to_string();
            assert!(
                text.contains(name) && text.contains(reason) && text.contains(remedy),
                "{text}"
            );
        }
    }
}

#[test]
fn a_file_that_is_not_there_is_refused_by_its_name() {
    let error = Slide::open("no-such-slide.svs".as_ref(), None).unwrap_err();

    assert!(error.to_string().contains("no-such-slide.svs"), "{error}");
    assert!(std::error::Error::source(&error).is_some());
}

#[test]
fn bytes_in_memory_are_read_as_a_file_is() {
    let path = files::bundled("tiles-zstd-bigtiff.tif");

    let slide = Slide::from_bytes(&path, std::fs::read(&path).unwrap(), None).unwrap();

    let size = slide.size();
    assert_eq!(slide.read(0, 0, size).unwrap(), read_image(&path).unwrap());
}

fn mpp(um_per_px: f64) -> Mpp {
    Mpp::new(um_per_px).expect("the tests state believable resolutions")
}

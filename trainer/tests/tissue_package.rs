//! A tissue network becomes a package that the runtime's engine takes.
#![expect(clippy::unwrap_used, reason = "a test may stop")]

use std::fs;
use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};

use burn::tensor::Device;
use contract::{Kind, LabelQuality, RgbImage, Role, Size};
use engine::{Batch, Network as Served, Threads, package};
use margay_trainer::export::{Draft, ExportError, export, serve};
use margay_trainer::network::{MapKind, Network};
use margay_trainer::plan::Plan;

/// The shipped plan with a golden tile of its own.
fn plan() -> Plan {
    let mut plan = Plan::parse(include_str!("../plans/tissue-lite.toml")).unwrap();
    plan.export.golden[0].image = "tile.png".into();
    plan
}

/// A random network of the plan.
fn network(plan: &Plan) -> Network {
    let device = Device::flex();
    device.seed(plan.seed);
    Network::init(&plan.network, &device)
}

/// An empty folder of this test.
fn folder(name: &str) -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
    if folder.exists() {
        fs::remove_dir_all(&folder).unwrap();
    }
    fs::create_dir_all(&folder).unwrap();
    folder
}

/// Pink with a grid of violet, and glass on the right half.
fn image(size: Size) -> RgbImage {
    let mut image = RgbImage::filled(size, [220, 150, 190]);
    let width = size.width;
    for (at, pixel) in image.pixels_mut().as_chunks_mut::<3>().0.iter_mut().enumerate() {
        let (x, y) = (at % width, at / width);
        if x >= width / 2 {
            *pixel = [245; 3];
        } else if x % 9 < 3 && y % 9 < 3 {
            *pixel = [90, 50, 140];
        }
    }
    image
}

fn write_png(path: &Path, image: &RgbImage) {
    let file = fs::File::create(path).unwrap();
    let mut encoder = png::Encoder::new(file, image.width() as u32, image.height() as u32);
    encoder.set_color(png::ColorType::Rgb);
    encoder.set_depth(png::BitDepth::Eight);
    encoder.write_header().unwrap().write_image_data(image.pixels()).unwrap();
}

#[test]
fn the_engine_takes_the_package_of_a_random_network() {
    let (plan, device) = (plan(), Device::flex());
    let network = network(&plan);
    let (data, out) = (folder("tissue-data"), folder("tissue-package"));
    fs::remove_dir(&out).unwrap();
    write_png(&data.join("tile.png"), &image(Size::new(1024, 1024)));

    let exported = export(&Draft::of(&plan, &network, &device), &data, &out).unwrap();

    let package = package::load(&out).unwrap();
    let threads = Threads { lanes: NonZeroUsize::MIN, per_lane: NonZeroUsize::MIN };
    let served = Served::on_cpu(&package, threads).unwrap();
    let card = served.card();
    assert!(exported.difference < 1e-4, "{}", exported.difference);
    assert_eq!((card.kind, card.labels), (Kind::Tissue, LabelQuality::Weak));
    assert_eq!(card.classes[2].role, Role::Background);
    assert_eq!((&card.outputs.np, card.outputs.tp.as_ref().unwrap().channels), (&None, 3));
    assert!(card.window.margin_px <= card.window.size_px / 4, "{:?}", card.window);
    assert_eq!(card.golden[0].image, "golden/tile.png");
    assert_eq!(card.golden[0].counts.iter().sum::<u64>(), 96 * 96);

    let input = vec![0.0; 3 * 64 * 96];
    let maps = served.run(Batch::new(&input, 1, Size::new(96, 64)).unwrap()).unwrap();
    let planes = maps.tp.unwrap();
    for pixel in 0..64 * 96 {
        let sum: f32 = (0..3).map(|class| planes[class * 64 * 96 + pixel]).sum();
        assert!((sum - 1.0).abs() < 1e-5, "{sum}");
    }
}

#[test]
fn glass_is_told_by_brightness_whatever_the_network_says() {
    let plan = plan();
    let (served, _) = serve(&Draft::of(&plan, &network(&plan), &Device::flex())).unwrap();
    // No multiple of the window: what the image is filled up with must not be counted.
    let image = image(Size::new(70, 50));

    let maps = served.run(&served.input(&image), image.size()).unwrap();
    let tissue = served.tissue(&image, &maps);

    assert_eq!(maps.size, Size::new(80, 64));
    assert_eq!(tissue.len(), 70 * 50);
    assert!(tissue.chunks(70).all(|row| row[45..].iter().all(|class| *class == 2)));
    assert_eq!(served.counts(&image, &maps).iter().sum::<u64>(), 70 * 50);
}

#[test]
fn a_map_that_a_tissue_network_does_not_give_is_not_served() {
    let mut plan = plan();
    plan.export.maps = vec![MapKind::Np];

    let refused = serve(&Draft::of(&plan, &network(&plan), &Device::flex()));

    assert!(matches!(refused, Err(ExportError::Map(MapKind::Np))));
}

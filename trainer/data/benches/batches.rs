//! How long it takes to load a data set, to compute its targets, and to make batches of it.
//!
//! `cargo bench -p margay-data --bench batches -- DATA_ROOT` prints one line of JSON; the sources
//! are those of the recipe, and those that are missing are left out.

#![expect(clippy::disallowed_methods, reason = "a bench reads the clock")]
#![expect(clippy::print_stdout, reason = "a bench prints its figures")]
#![expect(clippy::expect_used, reason = "a bench may stop")]

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;
use std::time::Instant;

use contract::Mpp;
use margay_data::augment::{
    Augmentation, Colour, Elastic, Rotation, Sometimes, StainStatistics, StainTransfer,
};
use margay_data::batch::{BatchPlan, Batches, NucleiBatches, Station};
use margay_data::source::{Grouping, Layout, Resolution, SourceSpec, survey};
use margay_data::target::{DotRadii, Prepared};

const BATCHES: u64 = 60;

fn main() {
    let root = std::env::args().skip(1).find(|argument| !argument.starts_with("--"));
    let root = root.expect("the data root is the argument");
    let root = Path::new(&root);
    let sources: Vec<SourceSpec> =
        sources().into_iter().filter(|source| root.join(&source.path).exists()).collect();
    let classes = ["lymphocyte", "tumour", "other"].map(str::to_owned);

    let start = Instant::now();
    let set = survey(root, &sources, &classes).expect("the sources can be listed");
    let load_s = start.elapsed().as_secs_f64();
    for fault in set.fingerprint.faults() {
        println!("fault: {fault}");
    }

    let start = processor_ms();
    let radii = DotRadii { class_um: 2.0, nucleus_um: 1.25, background_um: 8.0 };
    let prepared: Vec<Arc<Prepared>> = set
        .samples
        .iter()
        .map(|sample| Arc::new(Prepared::new(sample, &radii).expect("a read sample is sound")))
        .collect();
    let prepare_s = (processor_ms() - start) / 1e3;

    let mut figures = BTreeMap::from([("load_s", load_s), ("prepare_s", prepare_s)]);
    for (name, augmentation) in [
        ("recipe_ms", recipe()),
        ("free_ms", Augmentation { rotation: Rotation::Free, ..recipe() }),
        ("bent_ms", Augmentation { rotation: Rotation::Free, elastic: Some(BENT), ..recipe() }),
    ] {
        figures.insert(name, milliseconds_a_batch(&sources, &prepared, augmentation));
    }
    figures.insert("memory_mb", memory_mb());
    println!("{}", serde_json::to_string(&figures).expect("numbers can be written"));
}

const BENT: Elastic = Elastic { probability: 1.0, amplitude_px: 4.0, spacing_px: 24.0 };

/// Time on the processor of one batch of 16 crops of 128² px: the lower quartile of 60, since other
/// programs share its caches.
fn milliseconds_a_batch(
    sources: &[SourceSpec],
    prepared: &[Arc<Prepared>],
    augmentation: Augmentation,
) -> f64 {
    let shares = sources.iter().map(|source| (source.name.clone(), 1.0)).collect();
    let plan = BatchPlan {
        count: 16,
        crop_px: 128,
        mpp: mpp(0.5),
        mean: [0.70, 0.55, 0.68],
        std: [0.20, 0.22, 0.18],
        shares,
        class_balance: 0.5,
        augmentation,
    };
    let batches = NucleiBatches::new(prepared.to_vec(), plan, 1).expect("the plan is sound");
    let station = Station::default();
    let mut times: Vec<f64> = (0..BATCHES)
        .map(|n| {
            let start = processor_ms();
            std::hint::black_box(batches.batch(n, &station)).expect("samples are sound");
            processor_ms() - start
        })
        .collect();
    times.sort_by(f64::total_cmp);
    times[times.len() / 4]
}

/// The most memory that this program has held (Linux).
fn memory_mb() -> f64 {
    let status = std::fs::read_to_string("/proc/self/status").expect("the kernel tells it");
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    let kilobytes = line.and_then(|rest| rest.trim().trim_end_matches(" kB").parse::<f64>().ok());
    kilobytes.expect("a number of kB") / 1e3
}

/// Time that this thread has been on the processor (Linux).
fn processor_ms() -> f64 {
    let statistics = std::fs::read_to_string("/proc/thread-self/schedstat")
        .expect("the kernel tells a thread's time on the processor");
    let nanoseconds = statistics.split(' ').next().and_then(|field| field.parse::<f64>().ok());
    nanoseconds.expect("the first field is a number") * 1e-6
}

fn recipe() -> Augmentation {
    Augmentation {
        zoom: 1.35,
        flip: true,
        rotation: Rotation::Quarter,
        elastic: None,
        stain_transfer: Some(StainTransfer {
            probability: 0.6,
            strength_min: 0.3,
            strength_max: 1.0,
            target_probability: 0.2,
            target: StainStatistics { mean: [0.908, -0.002, -0.271], sd: [0.374, 0.0927, 0.1172] },
        }),
        colour: Colour {
            stain_scale: 0.35,
            stain_shift: 0.06,
            intensity: 0.5,
            stain_angle: 0.0,
            saturation: 0.4,
            hue: 0.0,
            gain: 0.12,
            brightness: 0.05,
            contrast: 0.0,
        },
        sharpen: None,
        blur: Some(Sometimes { probability: 0.25, sigma_min: 0.3, sigma_max: 1.2 }),
        noise: Some(Sometimes { probability: 0.25, sigma_min: 0.005, sigma_max: 0.04 }),
    }
}

fn sources() -> Vec<SourceSpec> {
    let source = |name: &str, path: &str, layout, resolution, group| SourceSpec {
        name: name.into(),
        path: path.into(),
        layout,
        resolution,
        group,
        classes: None,
        licence: "see the data".into(),
        citation: "see the data".into(),
    };
    let at = |um_per_px| Resolution::Stated(mpp(um_per_px));
    let by_diameter =
        Resolution::MedianDiameter { threshold_px: 18.0, above: mpp(0.25), below: mpp(0.5) };
    let dots = |name, path| {
        let classes = [("1", "lymphocyte"), ("2", "tumour"), ("3", "other")];
        let classes = classes.map(|(label, class)| (label.to_owned(), class.to_owned()));
        let source = source(name, path, Layout::Dots, at(0.5), Grouping::TcgaPatient);
        SourceSpec { classes: Some(classes.into()), ..source }
    };
    vec![
        source("nuinsseg", "nuinsseg", Layout::InstanceMaps, at(0.25), Grouping::Image),
        source("tnbc", "tnbc", Layout::InstanceMaps, at(0.25), Grouping::LeadingNumber),
        source("dsb_he", "dsb_he", Layout::InstanceMaps, by_diameter, Grouping::Image),
        source("patches", "puma/patches_256", Layout::PumaPatches, at(0.23), Grouping::PumaRoi),
        source("puma", "puma", Layout::Puma, at(0.23), Grouping::PumaRoi),
        dots("brca", "brca_m2c/train"),
        dots("brca_val", "brca_m2c/val"),
    ]
}

fn mpp(um_per_px: f64) -> Mpp {
    Mpp::new(um_per_px).expect("resolutions of the recipe are believable")
}

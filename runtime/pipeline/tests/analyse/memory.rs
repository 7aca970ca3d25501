//! Memory does not grow with the slide.

use contract::{Mpp, RgbImage, Size};
use pipeline::{Discard, Options, Progress, analyse};
use slide::{ReadError, Regions};

use crate::setting::{at_once, models, mpp};

/// A slide of 20,000 × 20,000 px that is nowhere: dark discs on pink in a band, glass elsewhere.
struct Procedural;

const EDGE: usize = 20_000;
/// Discs stand on a grid of this many pixels.
const PITCH: usize = 100;
const RADIUS: usize = 16;
/// Rows of tissue.
const TISSUE: std::ops::Range<usize> = 4_000..7_000;

impl Regions for Procedural {
    fn size(&self) -> Size {
        Size::new(EDGE, EDGE)
    }

    fn mpp(&self) -> Mpp {
        mpp(0.25)
    }

    fn read(&self, x: usize, y: usize, size: Size) -> Result<RgbImage, ReadError> {
        let mut pixels = Vec::with_capacity(3 * size.pixels());
        for row in y..y + size.height {
            if TISSUE.contains(&row) {
                (x..x + size.width).for_each(|column| pixels.extend(colour(column, row)));
            } else {
                pixels.resize(pixels.len() + 3 * size.width, 245);
            }
        }
        Ok(RgbImage::new(size, pixels).unwrap())
    }
}

fn colour(x: usize, y: usize) -> [u8; 3] {
    let from_centre = |at: usize| (at % PITCH).abs_diff(PITCH / 2);
    let (dx, dy) = (from_centre(x), from_centre(y));
    if dx * dx + dy * dy < RADIUS * RADIUS { [40, 20, 90] } else { [225, 170, 200] }
}

#[test]
fn a_slide_of_1200_mb_is_counted_in_little_memory() {
    let progress = Progress::new(at_once(2), || 0);
    let options = Options { batch: at_once(1), glass: None, progress: &progress };
    let models = models(512);

    let analysis = analyse(&Procedural, &models, &options, &mut Discard).unwrap();

    let discs = (EDGE / PITCH) * TISSUE.len() / PITCH;
    assert_eq!(analysis.nuclei.len(), discs);
    let tissue = TISSUE.len() as f64 / EDGE as f64;
    assert!((1.0 - analysis.glass_fraction - tissue).abs() < 0.002, "{}", analysis.glass_fraction);
    assert!(analysis.windows_skipped > 10 * analysis.windows_run / 3);
    // Overview and tissue map 25 MB, tissue windows 16 MB, windows in flight and the networks'
    // own maps the rest; the slide's pixels are 1,200 MB. Other tests run beside this one.
    let peak = peak_memory_mb();
    assert!(peak < 500, "{peak} MB");
}

/// Greatest resident memory of this process; 0 where the system does not say.
fn peak_memory_mb() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    let kilobytes = line.and_then(|rest| rest.trim().trim_end_matches(" kB").parse::<u64>().ok());
    kilobytes.unwrap_or(0) / 1024
}

//! Windows looked at in any order, kept as bytes in between, come to what a whole run comes to.

use contract::{Nucleus, Size};
use pipeline::{AnalyseError, Examiner, Found, Gathered, Progress, Scratch, Survey};
use slide::Regions;

use crate::setting::{PLAIN, at_once, melanoma, models, run};

#[test]
fn windows_in_any_order_over_many_lives_come_to_what_a_whole_run_comes_to() {
    let (image, models) = (melanoma(), models(128));
    let (whole, nuclei) = run(&image, &models, PLAIN).unwrap();
    let survey = Survey::new((image.size(), image.mpp()), &models, None).unwrap();
    assert!(survey.windows() > 4);

    let mut kept: Vec<(u64, Vec<u8>)> = Vec::new();
    for window in (0..survey.windows()).rev() {
        // A new process looks at each window.
        let progress = Progress::new(at_once(1), || 0);
        let examiner = Examiner::new(&image, &models, &survey, &progress);
        let found = examiner.examine(0, &mut Scratch::default(), window).unwrap();
        kept.push((window, found.encode()));
    }
    kept.sort_by_key(|(window, _)| *window);

    let progress = Progress::new(at_once(2), || 0);
    let mut sink: Vec<Nucleus> = Vec::new();
    let mut gathered = Gathered::new(&survey, &progress, &mut sink);
    for (_, bytes) in &kept {
        gathered.take(Found::decode(bytes).unwrap()).unwrap();
    }
    let analysis = gathered.finish(&models, at_once(1)).unwrap();

    assert_eq!(analysis, whole);
    assert_eq!(sink, nuclei);
}

#[test]
fn a_window_reads_what_it_needs_and_nothing_else() {
    let (image, models) = (melanoma(), models(128));
    let survey = Survey::new((image.size(), image.mpp()), &models, None).unwrap();
    let progress = Progress::new(at_once(1), || 0);

    for window in 0..survey.windows() {
        let needed = survey.needs(window);
        let asked = Asked { image: &image, last: std::sync::Mutex::new(None) };
        let examiner = Examiner::new(&asked, &models, &survey, &progress);

        examiner.examine(0, &mut Scratch::default(), window).unwrap();

        let read = asked.last.into_inner().unwrap();
        assert_eq!(read, Some((needed.x, needed.y, needed.size)), "window {window}");
    }
}

#[test]
fn every_pixel_has_a_window_that_answers_for_it() {
    let (image, models) = (melanoma(), models(128));
    let survey = Survey::new((image.size(), image.mpp()), &models, None).unwrap();
    let Size { width, height } = image.size();
    let mut answered = vec![false; width * height];

    for window in 0..survey.windows() {
        let region = survey.answers_for(window);
        for y in region.y..region.y + region.size.height {
            answered[y * width + region.x..][..region.size.width].fill(true);
        }
    }

    assert!(answered.iter().all(|answered| *answered));
}

#[test]
fn a_window_that_is_missed_is_glass_and_the_others_stand() {
    let (image, models) = (melanoma(), models(128));
    let (whole, nuclei) = run(&image, &models, PLAIN).unwrap();
    let survey = Survey::new((image.size(), image.mpp()), &models, None).unwrap();
    let progress = Progress::new(at_once(1), || 0);
    let examiner = Examiner::new(&image, &models, &survey, &progress);
    let missed = survey.windows() / 2;

    let mut sink: Vec<Nucleus> = Vec::new();
    let mut gathered = Gathered::new(&survey, &progress, &mut sink);
    for window in 0..survey.windows() {
        if window == missed {
            gathered.miss(window).unwrap();
        } else {
            let found = examiner.examine(0, &mut Scratch::default(), window).unwrap();
            gathered.take(found).unwrap();
        }
    }
    let analysis = gathered.finish(&models, at_once(1)).unwrap();

    let mut lost = run_of(&image, &survey, &models, missed);
    lost.retain(|nucleus| nuclei.iter().any(|n| n.centroid == nucleus.centroid));
    assert!(!lost.is_empty());
    assert_eq!(sink.len() + lost.len(), nuclei.len());
    assert_eq!(analysis.windows_missed, 1);
    assert!(analysis.glass_fraction > whole.glass_fraction);
}

#[test]
fn a_panic_is_an_error_of_its_window() {
    let (image, models) = (melanoma(), models(128));
    let survey = Survey::new((image.size(), image.mpp()), &models, None).unwrap();
    let progress = Progress::new(at_once(1), || 0);
    let panics = Panics(&image);
    let examiner = Examiner::new(&panics, &models, &survey, &progress);

    let error = examiner.examine(0, &mut Scratch::default(), 1).unwrap_err();

    let AnalyseError::Window { window, source, .. } = error else { panic!("{error}") };
    assert_eq!(window, survey.place(1));
    assert!(source.to_string().contains("as the test wants"), "{source}");
}

fn run_of(
    image: &dyn Regions,
    survey: &Survey,
    models: &pipeline::Models,
    window: u64,
) -> Vec<Nucleus> {
    let progress = Progress::new(at_once(1), || 0);
    let examiner = Examiner::new(image, models, survey, &progress);
    examiner.examine(0, &mut Scratch::default(), window).unwrap().nuclei().to_vec()
}

struct Asked<'a> {
    image: &'a dyn Regions,
    last: std::sync::Mutex<Option<(usize, usize, Size)>>,
}

impl Regions for Asked<'_> {
    fn size(&self) -> Size {
        self.image.size()
    }

    fn mpp(&self) -> contract::Mpp {
        self.image.mpp()
    }

    fn read(&self, x: usize, y: usize, size: Size) -> Result<contract::RgbImage, slide::ReadError> {
        *self.last.lock().unwrap() = Some((x, y, size));
        self.image.read(x, y, size)
    }
}

struct Panics<'a>(&'a dyn Regions);

impl Regions for Panics<'_> {
    fn size(&self) -> Size {
        self.0.size()
    }

    fn mpp(&self) -> contract::Mpp {
        self.0.mpp()
    }

    fn read(&self, _: usize, _: usize, _: Size) -> Result<contract::RgbImage, slide::ReadError> {
        std::panic::resume_unwind(Box::new("as the test wants"))
    }
}

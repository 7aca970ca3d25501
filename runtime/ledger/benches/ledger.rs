//! Durable results a second, against the floor of the disk: append 4 KiB and fdatasync.
//!
//! ```text
//! cargo bench -p ledger -- [--json FILE] [--folder DIR] [--results N]
//! ```
//! The floor is measured in the same run, before and after each case, on the same file system.
//! `peer_s` is the time of as many appends with one fdatasync each; a ratio below 1 is group commit.

#![expect(clippy::print_stdout, reason = "a bench says what it measured")]
#![expect(clippy::disallowed_methods, reason = "a bench reads the clock")]
#![expect(clippy::expect_used, reason = "a bench may stop")]

use std::fs::File;
use std::io::{Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};
use std::time::Instant;

use ledger::{
    Audit, Class, Finished, JobId, Ledger, Limits, NewJob, NewMessage, NewSlide, SlideId,
};

/// What a result says, in bytes.
const MESSAGE_BYTES: usize = 4096;
/// Appends in one measurement of the floor.
const FLOOR_APPENDS: u32 = 200;

struct Case {
    name: String,
    results: u64,
    ours_s: f64,
    peer_s: f64,
}

struct Settings {
    json: Option<PathBuf>,
    folder: PathBuf,
    results: u64,
}

fn main() {
    let settings = settings();
    let cases: Vec<Case> = [1, 4, 16].map(|callers| case(&settings, callers)).into();
    for case in &cases {
        println!(
            "{}: {:.0} results/s, floor {:.0} syncs/s, ratio {:.2}",
            case.name,
            case.results as f64 / case.ours_s,
            case.results as f64 / case.peer_s,
            case.ours_s / case.peer_s,
        );
    }
    if let Some(json) = settings.json {
        File::create(json)
            .and_then(|mut file| file.write_all(to_json(&cases).as_bytes()))
            .expect("the file for the figures can be written");
    }
}

fn settings() -> Settings {
    let mut settings = Settings { json: None, folder: std::env::temp_dir(), results: 640 };
    let mut words = std::env::args().skip(1);
    while let Some(word) = words.next() {
        match word.as_str() {
            "--json" => settings.json = words.next().map(PathBuf::from),
            "--folder" => settings.folder = words.next().expect("a folder").into(),
            "--results" => {
                settings.results = words.next().expect("a number").parse().expect("a number");
            }
            _ => {}
        }
    }
    settings
}

fn case(settings: &Settings, callers: usize) -> Case {
    let folder = tempfile::tempdir_in(&settings.folder).expect("a folder");
    let path = folder.path().join("work.db");
    let (ledger, _) = Ledger::open(&path, Limits::default(), 0).expect("a ledger");
    let jobs = prepare(&ledger, settings.results);

    let before_s = floor_s(folder.path());
    let started = Instant::now();
    std::thread::scope(|scope| {
        for jobs in jobs.chunks(jobs.len().div_ceil(callers)) {
            let ledger = &ledger;
            scope.spawn(move || jobs.iter().for_each(|job| finish(ledger, *job)));
        }
    });
    let ours_s = started.elapsed().as_secs_f64();
    let sync_s = f64::midpoint(before_s, floor_s(folder.path()));
    let name = format!("finish with a 4 KiB message, {callers} callers");
    Case { name, results: settings.results, ours_s, peer_s: sync_s * settings.results as f64 }
}

fn prepare(ledger: &Ledger, results: u64) -> Vec<JobId> {
    let slide = NewSlide { key: "S".into(), meta: Vec::new() };
    let audit = Audit { who: "bench".into(), what: "begin".into(), detail: Vec::new() };
    let slide: SlideId = ledger.begin_slide(slide, audit, 0).expect("begun").id();
    let job = |key| NewJob { kind: "window".into(), key, payload: vec![0; 64] };
    ledger.add_jobs(slide, (0..results).map(job).collect(), 0).expect("added");
    let mut jobs = Vec::new();
    while (jobs.len() as u64) < results {
        let leased = ledger.lease("window", 1024, "bench", 0, 1_000_000).expect("leased");
        jobs.extend(leased.into_iter().map(|job| job.id));
    }
    jobs
}

fn finish(ledger: &Ledger, job: JobId) {
    let message = NewMessage {
        class: Class::Result,
        id: format!("result-{job}"),
        topic: "results/S".into(),
        payload: vec![7; MESSAGE_BYTES],
        stream: "S".into(),
    };
    let audit = Audit { who: "bench".into(), what: "finish".into(), detail: vec![0; 32] };
    let messages = vec![message];
    let finished =
        Finished { result: vec![7; 256], messages, audit: Some(audit), ..Finished::default() };
    ledger.finish(job, "bench", finished, 0).expect("finished");
}

/// Seconds for one append of 4 KiB and its fdatasync.
fn floor_s(folder: &Path) -> f64 {
    let mut file = File::create(folder.join("floor")).expect("a file");
    file.seek(SeekFrom::End(0)).expect("an end");
    let started = Instant::now();
    for _ in 0..FLOOR_APPENDS {
        file.write_all(&[7; MESSAGE_BYTES]).expect("written");
        file.sync_data().expect("synced");
    }
    started.elapsed().as_secs_f64() / f64::from(FLOOR_APPENDS)
}

fn to_json(cases: &[Case]) -> String {
    let cases: Vec<String> = cases
        .iter()
        .map(|case| {
            let Case { name, results, ours_s, peer_s } = case;
            format!(
                "{{\"name\":\"{name}\",\"results\":{results},\"ours_s\":{ours_s:.6},\
                 \"peer_s\":{peer_s:.6},\"ratio\":{:.4}}}",
                ours_s / peer_s
            )
        })
        .collect();
    format!("{{\"cases\":[{}]}}\n", cases.join(","))
}

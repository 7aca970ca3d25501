//! A scanner that writes into a simulated folder, step by step, as its rule says: some files it
//! abandons half-way, some it rewrites; the clock of its share is coarse and jumps.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::io;
use std::path::{Path, PathBuf};

use contract::Digest;
use intake::folder::{Entry, Fault, Files, Rule, Stamp};

/// A file is sound when it is as long as its first bytes say.
const LENGTH_BYTES: usize = 4;

pub(crate) struct Scanner(RefCell<World>);

struct World {
    rule: Rule,
    random: u64,
    files: BTreeMap<PathBuf, File>,
    jobs: Vec<Job>,
    /// Versions that were complete at some time: path and digest.
    completed: BTreeSet<(PathBuf, Digest)>,
    /// The versions that are complete now.
    last: BTreeMap<PathBuf, Digest>,
    clock_ms: i64,
    /// Ticks of the share's clock.
    tick_ms: i64,
    /// Contents that were written, so that each is another.
    serial: u32,
    is_at_rest: bool,
}

#[derive(Clone)]
struct File {
    bytes: Vec<u8>,
    mtime_ms: i64,
}

/// What the scanner is about to do; each step is one system call.
struct Job {
    steps: std::collections::VecDeque<Step>,
}

#[derive(Clone)]
enum Step {
    Create(PathBuf),
    Append(PathBuf, Vec<u8>),
    Rename(PathBuf, PathBuf),
    Remove(PathBuf),
    /// With the next step these versions are complete by the rule.
    Complete(Vec<(PathBuf, Digest)>),
    /// From here on the file is being changed again.
    Reopen(PathBuf),
}

impl Scanner {
    pub(crate) fn new(rule: &Rule, seed: u64) -> Self {
        let tick_ms = if seed.is_multiple_of(2) { 2000 } else { 1 };
        Self(RefCell::new(World {
            rule: rule.clone(),
            random: seed,
            files: BTreeMap::new(),
            jobs: Vec::new(),
            completed: BTreeSet::new(),
            last: BTreeMap::new(),
            clock_ms: 1_700_000_000_000,
            tick_ms,
            serial: 0,
            is_at_rest: false,
        }))
    }

    pub(crate) fn chance(&self, one_in: u64) -> bool {
        self.0.borrow_mut().below(one_in) == 0
    }

    /// Goes on by some system calls.
    pub(crate) fn steps(&self) {
        let mut world = self.0.borrow_mut();
        if world.is_at_rest {
            return;
        }
        for _ in 0..world.below(4) {
            world.step();
        }
    }

    /// Completes what was begun and not abandoned, and rests.
    pub(crate) fn finish(&self) {
        let mut world = self.0.borrow_mut();
        while let Some(job) = world.jobs.pop() {
            job.steps.into_iter().for_each(|step| world.perform(step));
        }
        world.is_at_rest = true;
    }

    pub(crate) fn listing(&self) -> Vec<Entry> {
        let world = self.0.borrow();
        let entry =
            |(path, file): (&PathBuf, &File)| Entry { path: path.clone(), stamp: file.stamp() };
        world.files.iter().map(entry).collect()
    }

    pub(crate) fn was_completed(&self, path: &Path, digest: Digest) -> bool {
        self.0.borrow().completed.contains(&(path.into(), digest))
    }

    pub(crate) fn is_complete(&self, path: &Path) -> bool {
        self.0.borrow().last.contains_key(path)
    }

    /// The versions that are complete now and that the folder must have brought.
    pub(crate) fn last_versions(&self) -> Vec<(PathBuf, Digest)> {
        let world = self.0.borrow();
        let is_manifest = matches!(world.rule, Rule::Manifest { .. });
        let counts = |path: &Path| !is_manifest || path.ends_with("manifest.json");
        world.last.clone().into_iter().filter(|(path, _)| counts(path)).collect()
    }
}

impl Files for Scanner {
    fn stamp(&self, path: &Path) -> io::Result<Stamp> {
        self.0.borrow().file(path).map(File::stamp)
    }

    fn bytes(&self, path: &Path, _: u64) -> io::Result<Vec<u8>> {
        self.0.borrow().file(path).map(|file| file.bytes.clone())
    }

    /// Takes its time: the scanner goes on while a file is read.
    fn digest(&self, path: &Path) -> io::Result<Digest> {
        (0..3).for_each(|_| self.steps());
        let bytes = self.0.borrow().file(path)?.bytes.clone();
        (0..3).for_each(|_| self.steps());
        Ok(Digest::of(&bytes))
    }

    fn slide(&self, path: &Path) -> Result<(), Fault> {
        let bytes = self.0.borrow().file(path).map_err(Fault::Io)?.bytes.clone();
        self.steps();
        let length = bytes.first_chunk::<LENGTH_BYTES>().map(|bytes| u32::from_le_bytes(*bytes));
        match length {
            Some(length) if length as usize == bytes.len() => Ok(()),
            _ => Err(Fault::Unsound("the file is cut short".into())),
        }
    }
}

impl File {
    fn stamp(&self) -> Stamp {
        Stamp { len: self.bytes.len() as u64, mtime_ms: self.mtime_ms }
    }
}

impl World {
    fn file(&self, path: &Path) -> io::Result<&File> {
        self.files.get(path).ok_or_else(|| io::ErrorKind::NotFound.into())
    }

    fn below(&mut self, end: u64) -> u64 {
        // SplitMix64.
        self.random = self.random.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.random;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (mixed ^ (mixed >> 31)) % end
    }

    fn step(&mut self) {
        self.clock_ms += self.below(900) as i64;
        if self.below(60) == 0 {
            // Daylight saving, or a server that finds its time.
            self.clock_ms += 3_600_000 * (self.below(5) as i64 - 2);
        }
        if self.jobs.len() < 3 && self.below(6) == 0 {
            self.begin();
        }
        if self.jobs.is_empty() {
            return;
        }
        let at = self.below(self.jobs.len() as u64) as usize;
        if self.below(80) == 0 {
            // The scanner crashes: what it has written stays as it is.
            self.jobs.remove(at);
            return;
        }
        match self.jobs[at].steps.pop_front() {
            Some(step @ Step::Complete(_)) => {
                // The next call is the one that completes them.
                self.perform(step);
                let next = self.jobs[at].steps.pop_front().unwrap();
                self.perform(next);
            }
            Some(step) => self.perform(step),
            None => drop(self.jobs.remove(at)),
        }
    }

    fn perform(&mut self, step: Step) {
        let mtime_ms = self.clock_ms - self.clock_ms % self.tick_ms;
        match step {
            Step::Create(path) => {
                self.files.insert(path, File { bytes: Vec::new(), mtime_ms });
            }
            Step::Append(path, bytes) => {
                if let Some(file) = self.files.get_mut(&path) {
                    file.bytes.extend(bytes);
                    file.mtime_ms = mtime_ms;
                }
            }
            Step::Rename(from, to) => {
                if let Some(file) = self.files.remove(&from) {
                    self.files.insert(to, file);
                }
            }
            Step::Remove(path) => drop(self.files.remove(&path)),
            Step::Complete(versions) => {
                self.completed.extend(versions.iter().cloned());
                self.last.extend(versions);
            }
            Step::Reopen(path) => drop(self.last.remove(&path)),
        }
    }

    /// Plans a slide: a new one, or a new version of one that no job is busy with.
    fn begin(&mut self) {
        self.serial += 1;
        let serial = self.serial;
        let busy = |job: &Job, path: &Path| job.steps.iter().any(|step| step.touches(path));
        let free: Vec<PathBuf> = self
            .last
            .keys()
            .filter(|path| path.extension().is_some_and(|extension| extension == "svs"))
            .filter(|path| !self.jobs.iter().any(|job| busy(job, path)))
            .cloned()
            .collect();
        let is_new = free.is_empty() || self.below(3) > 0;
        let path = if is_new {
            PathBuf::from(format!("in/S-{serial}.svs"))
        } else {
            free[self.below(free.len() as u64) as usize].clone()
        };
        let steps = match self.rule.clone() {
            Rule::Rename { .. } => self.renamed(&path),
            Rule::Sentinel { suffix } => self.with_sentinel(&path, &suffix),
            Rule::Manifest { name } => self.with_manifest(serial, &name),
            Rule::Stable { .. } => self.written(&path, &path),
        };
        self.jobs.push(Job { steps: steps.into() });
    }

    /// Writes `as_name`, which will be a version of `path`.
    fn written(&mut self, path: &Path, as_name: &Path) -> Vec<Step> {
        let content = self.content();
        let mut steps = vec![Step::Reopen(path.into()), Step::Create(as_name.into())];
        steps.extend(self.appends(as_name, &content));
        let complete = Step::Complete(vec![(path.into(), Digest::of(&content))]);
        let last = steps.pop().unwrap();
        steps.push(complete);
        steps.push(last);
        steps
    }

    fn renamed(&mut self, path: &Path) -> Vec<Step> {
        let suffix = [".part", ".tmp"][self.below(2) as usize];
        let partial = PathBuf::from(format!("{}{suffix}", path.display()));
        let content = self.content();
        let mut steps = vec![Step::Create(partial.clone())];
        steps.extend(self.appends(&partial, &content));
        steps.push(Step::Reopen(path.into()));
        steps.push(Step::Complete(vec![(path.into(), Digest::of(&content))]));
        steps.push(Step::Rename(partial, path.into()));
        steps
    }

    fn with_sentinel(&mut self, path: &Path, suffix: &str) -> Vec<Step> {
        let sentinel = PathBuf::from(format!("{}{suffix}", path.display()));
        let content = self.content();
        let mut steps = vec![
            Step::Reopen(path.into()),
            Step::Remove(sentinel.clone()),
            Step::Create(path.into()),
        ];
        steps.extend(self.appends(path, &content));
        steps.push(Step::Complete(vec![(path.into(), Digest::of(&content))]));
        steps.push(Step::Create(sentinel));
        steps
    }

    /// A slide in three tiles, its manifest written first, last or in between, in pieces.
    fn with_manifest(&mut self, serial: u32, name: &str) -> Vec<Step> {
        let folder = PathBuf::from(format!("in/S-{serial}"));
        let tiles: Vec<(PathBuf, Vec<u8>)> =
            (0..3).map(|i| (folder.join(format!("{i}_0.jpg")), self.content())).collect();
        let tile = |(path, content): &(PathBuf, Vec<u8>)| {
            let file = path.file_name().unwrap().to_str().unwrap();
            let x = file.split_once('_').unwrap().0;
            let (bytes, digest) = (content.len(), Digest::of(content));
            format!(r#"{{"file":"{file}","x":{x},"y":0,"bytes":{bytes},"sha256":"{digest}"}}"#)
        };
        let listed: Vec<String> = tiles.iter().map(tile).collect();
        let slide = format!(r#"{{"slide":"S-{serial}","width_px":8,"height_px":8,"mpp":0.25}}"#);
        let text = format!(r#"{{"format":1,"slide":{slide},"tiles":[{}]}}"#, listed.join(","));

        let manifest = folder.join(name);
        let mut files = tiles.clone();
        let at = self.below(4) as usize;
        files.insert(at, (manifest.clone(), text.into_bytes()));
        let complete = files.iter().map(|(path, bytes)| (path.clone(), Digest::of(bytes)));
        let complete = Step::Complete(complete.collect());
        let mut steps = Vec::new();
        for (path, content) in &files {
            steps.push(Step::Create(path.clone()));
            steps.extend(self.appends(path, content));
        }
        let last = steps.pop().unwrap();
        steps.extend([complete, last]);
        steps
    }

    /// A sound file of another length than any other.
    fn content(&mut self) -> Vec<u8> {
        self.serial += 1;
        let length = LENGTH_BYTES as u32 + 7 * self.serial;
        let mut bytes = length.to_le_bytes().to_vec();
        bytes.resize(length as usize, self.serial as u8);
        bytes
    }

    fn appends(&mut self, path: &Path, content: &[u8]) -> Vec<Step> {
        let mut steps = Vec::new();
        let mut left = content;
        while !left.is_empty() {
            let count = 1 + self.below(left.len() as u64) as usize;
            let (piece, rest) = left.split_at(count);
            steps.push(Step::Append(path.into(), piece.to_vec()));
            left = rest;
        }
        steps
    }
}

impl Step {
    fn touches(&self, path: &Path) -> bool {
        match self {
            Self::Create(own) | Self::Append(own, _) | Self::Remove(own) | Self::Reopen(own) => {
                own == path
            }
            Self::Rename(from, to) => from == path || to == path,
            Self::Complete(versions) => versions.iter().any(|(own, _)| own == path),
        }
    }
}

use super::*;

#[test]
fn a_renamed_file_is_looked_at_when_it_is_seen_and_taken_once() {
    let mut watch = Watch::new(Rule::Rename { suffixes: vec![".part".into()] });
    let listing = [entry("a.svs", 5, 10), entry("b.svs.part", 7, 10)];

    let checks = watch.look(&listing);
    assert_eq!(paths(&checks), ["a.svs"]);
    assert!(watch.look(&listing).is_empty(), "it is being looked at");
    assert_eq!(watch.checked(checks[0].clone(), sound(b"one")).len(), 1);

    assert!(watch.look(&listing).is_empty());
    assert_eq!(watch.waiting().count(), 0);
}

#[test]
fn a_stable_file_is_looked_at_after_so_many_polls_without_a_change() {
    let mut watch = Watch::new(Rule::Stable { polls: 2 });

    for (len, is_checked) in [(5, false), (6, false), (6, false), (6, true)] {
        assert_eq!(!watch.look(&[entry("a", len, 10)]).is_empty(), is_checked, "{len}");
    }
}

#[test]
fn a_file_without_its_sentinel_waits() {
    let mut watch = Watch::new(Rule::Sentinel { suffix: ".done".into() });

    assert!(watch.look(&[entry("a.svs", 5, 10)]).is_empty());
    assert_eq!(watch.waiting().count(), 1);
    let checks = watch.look(&[entry("a.svs", 5, 10), entry("a.svs.done", 0, 10)]);

    assert_eq!(paths(&checks), ["a.svs"]);
    assert_eq!(checks[0].sentinel.as_deref(), Some(Path::new("a.svs.done")));
}

#[test]
fn a_file_that_changes_is_taken_again_only_with_another_digest() {
    let mut watch = taken();

    // A daylight saving hour on FAT: another time, the same bytes.
    let checks = watch.look(&[entry("a.svs", 5, 3_600_010)]);
    assert!(watch.checked(checks[0].clone(), sound(b"one")).is_empty());
    assert!(watch.look(&[entry("a.svs", 5, 3_600_010)]).is_empty());

    let checks = watch.look(&[entry("a.svs", 9, 3_600_010)]);
    assert_eq!(watch.checked(checks[0].clone(), sound(b"two")).len(), 1);
}

#[test]
fn files_that_are_away_are_not_forgotten() {
    let mut watch = taken();

    assert!(watch.look(&[]).is_empty());

    assert!(watch.look(&[entry("a.svs", 5, 10)]).is_empty());
}

#[test]
fn a_file_that_was_moved_away_may_come_again() {
    let mut watch = taken();
    watch.forget(Path::new("a.svs"));

    let checks = watch.look(&[entry("a.svs", 5, 10)]);

    assert_eq!(watch.checked(checks[0].clone(), sound(b"one")).len(), 1);
}

#[test]
fn what_is_remembered_is_not_taken_again() {
    let mut watch = Watch::new(Rule::Rename { suffixes: vec![".part".into()] });
    let digest = Digest::of(b"one");
    let Entry { path, stamp } = entry("a.svs", 5, 10);
    watch.remember(Taken { path, stamp, digest });

    assert!(watch.look(&[entry("a.svs", 5, 10)]).is_empty());
}

#[test]
fn a_damaged_file_is_said_once_for_each_length_and_time() {
    let mut watch = Watch::new(Rule::Rename { suffixes: vec![".part".into()] });
    let mut said = 0;
    for (len, mtime_ms) in [(5, 10), (5, 10), (5, 11), (5, 11), (6, 11), (6, 11)] {
        for check in watch.look(&[entry("a.svs", len, mtime_ms)]) {
            said += watch.checked(check, Outcome::Damaged("no slide".into())).len();
        }
    }

    assert_eq!(said, 3);
}

#[test]
fn a_file_that_cannot_be_read_is_looked_at_again_and_said_once() {
    let mut watch = Watch::new(Rule::Rename { suffixes: vec![".part".into()] });
    let mut found = Vec::new();
    for outcome in
        [Outcome::Unreadable("busy".into()), Outcome::Unreadable("busy".into()), sound(b"one")]
    {
        for check in watch.look(&[entry("a.svs", 5, 10)]) {
            found.extend(watch.checked(check, outcome.clone()));
        }
    }

    assert!(matches!(found[..], [Found::Unreadable { .. }, Found::Slide { .. }]), "{found:?}");
}

#[test]
fn a_manifest_that_grows_brings_only_what_is_new() {
    let mut watch = Watch::new(Rule::Manifest { name: "manifest.json".into() });
    let file = |name: &str| super::super::ListedFile {
        path: name.into(),
        bytes: 3,
        sha256: Digest::of(name.as_bytes()),
    };
    let stamp = Stamp { len: 3, mtime_ms: 1 };
    let mut found = Vec::new();
    for files in [vec![file("a")], vec![file("a"), file("b")]] {
        let outcome = Outcome::Listed {
            digest: Digest::of(&[files.len() as u8]),
            stamps: vec![stamp; files.len()],
            manifest: Manifest::Slides(files.clone()),
        };
        for check in watch.look(&[entry("manifest.json", files.len() as u64, 10)]) {
            found.extend(watch.checked(check, outcome.clone()));
        }
    }

    let name = |found: &Found| {
        let Found::Slide { taken, .. } = found else { panic!("{found:?}") };
        taken.path.clone()
    };
    let names: Vec<PathBuf> = found.iter().map(name).collect();
    assert_eq!(names, [PathBuf::from("a"), PathBuf::from("b")]);
}

/// A watch that has taken `a.svs` of 5 bytes.
fn taken() -> Watch {
    let mut watch = Watch::new(Rule::Rename { suffixes: vec![".part".into()] });
    let checks = watch.look(&[entry("a.svs", 5, 10)]);
    watch.checked(checks[0].clone(), sound(b"one"));
    watch
}

fn entry(path: &str, len: u64, mtime_ms: i64) -> Entry {
    Entry { path: path.into(), stamp: Stamp { len, mtime_ms } }
}

fn sound(bytes: &[u8]) -> Outcome {
    Outcome::Sound(Digest::of(bytes))
}

fn paths(checks: &[Check]) -> Vec<&str> {
    checks.iter().map(|check| check.path.to_str().unwrap()).collect()
}

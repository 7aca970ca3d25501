//! A folder on a real disk: slides are found when they are complete, damage and absence are said once.

#![expect(clippy::unwrap_used, reason = "a test may stop")]

use std::fs::{self, File, OpenOptions};
use std::io::Write;
use std::path::{Path, PathBuf};

use contract::Digest;
use intake::folder::{After, Bounds, Disk, Folder, Found, Manifest, Rule, Trouble};

#[test]
fn a_slide_that_is_renamed_is_found_with_its_digest() {
    let place = tempfile::tempdir().unwrap();
    let mut folder = folder(place.path(), rename());
    put(&place.path().join("a.svs.part"), &slide());
    assert_eq!(poll(&mut folder), [] as [&str; 0]);

    fs::rename(place.path().join("a.svs.part"), place.path().join("a.svs")).unwrap();

    assert_eq!(poll(&mut folder), [format!("slide a.svs {}", Digest::of(&slide()))]);
    assert!(poll(&mut folder).is_empty());
}

#[test]
fn a_slide_that_grows_slowly_is_found_when_it_is_whole() {
    let place = tempfile::tempdir().unwrap();
    let mut folder = folder(place.path(), Rule::Stable { polls: 2 });
    let bytes = slide();
    let mut file = File::create(place.path().join("a.svs")).unwrap();
    let mut said = Vec::new();
    for piece in bytes.chunks(bytes.len() / 5 + 1) {
        file.write_all(piece).unwrap();
        said.extend(poll(&mut folder));
        said.extend(poll(&mut folder));
    }
    assert!(said.is_empty(), "{said:?}");

    said.extend(poll(&mut folder));

    assert_eq!(said.len(), 1, "{said:?}");
}

#[test]
fn a_slide_whose_copy_stalls_is_damaged_once_and_found_when_it_is_whole() {
    let place = tempfile::tempdir().unwrap();
    let mut folder = folder(place.path(), Rule::Stable { polls: 2 });
    let bytes = slide();
    put(&place.path().join("a.svs"), &bytes[..bytes.len() / 2]);
    let mut said = Vec::new();
    for _ in 0..6 {
        said.extend(poll(&mut folder));
    }
    append(&place.path().join("a.svs"), &bytes[bytes.len() / 2..]);
    for _ in 0..6 {
        said.extend(poll(&mut folder));
    }

    assert_eq!(said, ["damaged a.svs".into(), format!("slide a.svs {}", Digest::of(&bytes))]);
}

#[test]
fn a_slide_with_its_sentinel_is_found_and_both_can_be_moved() {
    let (place, done) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let mut folder = folder(place.path(), Rule::Sentinel { suffix: ".done".into() });
    put(&place.path().join("in/a.svs"), &slide());
    assert!(poll(&mut folder).is_empty());
    put(&place.path().join("in/a.svs.done"), b"");

    let mut moved = Vec::new();
    let after = After::Move { to: done.path().into() };
    folder.poll(&mut |found| {
        let Found::Slide { taken, sentinel } = found else { panic!("{found:?}") };
        for path in [taken.path, sentinel.unwrap()] {
            moved.push(after.settle(&path, taken.digest).unwrap());
        }
        true
    });
    for path in ["in/a.svs", "in/a.svs.done"] {
        folder.forget(&place.path().join(path));
    }

    assert_eq!(moved, [done.path().join("a.svs"), done.path().join("a.svs.done")]);
    assert!(poll(&mut folder).is_empty());
    put(&place.path().join("in/a.svs"), &slide());
    put(&place.path().join("in/a.svs.done"), b"");
    assert_eq!(poll(&mut folder).len(), 1, "the same slide comes again");
}

#[test]
fn tiles_are_found_when_all_that_the_manifest_lists_is_there() {
    let place = tempfile::tempdir().unwrap();
    let mut folder = folder(place.path(), Rule::Manifest { name: "manifest.json".into() });
    let jpeg = data("rgb.jpg");
    let tile = |x: u32| {
        let (bytes, digest) = (jpeg.len(), Digest::of(&jpeg));
        format!(r#"{{"file":"{x}_0.jpg","x":{x},"y":0,"bytes":{bytes},"sha256":"{digest}"}}"#)
    };
    let slide = r#"{"slide":"S","width_px":192,"height_px":80,"mpp":0.25}"#;
    let text = format!(r#"{{"format":1,"slide":{slide},"tiles":[{},{}]}}"#, tile(0), tile(96));
    put(&place.path().join("S/manifest.json"), text.as_bytes());
    put(&place.path().join("S/0_0.jpg"), &jpeg);
    put(&place.path().join("S/96_0.jpg"), &jpeg[..100]);
    assert!(poll(&mut folder).is_empty());
    assert_eq!(folder.waiting().count(), 1);

    append(&place.path().join("S/96_0.jpg"), &jpeg[100..]);

    let mut found = Vec::new();
    folder.poll(&mut |new| {
        found.push(new);
        true
    });
    let [Found::Tiles { manifest: Manifest::Tiles { facts, tiles }, .. }] = &found[..] else {
        panic!("{found:?}")
    };
    assert_eq!((facts.slide.as_str(), tiles.len()), ("S", 2));
}

#[test]
fn a_folder_that_is_away_is_said_once_and_nothing_in_it_is_forgotten() {
    let place = tempfile::tempdir().unwrap();
    let (here, away) = (place.path().join("in"), place.path().join("away"));
    fs::create_dir(&here).unwrap();
    put(&here.join("a.svs"), &slide());
    let mut folder = folder(&here, rename());
    assert_eq!(poll(&mut folder).len(), 1);

    fs::rename(&here, &away).unwrap();
    let nothing = &mut |found| panic!("{found:?}");
    assert!(matches!(folder.poll(nothing), Some(Trouble::Began(_))));
    assert!(folder.poll(nothing).is_none());
    fs::rename(&away, &here).unwrap();

    assert!(matches!(folder.poll(nothing), Some(Trouble::Over)));
    assert!(folder.poll(nothing).is_none());
}

#[test]
fn what_is_no_slide_is_said_once() {
    let place = tempfile::tempdir().unwrap();
    let mut folder = folder(place.path(), rename());
    put(&place.path().join("notes.txt"), b"not a slide");
    put(&place.path().join("empty.svs"), b"");

    assert_eq!(poll(&mut folder), ["damaged empty.svs", "damaged notes.txt"]);
    assert!(poll(&mut folder).is_empty());
}

#[test]
fn after_a_restart_what_was_taken_is_not_read_again() {
    let place = tempfile::tempdir().unwrap();
    put(&place.path().join("a.svs"), &slide());
    let mut before = folder(place.path(), rename());
    let mut taken = Vec::new();
    before.poll(&mut |found| {
        let Found::Slide { taken: version, .. } = found else { panic!("{found:?}") };
        taken.push(version);
        true
    });

    let mut after = folder(place.path(), rename());
    for version in taken {
        after.remember(version);
    }

    assert!(poll(&mut after).is_empty());
}

fn folder(root: &Path, rule: Rule) -> Folder {
    Folder::new(root, Bounds::default(), rule, Disk { stated: None })
}

fn rename() -> Rule {
    Rule::Rename { suffixes: vec![".part".into()] }
}

/// What is new, in words, without the folder.
fn poll(folder: &mut Folder) -> Vec<String> {
    let name = |path: &Path| path.file_name().unwrap().to_str().unwrap().to_owned();
    let mut said = Vec::new();
    let trouble = folder.poll(&mut |found| {
        said.push(match found {
            Found::Slide { taken, .. } => format!("slide {} {}", name(&taken.path), taken.digest),
            Found::Tiles { taken, .. } => format!("tiles {}", name(&taken.path)),
            Found::Damaged { path, .. } => format!("damaged {}", name(&path)),
            Found::Unreadable { path, .. } => format!("unreadable {}", name(&path)),
        });
        true
    });
    assert!(trouble.is_none(), "{trouble:?}");
    said
}

/// A slide that states its resolution.
fn slide() -> Vec<u8> {
    data("jpeg.svs")
}

fn data(name: &str) -> Vec<u8> {
    let shared = Path::new(env!("CARGO_MANIFEST_DIR")).join("../slide/tests/data");
    fs::read(shared.join(name)).unwrap()
}

fn put(path: &PathBuf, bytes: &[u8]) {
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    File::create(path).unwrap().write_all(bytes).unwrap();
}

fn append(path: &PathBuf, bytes: &[u8]) {
    OpenOptions::new().append(true).open(path).unwrap().write_all(bytes).unwrap();
}

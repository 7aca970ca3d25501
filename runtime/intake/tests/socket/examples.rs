//! The client examples in Python and in C, run as they stand against a box on real sockets.

use std::os::unix::net::UnixListener;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use crate::server;
use crate::store::Store;

/// The size of the JPEG that all tiles show.
const TILE_PX: (u32, u32) = (96, 80);

#[test]
fn the_python_client_sends_a_slide() {
    let mut client = Command::new("python3");
    client.arg(examples().join("tile_client.py"));
    sends_a_slide(|| clone(&client));
}

#[test]
fn the_c_client_compiles_without_a_warning_and_sends_a_slide() {
    let folder = tempfile::tempdir().unwrap();
    let program = folder.path().join("tile_client");
    let compiled = Command::new("cc")
        .args(["-std=c99", "-Wall", "-Wextra", "-Werror", "-pedantic", "-O1", "-o"])
        .arg(&program)
        .arg(examples().join("tile_client.c"))
        .status()
        .expect("cc is needed: apt-get install gcc");
    assert!(compiled.success());

    sends_a_slide(|| Command::new(&program));
}

fn sends_a_slide(client: impl Fn() -> Command) {
    let folder = tempfile::tempdir().unwrap();
    let bytes = jpeg();
    let places: Vec<(u32, u32)> =
        (0..12).map(|i| (TILE_PX.0 * (i % 4), TILE_PX.1 * (i / 4))).collect();
    for (x, y) in &places {
        place(folder.path(), &format!("{x}_{y}.jpg"), &bytes);
    }
    place(folder.path(), "notes.txt", b"not a tile");

    // A folder, over TCP.
    let store = Store::default();
    let address = server::serve_tcp(store.clone(), None).to_string();
    let run = |slide: [&str; 4], tiles: &Path| {
        client().arg(&address).args(slide).arg(tiles).output().expect("python3 is needed")
    };
    let slide = ["S-1 é", "384", "240", "0.2526"];
    let first = run(slide, folder.path());
    assert_eq!(
        said(&first),
        "stored 12, duplicate 0, refused 0; the box has 12, misses 0",
        "{first:?}"
    );
    store.slide("S-1 é", |slide| {
        assert_eq!(slide.tiles.keys().copied().collect::<Vec<_>>().len(), 12);
        assert!(slide.tiles.values().all(|tile| tile.bytes == bytes));
        assert!((slide.facts.mpp.um_per_px() - 0.2526).abs() < 1e-12);
    });

    // The same slide again: the box has all of it.
    let again = run(slide, folder.path());
    assert_eq!(said(&again), "stored 0, duplicate 12, refused 0; the box has 12, misses 0");

    // Another size: the slide is refused.
    let other = run(["S-1 é", "385", "240", "0.2526"], folder.path());
    assert_eq!((other.status.code(), other.stdout.is_empty()), (Some(1), true));
    assert!(String::from_utf8_lossy(&other.stderr).contains("contradicts"), "{other:?}");

    // A slide that is too small for its last row: those tiles are refused, and it ends without.
    let small = run(["S-2", "384", "200", "0.25"], folder.path());
    assert_eq!(small.status.code(), Some(1));
    assert_eq!(said(&small), "stored 8, duplicate 0, refused 4; the box has 8, misses 4");

    // A list, over a Unix socket.
    let list = folder.path().join("list.txt");
    let path = folder.path().join("0_0.jpg");
    place(folder.path(), "list.txt", format!("0 0 {0}\n96 0 {0}\n", path.display()).as_bytes());
    let socket = folder.path().join("tiles.sock");
    serve_unix(store, &socket);
    let address = format!("unix:{}", socket.display());
    let listed =
        client().arg(address).args(["S-3", "192", "80", "0.25"]).arg(list).output().unwrap();
    assert_eq!(
        said(&listed),
        "stored 2, duplicate 0, refused 0; the box has 2, misses 0",
        "{listed:?}"
    );
}

fn serve_unix(store: Store, path: &Path) {
    let listener = UnixListener::bind(path).unwrap();
    std::thread::spawn(move || server::serve(listener.accept().unwrap().0, store, usize::MAX));
}

fn examples() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/examples")
}

fn jpeg() -> Vec<u8> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../slide/tests/data/rgb.jpg");
    std::fs::read(path).unwrap()
}

#[expect(clippy::disallowed_methods, reason = "a file of the test need not be atomic")]
fn place(folder: &Path, name: &str, bytes: &[u8]) {
    std::fs::write(folder.join(name), bytes).unwrap();
}

fn clone(command: &Command) -> Command {
    let mut other = Command::new(command.get_program());
    other.args(command.get_args());
    other
}

fn said(output: &Output) -> String {
    String::from_utf8_lossy(&output.stdout).trim().into()
}

use super::*;

const BYTES_MAX: usize = 1 << 20;

#[test]
fn a_tile_whose_facts_hold_is_taken() {
    let accepted = accept(&slide(), raw(96, 60, 4, 4), BYTES_MAX).unwrap();

    assert_eq!((accepted.x, accepted.y, accepted.size), (96, 60, Size::new(4, 4)));
    assert_eq!(accepted.digest, Digest::of(&accepted.bytes));
}

#[test]
fn each_fact_that_does_not_hold_has_its_code() {
    let changed = |change: &dyn Fn(&mut Tile)| {
        let mut tile = raw(8, 8, 4, 4);
        change(&mut tile);
        accept(&slide(), tile, BYTES_MAX).unwrap_err().code
    };

    assert_eq!(changed(&|tile| tile.header.level = 1), Code::Level);
    assert_eq!(changed(&|tile| tile.header.mpp = 0.2501), Code::Mpp);
    assert_eq!(changed(&|tile| tile.header.mpp = f64::NAN), Code::Mpp);
    assert_eq!(changed(&|tile| tile.header.width_px = 0), Code::TileSize);
    assert_eq!(changed(&|tile| tile.header.height_px = 8193), Code::TileSize);
    assert_eq!(changed(&|tile| tile.header.x = 97), Code::Outside);
    assert_eq!(changed(&|tile| tile.header.y = u32::MAX), Code::Outside);
    assert_eq!(changed(&|tile| tile.header.encoding = 0), Code::Encoding);
    assert_eq!(changed(&|tile| tile.header.height_px = 5), Code::Bytes);
    assert_eq!(changed(&|tile| tile.bytes.push(0)), Code::Bytes);
    assert_eq!(changed(&|tile| tile.bytes[0] ^= 1), Code::Digest);
    assert_eq!(changed(&|tile| tile.header.encoding = 1), Code::Header);
}

#[test]
fn a_tile_of_more_bytes_than_the_box_takes_is_refused() {
    assert_eq!(accept(&slide(), raw(0, 0, 4, 4), 47).unwrap_err().code, Code::Bytes);
    assert!(accept(&slide(), raw(0, 0, 4, 4), 48).is_ok());
}

#[test]
fn a_resolution_may_differ_in_its_last_bits() {
    let mut tile = raw(0, 0, 4, 4);
    tile.header.mpp = 0.25_f64.next_up();

    assert!(accept(&slide(), tile, BYTES_MAX).is_ok());
}

#[test]
fn the_header_of_a_jpeg_must_say_the_size_of_the_tile() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../slide/tests/data/rgb.jpg");
    let bytes = std::fs::read(path).unwrap();
    let Size { width, height } = jpeg_size(&bytes).unwrap();
    let tile = |width_px: usize| Tile {
        header: TileHeader {
            encoding: 1,
            width_px: width_px as u32,
            height_px: height as u32,
            sha256: Digest::of(&bytes),
            ..raw(0, 0, 1, 1).header
        },
        bytes: bytes.clone(),
    };

    assert!(accept(&slide(), tile(width), BYTES_MAX).is_ok());
    assert_eq!(accept(&slide(), tile(width - 1), BYTES_MAX).unwrap_err().code, Code::Header);
}

#[test]
fn a_slide_that_cannot_be_is_refused() {
    let changed = |change: &dyn Fn(&mut SlideBegin)| {
        let mut said = slide().statement();
        change(&mut said);
        SlideFacts::new(&said).unwrap_err().code
    };

    for name in ["", "a/b", "a\\b", "a+", "#", "a\n", ".", "..", ".a", "a ", " a", "a."] {
        assert_eq!(changed(&|said| said.slide = name.into()), Code::SlideName, "{name:?}");
    }
    assert_eq!(changed(&|said| said.slide = "é".repeat(129)), Code::SlideName);
    assert_eq!(changed(&|said| said.width_px = 0), Code::SlideSize);
    assert_eq!(changed(&|said| said.height_px = SLIDE_EDGE_PX_MAX + 1), Code::SlideSize);
    for mpp in [0.0, -0.25, 352.8, f64::NAN, f64::INFINITY] {
        assert_eq!(changed(&|said| said.mpp = mpp), Code::Resolution, "{mpp}");
    }
}

#[test]
fn the_same_statement_gives_the_same_facts() {
    let mut said = slide().statement();
    said.slide = "é".repeat(128);
    let once = SlideFacts::new(&said).unwrap();
    said.mpp = said.mpp.next_down();

    assert_eq!(SlideFacts::new(&said).unwrap(), once);
    assert_eq!(SlideFacts::new(&once.statement()).unwrap(), once);
}

fn slide() -> SlideFacts {
    SlideFacts { slide: "S-1".into(), size: Size::new(100, 120), mpp: Mpp::new(0.25).unwrap() }
}

fn raw(x: u32, y: u32, width_px: u32, height_px: u32) -> Tile {
    let bytes = vec![7; 3 * (width_px * height_px) as usize];
    let sha256 = Digest::of(&bytes);
    let header = TileHeader {
        handle: 1,
        x,
        y,
        width_px,
        height_px,
        mpp: 0.25,
        level: 0,
        encoding: 2,
        sha256,
    };
    Tile { header, bytes }
}

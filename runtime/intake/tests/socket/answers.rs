//! Every tile that is not as it should be has a defined answer: late, missing, duplicate,
//! overlapping, contradicting, outside, of a wrong digest, level or resolution, without a credit,
//! from two clients, after half a tile.

use std::net::TcpStream;

use contract::Size;
use intake::client::{Client, ClientError, Delivery, SendError, send_slide};
use intake::frame::{
    BoxFrame, ClientFrame, Code, Decoder, Frame, Hello, Kept, PROTOCOL, SlideBegin, SlideEnd, Tile,
    TileHeader, VERSION,
};
use intake::mosaic::Mosaic;
use slide::Regions;

use crate::picture;
use crate::server::{self, Connection};
use crate::store::Store;

const TILE: Size = Size::new(8, 8);

#[test]
fn a_tile_that_comes_twice_is_a_duplicate() {
    let mut line = Line::open(&Store::default());

    assert_eq!(line.send(tile(0, 0, 1)), "stored");
    assert_eq!(line.send(tile(0, 0, 1)), "duplicate");
}

#[test]
fn another_tile_at_the_same_place_contradicts_and_the_first_stays() {
    let store = Store::default();
    let mut line = Line::open(&store);
    line.send(tile(0, 0, 1));

    assert_eq!(line.send(tile(0, 0, 2)), "contradicts");

    store.slide("S", |slide| assert_eq!(slide.tiles[&(0, 0)].bytes[0], 1));
}

#[test]
fn tiles_that_overlap_are_stored_and_the_first_one_shows() {
    let store = Store::default();
    let mut line = Line::open(&store);

    assert_eq!(line.send(tile(4, 4, 1)), "stored");
    assert_eq!(line.send(tile(0, 0, 2)), "stored");

    let (facts, placed) = store.slide("S", |slide| {
        (slide.facts.clone(), slide.tiles.values().map(|tile| tile.placed).collect::<Vec<_>>())
    });
    let mosaic = Mosaic::new(facts.size, facts.mpp, placed, store.tiles_of("S")).unwrap();
    let image = mosaic.read(0, 0, Size::new(16, 16)).unwrap();
    assert_eq!(
        [image.pixel(3, 3), image.pixel(5, 5), image.pixel(13, 1)],
        [[2; 3], [1; 3], [255; 3]]
    );
}

#[test]
fn a_tile_whose_facts_do_not_hold_is_refused_by_its_rule() {
    let mut line = Line::open(&Store::default());
    let changed = |change: &dyn Fn(&mut Tile)| {
        let mut tile = tile(0, 0, 1);
        change(&mut tile);
        tile
    };

    for (tile, code) in [
        (changed(&|tile| tile.header.x = 25), "outside"),
        (changed(&|tile| tile.bytes[0] = 9), "digest"),
        (changed(&|tile| tile.header.level = 1), "level"),
        (changed(&|tile| tile.header.mpp = 0.5), "mpp"),
        (changed(&|tile| tile.header.encoding = 9), "encoding"),
        (changed(&|tile| tile.header.encoding = 1), "header"),
        (changed(&|tile| tile.header.width_px = 7), "bytes"),
        (changed(&|tile| tile.header.width_px = 0), "tile_size"),
        (changed(&|tile| tile.header.handle = 9), "unknown_slide"),
    ] {
        assert_eq!(line.send(tile), code);
    }
    assert_eq!(line.send(tile(0, 0, 1)), "stored", "nothing was spoilt");
}

#[test]
fn a_tile_after_the_end_is_late_on_every_connection() {
    let store = Store::default();
    let (mut first, mut second) = (Line::open(&store), Line::open(&store));
    first.send(tile(0, 0, 1));

    assert_eq!(first.end(1, false), "ended 1, missing 0");

    assert_eq!(first.send(tile(8, 0, 1)), "late");
    assert_eq!(second.send(tile(8, 0, 1)), "late");
    assert_eq!(second.send(tile(0, 0, 1)), "duplicate", "what is there is there");
}

#[test]
fn a_slide_that_misses_tiles_goes_on_until_that_is_accepted() {
    let mut line = Line::open(&Store::default());
    line.send(tile(0, 0, 1));

    assert_eq!(line.end(3, false), "tiles_missing");
    assert_eq!(line.send(tile(8, 0, 1)), "stored");
    assert_eq!(line.end(3, true), "ended 2, missing 1");
}

#[test]
fn a_slide_of_other_facts_contradicts() {
    let store = Store::default();
    Line::open(&store);
    let mut other = Line::greeted(&store);

    assert_eq!(other.begin(SlideBegin { mpp: 0.5, ..begin() }), "contradicts");
    assert_eq!(other.begin(SlideBegin { width_px: 31, ..begin() }), "contradicts");
    assert_eq!(other.begin(SlideBegin { slide: "../S".into(), ..begin() }), "slide_name");
    assert_eq!(other.begin(SlideBegin { mpp: 352.8, ..begin() }), "resolution");
    assert_eq!(other.begin(SlideBegin { height_px: 0, ..begin() }), "slide_size");
    assert_eq!(other.begin(begin()), "open, 0 tiles");
}

#[test]
fn two_clients_on_one_slide_share_it() {
    let store = Store::default();
    let (mut first, mut second) = (Line::open(&store), Line::open(&store));

    assert_eq!(first.send(tile(0, 0, 1)), "stored");
    assert_eq!(second.send(tile(0, 0, 1)), "duplicate");
    assert_eq!(second.send(tile(0, 0, 3)), "contradicts");
    assert_eq!(second.send(tile(8, 0, 2)), "stored");

    assert_eq!(first.begin(begin()), "open, 2 tiles");
    assert_eq!(second.end(1, false), "ended 2, missing 0");
}

#[test]
fn bytes_that_are_no_frame_end_the_connection_with_a_reason() {
    let mut line = Line::greeted(&Store::default());
    let mut out = Vec::new();

    assert!(!line.connection.take(b"GET / HTTP/1.1\r\n", &mut out));

    let BoxFrame::Goodbye(goodbye) = line.frames(&out).remove(0) else { panic!() };
    assert!(goodbye.reason.contains("542393671 bytes"), "{}", goodbye.reason);
}

#[test]
fn a_slide_whose_line_is_lost_at_any_byte_arrives_by_the_next_one() {
    let places: Vec<(u32, u32)> = (0..12).map(|i| (8 * (i % 4), 8 * (i / 4))).collect();
    let mut resumed = 0;
    // From before the hello to within the last tile: 12 tiles of 261 bytes.
    for cut_after in (0..3_300).step_by(97) {
        let store = Store::default();
        let address = server::serve_tcp(store.clone(), Some(cut_after));
        let send = || {
            let mut line = TcpStream::connect(address).unwrap();
            let mut client = Client::new("test", begin(), places.clone());
            send_slide(&mut line, &mut client, &mut |index| Ok(picture::raw(TILE, index as u8 + 1)))
        };

        let first = send();
        assert!(matches!(first, Err(SendError::Line { .. })), "cut after {cut_after}: {first:?}");
        let Delivery { stored, duplicate, held, missing, .. } = send().unwrap();

        assert_eq!((stored + duplicate, held, missing), (12, 12, 0), "cut after {cut_after}");
        resumed += duplicate;
    }
    assert!(resumed > 50, "{resumed} tiles were not sent again");
}

#[test]
fn a_full_box_takes_the_slide_when_it_has_room_again() {
    let store = Store::default();
    store.limit_room(Some(2));
    let address = server::serve_tcp(store.clone(), None);
    let mut line = TcpStream::connect(address).unwrap();
    let mut client = Client::new("test", begin(), vec![(0, 0), (8, 0), (16, 0), (24, 0)]);
    let mut loads = 0;

    let delivery = send_slide(&mut line, &mut client, &mut |index| {
        loads += 1;
        if loads == 9 {
            store.limit_room(None);
        }
        Ok(picture::raw(TILE, index as u8))
    });

    assert_eq!(delivery.unwrap().stored, 4);
    assert!(loads >= 9);
}

#[test]
fn a_client_hears_what_was_refused_for_good() {
    let store = Store::default();
    let address = server::serve_tcp(store.clone(), None);
    let mut line = TcpStream::connect(address).unwrap();
    let mut client = Client::new("test", begin(), vec![(0, 0), (28, 28), (8, 0), (8, 0)]);

    let delivery = send_slide(&mut line, &mut client, &mut |_| Ok(picture::raw(TILE, 3))).unwrap();

    assert_eq!((delivery.stored, delivery.held, delivery.missing), (2, 2, 1));
    assert_eq!((delivery.refused[0].x, delivery.refused[0].code), (28, Code::Outside));

    let mut line = TcpStream::connect(address).unwrap();
    let mut other = Client::new("test", SlideBegin { mpp: 0.5, ..begin() }, vec![(0, 0)]);
    let error = send_slide(&mut line, &mut other, &mut |_| Ok(picture::raw(TILE, 3))).unwrap_err();
    let SendError::Client { source: ClientError::Refused { code, .. } } = error else { panic!() };
    assert_eq!(code, Code::Contradicts);
}

fn begin() -> SlideBegin {
    SlideBegin { slide: "S".into(), width_px: 32, height_px: 32, mpp: 0.25 }
}

fn tile(x: u32, y: u32, seed: u8) -> Tile {
    let picture = picture::raw(TILE, seed);
    let header = TileHeader {
        handle: 1,
        x,
        y,
        width_px: 8,
        height_px: 8,
        mpp: 0.25,
        level: 0,
        encoding: 2,
        sha256: picture::digest(&picture),
    };
    Tile { header, bytes: picture.bytes }
}

/// A connection in memory, asked and answered step by step.
struct Line {
    connection: Connection,
    decoder: Decoder<BoxFrame>,
}

impl Line {
    fn greeted(store: &Store) -> Self {
        let connection = Connection::new(store.clone());
        let mut line = Self { connection, decoder: Decoder::default() };
        let client = "test".into();
        line.ask(&ClientFrame::Hello(Hello {
            protocol: PROTOCOL.into(),
            version: VERSION,
            client,
        }));
        line
    }

    /// A connection on which slide 1 is open.
    fn open(store: &Store) -> Self {
        let mut line = Self::greeted(store);
        assert!(line.begin(begin()).starts_with("open"));
        line
    }

    fn begin(&mut self, begin: SlideBegin) -> String {
        let answer = self.ask(&ClientFrame::SlideBegin(begin)).remove(0);
        let BoxFrame::SlideOpen(open) = answer else { return code(&answer) };
        format!("open, {} tiles", open.tiles.len())
    }

    fn send(&mut self, tile: Tile) -> String {
        let mut answers = self.ask(&ClientFrame::Tile(tile));
        assert!(matches!(answers[1], BoxFrame::Credit(_)), "each tile gives its credit back");
        let answer = answers.remove(0);
        let BoxFrame::Ack(ack) = answer else { return code(&answer) };
        match ack.kept {
            Kept::Stored => "stored".into(),
            Kept::Duplicate => "duplicate".into(),
        }
    }

    fn end(&mut self, tiles: u32, accept_missing: bool) -> String {
        let end = SlideEnd { handle: 1, tiles, accept_missing };
        let answer = self.ask(&ClientFrame::SlideEnd(end)).remove(0);
        let BoxFrame::SlideEnded(ended) = answer else { return code(&answer) };
        format!("ended {}, missing {}", ended.tiles, ended.missing)
    }

    fn ask(&mut self, frame: &ClientFrame) -> Vec<BoxFrame> {
        let mut out = Vec::new();
        assert!(self.connection.take(&frame.to_bytes(), &mut out));
        self.frames(&out)
    }

    fn frames(&mut self, bytes: &[u8]) -> Vec<BoxFrame> {
        self.decoder.push(bytes).into_iter().map(Result::unwrap).collect()
    }
}

/// The rule of a refusal, as it is written.
fn code(frame: &BoxFrame) -> String {
    let BoxFrame::Refuse(refuse) = frame else { panic!("{frame:?}") };
    serde_json::to_value(refuse.code).unwrap().as_str().unwrap().into()
}

use contract::Digest;

use super::*;
use crate::frame::{About, Code, Kept, Ping, Refusal, SlideBegin, SlideEnd, Tile, TileHeader};

#[test]
fn a_hello_is_welcomed_with_the_credits() {
    let mut session = session();

    let actions = session.apply(hello());

    let [Action::Send(BoxFrame::Welcome(welcome))] = actions.as_slice() else {
        panic!("{actions:?}")
    };
    assert_eq!((welcome.credits, welcome.tile_bytes_max), (2, 100));
}

#[test]
fn a_frame_before_the_hello_a_second_one_and_another_version_end_the_connection() {
    let ping = Event::Arrived(ClientFrame::Ping(Ping { token: 1 }));
    assert_eq!(farewell(&session().apply(ping)), Farewell::Order);

    let mut twice = session();
    twice.apply(hello());
    assert_eq!(farewell(&twice.apply(hello())), Farewell::Order);

    let newer = Hello { protocol: PROTOCOL.into(), version: 2, client: "test".into() };
    let actions = session().apply(Event::Arrived(ClientFrame::Hello(newer)));
    assert_eq!(farewell(&actions), Farewell::Version);
}

#[test]
fn a_tile_is_answered_when_it_is_durable_and_not_before() {
    let mut session = open();

    let actions = session.apply(tile(1, 0));
    let [Action::Store { ticket, handle: 1, .. }] = actions[..] else { panic!("{actions:?}") };

    let answer = session.apply(Event::Durable { ticket, kept: Kept::Stored });
    assert!(matches!(answer[0], Action::Send(BoxFrame::Ack(ack)) if (ack.x, ack.y) == (0, 0)));
    assert!(matches!(answer[1], Action::Send(BoxFrame::Credit(credit)) if credit.credits == 1));
    assert!(session.apply(Event::Durable { ticket, kept: Kept::Stored }).is_empty());
}

#[test]
fn a_tile_without_a_credit_is_refused_and_costs_nothing() {
    let mut session = open();
    session.apply(tile(1, 0));
    session.apply(tile(1, 4));

    let actions = session.apply(tile(1, 8));

    assert_eq!(codes(&actions), [Code::NoCredit]);
    assert_eq!((actions.len(), session.in_flight()), (1, 2));
}

#[test]
fn credits_are_held_back_while_there_is_no_room() {
    let mut session = open();
    session.apply(tile(1, 0));
    session.apply(tile(1, 4));
    session.apply(Event::Hold);

    for ticket in [1, 2] {
        assert_eq!(session.apply(Event::Durable { ticket, kept: Kept::Stored }).len(), 1);
    }
    let actions = session.apply(Event::Release);

    assert_eq!(actions, send(BoxFrame::Credit(Credit { credits: 2 })));
    assert!(session.apply(Event::Release).is_empty());
}

#[test]
fn a_handle_that_stands_for_nothing_is_refused_and_the_credit_comes_back() {
    let mut session = open();

    let actions = session.apply(tile(7, 0));

    assert_eq!(codes(&actions), [Code::UnknownSlide]);
    assert!(matches!(actions[1], Action::Send(BoxFrame::Credit(_))));
    assert_eq!(codes(&session.apply(end(7, 0))), [Code::UnknownSlide]);
}

#[test]
fn an_end_waits_for_the_tiles_before_it_and_those_after_it_are_late() {
    let mut session = open();
    session.apply(tile(1, 0));

    assert!(session.apply(end(1, 2)).is_empty());
    assert_eq!(codes(&session.apply(tile(1, 4))), [Code::Late]);
    assert_eq!(codes(&session.apply(end(1, 2))), [Code::Late]);
    let actions = session.apply(Event::Durable { ticket: 1, kept: Kept::Stored });
    assert!(matches!(actions[..], [_, _, Action::End { .. }]), "{actions:?}");

    let actions = session.apply(Event::Ended { handle: 1, tiles: 1 });
    let [Action::Send(BoxFrame::SlideEnded(ended))] = actions[..] else { panic!("{actions:?}") };
    assert_eq!((ended.tiles, ended.missing), (1, 1));
    assert_eq!(codes(&session.apply(tile(1, 4))), [Code::Late]);
    assert!(matches!(session.apply(end(1, 2))[..], [Action::End { .. }]));
}

#[test]
fn a_slide_with_missing_tiles_ends_only_if_that_is_said() {
    let end = |accept_missing| SlideEnd { handle: 1, tiles: 3, accept_missing };

    assert_eq!(end_refusal(&end(false), 2).unwrap().code, Code::TilesMissing);
    assert_eq!(end_refusal(&end(true), 2), None);
    assert_eq!(end_refusal(&end(false), 3), None);
    assert_eq!(end_refusal(&end(false), 9), None);
}

#[test]
fn a_refused_end_leaves_the_slide_open() {
    let mut session = open();
    session.apply(end(1, 2));

    let refusal = Refusal::new(Code::TilesMissing, "two are missing");
    let actions = session.apply(Event::NotEnded { handle: 1, refusal });

    assert_eq!(codes(&actions), [Code::TilesMissing]);
    assert!(matches!(session.apply(tile(1, 0))[..], [Action::Store { .. }]));
}

#[test]
fn a_slide_that_is_not_taken_is_refused_by_its_name() {
    let mut session = session();
    session.apply(hello());
    session.apply(begin("S-1"));

    let refusal = Refusal::other_facts("S-1");
    let actions = session.apply(Event::NotOpened { handle: 1, refusal });

    let [Action::Send(BoxFrame::Refuse(refuse))] = actions.as_slice() else { panic!() };
    assert_eq!(refuse.about, About::SlideBegin { slide: "S-1".into() });
    assert_eq!(codes(&session.apply(tile(1, 0))), [Code::UnknownSlide]);
}

#[test]
fn open_slides_are_bounded_and_ended_ones_make_room() {
    let mut session = session();
    session.apply(hello());
    for number in 1..=SLIDES_OPEN_MAX as u32 {
        session.apply(begin(&format!("S-{number}")));
        session.apply(Event::Opened { handle: number, tiles: vec![] });
    }
    assert_eq!(codes(&session.apply(begin("one more"))), [Code::SlidesOpen]);

    session.apply(end(3, 0));
    session.apply(Event::Ended { handle: 3, tiles: 0 });

    assert!(matches!(session.apply(begin("one more"))[..], [Action::Begin { handle: 9, .. }]));
}

#[test]
fn what_the_box_has_comes_in_pages() {
    for (count, pages) in [(0, 1), (1, 1), (256, 1), (257, 2), (1000, 4)] {
        let mut session = session();
        session.apply(hello());
        session.apply(begin("S-1"));
        let tiles: Vec<_> = (0..count)
            .map(|x| crate::frame::HeldTile { x, y: u32::MAX, sha256: Digest::of(b"") })
            .collect();

        let actions = session.apply(Event::Opened { handle: 1, tiles: tiles.clone() });

        assert_eq!(actions.len(), pages);
        let mut told = Vec::new();
        for (number, action) in (1..).zip(actions) {
            let Action::Send(BoxFrame::SlideOpen(page)) = action else { panic!() };
            assert_eq!(page.more, number < pages);
            told.extend(page.tiles);
        }
        assert_eq!(told, tiles);
    }
}

#[test]
fn after_the_goodbye_nothing_is_looked_at() {
    let mut session = open();
    session.apply(tile(1, 0));

    let actions = session.apply(Event::Closing { reason: "the box stops".into() });

    assert_eq!(farewell(&actions), Farewell::Closing);
    assert!(session.apply(Event::Durable { ticket: 1, kept: Kept::Stored }).is_empty());
    assert!(session.apply(hello()).is_empty());
}

fn session() -> Session {
    Session::new("margay 0.1.0", Limits { credits: 2, tile_bytes_max: 100 })
}

/// A session whose slide 1 of 16 × 4 px is open.
fn open() -> Session {
    let mut session = session();
    session.apply(hello());
    session.apply(begin("S-1"));
    session.apply(Event::Opened { handle: 1, tiles: vec![] });
    session
}

fn hello() -> Event {
    let client = "test 1".into();
    Event::Arrived(ClientFrame::Hello(Hello {
        protocol: PROTOCOL.into(),
        version: VERSION,
        client,
    }))
}

fn begin(slide: &str) -> Event {
    let slide = slide.into();
    let begin = SlideBegin { slide, width_px: 16, height_px: 4, mpp: 0.25 };
    Event::Arrived(ClientFrame::SlideBegin(begin))
}

fn tile(handle: u32, x: u32) -> Event {
    let bytes = vec![9; 48];
    let header = TileHeader {
        handle,
        x,
        y: 0,
        width_px: 4,
        height_px: 4,
        mpp: 0.25,
        level: 0,
        encoding: 2,
        sha256: Digest::of(&bytes),
    };
    Event::Arrived(ClientFrame::Tile(Tile { header, bytes }))
}

fn end(handle: u32, tiles: u32) -> Event {
    let end = SlideEnd { handle, tiles, accept_missing: false };
    Event::Arrived(ClientFrame::SlideEnd(end))
}

fn codes(actions: &[Action]) -> Vec<Code> {
    let code = |action: &Action| {
        let Action::Send(BoxFrame::Refuse(refuse)) = action else { return None };
        Some(refuse.code)
    };
    actions.iter().filter_map(code).collect()
}

fn farewell(actions: &[Action]) -> Farewell {
    let [Action::Send(BoxFrame::Goodbye(goodbye)), Action::Close] = actions else {
        panic!("{actions:?}")
    };
    goodbye.code
}

//! Frames cut at any byte are the same frames; bytes that are no frame are refused, once.

use contract::Digest;
use intake::frame::{
    About, Ack, BoxFrame, CONTROL_BYTES_MAX, ClientFrame, Code, Credit, DecodeError, Decoder,
    FRAME_BYTES_MAX, Farewell, Frame, Goodbye, HeldTile, Hello, Kept, Ping, Pong, Refusal, Refuse,
    SlideBegin, SlideEnd, SlideEnded, SlideOpen, TILE_HEADER_BYTES, Tile, TileHeader, Welcome,
};
use proptest::prelude::*;

#[test]
fn every_frame_is_read_as_it_was_written_wherever_it_is_cut() {
    let frames = client_frames();
    let bytes: Vec<u8> = frames.iter().flat_map(Frame::to_bytes).collect();
    for cut in 0..=bytes.len() {
        assert_eq!(read::<ClientFrame>(&[&bytes[..cut], &bytes[cut..]]), frames, "cut at {cut}");
    }
    let frames = box_frames();
    let bytes: Vec<u8> = frames.iter().flat_map(Frame::to_bytes).collect();
    for cut in 0..=bytes.len() {
        assert_eq!(read::<BoxFrame>(&[&bytes[..cut], &bytes[cut..]]), frames, "cut at {cut}");
    }
}

#[test]
fn bytes_one_by_one_are_the_same_frames() {
    let frames = client_frames();
    let bytes: Vec<u8> = frames.iter().flat_map(Frame::to_bytes).collect();
    let pieces: Vec<&[u8]> = bytes.chunks(1).collect();

    assert_eq!(read::<ClientFrame>(&pieces), frames);
}

#[test]
fn a_frame_that_is_cut_short_is_pending_and_no_frame() {
    let bytes = client_frames()[2].to_bytes();
    for end in 0..bytes.len() {
        let mut decoder = Decoder::<ClientFrame>::default();

        assert!(decoder.push(&bytes[..end]).is_empty(), "cut at {end}");
        assert_eq!(decoder.pending_bytes(), end);
    }
}

#[test]
fn a_length_that_cannot_be_is_refused_before_its_bytes_come() {
    let refused = |bytes: &[u8]| {
        let mut decoder = Decoder::<ClientFrame>::default();
        let mut read = decoder.push(bytes);
        assert_eq!((read.len(), decoder.pending_bytes()), (1, 0));
        assert!(decoder.push(&Frame::to_bytes(&client_frames()[0])).is_empty(), "it is deaf now");
        read.remove(0).unwrap_err()
    };
    let length = |bytes: usize, kind: u8| [&(bytes as u32).to_le_bytes()[..], &[kind]].concat();

    assert!(matches!(refused(&[0; 4]), DecodeError::Length { bytes: 0, .. }));
    assert!(matches!(refused(&[255; 4]), DecodeError::Length { .. }));
    let long_tile = length(FRAME_BYTES_MAX + 1, 3);
    assert!(matches!(refused(&long_tile[..4]), DecodeError::Length { .. }));
    let long_hello = length(CONTROL_BYTES_MAX + 1, 1);
    assert!(matches!(refused(&long_hello), DecodeError::Length { kind: 1, .. }));
    for kind in [0, 6, 0x7f, 0x81, 0xff] {
        assert!(matches!(refused(&length(9, kind)), DecodeError::Kind { .. }), "{kind}");
    }
}

#[test]
fn a_body_that_is_not_of_its_kind_is_refused() {
    let refused = |kind: u8, body: &[u8]| {
        let length = (body.len() as u32 + 1).to_le_bytes();
        let bytes = [&length[..], &[kind], body].concat();
        Decoder::<ClientFrame>::default().push(&bytes).remove(0).unwrap_err()
    };

    for body in [r#"{"token":1,"more":2}"#, r#"{"token":-1}"#, r#"{"token":1}}"#, "", "{}", "\u{0}"]
    {
        assert!(
            matches!(refused(5, body.as_bytes()), DecodeError::Control { kind: 5, .. }),
            "{body}"
        );
    }
    let deep = "[".repeat(CONTROL_BYTES_MAX - 1);
    assert!(matches!(refused(5, deep.as_bytes()), DecodeError::Control { .. }));
    assert!(matches!(refused(3, &[0; TILE_HEADER_BYTES - 1]), DecodeError::Tile { .. }));
    let mut reserved = [0; TILE_HEADER_BYTES];
    reserved[31] = 1;
    assert!(matches!(refused(3, &reserved), DecodeError::Tile { .. }));
}

proptest! {
    #[test]
    fn any_pieces_of_any_bytes_read_the_same(
        seed in prop::collection::vec((0..5_usize, 0..40_usize, any::<u8>()), 1..6),
        cuts in prop::collection::vec(any::<prop::sample::Index>(), 0..8),
    ) {
        // Frames, some of them with a changed byte.
        let mut bytes = Vec::new();
        for (frame, at, change) in seed {
            let mut frame = client_frames()[frame].to_bytes();
            let at = at % frame.len();
            if change > 128 {
                frame[at] ^= change;
            }
            bytes.extend(frame);
        }
        let mut cuts: Vec<usize> = cuts.iter().map(|cut| cut.index(bytes.len() + 1)).collect();
        cuts.extend([0, bytes.len()]);
        cuts.sort_unstable();

        let whole = Decoder::<ClientFrame>::default().push(&bytes);
        let mut decoder = Decoder::<ClientFrame>::default();
        let cut: Vec<_> =
            cuts.windows(2).flat_map(|ends| decoder.push(&bytes[ends[0]..ends[1]])).collect();

        prop_assert_eq!(format!("{whole:?}"), format!("{cut:?}"));
    }
}

fn read<F: Frame + std::fmt::Debug>(pieces: &[&[u8]]) -> Vec<F> {
    let mut decoder = Decoder::<F>::default();
    let frames: Vec<F> =
        pieces.iter().flat_map(|piece| decoder.push(piece)).map(Result::unwrap).collect();
    assert_eq!(decoder.pending_bytes(), 0);
    frames
}

fn client_frames() -> Vec<ClientFrame> {
    let bytes = vec![1, 2, 3];
    let header = TileHeader {
        handle: 7,
        x: 1024,
        y: u32::MAX,
        width_px: 1,
        height_px: 1,
        mpp: 0.2526,
        level: 3,
        encoding: 2,
        sha256: Digest::of(&bytes),
    };
    vec![
        ClientFrame::Hello(Hello {
            protocol: "margay-tile".into(),
            version: 1,
            client: "é".into(),
        }),
        ClientFrame::SlideBegin(SlideBegin {
            slide: "S \"1\"".into(),
            width_px: 4096,
            height_px: 2048,
            mpp: 0.2526,
        }),
        ClientFrame::Tile(Tile { header, bytes }),
        ClientFrame::SlideEnd(SlideEnd { handle: 7, tiles: 59, accept_missing: false }),
        ClientFrame::Ping(Ping { token: u32::MAX }),
    ]
}

fn box_frames() -> Vec<BoxFrame> {
    let held = HeldTile { x: 1, y: 2, sha256: Digest::of(b"") };
    let abouts = [
        About::SlideBegin { slide: "S".into() },
        About::Tile { handle: 1, x: 2, y: 3 },
        About::SlideEnd { handle: 1 },
    ];
    let refusals = abouts
        .map(|about| BoxFrame::Refuse(Refuse::new(about, Refusal::new(Code::NoRoom, "full"))));
    let mut frames = vec![
        BoxFrame::Welcome(Welcome {
            protocol: "margay-tile".into(),
            version: 1,
            server: "margay".into(),
            credits: 8,
            tile_bytes_max: 1,
        }),
        BoxFrame::SlideOpen(SlideOpen {
            slide: "S".into(),
            handle: 1,
            tiles: vec![held],
            more: true,
        }),
        BoxFrame::Ack(Ack { handle: 1, x: 2, y: 3, kept: Kept::Duplicate }),
        BoxFrame::Credit(Credit { credits: 1 }),
        BoxFrame::SlideEnded(SlideEnded { handle: 1, tiles: 59, missing: 1 }),
        BoxFrame::Pong(Pong { token: 1 }),
        BoxFrame::Goodbye(Goodbye {
            code: Farewell::Closing,
            reason: "stop".into(),
            remedy: "again".into(),
        }),
    ];
    frames.extend(refusals);
    frames
}

//! What must hold for any bytes that come to the tile socket. Shared by the fuzz target and the replay
//! of its corpus.

use contract::Digest;
use intake::frame::{
    BoxFrame, ClientFrame, Code, Decoder, Farewell, Frame, HeldTile, Kept, Refusal,
};
use intake::session::{Action, Event, Limits, Session};

/// Few, so that a short input runs out of them.
const LIMITS: Limits = Limits { credits: 2, tile_bytes_max: 4096 };

/// What came of an exchange.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Summary {
    /// Frames that were read.
    pub(crate) frames: usize,
    /// Tiles that were stored.
    pub(crate) stored: usize,
    /// How the box said goodbye, if it did.
    pub(crate) farewell: Option<Farewell>,
}

/// Plays a box that takes `bytes`; the first of them says how long the pieces are.
pub(crate) fn exchange(bytes: &[u8]) -> Summary {
    let Some((&piece, bytes)) = bytes.split_first() else { return Summary::default() };
    let whole = Decoder::<ClientFrame>::default().push(bytes);
    let mut decoder = Decoder::<ClientFrame>::default();
    let pieces = bytes.chunks(usize::from(piece.max(1)));
    let cut: Vec<_> = pieces.flat_map(|piece| decoder.push(piece)).collect();
    assert_eq!(format!("{whole:?}"), format!("{cut:?}"), "frames do not depend on the pieces");

    let mut peer = Peer::new();
    for frame in cut {
        let event = frame.map_or_else(Event::Garbled, Event::Arrived);
        peer.apply(event);
    }
    // What the disk has not answered yet.
    while let Some(ticket) = peer.waiting.pop() {
        peer.apply(Event::Durable { ticket, kept: Kept::Stored });
    }
    peer.summary
}

/// A box whose disk answers every second tile late.
struct Peer {
    session: Session,
    waiting: Vec<u64>,
    /// Tiles that the client may send.
    credits: u32,
    summary: Summary,
}

impl Peer {
    fn new() -> Self {
        let session = Session::new("fuzz", LIMITS);
        Self { session, waiting: Vec::new(), credits: 0, summary: Summary::default() }
    }

    fn apply(&mut self, event: Event) {
        self.summary.frames += usize::from(matches!(event, Event::Arrived(_)));
        let is_tile = matches!(event, Event::Arrived(ClientFrame::Tile(_)));
        let actions = self.session.apply(event);
        let is_refused_without_cost = actions.iter().any(is_no_credit);
        if is_tile && !actions.is_empty() && self.credits > 0 && !is_refused_without_cost {
            self.credits -= 1;
        }
        for action in actions {
            if let Some(answer) = self.perform(action) {
                self.apply(answer);
            }
        }
        assert!(self.session.in_flight() <= LIMITS.credits as usize);
        assert!(self.credits <= LIMITS.credits);
    }

    fn perform(&mut self, action: Action) -> Option<Event> {
        match action {
            Action::Send(frame) => {
                self.sent(&frame);
                None
            }
            Action::Begin { handle, .. } if handle % 4 == 3 => {
                let refusal = Refusal::other_facts("fuzz");
                Some(Event::NotOpened { handle, refusal })
            }
            Action::Begin { handle, facts } => {
                let held = HeldTile { x: 0, y: 0, sha256: Digest::of(facts.slide.as_bytes()) };
                Some(Event::Opened { handle, tiles: vec![held; handle as usize] })
            }
            Action::Store { ticket, tile, .. } => {
                assert_eq!(Digest::of(&tile.bytes), tile.digest);
                self.summary.stored += 1;
                if ticket % 2 == 0 {
                    self.waiting.push(ticket);
                    return None;
                }
                Some(Event::Durable { ticket, kept: Kept::Stored })
            }
            Action::End { end } => Some(Event::Ended { handle: end.handle, tiles: end.tiles / 2 }),
            Action::Close => None,
        }
    }

    /// What is sent can be read.
    fn sent(&mut self, frame: &BoxFrame) {
        let mut read = Decoder::<BoxFrame>::default().push(&frame.to_bytes());
        assert_eq!(&read.remove(0).expect("the box speaks its own protocol"), frame);
        match frame {
            BoxFrame::Welcome(welcome) => self.credits = welcome.credits,
            BoxFrame::Credit(credit) => self.credits += credit.credits,
            BoxFrame::Goodbye(goodbye) => self.summary.farewell = Some(goodbye.code),
            BoxFrame::SlideOpen(_)
            | BoxFrame::Ack(_)
            | BoxFrame::Refuse(_)
            | BoxFrame::SlideEnded(_)
            | BoxFrame::Pong(_) => {}
        }
    }
}

fn is_no_credit(action: &Action) -> bool {
    matches!(action, Action::Send(BoxFrame::Refuse(refuse)) if refuse.code == Code::NoCredit)
}

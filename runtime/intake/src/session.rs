//! The box's side of one connection: told what happened, it says what to do.
//!
//! ```text
//!           hello              slide_begin            slide_open           slide_end
//!  Fresh ──────────▶ Ready ─┬─▶ Opening ─[Opened]─▶ Open ──────────▶ Ending ─[Ended]─▶ Ended
//!    │                 │    │       └─[NotOpened]─▶ ×  ▲                │
//!    └── goodbye ──────┴────┴──▶ Closed                └── [NotEnded] ──┘
//! ```
//!
//! **Contract.** Each accepted tile becomes one [`Action::Store`] with a ticket, and is answered when
//! the caller returns the ticket: durable, or refused. Its credit goes back with the answer, or later
//! while the caller holds credits back. A slide's end is passed on when the last tile before it has
//! been answered.
//! **Invariant:** credits of the client + tiles without an answer + credits held back = the limit. So
//! no more than `credits × tile_bytes_max` bytes of a client are in memory, however it behaves.
//! **Never:** a session remembers no tile. Which are on disk only the caller knows, who hears all
//! connections; so two clients on one slide need no other rule.

mod event;
mod slides;
mod tiles;

use std::collections::BTreeMap;

pub use event::{Action, Event, Limits};
pub use slides::end_refusal;

use crate::frame::{
    BoxFrame, ClientFrame, Credit, Farewell, Goodbye, Hello, PROTOCOL, Pong, VERSION, Welcome,
};
use slides::OpenSlide;
use tiles::Pending;

/// Slides that one connection may have open: a scanner scans one or two.
pub const SLIDES_OPEN_MAX: usize = 8;

/// Characters of a client's name at most.
const CLIENT_CHARS_MAX: usize = 128;

/// The state of one connection.
#[derive(Debug)]
pub struct Session {
    server: String,
    limits: Limits,
    stage: Stage,
    /// Tiles that the client may still send.
    credits: u32,
    /// Credits that are due and held back.
    held_back: u32,
    is_holding: bool,
    slides: BTreeMap<u32, OpenSlide>,
    /// Tiles without an answer, by their ticket.
    pending: BTreeMap<u64, Pending>,
    next_handle: u32,
    next_ticket: u64,
}

/// How far a connection has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Stage {
    /// Nothing was said yet.
    Fresh,
    /// The client was welcomed.
    Ready,
    /// Goodbye was said; what comes is not looked at.
    Closed,
}

impl Session {
    /// A connection that was just made to `server`, a program and its version.
    pub fn new(server: &str, limits: Limits) -> Self {
        Self {
            server: server.into(),
            limits,
            stage: Stage::Fresh,
            credits: 0,
            held_back: 0,
            is_holding: false,
            slides: BTreeMap::new(),
            pending: BTreeMap::new(),
            next_handle: 1,
            next_ticket: 1,
        }
    }

    /// Takes what happened and says what to do, in this order.
    pub fn apply(&mut self, event: Event) -> Vec<Action> {
        if self.stage == Stage::Closed {
            return Vec::new();
        }
        match event {
            Event::Arrived(frame) => self.arrived(frame),
            Event::Garbled(error) => {
                self.part(Farewell::Frame, error.to_string(), "speak version 1 of the protocol")
            }
            Event::Opened { handle, tiles } => self.opened(handle, &tiles),
            Event::NotOpened { handle, refusal } => self.not_opened(handle, refusal),
            Event::Durable { ticket, kept } => self.durable(ticket, kept),
            Event::Refused { ticket, refusal } => self.refused(ticket, refusal),
            Event::Ended { handle, tiles } => self.ended(handle, tiles),
            Event::NotEnded { handle, refusal } => self.not_ended(handle, refusal),
            Event::Hold => {
                self.is_holding = true;
                Vec::new()
            }
            Event::Release => self.release(),
            Event::Closing { reason } => {
                self.part(Farewell::Closing, reason, "connect again and begin the slide again")
            }
        }
    }

    /// Tiles that were passed on and have no answer yet.
    pub fn in_flight(&self) -> usize {
        self.pending.len()
    }

    fn arrived(&mut self, frame: ClientFrame) -> Vec<Action> {
        match (self.stage, frame) {
            (Stage::Fresh, ClientFrame::Hello(hello)) => self.greet(&hello),
            (Stage::Fresh, _) => self.out_of_order("a frame came before the hello"),
            (_, ClientFrame::Hello(_)) => self.out_of_order("a second hello came"),
            (_, ClientFrame::SlideBegin(begin)) => self.begin(&begin),
            (_, ClientFrame::Tile(tile)) => self.tile(tile),
            (_, ClientFrame::SlideEnd(end)) => self.end(end),
            (_, ClientFrame::Ping(ping)) => send(BoxFrame::Pong(Pong { token: ping.token })),
        }
    }

    fn greet(&mut self, hello: &Hello) -> Vec<Action> {
        let Hello { protocol, version, client } = hello;
        if protocol != PROTOCOL || *version != VERSION {
            let protocol: String = protocol.chars().take(PROTOCOL.len()).collect();
            let reason = format!("{protocol:?} version {version} is not spoken here");
            return self.part(Farewell::Version, reason, "speak margay-tile version 1");
        }
        if !(1..=CLIENT_CHARS_MAX).contains(&client.chars().count()) {
            return self.out_of_order("the client's name is empty or too long");
        }
        self.stage = Stage::Ready;
        self.credits = self.limits.credits;
        send(BoxFrame::Welcome(Welcome {
            protocol: PROTOCOL.into(),
            version: VERSION,
            server: self.server.clone(),
            credits: self.credits,
            tile_bytes_max: self.limits.tile_bytes_max,
        }))
    }

    fn out_of_order(&mut self, reason: &str) -> Vec<Action> {
        self.part(Farewell::Order, reason.into(), "send hello once and first")
    }

    fn part(&mut self, code: Farewell, reason: String, remedy: &str) -> Vec<Action> {
        self.stage = Stage::Closed;
        self.slides.clear();
        self.pending.clear();
        let goodbye = Goodbye { code, reason, remedy: remedy.into() };
        vec![Action::Send(BoxFrame::Goodbye(goodbye)), Action::Close]
    }

    /// Gives a credit back, or keeps it until the box has room again.
    fn give_back(&mut self, actions: &mut Vec<Action>) {
        if self.is_holding {
            self.held_back += 1;
            return;
        }
        self.credits += 1;
        actions.push(Action::Send(BoxFrame::Credit(Credit { credits: 1 })));
    }

    fn release(&mut self) -> Vec<Action> {
        self.is_holding = false;
        let credits = std::mem::take(&mut self.held_back);
        if credits == 0 {
            return Vec::new();
        }
        self.credits += credits;
        send(BoxFrame::Credit(Credit { credits }))
    }
}

fn send(frame: BoxFrame) -> Vec<Action> {
    vec![Action::Send(frame)]
}

#[cfg(test)]
mod tests;

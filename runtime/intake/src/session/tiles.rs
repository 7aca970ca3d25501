//! Tiles of a connection: judged, passed on, answered.

use super::slides::{SlideStage, unknown};
use super::{Action, Session, send};
use crate::check::{Accepted, accept};
use crate::frame::{About, Ack, BoxFrame, Code, Kept, Refusal, Refuse, Tile};

/// A tile that was passed on.
#[derive(Clone, Copy, Debug)]
pub(super) struct Pending {
    handle: u32,
    x: u32,
    y: u32,
}

impl Session {
    pub(super) fn tile(&mut self, tile: Tile) -> Vec<Action> {
        let (handle, x, y) = (tile.header.handle, tile.header.x, tile.header.y);
        let place = Pending { handle, x, y };
        if self.credits == 0 {
            let reason = format!("the tile at ({x}, {y}) came without a credit");
            return send(refuse(place, Refusal::new(Code::NoCredit, reason)));
        }
        self.credits -= 1;
        match self.judge(tile) {
            Ok(tile) => self.pass_on(place, tile),
            Err(refusal) => {
                let mut actions = send(refuse(place, refusal));
                self.give_back(&mut actions);
                actions
            }
        }
    }

    fn judge(&self, tile: Tile) -> Result<Accepted, Refusal> {
        let handle = tile.header.handle;
        let slide = self.slides.get(&handle).ok_or_else(|| unknown(handle))?;
        match slide.stage {
            SlideStage::Opening => Err(unknown(handle)),
            SlideStage::Ending { .. } | SlideStage::Ended => {
                Err(Refusal::late(tile.header.x, tile.header.y))
            }
            SlideStage::Open => accept(&slide.facts, tile, self.limits.tile_bytes_max as usize),
        }
    }

    fn pass_on(&mut self, place: Pending, tile: Accepted) -> Vec<Action> {
        let ticket = self.next_ticket;
        self.next_ticket += 1;
        self.pending.insert(ticket, place);
        if let Some(slide) = self.slides.get_mut(&place.handle) {
            slide.in_flight += 1;
        }
        vec![Action::Store { ticket, handle: place.handle, tile }]
    }

    pub(super) fn durable(&mut self, ticket: u64, kept: Kept) -> Vec<Action> {
        let Some(Pending { handle, x, y }) = self.pending.remove(&ticket) else {
            return Vec::new();
        };
        self.answered(handle, BoxFrame::Ack(Ack { handle, x, y, kept }))
    }

    pub(super) fn refused(&mut self, ticket: u64, refusal: Refusal) -> Vec<Action> {
        let Some(place) = self.pending.remove(&ticket) else { return Vec::new() };
        self.answered(place.handle, refuse(place, refusal))
    }

    fn answered(&mut self, handle: u32, answer: BoxFrame) -> Vec<Action> {
        let mut actions = send(answer);
        self.give_back(&mut actions);
        if let Some(slide) = self.slides.get_mut(&handle) {
            slide.in_flight -= 1;
        }
        actions.extend(self.ask_end(handle));
        actions
    }
}

fn refuse(place: Pending, refusal: Refusal) -> BoxFrame {
    let Pending { handle, x, y } = place;
    BoxFrame::Refuse(Refuse::new(About::Tile { handle, x, y }, refusal))
}

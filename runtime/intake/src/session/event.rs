//! What happens to a session, and what it wants done.

use crate::check::{Accepted, SlideFacts};
use crate::frame::{BoxFrame, ClientFrame, DecodeError, HeldTile, Kept, Refusal, SlideEnd};

/// What a client may have in the box's memory.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Tiles without an answer, at most.
    pub credits: u32,
    /// Bytes of a tile's picture, at most; above
    /// [`FRAME_BYTES_MAX`](crate::frame::FRAME_BYTES_MAX) it has no effect.
    pub tile_bytes_max: u32,
}

impl Default for Limits {
    /// 8 × 12 MiB: a JPEG of 1024² is below 0.5 MB and a raw tile of 2048² is 12 MiB; eight keep a
    /// disk of 6.5 ms a sync busy with 57 tiles/s.
    fn default() -> Self {
        Self { credits: 8, tile_bytes_max: 12 << 20 }
    }
}

/// What happened.
#[derive(Debug)]
pub enum Event {
    /// A frame came.
    Arrived(ClientFrame),
    /// Bytes came that are no frame.
    Garbled(DecodeError),
    /// The slide of [`Action::Begin`] is known or new.
    Opened {
        /// The slide.
        handle: u32,
        /// Its tiles that are on disk.
        tiles: Vec<HeldTile>,
    },
    /// The slide of [`Action::Begin`] is not taken.
    NotOpened {
        /// The slide.
        handle: u32,
        /// Why.
        refusal: Refusal,
    },
    /// The tile of [`Action::Store`] would survive a power cut from now on.
    Durable {
        /// Which.
        ticket: u64,
        /// Whether it came for the first time.
        kept: Kept,
    },
    /// The tile of [`Action::Store`] is not taken.
    Refused {
        /// Which.
        ticket: u64,
        /// Why.
        refusal: Refusal,
    },
    /// The slide of [`Action::End`] has ended.
    Ended {
        /// The slide.
        handle: u32,
        /// Tiles that are on disk.
        tiles: u32,
    },
    /// The slide of [`Action::End`] goes on.
    NotEnded {
        /// The slide.
        handle: u32,
        /// Why.
        refusal: Refusal,
    },
    /// The box has no room: credits are held back from now on.
    Hold,
    /// The box has room again.
    Release,
    /// The box stops.
    Closing {
        /// Why, for people.
        reason: String,
    },
}

/// What to do.
#[derive(Clone, Debug, PartialEq)]
pub enum Action {
    /// Write a frame.
    Send(BoxFrame),
    /// Begin the slide, or find it: answer with [`Event::Opened`] or [`Event::NotOpened`].
    Begin {
        /// The slide on this connection.
        handle: u32,
        /// What it is.
        facts: SlideFacts,
    },
    /// Put the tile on disk: answer with [`Event::Durable`] or [`Event::Refused`].
    Store {
        /// Goes back with the answer.
        ticket: u64,
        /// The slide.
        handle: u32,
        /// The tile.
        tile: Accepted,
    },
    /// End the slide: answer with [`Event::Ended`] or [`Event::NotEnded`]; [`end_refusal`](super::end_refusal) is the
    /// rule.
    End {
        /// What the client said.
        end: SlideEnd,
    },
    /// Close the connection when everything is written.
    Close,
}

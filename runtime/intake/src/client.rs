//! The scanner's side of one connection: sends one slide and hears what became of each tile.
//!
//! **Contract.** [`Client`] is told what came and says what to do; [`send_slide`] is the blocking shell
//! around it, over anything that reads and writes. A tile counts as delivered when the box has said
//! that it is on disk. A client that lost its line is made anew for the same slide: the box says what
//! it has, and that is not sent again.
//! **Invariant:** a tile is loaded only when there is a credit for it, so no more than the box's
//! credits are in memory.

mod scan;
mod shell;

use std::collections::{BTreeMap, VecDeque};

use contract::{Digest, Size};
use thiserror::Error;

use crate::frame::{
    About, BoxFrame, ClientFrame, Code, Encoding, Goodbye, Hello, PROTOCOL, Refuse, SlideBegin,
    SlideEnd, SlideEnded, SlideOpen, Tile, TileHeader, VERSION, Welcome,
};

pub use scan::{Scan, ScanError, place_of_name};
pub use shell::{SendError, send_slide};

/// A picture that is to be sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Picture {
    /// Columns and rows.
    pub size: Size,
    /// How it is written.
    pub encoding: Encoding,
    /// The bytes.
    pub bytes: Vec<u8>,
}

/// What happened.
#[derive(Debug)]
pub enum Event {
    /// The line stands.
    Connected,
    /// A frame came.
    Arrived(BoxFrame),
    /// The picture of [`Action::Load`].
    Loaded {
        /// Its place in the list of tiles.
        index: usize,
        /// The picture.
        picture: Picture,
    },
}

/// What to do.
#[derive(Clone, Debug, PartialEq)]
pub enum Action {
    /// Write a frame.
    Send(ClientFrame),
    /// Load the tile of this place in the list: answer with [`Event::Loaded`].
    Load(usize),
    /// All is said: close the line.
    Done(Delivery),
}

/// What became of a slide.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Delivery {
    /// Tiles that the box stored now.
    pub stored: u32,
    /// Tiles that the box had: from the list at the beginning, or by its answer.
    pub duplicate: u32,
    /// Tiles that the box refused for good.
    pub refused: Vec<RefusedTile>,
    /// Tiles that the box has in the end.
    pub held: u32,
    /// Tiles that it misses.
    pub missing: u32,
}

/// A tile that was refused for good.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RefusedTile {
    /// First column.
    pub x: u32,
    /// First row.
    pub y: u32,
    /// The rule.
    pub code: Code,
    /// What was wrong.
    pub reason: String,
}

/// Why a slide cannot be sent on this line.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum ClientError {
    /// The box does not take the slide, or its end.
    #[error("the box refuses the slide ({code:?}): {reason}; {remedy}")]
    Refused {
        /// The rule.
        code: Code,
        /// What was wrong.
        reason: String,
        /// What to do.
        remedy: String,
    },
    /// The box closes the connection.
    #[error("the box says goodbye ({:?}): {}; {}", .0.code, .0.reason, .0.remedy)]
    Goodbye(Goodbye),
    /// The box breaks the protocol.
    #[error("the box breaks the protocol: {0}")]
    Protocol(String),
}

/// One slide on its way to the box.
#[derive(Debug)]
pub struct Client {
    name: String,
    slide: SlideBegin,
    /// First column and row of each tile.
    places: Vec<(u32, u32)>,
    stage: Stage,
    handle: u32,
    credits: u32,
    /// Tiles that are still to be sent.
    queue: VecDeque<usize>,
    /// Tiles that were sent or are being loaded, by place.
    on_the_way: BTreeMap<(u32, u32), usize>,
    /// What the box said it has.
    held: BTreeMap<(u32, u32), Digest>,
    delivery: Delivery,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Stage {
    Greeting,
    Opening,
    Sending,
    Ending,
    Done,
}

impl Client {
    /// A client called `name` (program and version) that sends the tiles at `places` of `slide`,
    /// in this order. A place that occurs twice is sent once.
    pub fn new(name: &str, slide: SlideBegin, places: Vec<(u32, u32)>) -> Self {
        let mut seen = std::collections::BTreeSet::new();
        let queue = (0..places.len()).filter(|&index| seen.insert(places[index])).collect();
        Self {
            name: name.into(),
            slide,
            places,
            stage: Stage::Greeting,
            handle: 0,
            credits: 0,
            queue,
            on_the_way: BTreeMap::new(),
            held: BTreeMap::new(),
            delivery: Delivery::default(),
        }
    }

    /// Takes what happened and says what to do, in this order.
    pub fn apply(&mut self, event: Event) -> Result<Vec<Action>, ClientError> {
        match event {
            Event::Connected => Ok(vec![self.hello()]),
            Event::Loaded { index, picture } => Ok(self.loaded(index, picture)),
            Event::Arrived(frame) => self.arrived(frame),
        }
    }

    /// Where the tile of this place in the list lies.
    pub fn place(&self, index: usize) -> (u32, u32) {
        self.places[index]
    }

    fn hello(&self) -> Action {
        let client = self.name.clone();
        Action::Send(ClientFrame::Hello(Hello {
            protocol: PROTOCOL.into(),
            version: VERSION,
            client,
        }))
    }

    fn arrived(&mut self, frame: BoxFrame) -> Result<Vec<Action>, ClientError> {
        match (self.stage, frame) {
            (_, BoxFrame::Goodbye(goodbye)) => Err(ClientError::Goodbye(goodbye)),
            (_, BoxFrame::Pong(_)) => Ok(Vec::new()),
            (Stage::Greeting, BoxFrame::Welcome(welcome)) => Ok(self.welcome(&welcome)),
            (Stage::Opening, BoxFrame::SlideOpen(page)) => Ok(self.page(page)),
            (Stage::Greeting | Stage::Opening, BoxFrame::Refuse(refuse)) => Err(refused(refuse)),
            (_, BoxFrame::Credit(credit)) => {
                self.credits = self.credits.saturating_add(credit.credits);
                Ok(self.go_on())
            }
            (_, BoxFrame::Ack(ack)) => {
                self.on_the_way.remove(&(ack.x, ack.y));
                match ack.kept {
                    crate::frame::Kept::Stored => self.delivery.stored += 1,
                    crate::frame::Kept::Duplicate => self.delivery.duplicate += 1,
                }
                Ok(self.go_on())
            }
            (_, BoxFrame::Refuse(refuse)) => self.refuse(refuse),
            (Stage::Ending, BoxFrame::SlideEnded(ended)) => Ok(self.ended(ended)),
            (stage, frame) => Err(ClientError::Protocol(format!("{frame:?} came while {stage:?}"))),
        }
    }

    fn welcome(&mut self, welcome: &Welcome) -> Vec<Action> {
        self.credits = welcome.credits;
        self.stage = Stage::Opening;
        vec![Action::Send(ClientFrame::SlideBegin(self.slide.clone()))]
    }

    fn page(&mut self, page: SlideOpen) -> Vec<Action> {
        self.handle = page.handle;
        self.held.extend(page.tiles.into_iter().map(|tile| ((tile.x, tile.y), tile.sha256)));
        if page.more {
            return Vec::new();
        }
        self.stage = Stage::Sending;
        self.go_on()
    }

    /// Loads what there are credits for; says the end when all is answered.
    fn go_on(&mut self) -> Vec<Action> {
        if self.stage != Stage::Sending {
            return Vec::new();
        }
        let mut actions = Vec::new();
        while self.credits > 0
            && let Some(index) = self.queue.pop_front()
        {
            self.credits -= 1;
            self.on_the_way.insert(self.places[index], index);
            actions.push(Action::Load(index));
        }
        if self.queue.is_empty() && self.on_the_way.is_empty() {
            actions.push(self.end());
        }
        actions
    }

    fn end(&mut self) -> Action {
        self.stage = Stage::Ending;
        let Delivery { stored, duplicate, refused, .. } = &self.delivery;
        let end = SlideEnd {
            handle: self.handle,
            tiles: stored + duplicate + refused.len() as u32,
            accept_missing: !refused.is_empty(),
        };
        Action::Send(ClientFrame::SlideEnd(end))
    }

    fn loaded(&mut self, index: usize, picture: Picture) -> Vec<Action> {
        let (x, y) = self.places[index];
        let sha256 = Digest::of(&picture.bytes);
        if self.held.get(&(x, y)) == Some(&sha256) {
            // The box has it: the credit was not spent.
            self.on_the_way.remove(&(x, y));
            self.delivery.duplicate += 1;
            self.credits += 1;
            return self.go_on();
        }
        let header = TileHeader {
            handle: self.handle,
            x,
            y,
            width_px: picture.size.width as u32,
            height_px: picture.size.height as u32,
            mpp: self.slide.mpp,
            level: 0,
            encoding: picture.encoding.number(),
            sha256,
        };
        vec![Action::Send(ClientFrame::Tile(Tile { header, bytes: picture.bytes }))]
    }

    fn refuse(&mut self, refuse: Refuse) -> Result<Vec<Action>, ClientError> {
        let About::Tile { x, y, .. } = refuse.about else { return Err(refused(refuse)) };
        let Some(index) = self.on_the_way.remove(&(x, y)) else { return Ok(Vec::new()) };
        if refuse.code.may_pass_later() {
            self.queue.push_back(index);
        } else {
            let Refuse { code, reason, .. } = refuse;
            self.delivery.refused.push(RefusedTile { x, y, code, reason });
        }
        Ok(self.go_on())
    }

    fn ended(&mut self, ended: SlideEnded) -> Vec<Action> {
        self.stage = Stage::Done;
        self.delivery.held = ended.tiles;
        self.delivery.missing = ended.missing;
        vec![Action::Done(self.delivery.clone())]
    }
}

fn refused(refuse: Refuse) -> ClientError {
    let Refuse { code, reason, remedy, .. } = refuse;
    ClientError::Refused { code, reason, remedy }
}

//! The blocking shell: one slide over anything that reads and writes.

use std::collections::VecDeque;
use std::io::{self, Read, Write};

use thiserror::Error;

use super::{Action, Client, ClientError, Delivery, Event, Picture};
use crate::frame::{BoxFrame, DecodeError, Decoder, Frame};

/// Bytes of one read: the box's frames are short.
const READ_BYTES: usize = 64 << 10;

/// Why a slide was not sent whole. What the box had acknowledged it keeps.
#[derive(Debug, Error)]
pub enum SendError {
    /// The line is lost: connect and send again.
    #[error("the line to the box is lost")]
    Line {
        /// What the system says.
        #[source]
        source: io::Error,
    },
    /// A tile cannot be loaded.
    #[error("tile {index} at ({x}, {y}) cannot be loaded")]
    Load {
        /// Its place in the list.
        index: usize,
        /// Its first column.
        x: u32,
        /// Its first row.
        y: u32,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// What comes from the box is no frame.
    #[error("what the box sends cannot be read")]
    Frame {
        /// Why.
        #[source]
        source: DecodeError,
    },
    /// The box does not want it.
    #[error("the slide was not taken")]
    Client {
        /// Why.
        #[source]
        source: ClientError,
    },
}

/// Sends the slide of `client` over `line`; `load` gives the picture at a place of its list.
///
/// It blocks while the box gives no credit: back-pressure is a wait in here. The box's answers are
/// short, so they fit into the line's own buffers while a tile is written.
pub fn send_slide<L: Read + Write>(
    line: &mut L,
    client: &mut Client,
    load: &mut dyn FnMut(usize) -> io::Result<Picture>,
) -> Result<Delivery, SendError> {
    let mut decoder = Decoder::<BoxFrame>::default();
    let mut piece = vec![0; READ_BYTES];
    let mut events = VecDeque::from([Event::Connected]);
    loop {
        while let Some(event) = events.pop_front() {
            let actions = client.apply(event).map_err(|source| SendError::Client { source })?;
            for action in actions {
                match action {
                    Action::Send(frame) => write(line, &frame.to_bytes())?,
                    Action::Load(index) => {
                        let picture = load(index).map_err(|source| {
                            let (x, y) = client.place(index);
                            SendError::Load { index, x, y, source }
                        })?;
                        events.push_back(Event::Loaded { index, picture });
                    }
                    Action::Done(delivery) => return Ok(delivery),
                }
            }
        }
        for frame in decoder.push(read(line, &mut piece)?) {
            events.push_back(Event::Arrived(frame.map_err(|source| SendError::Frame { source })?));
        }
    }
}

fn write(line: &mut impl Write, bytes: &[u8]) -> Result<(), SendError> {
    line.write_all(bytes).and_then(|()| line.flush()).map_err(|source| SendError::Line { source })
}

fn read<'a>(line: &mut impl Read, piece: &'a mut [u8]) -> Result<&'a [u8], SendError> {
    loop {
        match line.read(piece) {
            Ok(0) => {
                let source = io::Error::new(io::ErrorKind::UnexpectedEof, "the box hung up");
                return Err(SendError::Line { source });
            }
            Ok(count) => return Ok(&piece[..count]),
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(source) => return Err(SendError::Line { source }),
        }
    }
}

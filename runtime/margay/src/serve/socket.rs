//! The tile socket: scanners connect here (`docs/tile-protocol.md`).
//!
//! A connection is a thread that owns its session: read, apply, do what the session says. A tile is
//! acknowledged after the ledger's commit. A disk that has no room holds the scanner's credits back
//! and gives them again when there is room.

use std::collections::BTreeMap;
use std::io::{self, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::os::unix::net::{UnixListener, UnixStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::Duration;

use anyhow::{Context, Result};
use intake::check::Accepted;
use intake::frame::{ClientFrame, Code, Decoder, Frame, Refusal, SlideEnd};
use intake::session::{Action, Event, Limits, Session, end_refusal};
use ledger::{SlideId, WriteError};
use listenfd::ListenFd;

use super::beats::{Beat, Beats};
use super::config::Socket;
use super::register::{Register, Taking, refusal_of};
use super::slides::{SlideMeta, Trust};
use super::stop::Stop;

/// Scanners at once: a thread and at most `credits` tiles each.
const CONNECTIONS_MAX: usize = 16;

/// Bytes that are read at once.
const PIECE_BYTES: usize = 1 << 16;

/// How long a read waits before it is seen whether the box stops or has room again.
const READ_WAIT: Duration = Duration::from_millis(250);

/// How long a write waits: a scanner that reads nothing for so long is gone.
const WRITE_WAIT: Duration = Duration::from_secs(30);

/// Time between two looks for a new connection.
const ACCEPT_WAIT: Duration = Duration::from_millis(50);

/// Where scanners are waited for.
pub(crate) enum Listener {
    Unix(UnixListener),
    Tcp(TcpListener),
}

trait Stream: Read + Write + Send {}
impl<T: Read + Write + Send> Stream for T {}

impl Listener {
    /// The sockets that the service manager has opened: then a scanner can connect while the box
    /// starts anew. They take the place of those of the configuration.
    fn passed() -> Result<Vec<Self>> {
        let mut fds = ListenFd::from_env();
        let mut open = Vec::new();
        for index in 0..fds.len() {
            let cannot = || format!("the socket {index} that systemd passes cannot be used");
            let listener = match fds.take_unix_listener(index) {
                Ok(Some(listener)) => Self::Unix(listener),
                Ok(None) => continue,
                Err(_) => match fds.take_tcp_listener(index).with_context(cannot)? {
                    Some(listener) => Self::Tcp(listener),
                    None => continue,
                },
            };
            match &listener {
                Self::Unix(listener) => listener.set_nonblocking(true).with_context(cannot)?,
                Self::Tcp(listener) => listener.set_nonblocking(true).with_context(cannot)?,
            }
            open.push(listener);
        }
        Ok(open)
    }

    /// Opens the sockets of the configuration, or takes those that were passed.
    pub(crate) fn open(socket: &Socket) -> Result<Vec<Self>> {
        let mut open = Self::passed()?;
        if !open.is_empty() {
            return Ok(open);
        }
        if let Some(path) = &socket.unix {
            let cannot = || format!("the socket {} cannot be opened", path.display());
            // A socket of an earlier life; the state folder's lock says that it has ended.
            match std::fs::remove_file(path) {
                Err(error) if error.kind() != io::ErrorKind::NotFound => {
                    return Err(error).with_context(cannot);
                }
                Ok(()) | Err(_) => {}
            }
            let listener = UnixListener::bind(path).with_context(cannot)?;
            listener.set_nonblocking(true).with_context(cannot)?;
            open.push(Self::Unix(listener));
        }
        if let Some(address) = socket.tcp {
            let cannot = || format!("the socket {address} cannot be opened");
            let listener = TcpListener::bind(address).with_context(cannot)?;
            listener.set_nonblocking(true).with_context(cannot)?;
            open.push(Self::Tcp(listener));
        }
        Ok(open)
    }

    fn accept(&self) -> io::Result<Box<dyn Stream>> {
        match self {
            Self::Unix(listener) => {
                let stream: UnixStream = listener.accept()?.0;
                stream.set_nonblocking(false)?;
                stream.set_read_timeout(Some(READ_WAIT))?;
                stream.set_write_timeout(Some(WRITE_WAIT))?;
                Ok(Box::new(stream))
            }
            Self::Tcp(listener) => {
                let stream: TcpStream = listener.accept()?.0;
                stream.set_nonblocking(false)?;
                stream.set_nodelay(true)?;
                stream.set_read_timeout(Some(READ_WAIT))?;
                stream.set_write_timeout(Some(WRITE_WAIT))?;
                Ok(Box::new(stream))
            }
        }
    }
}

/// Accepts scanners until the stop is asked.
pub(crate) fn listen(
    listener: &Listener,
    (register, limits): (&Register, Limits),
    beats: &Beats,
    stop: &Stop,
) {
    let connections = Arc::new(AtomicUsize::new(0));
    thread::scope(|scope| {
        while !stop.is_asked() {
            let stream = match listener.accept() {
                Ok(stream) => stream,
                Err(error) => {
                    if error.kind() != io::ErrorKind::WouldBlock {
                        tracing::warn!("A scanner's connection failed: {error}");
                    }
                    stop.is_asked_within(ACCEPT_WAIT);
                    continue;
                }
            };
            if connections.load(Ordering::SeqCst) >= CONNECTIONS_MAX {
                tracing::warn!("A scanner is turned away: {CONNECTIONS_MAX} are connected.");
                continue;
            }
            let number = connections.fetch_add(1, Ordering::SeqCst);
            let (register, connections) = (register.clone(), Arc::clone(&connections));
            let beat = beats.join(format!("scanner {number}"), register.config.deadlines.worker);
            scope.spawn(move || {
                let connection = Connection::new(stream, register, limits, beat.clone());
                connection.serve(stop);
                beat.leave();
                connections.fetch_sub(1, Ordering::SeqCst);
            });
        }
    });
}

/// One scanner's connection.
struct Connection {
    stream: Box<dyn Stream>,
    register: Register,
    session: Session,
    decoder: Decoder<ClientFrame>,
    /// The slides of this connection by their handles.
    slides: BTreeMap<u32, (SlideId, String)>,
    is_holding: bool,
    beat: Beat,
}

/// Whether the connection goes on.
#[derive(PartialEq, Eq)]
enum Goes {
    On,
    Away,
}

impl Connection {
    fn new(stream: Box<dyn Stream>, register: Register, limits: Limits, beat: Beat) -> Self {
        let server = concat!("margay/", env!("CARGO_PKG_VERSION"));
        Self {
            stream,
            register,
            session: Session::new(server, limits),
            decoder: Decoder::default(),
            slides: BTreeMap::new(),
            is_holding: false,
            beat,
        }
    }

    fn serve(mut self, stop: &Stop) {
        if let Err(error) = self.talk(stop) {
            tracing::info!("A scanner's connection ended: {error}");
        }
    }

    fn talk(&mut self, stop: &Stop) -> io::Result<()> {
        let mut piece = vec![0; PIECE_BYTES];
        loop {
            self.beat.idle();
            let event = match self.stream.read(&mut piece) {
                Ok(0) => return Ok(()),
                Ok(bytes) => {
                    if self.take(&piece[..bytes])? == Goes::Away {
                        return Ok(());
                    }
                    continue;
                }
                Err(error) if is_a_pause(&error) => self.pause(stop),
                Err(error) => return Err(error),
            };
            if let Some(event) = event
                && self.apply(event)? == Goes::Away
            {
                return Ok(());
            }
        }
    }

    /// What a pause of the scanner is used for.
    fn pause(&mut self, stop: &Stop) -> Option<Event> {
        if stop.is_asked() {
            return Some(Event::Closing { reason: "the box stops".into() });
        }
        if self.is_holding && self.register.has_room() {
            self.is_holding = false;
            return Some(Event::Release);
        }
        None
    }

    fn take(&mut self, piece: &[u8]) -> io::Result<Goes> {
        for frame in self.decoder.push(piece) {
            let event = frame.map_or_else(Event::Garbled, Event::Arrived);
            if self.apply(event)? == Goes::Away {
                return Ok(Goes::Away);
            }
        }
        Ok(Goes::On)
    }

    /// Applies an event, and those that follow from what it asks for.
    fn apply(&mut self, event: Event) -> io::Result<Goes> {
        let mut events = vec![event];
        while let Some(event) = events.pop() {
            for action in self.session.apply(event) {
                match action {
                    Action::Send(frame) => {
                        self.beat.at("send", "a frame");
                        self.stream.write_all(&frame.to_bytes())?;
                    }
                    Action::Close => return Ok(Goes::Away),
                    Action::Begin { handle, facts } => {
                        self.beat.at("begin", "a slide");
                        events.push(self.begin(handle, &SlideMeta::of_tiles(&facts)));
                    }
                    Action::Store { ticket, handle, tile } => {
                        self.beat.at("store", format!("tile ({}, {})", tile.x, tile.y));
                        let (event, holds) = self.store(ticket, handle, &tile);
                        events.push(event);
                        if holds && !self.is_holding {
                            self.is_holding = true;
                            // Before the answer, so that its credit is the first held back.
                            events.push(Event::Hold);
                        }
                    }
                    Action::End { end } => {
                        self.beat.at("end", "a slide");
                        events.push(self.end(&end));
                    }
                }
            }
        }
        Ok(Goes::On)
    }

    fn begin(&mut self, handle: u32, meta: &SlideMeta) -> Event {
        let slide = match self.register.begin(meta) {
            Ok(slide) => slide,
            Err(error) => return Event::NotOpened { handle, refusal: refusal_of(&error) },
        };
        let opened =
            self.register.activate(slide, Trust::Nothing).and_then(|()| self.register.held(slide));
        match opened {
            Ok(tiles) => {
                self.slides.insert(handle, (slide, self.register.label(&meta.key())));
                Event::Opened { handle, tiles }
            }
            Err(error) => {
                let refusal = Refusal::new(Code::Failed, format!("{error:#}"));
                Event::NotOpened { handle, refusal }
            }
        }
    }

    /// The answer to a tile, and whether the disk has no room.
    fn store(&self, ticket: u64, handle: u32, tile: &Accepted) -> (Event, bool) {
        let (slide, _) = self.slides[&handle];
        match self.register.store(slide, tile) {
            Ok(Taking::Kept(kept)) => (Event::Durable { ticket, kept }, false),
            Ok(Taking::Refused(refusal)) => (Event::Refused { ticket, refusal }, false),
            Err(error) => {
                let is_full = matches!(error, WriteError::Full { .. });
                tracing::warn!("A tile is not taken: {error}");
                (Event::Refused { ticket, refusal: refusal_of(&error) }, is_full)
            }
        }
    }

    fn end(&self, end: &SlideEnd) -> Event {
        let handle = end.handle;
        let (slide, label) = &self.slides[&handle];
        let tiles = match self.register.held(*slide) {
            Ok(tiles) => tiles.len() as u32,
            Err(error) => {
                let refusal = Refusal::new(Code::Failed, format!("{error:#}"));
                return Event::NotEnded { handle, refusal };
            }
        };
        if let Some(refusal) = end_refusal(end, tiles) {
            return Event::NotEnded { handle, refusal };
        }
        match self.register.end(*slide, label, &[]) {
            Ok(()) => Event::Ended { handle, tiles },
            Err(error) => Event::NotEnded { handle, refusal: refusal_of(&error) },
        }
    }
}

fn is_a_pause(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::WouldBlock | io::ErrorKind::TimedOut | io::ErrorKind::Interrupted
    )
}

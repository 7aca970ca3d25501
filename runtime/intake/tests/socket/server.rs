//! A box on a real socket: a thread for each connection, one store behind all.

use std::collections::BTreeMap;
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use intake::frame::{ClientFrame, Decoder, Frame};
use intake::session::{Action, Event, Limits, Session};

use crate::store::Store;

pub(crate) const LIMITS: Limits = Limits { credits: 3, tile_bytes_max: 4 << 20 };

/// One connection: its session, and the store that answers it.
pub(crate) struct Connection {
    pub(crate) session: Session,
    store: Store,
    slides: BTreeMap<u32, String>,
    decoder: Decoder<ClientFrame>,
}

impl Connection {
    pub(crate) fn new(store: Store) -> Self {
        Self::with(Session::new("margay test", LIMITS), store)
    }

    pub(crate) fn with(session: Session, store: Store) -> Self {
        Self { session, store, slides: BTreeMap::new(), decoder: Decoder::default() }
    }

    /// Takes bytes and gives the bytes to write; none when the connection is to be closed.
    pub(crate) fn take(&mut self, piece: &[u8], out: &mut Vec<u8>) -> bool {
        let mut goes_on = true;
        for frame in self.decoder.push(piece) {
            let event = frame.map_or_else(Event::Garbled, Event::Arrived);
            goes_on &= self.apply(event, out);
        }
        goes_on
    }

    fn apply(&mut self, event: Event, out: &mut Vec<u8>) -> bool {
        let mut goes_on = true;
        for action in self.session.apply(event) {
            let answer = match action {
                Action::Send(frame) => {
                    out.extend(frame.to_bytes());
                    continue;
                }
                Action::Begin { handle, facts } => {
                    self.slides.insert(handle, facts.slide.clone());
                    match self.store.begin(&facts) {
                        Ok(tiles) => Event::Opened { handle, tiles },
                        Err(refusal) => Event::NotOpened { handle, refusal },
                    }
                }
                Action::Store { ticket, handle, tile } => {
                    match self.store.store(&self.slides[&handle], tile) {
                        Ok(kept) => Event::Durable { ticket, kept },
                        Err(refusal) => Event::Refused { ticket, refusal },
                    }
                }
                Action::End { end } => match self.store.end(&self.slides[&end.handle], &end) {
                    Ok(tiles) => Event::Ended { handle: end.handle, tiles },
                    Err(refusal) => Event::NotEnded { handle: end.handle, refusal },
                },
                Action::Close => {
                    goes_on = false;
                    continue;
                }
            };
            goes_on &= self.apply(answer, out);
        }
        goes_on
    }
}

/// Serves every connection to `address` for as long as the test runs. `cut_after`: the bytes of
/// the first connection that are read before it is lost.
pub(crate) fn serve_tcp(store: Store, cut_after: Option<usize>) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let left = Arc::new(AtomicUsize::new(cut_after.unwrap_or(usize::MAX)));
    std::thread::spawn(move || {
        for line in listener.incoming() {
            let (store, left) = (store.clone(), Arc::clone(&left));
            let bytes_max = left.swap(usize::MAX, Ordering::SeqCst);
            std::thread::spawn(move || serve::<TcpStream>(line.unwrap(), store, bytes_max));
        }
    });
    address
}

/// Serves one connection until its end.
pub(crate) fn serve<L: Read + Write>(mut line: L, store: Store, bytes_max: usize) {
    let mut connection = Connection::new(store);
    let mut piece = vec![0; 5000];
    let mut left = bytes_max;
    while let Ok(count) = line.read(&mut piece) {
        // Half a tile is taken, and then the line is lost.
        let taken = count.min(left);
        left -= taken;
        let mut out = Vec::new();
        let goes_on = connection.take(&piece[..taken], &mut out);
        let is_lost = count == 0 || taken < count;
        if line.write_all(&out).is_err() || !goes_on || is_lost {
            return;
        }
    }
}

//! A TCP gate between the uplink and the broker. It can be shut, cut connections after a number of
//! bytes, and let bytes through slowly.

use std::io::{Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::time::Duration;

/// A gate.
pub(crate) struct Gate {
    pub(crate) port: u16,
    rules: Arc<Mutex<Rules>>,
}

/// What the gate lets through.
#[derive(Default)]
struct Rules {
    shut: bool,
    /// Bytes of the next connections, the first one last: then they are cut.
    cuts: Vec<u64>,
    /// Bytes per second, if they are slowed.
    bytes_per_s: Option<u64>,
    streams: Vec<TcpStream>,
    connections: usize,
}

impl Gate {
    /// A gate to `port`, open.
    pub(crate) fn to(port: u16) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let own = listener.local_addr().unwrap().port();
        let rules = Arc::new(Mutex::new(Rules::default()));
        let shared = Arc::clone(&rules);
        std::thread::spawn(move || {
            for stream in listener.incoming().map_while(Result::ok) {
                let_through(stream, port, &shared);
            }
        });

        Self { port: own, rules }
    }

    /// Cuts all connections and lets no new one through.
    pub(crate) fn shut(&self) {
        self.refuse();
        self.cut();
    }

    /// Lets no new connection through.
    pub(crate) fn refuse(&self) {
        self.rules.lock().unwrap().shut = true;
    }

    /// Lets new connections through.
    pub(crate) fn open(&self) {
        self.rules.lock().unwrap().shut = false;
    }

    /// Cuts all connections.
    pub(crate) fn cut(&self) {
        for stream in self.rules.lock().unwrap().streams.drain(..) {
            // It may be gone already.
            drop(stream.shutdown(Shutdown::Both));
        }
    }

    /// Cuts the next connections after these numbers of bytes, counted in both directions.
    pub(crate) fn cut_after(&self, mut bytes: Vec<u64>) {
        bytes.reverse();
        self.rules.lock().unwrap().cuts = bytes;
    }

    /// Cuts that have not happened.
    pub(crate) fn cuts_left(&self) -> usize {
        self.rules.lock().unwrap().cuts.len()
    }

    /// Slows what goes to the broker, from now on.
    pub(crate) fn slow(&self, bytes_per_s: u64) {
        self.rules.lock().unwrap().bytes_per_s = Some(bytes_per_s);
    }

    /// Connections that came.
    pub(crate) fn connections(&self) -> usize {
        self.rules.lock().unwrap().connections
    }
}

fn let_through(client: TcpStream, port: u16, shared: &Arc<Mutex<Rules>>) {
    let mut rules = shared.lock().unwrap();
    rules.connections += 1;
    if rules.shut {
        return;
    }
    let Ok(broker) = TcpStream::connect(("127.0.0.1", port)) else { return };
    let left = Arc::new(Mutex::new(rules.cuts.pop()));
    rules.streams.extend([client.try_clone().unwrap(), broker.try_clone().unwrap()]);
    drop(rules);
    let (up, down) = (client.try_clone().unwrap(), broker.try_clone().unwrap());
    let (shared, budget) = (Arc::clone(shared), Arc::clone(&left));
    std::thread::spawn(move || copy(up, broker, &budget, Some(&shared)));
    std::thread::spawn(move || copy(down, client, &left, None));
}

/// Copies until an end is gone or the budget of both directions is spent.
fn copy(
    mut from: TcpStream,
    mut to: TcpStream,
    budget: &Mutex<Option<u64>>,
    rules: Option<&Mutex<Rules>>,
) {
    let mut buffer = [0; 4096];
    while let Ok(read @ 1..) = from.read(&mut buffer) {
        let mut left = budget.lock().unwrap();
        let most = left.map_or(read, |left| read.min(usize::try_from(left).unwrap()));
        *left = left.map(|left| left - most as u64);
        let spent = *left == Some(0);
        drop(left);
        if to.write_all(&buffer[..most]).is_err() || spent {
            break;
        }
        let speed = rules.and_then(|rules| rules.lock().unwrap().bytes_per_s);
        if let Some(speed) = speed {
            std::thread::sleep(Duration::from_micros(most as u64 * 1_000_000 / speed));
        }
    }
    // Either may be gone already.
    drop(from.shutdown(Shutdown::Both));
    drop(to.shutdown(Shutdown::Both));
}

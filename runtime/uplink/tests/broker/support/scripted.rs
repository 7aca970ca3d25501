//! A peer that speaks just enough of MQTT 5 to answer as no mosquitto can be made to: out of order,
//! without room, with packet ids of its own making, with garbage.

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};

/// What the peer answers to a QoS 1 message.
pub(crate) type Script = fn(Told) -> Vec<u8>;

/// A QoS 1 message as the peer sees it.
#[derive(Clone, Copy)]
pub(crate) struct Told {
    /// Its number, from 0, all connections together.
    pub(crate) n: usize,
    pub(crate) pkid: u16,
    /// Whether it is a result.
    pub(crate) result: bool,
}

/// A peer.
pub(crate) struct Scripted {
    pub(crate) port: u16,
    topics: Arc<Mutex<Vec<String>>>,
}

impl Scripted {
    /// Listens, and answers each message as `script` says.
    pub(crate) fn start(script: Script) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let topics = Arc::new(Mutex::new(Vec::new()));
        let sink = Arc::clone(&topics);
        std::thread::spawn(move || {
            for stream in listener.incoming().map_while(Result::ok) {
                // A client that goes is no fault of the peer.
                drop(serve(stream, script, &sink));
            }
        });

        Self { port, topics }
    }

    /// Topics of the QoS 1 messages that came.
    pub(crate) fn topics(&self) -> Vec<String> {
        self.topics.lock().unwrap().clone()
    }
}

/// A PUBACK with its reason.
pub(crate) fn puback(pkid: u16, reason: u8) -> Vec<u8> {
    let [high, low] = pkid.to_be_bytes();

    vec![0x40, 4, high, low, reason, 0]
}

fn serve(
    mut stream: TcpStream,
    script: Script,
    topics: &Mutex<Vec<String>>,
) -> std::io::Result<()> {
    loop {
        let (kind, body) = packet(&mut stream)?;
        match kind >> 4 {
            // CONNECT: welcome, no session, no properties.
            1 => stream.write_all(&[0x20, 3, 0, 0, 0])?,
            // PUBLISH at QoS 1.
            3 if kind & 0b110 == 0b010 => {
                let length = usize::from(u16::from_be_bytes([body[0], body[1]]));
                let topic = String::from_utf8_lossy(&body[2..2 + length]).into_owned();
                let pkid = u16::from_be_bytes([body[2 + length], body[3 + length]]);
                let result = topic.contains("/results/");
                let n = {
                    let mut topics = topics.lock().unwrap();
                    topics.push(topic);
                    topics.len() - 1
                };
                stream.write_all(&script(Told { n, pkid, result }))?;
            }
            // SUBSCRIBE to two filters.
            8 => stream.write_all(&[0x90, 5, body[0], body[1], 0, 1, 1])?,
            // PINGREQ.
            12 => stream.write_all(&[0xD0, 0])?,
            _ => {}
        }
    }
}

/// One packet: its first byte, and what follows the length.
fn packet(stream: &mut TcpStream) -> std::io::Result<(u8, Vec<u8>)> {
    let mut byte = [0];
    stream.read_exact(&mut byte)?;
    let kind = byte[0];
    let mut length = 0;
    for place in 0..4 {
        stream.read_exact(&mut byte)?;
        length |= usize::from(byte[0] & 0x7F) << (7 * place);
        if byte[0] & 0x80 == 0 {
            break;
        }
    }
    let mut body = vec![0; length];
    stream.read_exact(&mut body)?;

    Ok((kind, body))
}

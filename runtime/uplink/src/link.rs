//! The seam to the MQTT client: one connection at a time, in MQTT 5 or 3.1.1.
//!
//! **Contract:** a connection is made once and never mended: after its first fault it is dropped
//! with all that the client library holds for it, and the session makes a new one. So nothing of
//! the library's own queue, its packet ids or its buffered events outlives a connection, and its
//! way to lose what waits when the broker has forgotten the session cannot be reached.
//! Everything is handed over without waiting; waiting is [`Poller::next`]'s alone.

mod fault;
mod v311;
mod v5;

use std::time::Duration;

use ledger::Message;

use crate::command::Incoming;
use crate::config::{Config, Protocol};
use crate::secret::SecretError;
use crate::session::{Answer, Fault, FaultKind, Verdict, Welcome};
use crate::tls::{self, TlsError};

/// Requests that wait for the client's task: the window, and some telemetry.
const REQUESTS: usize = 128;
/// QoS 1 messages that the client itself lets through before it stalls: far above the session's
/// window, so that neither telemetry nor packet ids collide.
const CLIENT_INFLIGHT: u16 = 1000;
/// Largest packet that is taken, bytes. The library's own limit of 10 KiB ends the connection.
const INCOMING_BYTES_MAX: u32 = 16 << 20;
/// Time that an answer or a report of health is worth anything, s (MQTT 5).
const EXPIRY_S: u32 = 3600;

/// Something that a connection says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Said {
    Connected(Welcome),
    Assigned(u16),
    Acknowledged {
        pkid: u16,
        verdict: Verdict,
    },
    Received(Incoming),
    /// The broker refuses a subscription.
    SubscriptionRefused,
    Closed,
    /// Anything else: it is alive.
    Alive,
}

/// What a message is, as far as its packet shows it.
#[derive(Clone, Debug)]
pub(crate) enum Outgoing {
    Row(Message, bool),
    State(Vec<u8>),
    Health(Vec<u8>),
    Answer(Answer),
}

/// Hands messages to a connection.
#[derive(Debug)]
pub(crate) enum Sender {
    V5(rumqttc::v5::AsyncClient),
    V311(rumqttc::AsyncClient),
}

/// Moves a connection.
pub(crate) struct Poller {
    client: Client,
    fault: Option<Fault>,
}

/// The client library's half that is polled.
enum Client {
    V5(Box<rumqttc::v5::EventLoop>),
    V311(Box<rumqttc::EventLoop>),
}

/// The client's task does not take what is handed to it: it has more than [`REQUESTS`] waiting, or
/// it has ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct NotTaken;

/// Reads the credentials and prepares a connection; it is made when it is first polled.
pub(crate) fn open(config: &Config, will: Vec<u8>) -> Result<(Sender, Poller), Fault> {
    let folder = config.credentials.as_deref();
    let tls = config.tls.as_ref().map(|tls| tls::client(tls, folder));
    let tls = tls.transpose().map_err(|error| tls_fault(&error))?;
    let transport = tls.map(rumqttc::TlsConfiguration::Rustls);
    let transport =
        transport.map_or_else(rumqttc::Transport::tcp, rumqttc::Transport::tls_with_config);
    let password = config.login.as_ref().map(|login| login.password.read(folder));
    let password = password.transpose().map_err(|error| secret_fault(&error))?;

    let (sender, client) = match config.protocol {
        Protocol::V5 => v5::open(config, transport, password, will),
        Protocol::V311 => v311::open(config, transport, password, will),
    };

    Ok((sender, Poller { client, fault: None }))
}

impl Sender {
    /// Hands over a message.
    pub(crate) fn publish(&self, topic: &str, outgoing: Outgoing) -> Result<(), NotTaken> {
        match self {
            Self::V5(client) => v5::publish(client, topic, outgoing),
            Self::V311(client) => v311::publish(client, topic, outgoing),
        }
    }

    /// Asks for `commands`, kept by the broker while the box is away, and for the own `state`, which
    /// matters only while it is there.
    pub(crate) fn subscribe(&self, commands: String, state: String) -> Result<(), NotTaken> {
        match self {
            Self::V5(client) => v5::subscribe(client, commands, state),
            Self::V311(client) => v311::subscribe(client, commands, state),
        }
    }

    /// Says goodbye.
    pub(crate) fn close(&self) -> Result<(), NotTaken> {
        match self {
            Self::V5(client) => client.try_disconnect().map_err(|_| NotTaken),
            Self::V311(client) => client.try_disconnect().map_err(|_| NotTaken),
        }
    }
}

impl Poller {
    /// Makes the connection, within `timeout`.
    pub(crate) async fn connect(&mut self, timeout: Duration) -> Result<Said, Fault> {
        let text = match tokio::time::timeout(timeout, self.next()).await {
            Ok(Err(Fault { kind: FaultKind::Closed, .. })) => {
                let text = "the broker has closed the connection before its welcome: is it the \
                            right port, with TLS or without, and are certificates asked for?";
                return Err(Fault { kind: FaultKind::TurnedAway, text: text.to_owned() });
            }
            Ok(said) => return said,
            Err(_) => format!("the broker does not answer within {} s", timeout.as_secs()),
        };

        Err(Fault { kind: FaultKind::Unreachable, text })
    }

    /// Waits for what the connection says next. What the library had taken in before a fault is
    /// told before the fault: a PUBACK that has come is not forgotten.
    pub(crate) async fn next(&mut self) -> Result<Said, Fault> {
        if self.fault.is_none() {
            match self.client.poll().await {
                Ok(said) => return Ok(said),
                Err(fault) => self.fault = Some(fault),
            }
        }
        match (self.client.taken_in(), self.fault.clone()) {
            (None, Some(fault)) => Err(fault),
            (said, _) => Ok(said.unwrap_or(Said::Alive)),
        }
    }
}

impl Client {
    async fn poll(&mut self) -> Result<Said, Fault> {
        match self {
            Self::V5(events) => events.poll().await.map(v5::said).map_err(|e| fault::v5(&e)),
            Self::V311(events) => events.poll().await.map(v311::said).map_err(|e| fault::v311(&e)),
        }
    }

    /// What was taken in and not told.
    fn taken_in(&mut self) -> Option<Said> {
        match self {
            Self::V5(events) => events.state.events.pop_front().map(v5::said),
            Self::V311(events) => events.state.events.pop_front().map(v311::said),
        }
    }
}

fn tls_fault(error: &TlsError) -> Fault {
    Fault { kind: FaultKind::Credentials, text: chain(error) }
}

fn secret_fault(error: &SecretError) -> Fault {
    Fault { kind: FaultKind::Credentials, text: format!("the password: {}", chain(error)) }
}

/// An error and its causes in one line.
pub(crate) fn chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        text = format!("{text}: {error}");
        cause = error.source();
    }
    text
}

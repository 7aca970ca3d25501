//! What a session hears and what it has done: the words between the pure state machine and the
//! shell around it.

use std::fmt;
use std::time::Duration;

use ledger::Message;

/// Something that has happened.
#[derive(Clone, Debug, PartialEq)]
pub enum Event {
    /// Time has passed and nothing else waits to be told.
    Tick,
    /// The broker has taken the connection.
    Connected(Welcome),
    /// The connection has ended, or did not come about.
    Disconnected(Fault),
    /// The oldest QoS 1 message that was handed over has got this packet id.
    Assigned(u16),
    /// The broker has answered the QoS 1 message with this packet id.
    Acknowledged {
        /// Its packet id.
        pkid: u16,
        /// What the broker says.
        verdict: Verdict,
    },
    /// The answer to [`Action::Fetch`]; empty at the end of the outbox.
    Rows {
        /// The messages are those after this one.
        after: u64,
        /// The messages, in order.
        rows: Vec<Message>,
    },
    /// The outbox could not be read.
    FetchFailed,
    /// The answer to [`Action::Settle`]: what of it is on the disk.
    Settled(Settlement),
    /// Somebody has written to the outbox.
    OutboxGrew,
    /// What the box says of itself is no longer what it said.
    StateChanged,
    /// The Will of an older connection has arrived after this connection's birth.
    Overtaken,
    /// A command has been answered.
    Answered(Answer),
    /// Say goodbye.
    Stop {
        /// Until then; later the connection is cut.
        by: Duration,
    },
    /// The goodbye is on the wire.
    Closed,
}

/// What a broker grants.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Welcome {
    /// It remembers the session: subscriptions, and commands that came meanwhile.
    pub session_present: bool,
    /// QoS 1 messages that it takes before it has answered the first.
    pub receive_max: u16,
    /// Largest packet that it takes, bytes.
    pub packet_bytes_max: Option<u64>,
}

/// What a broker says to a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// It has it.
    Accepted,
    /// It does not take it now, for a reason of its own.
    Busy(&'static str),
    /// It does not take this message.
    Refused(&'static str),
}

/// Why there is no connection.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    /// What kind of thing it is.
    pub kind: FaultKind,
    /// What happened and what to do, in one line.
    pub text: String,
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

/// Kinds of faults of a connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FaultKind {
    /// A file with a certificate, key or password cannot be used.
    Credentials,
    /// The host has no address, does not answer or refuses the port.
    Unreachable,
    /// The broker's certificate is not believed.
    ServerCertificate,
    /// The broker does not believe our certificate.
    ClientCertificate,
    /// Other faults of TLS.
    Tls,
    /// User or password are refused.
    Login,
    /// The broker refuses the connection for another reason.
    Refused,
    /// Another client uses our id.
    TakenOver,
    /// Something other than MQTT, or another version of it.
    Protocol,
    /// The broker has closed the connection before its welcome.
    TurnedAway,
    /// The broker has closed the connection.
    Closed,
    /// The broker is there and does nothing.
    Stalled,
}

/// The answer to a command, ready to be sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answer {
    /// Where to.
    pub topic: String,
    /// What the asker wants to see again (MQTT 5).
    pub correlation: Option<Vec<u8>>,
    /// The event.
    pub payload: Vec<u8>,
}

/// Something that is to be done. The shell does all of it in order.
#[derive(Clone, Debug, PartialEq)]
pub enum Action {
    /// Make a connection; its Will and its birth carry this number.
    Connect {
        /// Counts from 1.
        connection: u64,
    },
    /// Cut the connection without a goodbye.
    Cut {
        /// What is wrong with it, if something is.
        why: Option<Fault>,
    },
    /// Subscribe to the commands, and to our own state.
    Subscribe,
    /// Publish the state: retained, QoS 1.
    PublishState {
        /// As `disconnected`.
        goodbye: bool,
    },
    /// Publish the health: QoS 0.
    PublishHealth,
    /// Publish a message of the outbox: QoS 1.
    PublishRow(Message),
    /// Publish the answer to a command: QoS 1.
    PublishAnswer(Answer),
    /// Read the outbox.
    Fetch {
        /// Messages after this one.
        after: u64,
        /// At most so many.
        rows: usize,
        /// At most so many bytes of payload, but at least one message.
        bytes: usize,
    },
    /// Write to the ledger what has become of messages.
    Settle(Settlement),
    /// Tell an operator, once.
    Complain(String),
    /// End the connection with a goodbye.
    Close,
    /// The session is over.
    Finished {
        /// The broker has acknowledged the goodbye.
        clean: bool,
    },
}

/// What has become of messages.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Settlement {
    /// The broker has them.
    pub sent: Vec<u64>,
    /// The broker refuses them for good, with the reason.
    pub poisoned: Vec<(u64, String)>,
    /// The broker has refused them once more.
    pub tried: Vec<u64>,
}

impl Settlement {
    /// Whether there is nothing to write.
    pub fn is_empty(&self) -> bool {
        self.sent.is_empty() && self.poisoned.is_empty() && self.tried.is_empty()
    }
}

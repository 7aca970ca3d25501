//! Where the broker is and how it is spoken to, checked: all faults at once.

use std::path::PathBuf;
use std::time::Duration;

use contract::message::Topics;
use thiserror::Error;

use crate::command::ReplyPrefix;
use crate::secret::Secret;
use crate::session::Settings;

/// How to reach the broker and speak to it.
#[derive(Clone, Debug)]
pub struct Config {
    /// Name or address of the broker.
    pub host: String,
    /// Its port: 8883 with TLS, 1883 without.
    pub port: u16,
    /// The version of MQTT. A 3.1.1 broker cannot say that it refuses a message: 5 is the one to
    /// choose where there is a choice.
    pub protocol: Protocol,
    /// The box's topics.
    pub topics: Topics,
    /// Name of the client, the same at each start: the broker keeps the session under it.
    pub client_id: String,
    /// TLS 1.2 or 1.3, or none.
    pub tls: Option<Tls>,
    /// User and password, or none.
    pub login: Option<Login>,
    /// Folder of the credentials that are given by name: `$CREDENTIALS_DIRECTORY`.
    pub credentials: Option<PathBuf>,
    /// Time between two signs of life, whole seconds.
    pub keep_alive: Duration,
    /// Time for one try to connect: name, TCP, TLS and the broker's welcome.
    pub connect_timeout: Duration,
    /// How long the broker keeps the session of a box that is away, whole seconds (MQTT 5).
    pub session_expiry: Duration,
    /// How long the broker waits before it says that a box is lost, whole seconds (MQTT 5).
    pub will_delay: Duration,
    /// Where answers may go beside the box's own topics.
    pub reply_prefixes: Vec<ReplyPrefix>,
    /// The numbers of the session.
    pub session: Settings,
}

/// A version of MQTT.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Protocol {
    /// MQTT 5.
    V5,
    /// MQTT 3.1.1, for brokers without 5, as the MQTT side of NATS.
    V311,
}

/// How the connection is sealed.
#[derive(Clone, Debug)]
pub struct Tls {
    /// The authorities whose word on the broker is believed: PEM.
    pub authorities: PathBuf,
    /// What the box shows of itself, if the broker asks.
    pub client: Option<Identity>,
}

/// A certificate and its key.
#[derive(Clone, Debug)]
pub struct Identity {
    /// The certificate, its chain behind it: PEM.
    pub certificate: PathBuf,
    /// Its private key: PEM.
    pub key: Secret,
}

/// User and password.
#[derive(Clone, Debug)]
pub struct Login {
    /// The user.
    pub user: String,
    /// The password.
    pub password: Secret,
}

/// Settings cannot be used.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("the uplink cannot be set up: {}", .0.join("; "))]
pub struct ConfigError(pub Vec<String>);

impl Config {
    /// A connection without TLS and login, all else as it should be.
    pub fn plain(host: &str, port: u16, topics: Topics) -> Self {
        let client_id = topics.root().replace('/', "-");
        Self {
            host: host.to_owned(),
            port,
            protocol: Protocol::V5,
            topics,
            client_id,
            tls: None,
            login: None,
            credentials: None,
            keep_alive: Duration::from_secs(30),
            connect_timeout: Duration::from_secs(20),
            session_expiry: Duration::from_hours(24),
            will_delay: Duration::from_secs(5),
            reply_prefixes: Vec::new(),
            session: Settings::default(),
        }
    }

    /// Checks everything, and says all that is wrong.
    pub fn check(&self) -> Result<(), ConfigError> {
        let mut faults = Vec::new();
        let mut require = |holds: bool, fault: String| {
            if !holds {
                faults.push(fault);
            }
        };
        require(!self.host.is_empty(), "host is empty".to_owned());
        require(self.port != 0, "port is 0".to_owned());
        let id = self.client_id.len();
        require((1..=200).contains(&id), format!("client_id has {id} bytes, not 1 to 200"));
        let keep = self.keep_alive.as_secs();
        require((5..=3600).contains(&keep), format!("keep_alive is {keep} s, not 5 to 3600"));
        let connect = self.connect_timeout.as_secs();
        require(
            (1..=600).contains(&connect),
            format!("connect_timeout is {connect} s, not 1 to 600"),
        );
        let expiry = self.session_expiry.as_secs();
        require(
            u32::try_from(expiry).is_ok(),
            format!("session_expiry is {expiry} s, over {}", u32::MAX),
        );
        let inflight = self.session.inflight_max;
        require((1..=64).contains(&inflight), format!("inflight_max is {inflight}, not 1 to 64"));
        require(self.session.refusals_max > 0, "refusals_max is 0".to_owned());
        if let Some(login) = &self.login {
            require(!login.user.is_empty(), "user is empty".to_owned());
        }

        if faults.is_empty() { Ok(()) } else { Err(ConfigError(faults)) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_fault_is_named_at_once() {
        let topics = Topics::new("lab", "box").unwrap();
        let good = Config::plain("broker", 1883, topics);
        let bad = Config {
            host: String::new(),
            port: 0,
            keep_alive: Duration::from_secs(1),
            client_id: String::new(),
            ..good.clone()
        };

        assert_eq!(good.check(), Ok(()));
        assert_eq!(
            bad.check().unwrap_err().to_string(),
            "the uplink cannot be set up: host is empty; port is 0; client_id has 0 bytes, not 1 to \
             200; keep_alive is 1 s, not 5 to 3600"
        );
    }
}

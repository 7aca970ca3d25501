//! What went wrong with a connection, in one line that says what to do.

#![expect(clippy::wildcard_enum_match_arm, reason = "what has no line of its own is told as it is")]

use std::io::{self, ErrorKind};

use rumqttc::v5::mqttbytes::Error as PacketError5;
use rumqttc::v5::mqttbytes::v5::{ConnectReturnCode as Code5, DisconnectReasonCode};
use rumqttc::v5::{ConnectionError as Error5, StateError as State5};
use rumqttc::{
    ConnectReturnCode as Code311, ConnectionError as Error311, StateError as State311, TlsError,
    mqttbytes::Error as PacketError311,
};
use rustls::AlertDescription;

use crate::session::{Fault, FaultKind};

/// The fault of a connection in MQTT 5.
pub(super) fn v5(error: &Error5) -> Fault {
    match error {
        Error5::Tls(error) => tls(error),
        Error5::ConnectionRefused(code) => refused5(*code),
        Error5::Timeout(_) => fault(FaultKind::Unreachable, "the broker does not answer".into()),
        Error5::Io(error)
        | Error5::MqttState(State5::Io(error) | State5::Deserialization(PacketError5::Io(error))) => {
            io(error)
        }
        Error5::MqttState(State5::ConnectionAborted) => closed(),
        Error5::MqttState(State5::AwaitPingResp) => silent(),
        Error5::MqttState(State5::ServerDisconnect { reason_code, reason_string }) => {
            sent_away(*reason_code, reason_string.as_deref())
        }
        Error5::MqttState(error) => protocol(error),
        Error5::NotConnAck(_) | Error5::RequestsDone => protocol(error),
    }
}

/// The fault of a connection in MQTT 3.1.1.
pub(super) fn v311(error: &Error311) -> Fault {
    match error {
        Error311::Tls(error) => tls(error),
        Error311::ConnectionRefused(code) => refused311(*code),
        Error311::NetworkTimeout => {
            fault(FaultKind::Unreachable, "the broker does not answer".into())
        }
        Error311::Io(error)
        | Error311::MqttState(
            State311::Io(error) | State311::Deserialization(PacketError311::Io(error)),
        ) => io(error),
        Error311::MqttState(State311::ConnectionAborted) => closed(),
        Error311::MqttState(State311::AwaitPingResp) | Error311::FlushTimeout => silent(),
        Error311::MqttState(error) => protocol(error),
        Error311::NotConnAck(_) | Error311::RequestsDone => protocol(error),
    }
}

fn fault(kind: FaultKind, text: String) -> Fault {
    Fault { kind, text }
}

fn io(error: &io::Error) -> Fault {
    if let Some(error) = error.get_ref().and_then(|inner| inner.downcast_ref::<rustls::Error>()) {
        return handshake(error);
    }
    match error.kind() {
        ErrorKind::ConnectionRefused => {
            let text = "nothing listens at the broker's port: is it up, is the port right?";
            fault(FaultKind::Unreachable, text.into())
        }
        ErrorKind::ConnectionReset
        | ErrorKind::ConnectionAborted
        | ErrorKind::BrokenPipe
        | ErrorKind::UnexpectedEof => closed(),
        _ => fault(FaultKind::Unreachable, format!("the broker cannot be reached: {error}")),
    }
}

fn closed() -> Fault {
    fault(FaultKind::Closed, "the broker has closed the connection: its log says why".into())
}

fn silent() -> Fault {
    fault(FaultKind::Stalled, "the broker does not answer signs of life".into())
}

fn protocol(error: &dyn std::fmt::Display) -> Fault {
    let text = format!("not MQTT as it is expected ({error}): is it the right port and version?");

    fault(FaultKind::Protocol, text)
}

fn tls(error: &TlsError) -> Fault {
    match error {
        TlsError::Io(error) => io(error),
        TlsError::TLS(error) => handshake(error),
        other => fault(FaultKind::Tls, format!("TLS failed: {other}")),
    }
}

/// Tells whose certificate is not believed.
fn handshake(error: &rustls::Error) -> Fault {
    match error {
        rustls::Error::InvalidCertificate(why) => fault(
            FaultKind::ServerCertificate,
            format!(
                "the broker's certificate is not believed ({why:?}): check the authorities' \
                     file, the host's name and both clocks"
            ),
        ),
        rustls::Error::AlertReceived(alert) if is_about_a_certificate(*alert) => fault(
            FaultKind::ClientCertificate,
            format!(
                "the broker does not believe our certificate ({alert:?}): is one set, not \
                     expired, and signed by an authority that the broker knows?"
            ),
        ),
        rustls::Error::InvalidMessage(_) => {
            fault(FaultKind::Tls, "the broker speaks no TLS on this port".into())
        }
        other => fault(FaultKind::Tls, format!("TLS failed: {other}")),
    }
}

fn is_about_a_certificate(alert: AlertDescription) -> bool {
    matches!(
        alert,
        AlertDescription::BadCertificate
            | AlertDescription::UnsupportedCertificate
            | AlertDescription::CertificateRevoked
            | AlertDescription::CertificateExpired
            | AlertDescription::CertificateUnknown
            | AlertDescription::CertificateRequired
            | AlertDescription::UnknownCA
            | AlertDescription::AccessDenied
            | AlertDescription::NoCertificate
    )
}

fn login() -> Fault {
    let text = "the broker refuses user and password: check both, and the broker's rights";

    fault(FaultKind::Login, text.into())
}

fn refused5(code: Code5) -> Fault {
    match code {
        Code5::BadUserNamePassword | Code5::NotAuthorized => login(),
        Code5::UnsupportedProtocolVersion | Code5::RefusedProtocolVersion => version(),
        other => fault(FaultKind::Refused, format!("the broker refuses the connection: {other:?}")),
    }
}

fn refused311(code: Code311) -> Fault {
    match code {
        Code311::BadUserNamePassword | Code311::NotAuthorized => login(),
        Code311::RefusedProtocolVersion => version(),
        other => fault(FaultKind::Refused, format!("the broker refuses the connection: {other:?}")),
    }
}

fn version() -> Fault {
    let text = "the broker does not speak this version of MQTT: set the other one";

    fault(FaultKind::Protocol, text.into())
}

fn sent_away(reason: DisconnectReasonCode, text: Option<&str>) -> Fault {
    if reason == DisconnectReasonCode::SessionTakenOver {
        let text = "another client has taken our id: two boxes have the same site and device";
        return fault(FaultKind::TakenOver, text.into());
    }
    let why = text.unwrap_or("no reason given");

    fault(FaultKind::Closed, format!("the broker has ended the connection: {reason:?} ({why})"))
}

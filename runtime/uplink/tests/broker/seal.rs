//! TLS, certificates and passwords: what is right connects, what is wrong is named.

use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;
use std::process::Command;

use rcgen::{
    BasicConstraints, CertificateParams, CertifiedIssuer, DnType, IsCa, KeyPair, date_time_ymd,
};
use uplink::session::FaultKind;
use uplink::{Config, Identity, Login, Protocol, Secret, Tls};

use super::support::station::config;
use super::support::{Broker, Station, wait_until};

type Authority = CertifiedIssuer<'static, KeyPair>;

fn authority(name: &str) -> Authority {
    let mut params = CertificateParams::new(vec![]).unwrap();
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    params.distinguished_name.push(DnType::CommonName, name);

    CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap()
}

/// A certificate for `name` and its key.
fn certificate(authority: &Authority, name: &str, last_year: i32) -> (String, String) {
    let mut params = CertificateParams::new(vec![name.to_owned()]).unwrap();
    params.distinguished_name.push(DnType::CommonName, name);
    params.not_before = date_time_ymd(2020, 1, 1);
    params.not_after = date_time_ymd(last_year, 1, 1);
    let key = KeyPair::generate().unwrap();
    let certificate = params.signed_by(&key, authority).unwrap();

    (certificate.pem(), key.serialize_pem())
}

/// A broker with TLS that asks for a certificate of `clients`, and the authority of its own.
fn sealed(server: &Authority, clients: &Authority, last_year: i32) -> Broker {
    let broker = Broker::prepare();
    let (certificate, key) = certificate(server, "127.0.0.1", last_year);
    let lines = format!(
        "allow_anonymous true\ncafile {}\ncertfile {}\nkeyfile {}\nrequire_certificate true\n",
        broker.file("clients.pem", &clients.pem()),
        broker.file("server.pem", &certificate),
        broker.file("server.key", &key),
    );
    broker.begin(&lines)
}

/// The configuration of a box that believes `authority` and shows `identity`.
fn believing(broker: &Broker, authority: &Authority, identity: Option<(String, String)>) -> Config {
    let identity = identity.map(|(certificate, key)| {
        let key = PathBuf::from(broker.file("box.key", &key));
        std::fs::set_permissions(&key, std::fs::Permissions::from_mode(0o600)).unwrap();
        Identity {
            certificate: broker.file("box.pem", &certificate).into(),
            key: Secret::File(key),
        }
    });
    let authorities = broker.file("believed.pem", &authority.pem()).into();

    Config { tls: Some(Tls { authorities, client: identity }), ..config(broker.port) }
}

/// Waits until a box with this configuration says this kind of fault.
fn fails(config: Config, kind: FaultKind) -> String {
    let mut station = Station::new();
    station.queue(1, 1);
    station.connect(config);
    wait_until(&format!("the fault {kind:?} is known"), || {
        station.uplink().status().fault.is_some_and(|fault| fault.kind == kind)
    });
    assert_eq!(station.waiting(), 1);
    station.uplink().status().fault.unwrap().text
}

#[test]
fn certificates_that_are_right_on_both_sides_connect() {
    for protocol in [Protocol::V5, Protocol::V311] {
        let (servers, boxes) = (authority("servers"), authority("boxes"));
        let broker = sealed(&servers, &boxes, 2090);
        let identity = certificate(&boxes, "box", 2090);
        let mut station = Station::new();
        station.queue(5, 2);

        station.connect(Config { protocol, ..believing(&broker, &servers, Some(identity)) });

        station.drained();
    }
}

#[test]
fn a_broker_of_another_authority_is_not_believed() {
    let (servers, boxes) = (authority("servers"), authority("boxes"));
    let broker = sealed(&servers, &boxes, 2090);
    let identity = certificate(&boxes, "box", 2090);

    let text = fails(
        believing(&broker, &authority("strangers"), Some(identity)),
        FaultKind::ServerCertificate,
    );

    assert!(text.contains("UnknownIssuer"), "{text}");
}

#[test]
fn a_broker_with_an_expired_certificate_is_not_believed() {
    let (servers, boxes) = (authority("servers"), authority("boxes"));
    let broker = sealed(&servers, &boxes, 2021);
    let identity = certificate(&boxes, "box", 2090);

    let text = fails(believing(&broker, &servers, Some(identity)), FaultKind::ServerCertificate);

    assert!(text.contains("Expired"), "{text}");
}

#[test]
fn a_box_with_a_wrong_an_expired_or_no_certificate_is_told_so() {
    let (servers, boxes) = (authority("servers"), authority("boxes"));
    let broker = sealed(&servers, &boxes, 2090);
    let strangers = authority("strangers");

    for identity in
        [Some(certificate(&strangers, "box", 2090)), Some(certificate(&boxes, "box", 2021)), None]
    {
        fails(believing(&broker, &servers, identity), FaultKind::ClientCertificate);
    }
}

#[test]
fn a_key_that_others_may_read_is_refused_and_taken_when_that_is_mended() {
    let (servers, boxes) = (authority("servers"), authority("boxes"));
    let broker = sealed(&servers, &boxes, 2090);
    let config = believing(&broker, &servers, Some(certificate(&boxes, "box", 2090)));
    let key = broker.folder().join("box.key");
    std::fs::set_permissions(&key, std::fs::Permissions::from_mode(0o644)).unwrap();

    let text = fails(config.clone(), FaultKind::Credentials);
    assert!(text.contains("others may read it (mode 644); run: chmod o-rwx"), "{text}");

    let mut station = Station::new();
    station.queue(1, 1);
    station.connect(config);
    std::fs::set_permissions(&key, std::fs::Permissions::from_mode(0o600)).unwrap();
    station.drained();
}

#[test]
fn tls_towards_a_port_without_it_is_named_so() {
    let broker = Broker::start("");

    let text = fails(believing(&broker, &authority("servers"), None), FaultKind::TurnedAway);

    assert!(text.contains("with TLS or without"), "{text}");
}

#[test]
fn a_wrong_password_is_refused_and_the_right_one_taken_from_the_credentials() {
    for protocol in [Protocol::V5, Protocol::V311] {
        let broker = Broker::prepare();
        let passwords = broker.file("passwords", "");
        let made = Command::new("mosquitto_passwd")
            .args(["-b", &passwords, "box", "right"])
            .status()
            .unwrap();
        assert!(made.success());
        let lines = format!("allow_anonymous false\npassword_file {passwords}\n");
        let broker = broker.begin(&lines);
        let password = broker.folder().join("mqtt");
        let write = |text: &str| {
            broker.file("mqtt", text);
            let mode = std::fs::Permissions::from_mode(0o600);
            std::fs::set_permissions(&password, mode).unwrap();
        };
        let login = Login { user: "box".into(), password: Secret::Credential("mqtt".into()) };
        let credentials = Some(broker.folder().to_owned());
        let config = Config { protocol, login: Some(login), credentials, ..config(broker.port) };

        write("wrong\n");
        let text = fails(config.clone(), FaultKind::Login);
        assert!(text.starts_with("the broker refuses user and password"), "{text}");

        write("right\n");
        let mut station = Station::new();
        station.queue(3, 1);
        station.connect(config);
        station.drained();
    }
}

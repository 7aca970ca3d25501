//! Peers that answer as no good broker does.

use std::time::Duration;

use uplink::Config;
use uplink::session::{FaultKind, Settings};

use super::support::scripted::{Scripted, Told, puback};
use super::support::station::config;
use super::support::{Station, wait_until};

#[test]
fn a_broker_without_room_gets_all_when_it_has_room_again() {
    let peer = Scripted::start(|Told { n, pkid, .. }| {
        puback(pkid, if (1..40).contains(&n) { 0x97 } else { 0 })
    });
    let mut station = Station::at(peer.port);

    station.queue(30, 10);

    station.drained();
    wait_until("each is counted", || station.uplink().status().counts.acknowledged == 30);
    let counts = station.uplink().status().counts;
    assert!(counts.poisoned == 0 && counts.refused >= 30, "{counts:?}");
}

#[test]
fn a_payload_that_the_broker_calls_invalid_is_set_apart() {
    let peer = Scripted::start(|Told { n, pkid, .. }| puback(pkid, if n == 0 { 0 } else { 0x99 }));
    let mut station = Station::at(peer.port);

    station.queue(1, 1);

    wait_until("it is set apart", || station.ledger.poison(0).unwrap().len() == 1);
    let reason = &station.ledger.poison(0).unwrap()[0].reason;
    assert_eq!(reason, "the payload's format is invalid (3 times)");
}

#[test]
fn an_answer_to_a_message_that_was_never_sent_takes_nothing_out() {
    let peer = Scripted::start(|Told { n, pkid, .. }| {
        puback(if (1..6).contains(&n) { pkid + 300 } else { pkid }, 0)
    });
    let mut station = Station::at(peer.port);

    station.queue(5, 1);

    station.drained();
    assert!(peer.topics().iter().filter(|topic| topic.contains("results")).count() > 5);
    wait_until("each is counted once", || station.uplink().status().counts.acknowledged == 5);
}

#[test]
fn an_answer_that_comes_twice_takes_one_message_out() {
    let peer = Scripted::start(|told| puback(told.pkid, 0).repeat(1 + usize::from(told.result)));
    let mut station = Station::at(peer.port);

    station.queue(20, 4);

    station.drained();
    wait_until("each is counted once", || station.uplink().status().counts.acknowledged == 20);
}

#[test]
fn garbage_ends_the_connection_and_not_the_uplink() {
    let peer = Scripted::start(|Told { n, pkid, .. }| match n {
        1..40 => (0..32).map(|byte: u8| byte.wrapping_mul(n as u8 * 2 + 1)).collect(),
        _ => puback(pkid, 0),
    });
    let mut station = Station::new();
    // Some garbage reads as the start of a long packet.
    let session =
        Settings { answer_patience: Duration::from_millis(100), ..config(peer.port).session };
    station.connect(Config { session, ..config(peer.port) });

    station.queue(10, 3);

    station.drained();
    assert_eq!(station.uplink().status().counts.poisoned, 0);
}

#[test]
fn a_peer_that_speaks_something_else_is_named_so() {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    std::thread::spawn(move || {
        for mut stream in listener.incoming().map_while(Result::ok) {
            drop(std::io::Write::write_all(
                &mut stream,
                "HTTP/1.1 400 Bad Request\r\n".repeat(10).as_bytes(),
            ));
            std::thread::sleep(std::time::Duration::from_millis(50));
        }
    });
    let station = Station::at(port);

    wait_until("the fault is known", || {
        station.uplink().status().fault.is_some_and(|fault| fault.kind == FaultKind::Protocol)
    });
}

#[test]
fn a_port_where_nothing_listens_is_named_so() {
    let station = Station::at(1);

    wait_until("the fault is known", || station.uplink().status().fault.is_some());
    let fault = station.uplink().status().fault.unwrap();
    assert_eq!(fault.kind, FaultKind::Unreachable);
    assert!(fault.text.starts_with("nothing listens at the broker's port"), "{fault}");
}

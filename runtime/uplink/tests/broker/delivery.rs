//! Every result arrives, whatever its size and however narrow the way.

use std::time::Duration;

use uplink::session::{FaultKind, Settings};
use uplink::{Config, Protocol};

use super::support::station::config;
use super::support::{Broker, Gate, Station, Watcher, wait_until};

/// JSON of about `bytes`.
fn large(bytes: usize) -> String {
    let numbers: Vec<_> = (0..bytes / 8).map(|n| format!("{n:07}")).collect();

    format!("\"{}\"", numbers.join(","))
}

#[test]
fn each_result_arrives_in_the_order_of_its_slide_and_leaves_the_outbox() {
    for protocol in [Protocol::V5, Protocol::V311] {
        let broker = Broker::start("");
        let watcher = Watcher::start(&broker);
        let mut station = Station::new();
        station.queue(50, 7);
        station.connect(Config { protocol, ..config(broker.port) });
        station.queue(50, 7);

        station.drained();

        station.arrived_at(&[&watcher]);
        assert_eq!(watcher.count(), 100, "{protocol:?}: none was sent twice");
    }
}

#[test]
fn a_message_of_5_mb_arrives_whole() {
    for protocol in [Protocol::V5, Protocol::V311] {
        let broker = Broker::start("");
        let watcher = Watcher::start(&broker);
        let mut station = Station::new();
        station.connect(Config { protocol, ..config(broker.port) });

        station.queue_one("slide", large(5 << 20));
        station.queue_one("slide", "after it".to_owned());

        station.drained();
        station.arrived_at(&[&watcher]);
    }
}

#[test]
fn an_8_mb_message_passes_a_link_that_needs_longer_than_the_librarys_own_patience() {
    let broker = Broker::start("");
    let gate = Gate::to(broker.port);
    gate.slow(800_000);
    let watcher = Watcher::start(&broker);
    let mut station = Station::new();
    station.connect(Config { protocol: Protocol::V311, ..config(gate.port) });

    station.queue_one("slide", large(8 << 20));

    station.drained();
    station.arrived_at(&[&watcher]);
    assert_eq!(gate.connections(), 1, "on the first connection");
}

#[test]
fn a_broker_that_grants_one_message_at_a_time_gets_all_and_telemetry_passes() {
    for granted in [1, 2, 3] {
        let broker = Broker::start("");
        drop(broker);
        let broker = Broker::prepare()
            .begin(&format!("allow_anonymous true\nmax_inflight_messages {granted}\n"));
        let watcher = Watcher::start(&broker);
        let mut station = Station::at(broker.port);

        station.queue(60, 30);

        station.drained();
        station.arrived_at(&[&watcher]);
        wait_until("health has come", || !watcher.on("/health").is_empty());
    }
}

#[test]
fn a_broker_that_stands_still_for_a_while_gets_all_when_it_goes_on() {
    let broker = Broker::start("");
    let watcher = Watcher::start(&broker);
    let mut station = Station::new();
    let session =
        Settings { answer_patience: Duration::from_millis(300), ..config(broker.port).session };
    station.connect(Config {
        session,
        connect_timeout: Duration::from_secs(1),
        ..config(broker.port)
    });
    station.queue(10, 5);
    station.drained();

    broker.signal("STOP");
    station.queue(40, 5);
    wait_until("the uplink has left the broker", || {
        station.uplink().status().fault.is_some_and(|fault| fault.kind == FaultKind::Stalled)
    });
    assert!(station.waiting() > 0);
    broker.signal("CONT");

    station.drained();
    station.arrived_at(&[&watcher]);
}

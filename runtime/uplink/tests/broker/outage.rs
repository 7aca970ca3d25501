//! Brokers die and links break: every result arrives all the same.

use uplink::{Config, Protocol};

use super::support::station::config;
use super::support::{Broker, Gate, Random, Station, Watcher, wait_until};

/// Lets results flow through a gate, ends the broker in their midst, starts it again and lets them
/// go on. `end` and the configuration say whether the broker remembers the session.
fn an_outage(lines: &str, protocol: Protocol, end: fn(&mut Broker)) -> (Station, Broker) {
    let mut broker = Broker::start(lines);
    let gate = Gate::to(broker.port);
    gate.slow(60_000);
    // It sees all that the broker has sent before its end, and does not come again.
    let once = Gate::to(broker.port);
    let before = Watcher::start_at(once.port, &broker);
    once.refuse();
    let mut station = Station::new();
    station.connect(Config { protocol, ..config(gate.port) });
    station.queue(300, 20);
    wait_until("results flow", || before.count() >= 50);

    gate.shut();
    end(&mut broker);
    assert!(station.waiting() > 0, "in their midst");
    broker.restart();
    let after = Watcher::start(&broker);
    gate.slow(10_000_000);
    gate.open();

    station.drained();
    station.arrived_at(&[&before, &after]);
    (station, broker)
}

#[test]
fn a_broker_that_is_killed_and_has_lost_the_session_gets_all_that_it_had_not_acknowledged() {
    for protocol in [Protocol::V5, Protocol::V311] {
        let (station, _broker) = an_outage("persistence false\n", protocol, Broker::kill);

        assert!(station.uplink().status().counts.connections >= 2);
    }
}

#[test]
fn a_broker_that_comes_back_with_the_session_gets_all() {
    let (_station, broker) = an_outage("persistence true\n", Protocol::V5, Broker::end);

    assert!(broker.log().contains("margay-v1-lab-box"));
}

#[test]
fn a_box_that_starts_anew_sends_what_it_had_not_heard_of() {
    let broker = Broker::start("");
    let gate = Gate::to(broker.port);
    gate.slow(60_000);
    let watcher = Watcher::start(&broker);
    let mut station = Station::at(gate.port);
    station.queue(300, 20);
    for results in [30, 60, 90] {
        wait_until("results flow", || watcher.count() >= results);
        // Dropped without a stop: cut, as a crash would.
        drop(station.uplink.take());
        station.connect(config(gate.port));
    }
    gate.slow(10_000_000);

    station.drained();
    station.arrived_at(&[&watcher]);
}

#[test]
fn a_link_that_is_cut_at_any_byte_loses_nothing() {
    for (seed, protocol) in [(1, Protocol::V5), (2, Protocol::V311), (3, Protocol::V5)] {
        let broker = Broker::start("");
        let gate = Gate::to(broker.port);
        let mut random = Random(seed);
        gate.cut_after((0..40).map(|_| 1 + random.below(6000)).collect());
        let watcher = Watcher::start(&broker);
        let mut station = Station::new();
        station.connect(Config { protocol, ..config(gate.port) });

        station.queue(200, 11);
        wait_until("all cuts have happened", || {
            station.uplink().nudge();
            gate.cuts_left() == 0 || station.waiting() == 0
        });

        station.drained();
        station.arrived_at(&[&watcher]);
        assert!(gate.connections() > 10, "seed {seed}: {} connections", gate.connections());
    }
}

#[test]
fn repetitions_carry_the_same_id() {
    let broker = Broker::start("");
    let gate = Gate::to(broker.port);
    let watcher = Watcher::start(&broker);
    let mut station = Station::at(gate.port);
    // What goes up passes and what comes down is lost: the broker has it, the box does not know.
    gate.cut_after((0..8).map(|cut| 1500 + 100 * cut).collect());
    gate.cut();

    for n in 0..20 {
        station.queue_one("slide", format!(r#"{{"id":"event-{n}"}}"#));
    }

    station.drained();
    station.arrived_at(&[&watcher]);
    for result in watcher.on("/results/slide") {
        assert!(result.json()["id"].as_str().unwrap().starts_with("event-"));
    }
}

//! Birth, health, goodbye and Will.

use std::path::PathBuf;
use std::process::Command;
use std::time::Duration;

use contract::message::Lifecycle;
use uplink::{Connection, Protocol};

use super::support::station::{config, open, topics};
use super::support::{Broker, Gate, Station, Watcher, wait_until};

/// The states that were seen, each with its session.
fn states(watcher: &Watcher) -> Vec<(String, String)> {
    let text = |value: &serde_json::Value| value.as_str().unwrap().to_owned();

    watcher
        .on("/state")
        .iter()
        .map(|arrival| arrival.json()["data"].clone())
        .map(|data| (text(&data["state"]), text(&data["session"])))
        .collect()
}

fn words(watcher: &Watcher) -> Vec<String> {
    states(watcher).into_iter().map(|(word, _)| word).collect()
}

#[test]
fn a_birth_a_change_and_a_clean_goodbye_are_seen() {
    for protocol in [Protocol::V5, Protocol::V311] {
        let broker = Broker::start("");
        let watcher = Watcher::start(&broker);
        let mut station = Station::new();
        station.connect(uplink::Config { protocol, ..config(broker.port) });
        wait_until("it is born", || words(&watcher) == ["ready"]);

        station.shown.lock().unwrap().lifecycle = Lifecycle::Sleeping;
        wait_until("the change is seen", || words(&watcher) == ["ready", "sleeping"]);
        let stopped = station.uplink.take().unwrap().stop(Duration::from_secs(10));

        assert!(stopped.clean, "{protocol:?}");
        assert_eq!(stopped.left, 0);
        wait_until("the goodbye is seen", || words(&watcher).len() == 3);
        assert_eq!(words(&watcher)[2], "disconnected");
        let late = Watcher::start(&broker);
        wait_until("the goodbye is kept", || late.on("/state").len() == 1);
        assert!(late.on("/state")[0].retained);
        assert_eq!(words(&late), ["disconnected"], "and no Will follows");
    }
}

#[test]
fn health_says_what_waits_and_how_the_box_is() {
    let broker = Broker::start("");
    let watcher = Watcher::start(&broker);
    let _station = Station::at(broker.port);

    wait_until("health has come", || watcher.on("/health").len() >= 2);

    let health = watcher.on("/health")[0].json();
    assert_eq!(health["type"], "margay.health");
    assert_eq!(health["data"]["uptime_s"], 7);
    assert_eq!(health["data"]["outbox"]["rows"], 0);
    assert!(!watcher.on("/health")[0].retained);
}

#[test]
fn a_link_that_breaks_is_followed_by_the_will_with_the_births_session_and_by_a_new_birth() {
    let broker = Broker::start("");
    let gate = Gate::to(broker.port);
    let watcher = Watcher::start(&broker);
    let _station = Station::at(gate.port);
    wait_until("it is born", || states(&watcher).len() == 1);

    gate.shut();
    wait_until("the Will is seen", || states(&watcher).len() == 2);
    gate.open();
    wait_until("it is born again", || states(&watcher).len() == 3);

    let states = states(&watcher);
    assert_eq!(states[0].0, "ready");
    assert_eq!(states[1], ("lost".to_owned(), states[0].1.clone()));
    assert_eq!(states[2].0, "ready");
    assert_ne!(states[2].1, states[0].1, "each connection has a session of its own");
}

#[test]
fn a_will_that_comes_after_the_new_birth_is_answered_with_the_state() {
    let broker = Broker::start("");
    let watcher = Watcher::start(&broker);
    let _station = Station::at(broker.port);
    wait_until("it is born", || states(&watcher).len() == 1);
    let birth = watcher.on("/state")[0].payload.clone();
    let session = states(&watcher)[0].1.clone();

    let stale = birth.replace("\"ready\"", "\"lost\"").replace(&session, "an-older-one");
    broker.publish(&["-r", "-t", &topics().state(), "-m", &stale]);

    wait_until("the state is said again", || words(&watcher) == ["ready", "lost", "ready"]);
}

#[test]
fn a_stop_without_a_broker_is_not_clean_and_says_what_is_left() {
    let mut station = Station::at(1);
    station.queue(3, 1);

    let stopped = station.uplink.take().unwrap().stop(Duration::from_secs(10));

    assert_eq!((stopped.clean, stopped.left), (false, 3));
}

#[test]
fn a_stop_in_the_midst_of_results_is_clean_and_loses_none() {
    let broker = Broker::start("");
    let gate = Gate::to(broker.port);
    gate.slow(20_000);
    let watcher = Watcher::start(&broker);
    let mut station = Station::at(gate.port);
    station.queue(300, 20);
    wait_until("results flow", || watcher.count() >= 30);

    let stopped = station.uplink.take().unwrap().stop(Duration::from_secs(20));

    assert!(stopped.clean);
    assert!(stopped.left > 0);
    wait_until("all that left has arrived", || watcher.count() as u64 + stopped.left == 300);
}

/// The variable that tells [`a_box_for_the_test_that_kills_it`] to be one.
const BE_A_BOX: &str = "MARGAY_TEST_BOX";

#[test]
fn a_box_that_is_killed_is_said_to_be_lost_and_its_results_arrive_after_its_restart() {
    let broker = Broker::start("");
    let gate = Gate::to(broker.port);
    gate.slow(100_000);
    let watcher = Watcher::start(&broker);
    let mut station = Station::new();
    station.queue(200, 10);
    let mut child = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "lifecycle::a_box_for_the_test_that_kills_it"])
        .env(BE_A_BOX, format!("{}:{}", gate.port, station.folder().display()))
        .spawn()
        .unwrap();
    wait_until("results flow", || watcher.count() >= 30);

    child.kill().unwrap();
    child.wait().unwrap();
    wait_until("the Will is seen", || words(&watcher).last().is_some_and(|word| word == "lost"));
    gate.slow(10_000_000);
    station.connect(config(gate.port));

    station.drained();
    station.arrived_at(&[&watcher]);
}

/// Not a test of its own: the process that is killed.
#[test]
fn a_box_for_the_test_that_kills_it() {
    let Ok(told) = std::env::var(BE_A_BOX) else { return };
    let (port, folder) = told.split_once(':').unwrap();
    let mut station = Station::new();
    station.ledger = open(&PathBuf::from(folder));
    station.connect(config(port.parse().unwrap()));

    wait_until("it is killed", || station.uplink().status().connection == Connection::Over);
}

//! A broker that refuses a message does not stop the queue.

use super::support::station::{config, topics};
use super::support::{Broker, Station, Watcher, wait_until};
use uplink::{Config, Protocol};

fn reasons(station: &Station) -> Vec<(String, String)> {
    let poison = station.ledger.poison(0).unwrap();

    poison.into_iter().map(|poisoned| (poisoned.message.stream, poisoned.reason)).collect()
}

/// Queues one result that will be refused between two that will not.
fn queue_three(station: &mut Station, refused: &str, payload: &str) {
    station.queue_one("free", "1".to_owned());
    station.queue_one(refused, payload.to_owned());
    station.queue_one("free", "3".to_owned());
    station.queue_one("other", "4".to_owned());
}

#[test]
fn a_message_without_the_right_is_set_apart_with_its_reason_and_the_queue_goes_on() {
    let broker = Broker::prepare();
    let forbidden = topics().results("forbidden").unwrap();
    let acl = broker.file("acl", &format!("topic readwrite #\ntopic deny {forbidden}\n"));
    let broker = broker.begin(&format!("allow_anonymous true\nacl_file {acl}\n"));
    let watcher = Watcher::start(&broker);
    let mut station = Station::at(broker.port);

    queue_three(&mut station, "forbidden", "2");

    wait_until("one is set apart", || reasons(&station).len() == 1);
    station.drained();
    let reason = "not authorised for the topic (3 times)".to_owned();
    assert_eq!(reasons(&station), [("forbidden".to_owned(), reason)]);
    wait_until("the others have arrived", || watcher.count() == 3);

    let apart = station.ledger.poison(0).unwrap()[0].message.seq;
    broker.file("acl", "topic readwrite #\n");
    broker.signal("HUP");
    assert!(station.ledger.revive(apart, 0).unwrap());
    wait_until("the revived one has arrived", || watcher.count() == 4);
}

#[test]
fn a_message_over_the_brokers_packet_limit_is_set_apart_and_the_queue_goes_on() {
    let broker = Broker::start("max_packet_size 20000\n");
    let watcher = Watcher::start(&broker);
    let mut station = Station::at(broker.port);

    queue_three(&mut station, "large", &"x".repeat(30_000));

    wait_until("one is set apart", || reasons(&station).len() == 1);
    assert!(reasons(&station)[0].1.starts_with("the packet is larger than the broker takes"));
    wait_until("the others have arrived", || watcher.count() == 3);
    assert_eq!(station.uplink().status().counts.connections, 1, "without losing the connection");
}

#[test]
fn a_broker_of_3_1_1_that_hangs_up_on_a_large_message_gets_the_others_and_none_is_lost() {
    let broker = Broker::start("max_packet_size 20000\n");
    let watcher = Watcher::start(&broker);
    let mut station = Station::new();
    station.connect(Config { protocol: Protocol::V311, ..config(broker.port) });

    queue_three(&mut station, "large", &"x".repeat(30_000));

    wait_until("the others have arrived", || watcher.count() >= 3 && station.waiting() == 1);
    wait_until("its stream waits", || station.uplink().status().streams_held == 1);
    assert_eq!(reasons(&station), [], "a lost connection is no word of the broker");
}

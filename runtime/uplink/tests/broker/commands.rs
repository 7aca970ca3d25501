//! Commands come in, are done once and answered where the answer is expected.

use std::process::Command;

use uplink::command::ReplyPrefix;
use uplink::{Config, Protocol};

use super::support::station::{config, topics};
use super::support::{Arrival, Broker, Station, Watcher, wait_until};

fn event(id: &str, command: &str) -> String {
    format!(
        r#"{{"specversion":"1.0","id":"{id}","source":"/console","type":"margay.command","data":{{"format":1,"command":{command}}}}}"#
    )
}

/// A box, a broker and a watcher, with the box's subscription in place.
fn at_ease(protocol: Protocol) -> (Broker, Watcher, Station) {
    let broker = Broker::start("");
    let watcher = Watcher::start(&broker);
    let mut station = Station::new();
    let reply_prefixes = vec![ReplyPrefix::new("console/replies").unwrap()];
    station.connect(Config { protocol, reply_prefixes, ..config(broker.port) });
    wait_until("the box has subscribed", || {
        broker.log().contains("Sending SUBACK to margay-v1-lab-box")
    });

    (broker, watcher, station)
}

fn replies(watcher: &Watcher, end: &str, most: usize) -> Vec<Arrival> {
    wait_until("the answers have come", || watcher.on(end).len() >= most);

    watcher.on(end)
}

#[test]
fn each_command_is_done_and_answered_in_both_versions() {
    for protocol in [Protocol::V5, Protocol::V311] {
        let (broker, watcher, station) = at_ease(protocol);
        let send = |name: &str, id: &str, command: &str| {
            broker.publish(&["-t", &topics().command(name), "-m", &event(id, command)]);
        };

        send("status", "1", r#""status""#);
        let status = replies(&watcher, "cmd/status/reply", 1)[0].json();
        assert_eq!(status["type"], "margay.reply");
        assert_eq!(status["subject"], "/console#1");
        assert_eq!(status["data"]["outcome"], "ok");
        assert_eq!(status["data"]["data"]["orders"], 1);

        send("pause", "2", r#"{"pause":{"reason":"cleaning"}}"#);
        replies(&watcher, "cmd/pause/reply", 1);
        wait_until("it sleeps", || watcher.on("/state").len() == 2);
        assert_eq!(watcher.on("/state")[1].json()["data"]["state"], "sleeping");

        send("resume", "3", r#""resume""#);
        replies(&watcher, "cmd/resume/reply", 1);

        send("reanalyse", "4", r#"{"reanalyse":{"slide":"s-1"}}"#);
        let refused = replies(&watcher, "cmd/reanalyse/reply", 1)[0].json();
        assert_eq!(refused["data"]["outcome"], "refused");
        assert_eq!(refused["data"]["reason"], "no slide \"s-1\" here");
        assert_eq!(station.shown.lock().unwrap().orders.len(), 4, "{protocol:?}");
    }
}

#[test]
fn a_command_that_comes_again_is_done_once_and_answered_twice() {
    let (broker, watcher, station) = at_ease(Protocol::V5);
    let send =
        || broker.publish(&["-t", &topics().command("status"), "-m", &event("7", r#""status""#)]);

    send();
    send();

    let answers = replies(&watcher, "cmd/status/reply", 2);
    assert_eq!(answers[0], answers[1]);
    assert_eq!(station.shown.lock().unwrap().orders.len(), 1);
}

#[test]
fn the_answer_goes_to_the_response_topic_with_the_correlation_data() {
    let (broker, _watcher, _station) = at_ease(Protocol::V5);
    let port = broker.port.to_string();
    let request = |response: &str| {
        let asked = Command::new("mosquitto_rr")
            .args(["-h", "127.0.0.1", "-p", &port, "-V", "5", "-q", "1", "-W", "20"])
            .args(["-t", &topics().command("status"), "-e", response, "-F", "%D %p"])
            .args(["-D", "publish", "correlation-data", "ticket-9"])
            .args(["-m", &event(response, r#""status""#)])
            .output()
            .unwrap();
        assert!(asked.status.success(), "{asked:?}");
        String::from_utf8(asked.stdout).unwrap()
    };

    let told = request("console/replies/alice");
    assert!(told.starts_with("ticket-9 {"), "{told}");
    let own = request("margay/v1/lab/box/cmd/status/reply/alice");
    assert!(own.starts_with("ticket-9 {"), "{own}");
}

#[test]
fn a_response_topic_elsewhere_is_refused_on_the_boxs_own() {
    let (broker, watcher, station) = at_ease(Protocol::V5);
    let state = topics().state();

    broker.publish(&[
        "-V",
        "5",
        "-D",
        "publish",
        "response-topic",
        &state,
        "-t",
        &topics().command("status"),
        "-m",
        &event("1", r#""status""#),
    ]);

    let refused = replies(&watcher, "cmd/status/reply", 1)[0].json();
    assert_eq!(refused["data"]["outcome"], "refused");
    assert_eq!(watcher.on("/state").len(), 1);
    assert_eq!(station.shown.lock().unwrap().orders.len(), 0);
}

#[test]
fn bad_commands_are_refused_with_a_reason_and_good_ones_go_on() {
    let (broker, watcher, station) = at_ease(Protocol::V5);
    let bad = broker.folder().join("bad");
    let send = |name: &str, payload: &[u8]| {
        std::io::Write::write_all(&mut std::fs::File::create(&bad).unwrap(), payload).unwrap();
        let file = bad.display().to_string();
        broker.publish(&["-t", &topics().command(name), "-f", &file]);
    };

    send("status", b"\xFF\xFE{");
    send("status", &vec![b'['; 60_000]);
    send("status", &vec![b'7'; 100_000]);
    send("reboot", event("1", r#""status""#).as_bytes());
    send("status", event("2", r#""status""#).as_bytes());

    let answers = replies(&watcher, "cmd/status/reply", 4);
    let outcome = |arrival: &Arrival| arrival.json()["data"]["outcome"].clone();
    let outcomes: Vec<_> = answers.iter().map(outcome).collect();
    assert_eq!(outcomes, ["refused", "refused", "refused", "ok"]);
    let reboot = replies(&watcher, "cmd/reboot/reply", 1)[0].json();
    assert!(reboot["data"]["reason"].as_str().unwrap().starts_with("unknown command"));
    assert_eq!(station.shown.lock().unwrap().orders.len(), 1);
    assert_eq!(station.uplink().status().counts.connections, 1);
}

#[test]
fn a_retained_command_is_not_done_at_each_start() {
    let broker = Broker::start("");
    broker.publish(&[
        "-r",
        "-t",
        &topics().command("pause"),
        "-m",
        &event("1", r#"{"pause":{"reason":"x"}}"#),
    ]);
    let watcher = Watcher::start(&broker);
    let station = Station::at(broker.port);

    let refused = replies(&watcher, "cmd/pause/reply", 1)[0].json();

    assert_eq!(refused["data"]["outcome"], "refused");
    assert_eq!(station.shown.lock().unwrap().orders.len(), 0);
}

//! The box and its broker.

use std::fs;

use serde_json::json;

use crate::appliance::{Appliance, melanoma, said};
use crate::broker::Broker;

const FINAL: &str = "org.margay.slide.final";
const PRELIMINARY: &str = "org.margay.slide.preliminary";

#[test]
fn a_result_reaches_a_broker_that_was_away() {
    let mut broker = Broker::new();
    let mut appliance = Appliance::online(broker.port, "");
    appliance.start();
    fs::copy(melanoma(), appliance.path("in/slide.tif")).unwrap();
    appliance.wait_for("finished slide", |this| this.log().contains("is finished").then_some(()));

    broker.start();

    let events = appliance.wait_for("result at the broker", |_| {
        let events = broker.events(FINAL);
        (!events.is_empty()).then_some(events)
    });
    assert_eq!(events.len(), 1);
    assert_eq!(events[0]["data"]["scan"]["windows_failed"], 0);
    assert_eq!(events[0]["data"]["research_use_only"], true);
    assert_eq!(appliance.stop(), 0, "{}", appliance.log());
    let states: Vec<_> = broker
        .heard()
        .into_iter()
        .filter(|(topic, _)| topic.ends_with("/state"))
        .map(|(_, event)| event["data"]["state"].as_str().unwrap().to_owned())
        .collect();
    assert!(states.contains(&"ready".to_owned()), "{states:?}");
    assert_eq!(states.last().unwrap(), "disconnected", "{states:?}");
}

#[test]
fn preliminary_results_come_while_the_slide_is_scanned_and_the_final_one_last() {
    let mut broker = Broker::new();
    broker.start();
    let mut appliance = Appliance::online(broker.port, "");
    let path = appliance.path("margay.toml");
    let text = fs::read_to_string(&path).unwrap();
    let text = text.replace("results = {", "results = { preliminary_s = 1,");
    crate::appliance::write(&path, text.as_bytes());
    // Two slides' worth of tiles, slowly: a larger image would do, and take longer.
    appliance.start();

    let output =
        appliance.scanner(&melanoma(), &["--tile", "128", "--rate", "12"]).output().unwrap();

    assert!(output.status.success(), "{}", said(&output));
    appliance.wait_for("final result", |_| (!broker.events(FINAL).is_empty()).then_some(()));
    let kinds: Vec<_> = broker
        .heard()
        .into_iter()
        .filter(|(topic, _)| topic.contains("/results/"))
        .map(|(_, event)| event["type"].as_str().unwrap().to_owned())
        .collect();
    assert_eq!(kinds.last().unwrap(), FINAL, "{kinds:?}");
    let preliminary = kinds.iter().filter(|kind| *kind == PRELIMINARY).count();
    // The hand-weighted model has windows of a quarter of the ROI, so there are some in between.
    assert!(preliminary >= 1, "{kinds:?}");
}

#[test]
fn an_operator_asks_pauses_and_goes_on() {
    let mut broker = Broker::new();
    broker.start();
    let mut appliance = Appliance::online(broker.port, "");
    appliance.start();
    appliance.wait_for("ready box", |_| {
        broker.heard().iter().any(|(_, event)| event["data"]["state"] == "ready").then_some(())
    });

    broker.command("pause", "pause-1", &json!({ "pause": { "reason": "cleaning" } }));
    appliance.wait_for("reply", |_| broker.reply("pause", "pause-1"));
    let output = appliance.scanner(&melanoma(), &["--tile", "512"]).output().unwrap();
    assert!(output.status.success(), "a paused box takes tiles: {}", said(&output));
    broker.command("status", "status-1", &json!("status"));
    let status = appliance.wait_for("reply", |_| broker.reply("status", "status-1"));
    assert_eq!(status["data"]["data"]["slides_open"], 1, "{status}");
    assert!(broker.events(FINAL).is_empty());

    broker.command("resume", "resume-1", &json!("resume"));

    let events = appliance.wait_for("result", |_| {
        let events = broker.events(FINAL);
        (!events.is_empty()).then_some(events)
    });
    let slide = events[0]["data"]["slide"].as_str().unwrap().to_owned();
    broker.command("reanalyse", "again-1", &json!({ "reanalyse": { "slide": slide } }));
    let refused = appliance.wait_for("reply", |_| broker.reply("reanalyse", "again-1"));
    assert_eq!(refused["data"]["outcome"], "refused", "{refused}");
    assert!(refused["data"]["reason"].as_str().unwrap().contains("its result stands"), "{refused}");
}

#[test]
fn a_slide_is_analysed_again_by_another_model_on_demand() {
    let mut broker = Broker::new();
    broker.start();
    let mut appliance = Appliance::online(broker.port, "");
    appliance.start();
    let output = appliance.scanner(&melanoma(), &["--tile", "512"]).output().unwrap();
    assert!(output.status.success(), "{}", said(&output));
    let first = appliance.wait_for("result", |_| broker.events(FINAL).pop());
    assert_eq!(appliance.stop(), 0);
    // Another seed of the bootstrap is another model: the numbers may differ.
    let path = appliance.path("margay.toml");
    let text = fs::read_to_string(&path).unwrap().replace("threads = 2", "threads = 2, seed = 7");
    crate::appliance::write(&path, text.as_bytes());
    appliance.start();
    let slide = first["data"]["slide"].as_str().unwrap();

    broker.command("reanalyse", "again-2", &json!({ "reanalyse": { "slide": slide } }));

    let second = appliance.wait_for("second result", |_| {
        broker.events(FINAL).into_iter().find(|event| event["id"] != first["id"])
    });
    assert_eq!(second["data"]["slide"], first["data"]["slide"]);
    assert_eq!(second["data"]["report"]["seed"], 7);
    assert_eq!(second["data"]["report"]["nuclei"], first["data"]["report"]["nuclei"]);
}

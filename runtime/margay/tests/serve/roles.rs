//! Pipeline and agent as two processes, each killed while the other goes on.

use std::time::Duration;

use crate::appliance::{Appliance, melanoma, said};
use crate::broker::Broker;

#[test]
fn either_half_is_killed_at_any_moment_and_the_result_arrives() {
    let mut broker = Broker::new();
    broker.start();
    let appliance = Appliance::online(broker.port, "");
    let (mut pipeline, mut agent) = (appliance.half("pipeline"), appliance.half("agent"));
    pipeline.start();
    agent.start();

    let scanner =
        appliance.scanner(&melanoma(), &["--tile", "128", "--rate", "40"]).spawn().unwrap();
    for round in 0..3_u64 {
        std::thread::sleep(Duration::from_millis(150 + 130 * round));
        agent.kill();
        agent.start();
        std::thread::sleep(Duration::from_millis(90 + 170 * round));
        pipeline.kill();
        pipeline.start();
    }

    let output = scanner.wait_with_output().unwrap();
    assert!(output.status.success(), "{}", said(&output));
    let mut events = Vec::new();
    for _ in 0..3000 {
        events = broker.events("org.margay.slide.final");
        if !events.is_empty() {
            break;
        }
        std::thread::sleep(Duration::from_millis(20));
    }
    assert!(!events.is_empty(), "no result has come");
    assert!(events.iter().all(|event| event["id"] == events[0]["id"]), "{events:?}");
    assert_eq!(events[0]["data"]["scan"]["tiles"], 64);
}

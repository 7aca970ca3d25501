//! The AsyncAPI document, the JSON Schemas and the code say the same of topics and messages.
//!
//! Whether the document is valid AsyncAPI is asked of the initiative's own parser:
//! `tests/oracle/asyncapi`.

#![expect(clippy::unwrap_used, reason = "a test may stop")]

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use contract::message::{CONTENT_TYPE, Command, Topics};
use serde_json::{Value, json};
use uplink::Config;

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

fn read(path: &Path) -> Value {
    serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap()
}

fn document() -> Value {
    read(&root().join("docs/asyncapi.json"))
}

fn topics() -> Topics {
    Topics::new("{site}", "{device}").unwrap()
}

/// The value that a reference of the document names.
fn follow<'d>(document: &'d Value, reference: &Value) -> &'d Value {
    let pointer = reference["$ref"].as_str().unwrap().strip_prefix('#').unwrap();

    document.pointer(pointer).unwrap_or_else(|| panic!("{pointer} leads nowhere"))
}

#[test]
fn the_topics_of_the_document_are_those_of_the_code() {
    let topics = topics();
    let code = [
        ("state", topics.state()),
        ("health", topics.health()),
        ("results", topics.results("{slide}").unwrap()),
        ("updateDesired", topics.update_desired()),
        ("updateReported", topics.update_reported()),
        ("command", topics.command("{command}")),
        ("reply", topics.reply("{command}")),
    ];
    let code: BTreeSet<_> = code.map(|(name, topic)| (name.to_owned(), topic)).into();

    let document = document();
    let address = |channel: &Value| channel["address"].as_str().unwrap().to_owned();
    let channels = document["channels"].as_object().unwrap();
    let written: BTreeSet<_> =
        channels.iter().map(|(name, channel)| (name.clone(), address(channel))).collect();

    assert_eq!(written, code);
}

#[test]
fn every_parameter_of_a_topic_is_described_and_no_other() {
    let document = document();
    for channel in document["channels"].as_object().unwrap().values() {
        let address = channel["address"].as_str().unwrap();
        let named: BTreeSet<&str> = address
            .split('/')
            .filter_map(|level| level.strip_prefix('{')?.strip_suffix('}'))
            .collect();
        let parameters = channel["parameters"].as_object().unwrap();
        let described: BTreeSet<&str> = parameters.keys().map(String::as_str).collect();

        assert_eq!(described, named, "{address}");
        for parameter in parameters.values() {
            assert!(follow(&document, parameter)["description"].is_string());
        }
    }
}

#[test]
fn the_commands_of_the_document_are_those_of_the_code() {
    assert_eq!(document()["components"]["parameters"]["command"]["enum"], json!(Command::NAMES));
}

#[test]
fn qos_and_retain_are_those_of_the_code() {
    let document = document();
    let said = |operation: &str| {
        let binding = &document["operations"][operation]["bindings"]["mqtt"];
        (binding["qos"].as_u64().unwrap(), binding["retain"].as_bool().unwrap())
    };

    assert_eq!(said("publishState"), (1, true));
    assert_eq!(said("publishHealth"), (0, false));
    assert_eq!(said("publishResult"), (1, false));
    assert_eq!(said("publishReportedUpdate"), (1, true));
    assert_eq!(said("receiveCommand"), (1, false));
}

#[test]
fn the_connection_is_described_as_it_is_made() {
    let document = document();
    let binding = &document["servers"]["broker"]["bindings"]["mqtt"];
    let config = Config::plain("host", 1883, topics());

    assert_eq!(binding["clientId"], config.client_id);
    assert_eq!(binding["keepAlive"], config.keep_alive.as_secs());
    assert_eq!(binding["sessionExpiryInterval"], config.session_expiry.as_secs());
    assert_eq!(binding["maximumPacketSize"], config.session.packet_bytes_max);
    assert_eq!(binding["lastWill"]["topic"], config.topics.state());
}

#[test]
fn every_message_has_its_schema() {
    let document = document();
    let mut used = BTreeSet::new();
    for message in document["components"]["messages"].as_object().unwrap().values() {
        assert_eq!(message["contentType"], CONTENT_TYPE);
        let path = message["payload"]["$ref"].as_str().unwrap();
        let schema = read(&root().join("docs").join(path));
        for attribute in ["specversion", "id", "source", "type", "data"] {
            assert!(schema["required"].as_array().unwrap().contains(&json!(attribute)), "{path}");
        }
        used.insert(Path::new(path).file_name().unwrap().to_str().unwrap().to_owned());
    }

    let of_messages = ["event", "state", "health", "command", "reply"];
    assert_eq!(used, of_messages.map(|name| format!("{name}.schema.json")).into());
}

#[test]
fn every_reference_of_the_document_leads_somewhere() {
    fn walk(document: &Value, value: &Value) {
        match value {
            Value::Object(fields) => {
                if let Some(reference) = value["$ref"].as_str()
                    && reference.starts_with('#')
                {
                    follow(document, value);
                }
                fields.values().for_each(|field| walk(document, field));
            }
            Value::Array(items) => items.iter().for_each(|item| walk(document, item)),
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
        }
    }

    let document = document();
    walk(&document, &document);
}

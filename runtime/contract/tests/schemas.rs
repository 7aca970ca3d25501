//! The checked-in JSON Schemas are those of the types.

#![expect(clippy::unwrap_used, reason = "a test may stop")]

use std::path::Path;

use contract::message::{Event, Health, Reply, Request, State};
use contract::{ModelCard, SlideResult, TilReport};
use schemars::{Schema, schema_for};
use serde_json::Value;

#[test]
fn the_checked_in_schemas_are_those_of_the_types() {
    for (name, schema) in [
        ("report", schema_for!(TilReport)),
        ("card", schema_for!(ModelCard)),
        ("slide-result", schema_for!(SlideResult)),
        ("event", schema_for!(Event<Value>)),
        ("state", schema_for!(Event<State>)),
        ("health", schema_for!(Event<Health>)),
        ("command", schema_for!(Event<Request>)),
        ("reply", schema_for!(Event<Reply<Value>>)),
    ] {
        assert_current(name, &schema);
    }
}

/// Compares, or writes where the environment asks for it: `MARGAY_WRITE_SCHEMAS=1`.
fn assert_current(name: &str, schema: &Schema) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("schemas/{name}.schema.json"));
    let text = serde_json::to_string_pretty(schema).unwrap() + "\n";
    if std::env::var_os("MARGAY_WRITE_SCHEMAS").is_some() {
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::File::create(&path)
            .and_then(|mut file| std::io::Write::write_all(&mut file, text.as_bytes()))
            .unwrap();
    }

    let stored = std::fs::read_to_string(&path).unwrap();

    assert!(
        stored == text,
        "{} is not the schema of the type: run `cargo xtask schemas`",
        path.display()
    );
}

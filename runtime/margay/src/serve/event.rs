//! Results as they leave: `CloudEvents`, queued in the ledger.

use contract::SlideResult;
use contract::message::{Event, Format, Topics};
use ledger::{Class, NewMessage};
use serde::Serialize;

use super::config::Config;

/// Types of the events, in reverse-DNS notation as `CloudEvents` asks.
const FINAL: &str = "org.margay.slide.final";
const PRELIMINARY: &str = "org.margay.slide.preliminary";
const REFUSED: &str = "org.margay.slide.refused";

/// Why a slide has no result.
#[derive(Serialize)]
struct Refused<'a> {
    format: Format,
    research_use_only: bool,
    slide: &'a str,
    reason: &'a str,
}

/// The final result of a slide; it is never lost.
pub(crate) fn result(
    config: &Config,
    slide: &str,
    id: &str,
    result: &SlideResult,
    now_ms: u64,
) -> NewMessage {
    message(config, (Class::Result, FINAL), (slide, id), result, now_ms)
}

/// A preliminary result: the next one is worth more, so old ones may be dropped.
pub(crate) fn preview(
    config: &Config,
    slide: &str,
    id: &str,
    result: &SlideResult,
    now_ms: u64,
) -> NewMessage {
    message(config, (Class::Telemetry, PRELIMINARY), (slide, id), result, now_ms)
}

/// The word that a slide has no result.
pub(crate) fn refusal(config: &Config, slide: &str, reason: &str, now_ms: u64) -> NewMessage {
    let refused = Refused { format: Format::CURRENT, research_use_only: true, slide, reason };
    let id = format!("{slide}-refused-{now_ms}");
    message(config, (Class::Result, REFUSED), (slide, &id), &refused, now_ms)
}

fn message(
    config: &Config,
    (class, kind): (Class, &str),
    (slide, id): (&str, &str),
    data: &impl Serialize,
    now_ms: u64,
) -> NewMessage {
    let topics = Topics::new(&config.site, &config.device).expect("the configuration was checked");
    let topic = topics.results(slide).expect("a label is sixteen digits");
    let source = topics.source().to_owned();
    let event = Event::new(id.to_owned(), source, kind, now_ms, data).about(slide.to_owned());
    let payload = serde_json::to_vec(&event).expect("a result is numbers, words and lists");
    NewMessage { class, id: id.to_owned(), topic, payload, stream: slide.to_owned() }
}

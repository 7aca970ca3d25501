//! What travels over MQTT: topics, and CloudEvents 1.0 in structured JSON.
//!
//! **Wire rule**, which [`Format`] keeps: a reader of format N ignores fields that it does not
//! know, and refuses a message of a higher format. **Never:** a slide's label or a patient's
//! text is part of a message here; slides are named by the box's own ids.

mod command;
mod event;
mod health;
mod state;
mod time;
mod topic;

pub use command::{Command, CommandText, CommandTextError, Outcome, Reply, Request};
pub use event::{CONTENT_TYPE, Event, Format, FormatError, Formatted, SpecVersion};
pub use health::{Backlog, Disk, Fault, Health, Memory, Queue, Temperature};
pub use state::{Lifecycle, State};
pub use time::rfc3339;
pub use topic::{TopicError, Topics};

//! The journal: a line of JSON for each result, in a file, with the guarantees of the broker.
//!
//! **Invariant:** each result is one line, once, in order. A line is on the disk before the ledger
//! says that the journal holds it; what a life that ended in between wrote is found at the end of
//! the file by its `seq`. A torn last line is cut off.

use std::fs::{File, OpenOptions};
use std::io::{Read, Seek, SeekFrom, Write};
use std::path::Path;
use std::time::Duration;

use anyhow::{Context, Result, bail};
use ledger::{Class, Ledger, Message};
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use super::beats::Beat;
use super::clock::Clock;
use super::patience::insist;
use super::stop::Stop;

/// Results that are in memory at once.
const PAGE: usize = 64;
const PAGE_BYTES: usize = 32 << 20;

/// Bytes at the end of the file in which the last line is looked for: twice the largest result.
const TAIL_BYTES: u64 = 64 << 20;

/// Time after which is looked again though nobody has committed.
const WAIT: Duration = Duration::from_millis(500);

/// Time between two tries at a file that cannot be written.
const RETRY: Duration = Duration::from_secs(5);

/// A line.
#[derive(Serialize)]
struct Line<'a> {
    seq: u64,
    event: &'a RawValue,
}

/// What is read of a line that is there.
#[derive(Deserialize)]
struct Seq {
    seq: u64,
}

/// Takes results out of the ledger where there is no broker, and into the journal where one is
/// kept.
pub(crate) struct Keeper {
    pub(crate) ledger: Ledger,
    pub(crate) clock: Clock,
    pub(crate) beat: Beat,
    /// Whether a broker gets the results too.
    pub(crate) has_broker: bool,
}

impl Keeper {
    /// Keeps the journal at `path`, or none, until the stop is asked; what is there by then is
    /// written.
    pub(crate) fn run(&self, path: Option<&Path>, stop: &Stop) {
        let mut said = String::new();
        loop {
            match self.keep(path, stop) {
                Ok(()) => return,
                Err(error) => {
                    let reason = format!("{error:#}");
                    if reason != said {
                        tracing::warn!("The journal waits: {reason}");
                        said = reason;
                    }
                }
            }
            self.beat.idle();
            if stop.is_asked_within(RETRY) {
                return;
            }
        }
    }

    fn keep(&self, path: Option<&Path>, stop: &Stop) -> Result<()> {
        let mut changes = self.ledger.changes()?;
        let mut journal = path.map(Journal::open).transpose()?;
        let mut position = self.ledger.journal_position()?;
        if let Some(journal) = &journal {
            position = position.max(journal.last);
        }
        loop {
            let is_last = stop.is_asked();
            loop {
                let page = self.ledger.journal(position, PAGE, PAGE_BYTES)?;
                let Some(last) = page.last() else { break };
                let seq = last.seq;
                self.beat.at("write", format!("results up to {seq}"));
                if let Some(journal) = &mut journal {
                    journal.append(&page)?;
                }
                self.settle(&page);
                position = seq;
            }
            self.beat.idle();
            if is_last {
                return Ok(());
            }
            changes.wait(WAIT)?;
        }
    }

    fn settle(&self, page: &[Message]) {
        let last = page.last().map_or(0, |message| message.seq);
        insist(&self.beat, "move the journal on", || {
            self.ledger.journaled(last, self.clock.now_ms())
        });
        if self.has_broker {
            return;
        }
        let seqs: Vec<u64> =
            page.iter().filter(|m| m.class == Class::Result).map(|m| m.seq).collect();
        insist(&self.beat, "let results go", || self.ledger.sent(&seqs, self.clock.now_ms()));
    }
}

/// The file.
struct Journal {
    file: File,
    /// The `seq` of its last line; 0 where there is none.
    last: u64,
}

impl Journal {
    fn open(path: &Path) -> Result<Self> {
        let cannot = || format!("the journal {} cannot be opened", path.display());
        if let Some(folder) = path.parent() {
            std::fs::create_dir_all(folder).with_context(cannot)?;
        }
        let mut file = OpenOptions::new()
            .read(true)
            .write(true)
            .create(true)
            .truncate(false)
            .open(path)
            .with_context(cannot)?;
        let last = Self::last(&mut file).with_context(cannot)?;
        file.seek(SeekFrom::End(0)).with_context(cannot)?;
        Ok(Self { file, last })
    }

    /// The `seq` of the last whole line; what follows it is cut off.
    fn last(file: &mut File) -> Result<u64> {
        let length = file.metadata()?.len();
        let from = length.saturating_sub(TAIL_BYTES);
        file.seek(SeekFrom::Start(from))?;
        let mut tail = Vec::new();
        file.read_to_end(&mut tail)?;
        let whole = tail.iter().rposition(|byte| *byte == b'\n').map_or(0, |at| at + 1);
        file.set_len(from + whole as u64)?;
        file.sync_all()?;
        let Some(line) = tail[..whole].trim_ascii_end().rsplit(|byte| *byte == b'\n').next() else {
            return Ok(0);
        };
        if line.is_empty() {
            return Ok(0);
        }
        match serde_json::from_slice::<Seq>(line) {
            Ok(Seq { seq }) => Ok(seq),
            Err(error) => bail!("its last line is none of ours ({error}); move the file away"),
        }
    }

    fn append(&mut self, page: &[Message]) -> Result<()> {
        let mut lines = Vec::new();
        for message in page.iter().filter(|m| m.seq > self.last && m.class == Class::Result) {
            let event: &RawValue = serde_json::from_slice(&message.payload)?;
            serde_json::to_writer(&mut lines, &Line { seq: message.seq, event })?;
            lines.push(b'\n');
        }
        self.file.write_all(&lines).context("a line cannot be written")?;
        self.file.sync_data().context("a line cannot be synced")?;
        self.last = page.last().map_or(self.last, |message| message.seq.max(self.last));
        Ok(())
    }
}

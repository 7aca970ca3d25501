//! One thread that writes: group commit.
//!
//! Callers queue what they want done and wait. The writer takes what is queued, does it all in one
//! transaction, each under a savepoint of its own, commits, and answers all **after** the commit
//! has reached the disk. One sync is thus shared by all who wait.
//!
//! What one caller is refused (a bound, a contradiction) undoes only its own part. Where SQLite
//! fails, all is undone and each is done again alone, so that only those fail that must: on a full
//! disk a result may fit where a tile does not.

use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::Duration;

use crossbeam_channel::{Receiver, Sender, after, bounded, select};
use rusqlite::Connection;

use crate::bell::Bell;
use crate::error::{Fault, WriteError};
use crate::sql;

/// Writes that wait: each may hold a tile, so 16 × 3 MiB of raw tiles.
const QUEUE_WRITES: usize = 16;
/// Writes in one transaction: more would let the first wait long for the last.
const BATCH_WRITES: usize = 64;
/// Bytes in one transaction: more would grow the write-ahead log by a checkpoint at once.
const BATCH_BYTES: usize = 16 << 20;
/// How long the writer waits for as many callers as the last transaction had: they are on their
/// way back from its answer. A caller who is alone is never made to wait.
const GATHER: Duration = Duration::from_millis(2);

/// The queue to the writing thread.
#[derive(Debug)]
pub(crate) struct Writer {
    queue: Option<Sender<Box<dyn Waiting>>>,
    thread: Option<JoinHandle<()>>,
}

impl Writer {
    /// Starts the thread; it ends, and closes `connection`, when the writer is dropped.
    pub(crate) fn start(connection: Connection, bell: Arc<Bell>) -> std::io::Result<Self> {
        let (queue, waiting) = bounded(QUEUE_WRITES);
        let thread = std::thread::Builder::new()
            .name("ledger-writer".into())
            .spawn(move || serve(&connection, &waiting, &bell))?;
        Ok(Self { queue: Some(queue), thread: Some(thread) })
    }

    /// Has `act` done in a transaction, and returns when that is durable. `act` may be called
    /// twice: what it did the first time is undone.
    pub(crate) fn write<T: Send + 'static>(
        &self,
        doing: &'static str,
        bytes: usize,
        act: impl FnMut(&Connection) -> Result<T, Fault> + Send + 'static,
    ) -> Result<T, WriteError> {
        let (answer, answered) = bounded(1);
        let write = Write { act, doing, bytes, outcome: None, answer };
        let queue = self.queue.as_ref().ok_or(WriteError::Gone)?;
        queue.send(Box::new(write)).map_err(|_| WriteError::Gone)?;
        answered.recv().map_err(|_| WriteError::Gone)?
    }
}

impl Drop for Writer {
    fn drop(&mut self) {
        self.queue = None;
        if self.thread.take().is_some_and(|thread| thread.join().is_err()) {
            tracing::error!("The ledger's writer panicked.");
        }
    }
}

/// One caller who waits, whatever it waits for.
trait Waiting: Send {
    /// Does it, or does it again.
    fn attempt(&mut self, connection: &Connection) -> Attempt;
    /// Answers, when the fate of the transaction is known.
    fn answer(self: Box<Self>, fate: Result<(), Arc<rusqlite::Error>>);
    fn bytes(&self) -> usize;
}

enum Attempt {
    Keep,
    Undo,
    Broken(rusqlite::Error),
}

struct Write<T, F> {
    act: F,
    doing: &'static str,
    bytes: usize,
    outcome: Option<Result<T, WriteError>>,
    answer: Sender<Result<T, WriteError>>,
}

impl<T, F> Waiting for Write<T, F>
where
    T: Send,
    F: FnMut(&Connection) -> Result<T, Fault> + Send,
{
    fn attempt(&mut self, connection: &Connection) -> Attempt {
        match (self.act)(connection) {
            Ok(done) => {
                self.outcome = Some(Ok(done));
                Attempt::Keep
            }
            Err(Fault::Refused(refused)) => {
                self.outcome = Some(Err(refused));
                Attempt::Undo
            }
            Err(Fault::Sql(source)) => Attempt::Broken(source),
        }
    }

    fn answer(self: Box<Self>, fate: Result<(), Arc<rusqlite::Error>>) {
        let answer = match fate {
            Ok(()) => self.outcome.unwrap_or(Err(WriteError::Gone)),
            Err(source) => Err(WriteError::storage(self.doing, source)),
        };
        if self.answer.send(answer).is_err() {
            tracing::debug!(doing = self.doing, "Nobody waits for the answer.");
        }
    }

    fn bytes(&self) -> usize {
        self.bytes
    }
}

fn serve(connection: &Connection, waiting: &Receiver<Box<dyn Waiting>>, bell: &Bell) {
    let mut expected = 1;
    while let Ok(first) = waiting.recv() {
        let mut batch = gather(first, waiting, expected);
        expected = batch.len();
        match transact(connection, &mut batch) {
            Err(error) if batch.len() > 1 && !is_busy(&error) => each_alone(connection, batch),
            fate => answer(batch, fate),
        }
        bell.ring();
    }
}

/// Takes what is queued, and waits a moment for as many as came last time.
fn gather(
    first: Box<dyn Waiting>,
    waiting: &Receiver<Box<dyn Waiting>>,
    expected: usize,
) -> Vec<Box<dyn Waiting>> {
    let mut bytes = first.bytes();
    let mut batch = vec![first];
    let moment = after(GATHER);
    while batch.len() < BATCH_WRITES && bytes < BATCH_BYTES {
        let next = if batch.len() < expected {
            select! {
                recv(waiting) -> next => next.ok(),
                recv(moment) -> _ => waiting.try_recv().ok(),
            }
        } else {
            waiting.try_recv().ok()
        };
        let Some(next) = next else { break };
        bytes += next.bytes();
        batch.push(next);
    }
    batch
}

/// Does the whole batch in one transaction, or nothing of it.
fn transact(connection: &Connection, batch: &mut [Box<dyn Waiting>]) -> rusqlite::Result<()> {
    sql::run(connection, "BEGIN IMMEDIATE", [])?;
    let done = attempt_all(connection, batch).and_then(|()| sql::run(connection, "COMMIT", []));
    if done.is_err() && !connection.is_autocommit() {
        // Where even this fails, SQLite undoes the transaction before the next one.
        if let Err(error) = sql::run(connection, "ROLLBACK", []) {
            tracing::error!(%error, "A transaction could not be undone.");
        }
    }
    done.map(|_| ())
}

fn attempt_all(connection: &Connection, batch: &mut [Box<dyn Waiting>]) -> rusqlite::Result<()> {
    for write in batch {
        sql::run(connection, "SAVEPOINT one", [])?;
        match write.attempt(connection) {
            Attempt::Keep => {}
            Attempt::Undo => {
                sql::run(connection, "ROLLBACK TO one", [])?;
            }
            Attempt::Broken(source) => return Err(source),
        }
        sql::run(connection, "RELEASE one", [])?;
    }
    Ok(())
}

/// Another process holds the file: each alone would wait as long again.
fn is_busy(error: &rusqlite::Error) -> bool {
    error.sqlite_error_code() == Some(rusqlite::ErrorCode::DatabaseBusy)
}

fn each_alone(connection: &Connection, batch: Vec<Box<dyn Waiting>>) {
    for write in batch {
        let mut alone = vec![write];
        let fate = transact(connection, &mut alone);
        answer(alone, fate);
    }
}

fn answer(batch: Vec<Box<dyn Waiting>>, fate: rusqlite::Result<()>) {
    let fate = fate.map_err(Arc::new);
    for write in batch {
        write.answer(fate.clone());
    }
}

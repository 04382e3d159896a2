//! The thread that writes: group commit without any artificial delay. While one transaction is being flushed, operations gather; they are the
//! next transaction.

use std::{
    collections::VecDeque,
    path::Path,
    sync::{Arc, Mutex, PoisonError, mpsc},
    thread::JoinHandle,
    time::{Duration, Instant},
};

use punctual_actors::ports::Failure;
use punctual_events::ActorId;
use rusqlite::Connection;
use tokio::sync::oneshot;

use super::{
    Database, OpenError,
    batch::{self, Flush, Waiter, Waiting},
    checkpoint::{self, Checkpointer},
    lock::DirectoryLock,
    session::{self, Session},
    watermarks::{Marks, Watermarks},
    writability::Writability,
};
use crate::actor_host::Observer;

#[cfg(test)]
mod tests;

/// Operations in one transaction, at most. More would make everybody wait for the slowest.
const BATCH_OPERATIONS: usize = 1_024;

/// Bytes in one transaction, about, at most.
const BATCH_BYTES: usize = 8 << 20;

/// A checkpoint is asked for after this many bytes of content. The log takes about four times as much: it holds whole pages.
const CHECKPOINT_BYTES: usize = 4 << 20;

/// Watermarks wait this long to be written.
const WATERMARK_DELAY: Duration = Duration::from_secs(1);

/// After an erasure the write-ahead log is emptied this much later: an erasure is many operations.
const ERASURE_DELAY: Duration = Duration::from_secs(1);

/// One write.
pub(super) trait Operation: Send + 'static {
    /// What the caller learns once it is durable.
    type Answer: Send + 'static;

    /// About how many bytes it writes.
    fn size(&self) -> usize {
        256
    }

    /// Runs it inside the transaction it shares with others. An error undoes the whole transaction, and then each operation is run again in
    /// one of its own; so a refusal must be an answer, not an error, and nothing may be consumed.
    fn run(&self, session: &mut Session<'_>) -> rusqlite::Result<Self::Answer>;
}

enum Message {
    Run(Box<dyn Waiting>),
    /// There are watermarks to write, in a while.
    Watermarks,
    /// Nearly everything is in the file; the rest is the writer's.
    FinishCheckpoint,
    Close,
}

/// What the thread shares with the rest of the process.
pub(super) struct Shared {
    pub(super) observer: Arc<dyn Observer>,
    pub(super) watermarks: Arc<Watermarks>,
    pub(super) writability: Arc<Writability>,
}

/// The thread, and how to reach it. The channel has no bound of its own: every operation in it is one that a caller waits for.
pub(super) struct Writer {
    messages: mpsc::Sender<Message>,
    thread: Mutex<Option<JoinHandle<()>>>,
}

impl Writer {
    pub(super) fn start(
        connection: Connection,
        file: &Path,
        lock: DirectoryLock,
        shared: Shared,
    ) -> Result<Self, OpenError> {
        let (messages, inbox) = mpsc::channel();
        let sender = messages.clone();
        let checkpointer = Checkpointer::start(file, move || {
            // The writer has ended: it did the checkpoint then.
            let _ = sender.send(Message::FinishCheckpoint);
        })?;
        let thread = std::thread::Builder::new()
            .name("sqlite-writer".into())
            .spawn(move || {
                serve(&connection, &inbox, &checkpointer, shared);
                checkpointer.stop();
                drop(connection);
                drop(lock);
            })
            .map_err(OpenError::Thread)?;
        Ok(Self {
            messages,
            thread: Mutex::new(Some(thread)),
        })
    }

    /// Says that there are watermarks to write.
    pub(super) fn watermarks_wait(&self) {
        // Once the writer has ended they are not written: both kinds are found again.
        let _ = self.messages.send(Message::Watermarks);
    }

    /// Ends the thread after everything sent before; blocks until it has ended.
    pub(super) fn close(&self) {
        // An error means that it ended already.
        let _ = self.messages.send(Message::Close);
        let thread = self.thread.lock().unwrap_or_else(PoisonError::into_inner).take();
        if thread.is_some_and(|thread| thread.join().is_err()) {
            tracing::error!("the thread that writes the database had panicked");
        }
    }
}

impl Drop for Writer {
    fn drop(&mut self) {
        self.close();
    }
}

impl Database {
    /// Runs an operation; when it answers, what was written is durable. A failure means that the outcome is unknown.
    pub(super) async fn write<O: Operation>(&self, operation: O) -> Result<O::Answer, Failure> {
        let closed = || {
            let why = "the database is closed";
            self.shared.writability.failed(why);
            Failure::new(why)
        };
        let answer = self.send(operation).ok_or_else(closed)?;
        answer.await.unwrap_or_else(|_| Err(closed()))
    }

    /// Has an operation run whose outcome nobody waits for.
    pub(super) fn write_unanswered<O: Operation>(&self, operation: O) {
        let _ = self.send(operation);
    }

    /// Hands an operation to the thread; `None` when it has ended.
    fn send<O: Operation>(&self, operation: O) -> Option<oneshot::Receiver<Result<O::Answer, Failure>>> {
        let (reply, answer) = oneshot::channel();
        let message = Message::Run(Box::new(Waiter::new(operation, reply)));
        self.shared.writer.messages.send(message).ok().map(|()| answer)
    }

    /// How far an actor's commits have come beyond what the file says.
    pub(super) fn marks(&self, actor: ActorId) -> Marks {
        self.shared.watermarks.of(actor)
    }

    /// Notes how far an actor's commits have come; written with a later batch.
    pub(super) fn raise(&self, actor: ActorId, marks: Marks) {
        if self.shared.watermarks.raise(actor, marks) {
            self.shared.writer.watermarks_wait();
        }
    }
}

/// The thread's state between batches.
struct Loop<'c> {
    backlog: VecDeque<Box<dyn Waiting>>,
    closing: bool,
    /// The log may hold what was erased from the file.
    empty_log_due: Option<Instant>,
    finish_checkpoint: bool,
    session: Session<'c>,
    since_checkpoint_bytes: usize,
    watermarks_due: Option<Instant>,
    writability: Arc<Writability>,
}

fn serve(connection: &Connection, inbox: &mpsc::Receiver<Message>, checkpointer: &Checkpointer, shared: Shared) {
    let session = match Session::new(connection, shared.watermarks) {
        Ok(session) => session,
        Err(error) => {
            tracing::error!(%error, "the database cannot be written");
            return;
        }
    };
    let mut state = Loop {
        backlog: VecDeque::new(),
        closing: false,
        // What an earlier process left there.
        empty_log_due: Some(Instant::now() + ERASURE_DELAY),
        finish_checkpoint: false,
        session,
        since_checkpoint_bytes: 0,
        watermarks_due: None,
        writability: shared.writability,
    };
    while !(state.closing && state.backlog.is_empty() && state.watermarks_due.is_none()) {
        state.gather(inbox);
        state.commit_batch(&*shared.observer);
        state.look_after_the_log(connection, checkpointer);
    }
    if let Err(error) = connection.execute_batch("PRAGMA wal_checkpoint(TRUNCATE)") {
        tracing::warn!(%error, "the last checkpoint failed; the log is read again at the next start");
    }
}

impl Loop<'_> {
    /// Takes everything that waits; sleeps when there is nothing.
    fn gather(&mut self, inbox: &mpsc::Receiver<Message>) {
        if self.backlog.is_empty() && !self.closing {
            let due = [self.watermarks_due, self.empty_log_due].into_iter().flatten().min();
            let first = match due {
                None => inbox.recv().map_err(|_| mpsc::RecvTimeoutError::Disconnected),
                Some(due) => inbox.recv_timeout(due.saturating_duration_since(Instant::now())),
            };
            match first {
                Ok(message) => self.take(message),
                Err(mpsc::RecvTimeoutError::Timeout) => {}
                Err(mpsc::RecvTimeoutError::Disconnected) => self.take(Message::Close),
            }
        }
        while self.backlog.len() < BATCH_OPERATIONS
            && let Ok(message) = inbox.try_recv()
        {
            self.take(message);
        }
    }

    fn take(&mut self, message: Message) {
        match message {
            Message::Run(operation) => self.backlog.push_back(operation),
            Message::Watermarks => self.watermarks_due = Some(Instant::now() + WATERMARK_DELAY),
            Message::FinishCheckpoint => self.finish_checkpoint = true,
            Message::Close => {
                self.closing = true;
                let waiting = !self.session.watermarks.is_empty();
                self.watermarks_due = waiting.then(Instant::now);
            }
        }
    }

    fn commit_batch(&mut self, observer: &dyn Observer) {
        let operations = self.next_batch();
        let flush = if self.watermarks_due.is_some_and(|due| due <= Instant::now()) {
            Flush::Yes
        } else {
            Flush::No
        };
        if operations.is_empty() && flush == Flush::No {
            return;
        }
        let begun = Instant::now();
        let outcome = batch::commit(&mut self.session, operations, flush, &self.writability);
        if std::mem::take(&mut self.session.has_erased) {
            self.empty_log_due.get_or_insert(Instant::now() + ERASURE_DELAY);
        }
        observer.transaction(u64::try_from(begun.elapsed().as_micros()).unwrap_or(u64::MAX));
        if flush == Flush::Yes {
            self.watermarks_due = self.next_flush(outcome);
        }
    }

    /// When watermarks are to be written next, after an attempt that wrote these.
    fn next_flush(&self, written: Option<Vec<(ActorId, Marks)>>) -> Option<Instant> {
        let later = Instant::now() + WATERMARK_DELAY;
        // Tried again with a later batch; while closing there is none.
        let Some(written) = written else {
            return (!self.closing).then_some(later);
        };
        if !self.session.watermarks.written(&written) {
            return None;
        }
        // What is left did not fit, or was raised meanwhile: the latter has time.
        let at_once = self.closing || written.len() == session::WATERMARKS_PER_BATCH;
        Some(if at_once { Instant::now() } else { later })
    }

    /// The oldest that wait, as many as fit; at least one, however large.
    fn next_batch(&mut self) -> Vec<Box<dyn Waiting>> {
        let (mut count, mut bytes) = (0, 0);
        for operation in self.backlog.iter().take(BATCH_OPERATIONS) {
            if count > 0 && bytes + operation.size() > BATCH_BYTES {
                break;
            }
            count += 1;
            bytes += operation.size();
        }
        self.since_checkpoint_bytes += bytes;
        self.backlog.drain(..count).collect()
    }

    fn look_after_the_log(&mut self, connection: &Connection, checkpointer: &Checkpointer) {
        if self.since_checkpoint_bytes >= CHECKPOINT_BYTES {
            self.since_checkpoint_bytes = 0;
            checkpointer.request();
        }
        if std::mem::take(&mut self.finish_checkpoint)
            && let Err(error) = checkpoint::passive(connection)
        {
            tracing::warn!(%error, "checkpoint failed, the log grows until one succeeds");
        }
        if self.empty_log_due.is_some_and(|due| due <= Instant::now()) {
            let emptied = checkpoint::empty_the_log(connection).unwrap_or_else(|error| {
                tracing::warn!(%error, "the log could not be emptied after an erasure");
                false
            });
            self.empty_log_due = (!emptied).then(|| Instant::now() + ERASURE_DELAY);
        }
    }
}

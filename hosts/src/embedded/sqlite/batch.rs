//! One transaction for many operations, and what happens when it does not work.

use punctual_actors::ports::Failure;
use punctual_events::ActorId;
use tokio::sync::oneshot;

use super::{session::Session, watermarks::Marks, writability::Writability, writer::Operation};

/// An operation whose caller waits for the answer.
pub(super) trait Waiting: Send {
    /// See [`Operation::size`].
    fn size(&self) -> usize;

    /// Runs it and keeps the answer.
    fn run(&mut self, session: &mut Session<'_>) -> rusqlite::Result<()>;

    /// Tells the caller: the answer once it is durable, else the failure.
    fn answer(self: Box<Self>, outcome: Result<(), Failure>);
}

/// The usual [`Waiting`].
pub(super) struct Waiter<O: Operation> {
    answer: Option<O::Answer>,
    operation: O,
    reply: oneshot::Sender<Result<O::Answer, Failure>>,
}

impl<O: Operation> Waiter<O> {
    pub(super) fn new(operation: O, reply: oneshot::Sender<Result<O::Answer, Failure>>) -> Self {
        Self {
            answer: None,
            operation,
            reply,
        }
    }
}

impl<O: Operation> Waiting for Waiter<O> {
    fn size(&self) -> usize {
        self.operation.size()
    }

    fn run(&mut self, session: &mut Session<'_>) -> rusqlite::Result<()> {
        self.answer = Some(self.operation.run(session)?);
        Ok(())
    }

    fn answer(self: Box<Self>, outcome: Result<(), Failure>) {
        let Self { answer, reply, .. } = *self;
        let answer = outcome.and_then(|()| answer.ok_or_else(|| Failure::new("the operation was not run")));
        // The caller may have gone; what was written stays written.
        let _ = reply.send(answer);
    }
}

/// Whether watermarks go with the batch.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Flush {
    Yes,
    No,
}

/// What went wrong, by what can still be done.
enum Trouble {
    /// An operation did not run; the others may.
    Operation(rusqlite::Error),
    /// The transaction as a whole: nobody knows what the disk has.
    Transaction(rusqlite::Error),
}

/// Commits a batch and answers everybody. Answers which watermarks were written with it; `None`: the batch did not go through as one.
pub(super) fn commit(
    session: &mut Session<'_>,
    mut operations: Vec<Box<dyn Waiting>>,
    flush: Flush,
    writability: &Writability,
) -> Option<Vec<(ActorId, Marks)>> {
    match transaction(session, &mut operations, flush) {
        Ok(written) => {
            writability.worked();
            operations.into_iter().for_each(|operation| operation.answer(Ok(())));
            Some(written)
        }
        // One that cannot be run, for want of space for instance, must not fail those it shared a transaction with.
        Err(Trouble::Operation(_)) if operations.len() > 1 || flush == Flush::Yes && !operations.is_empty() => {
            operations
                .into_iter()
                .for_each(|operation| drop(commit(session, vec![operation], Flush::No, writability)));
            None
        }
        Err(Trouble::Operation(error) | Trouble::Transaction(error)) => {
            tracing::error!(%error, operations = operations.len(), "a transaction failed");
            writability.failed(&error);
            let failure = super::failure(&error);
            operations
                .into_iter()
                .for_each(|operation| operation.answer(Err(failure.clone())));
            None
        }
    }
}

fn transaction(
    session: &mut Session<'_>,
    operations: &mut [Box<dyn Waiting>],
    flush: Flush,
) -> Result<Vec<(ActorId, Marks)>, Trouble> {
    let outcome = run_and_commit(session, operations, flush);
    if outcome.is_err() {
        session.forget();
        // Some errors make SQLite roll back by itself.
        if !session.connection.is_autocommit()
            && let Err(error) = session.connection.execute_batch("ROLLBACK")
        {
            tracing::error!(%error, "a transaction cannot be rolled back");
        }
    }
    outcome
}

fn run_and_commit(
    session: &mut Session<'_>,
    operations: &mut [Box<dyn Waiting>],
    flush: Flush,
) -> Result<Vec<(ActorId, Marks)>, Trouble> {
    session.begin().map_err(Trouble::Transaction)?;
    for operation in operations {
        operation.run(session).map_err(Trouble::Operation)?;
    }
    let written = match flush {
        Flush::Yes => session.write_watermarks().map_err(Trouble::Operation)?,
        Flush::No => Vec::new(),
    };
    session.commit().map_err(Trouble::Transaction)?;
    Ok(written)
}

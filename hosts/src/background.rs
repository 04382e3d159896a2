//! What goes on beside the server until the end. Were one of these to end before, what it keeps up would stand still and nobody would notice.

use tokio::task::JoinSet;

use crate::shutdown::Shutdown;

/// Something ended that was to go on.
#[derive(Debug, thiserror::Error)]
#[error("something that goes on until the end has ended: {0}")]
pub struct EndedEarly(String);

/// Tasks that none is expected to end. Dropping this ends them.
#[derive(Default)]
pub(crate) struct Background(JoinSet<()>);

impl Background {
    /// Begins one more.
    pub(crate) fn spawn(&mut self, task: impl Future<Output = ()> + Send + 'static) {
        self.0.spawn(task);
    }

    /// Begins something that is done at some time, and is then not missed. Were it to panic, it would be.
    pub(crate) fn spawn_once(&mut self, task: impl Future<Output = ()> + Send + 'static) {
        self.spawn(async {
            task.await;
            std::future::pending().await
        });
    }

    /// Ends them all, and waits for that.
    pub(crate) async fn stop(&mut self) {
        self.0.shutdown().await;
    }

    /// Waits until the end is announced. Where a task ends before, by a panic or otherwise, the end begins at once.
    ///
    /// # Errors
    /// When a task has ended.
    pub(crate) async fn until_the_end(&mut self, shutdown: &Shutdown) -> Result<(), EndedEarly> {
        tokio::select! {
            biased;
            () = shutdown.announced() => Ok(()),
            Some(ended) = self.0.join_next() => {
                let why = ended.err().map_or_else(|| "it returned".to_owned(), |error| error.to_string());
                tracing::error!(why, "something that goes on until the end has ended; the process ends too, to be started again");
                shutdown.begin();
                Err(EndedEarly(why))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use futures_util::FutureExt as _;

    use super::*;

    fn with_one_that_goes_on() -> Background {
        let mut background = Background::default();
        background.spawn(std::future::pending());
        background
    }

    #[tokio::test]
    async fn a_background_task_that_panics_or_returns_begins_the_end() {
        for panics in [true, false] {
            let (mut background, shutdown) = (with_one_that_goes_on(), Shutdown::default());
            background.spawn(async move { assert!(!panics, "on purpose") });
            let end = background.until_the_end(&shutdown).await;
            assert!(end.is_err());
            assert!(shutdown.begun().now_or_never().is_some());
        }
    }

    #[tokio::test]
    async fn what_is_done_once_is_missed_only_when_it_panics() {
        for panics in [true, false] {
            let (mut background, shutdown) = (with_one_that_goes_on(), Shutdown::default());
            let (done, is_done) = tokio::sync::oneshot::channel();
            background.spawn_once(async move {
                assert!(!panics, "on purpose");
                done.send(()).unwrap();
            });
            assert_eq!(is_done.await.is_err(), panics);
            let end = background.until_the_end(&shutdown).now_or_never();
            assert_eq!(end.is_some(), panics);
        }
    }

    #[tokio::test]
    async fn while_all_go_on_the_end_is_the_one_that_is_announced() {
        for mut background in [with_one_that_goes_on(), Background::default()] {
            let shutdown = Shutdown::default();
            assert!(background.until_the_end(&shutdown).now_or_never().is_none());
            shutdown.announce();
            assert!(background.until_the_end(&shutdown).await.is_ok());
        }
    }
}

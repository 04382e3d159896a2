//! Many small jobs, some at a time.

use std::{future::Future, io};

use tokio::task::{JoinError, JoinSet};

/// Runs all jobs, so many at a time; the results come in the order the jobs finish. Ends with the first error.
pub(crate) async fn in_parallel<R: Send + 'static>(
    at_a_time: usize,
    jobs: impl IntoIterator<Item = impl Future<Output = io::Result<R>> + Send + 'static>,
) -> io::Result<Vec<R>> {
    let mut running = JoinSet::new();
    let mut results = Vec::new();
    for job in jobs {
        if running.len() >= at_a_time
            && let Some(finished) = running.join_next().await
        {
            results.push(flatten(finished)?);
        }
        running.spawn(job);
    }
    while let Some(finished) = running.join_next().await {
        results.push(flatten(finished)?);
    }
    Ok(results)
}

fn flatten<R>(finished: Result<io::Result<R>, JoinError>) -> io::Result<R> {
    finished.map_err(io::Error::other)?
}

//! Several futures at once, on the caller's task: enough to have operations overlap in any implementation that does its work elsewhere.

use std::{future::poll_fn, pin::Pin, task::Poll};

/// Runs every future and gives their results in order.
pub async fn all<T>(futures: impl IntoIterator<Item = impl Future<Output = T>>) -> Vec<T> {
    let mut running: Vec<_> = futures.into_iter().map(|future| Some(Box::pin(future))).collect();
    let mut results: Vec<Option<T>> = running.iter().map(|_| None).collect();
    poll_fn(move |context| {
        for (slot, result) in running.iter_mut().zip(&mut results) {
            let Some(future) = slot else { continue };
            if let Poll::Ready(value) = Pin::as_mut(future).poll(context) {
                (*slot, *result) = (None, Some(value));
            }
        }
        if running.iter().any(Option::is_some) {
            return Poll::Pending;
        }
        Poll::Ready(results.iter_mut().filter_map(Option::take).collect())
    })
    .await
}

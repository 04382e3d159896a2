//! A WebSocket without a network, whose buffer is as small as a test needs it.

use std::{
    collections::VecDeque,
    pin::Pin,
    sync::{Arc, Mutex, MutexGuard},
    task::{Context, Poll, Waker},
};

use axum::extract::ws::Message;
use futures_util::{Sink, Stream};

#[derive(Debug, Default)]
struct State {
    capacity: usize,
    to_client: VecDeque<Message>,
    to_server: VecDeque<Message>,
    is_closed: bool,
    server: Option<Waker>,
    client: Option<Waker>,
}

/// The server's end.
pub(super) struct Server(Arc<Mutex<State>>);

/// The client's end.
pub(super) struct Client(Arc<Mutex<State>>);

/// Two ends of a pipe that holds `capacity` messages to the client.
pub(super) fn pipe(capacity: usize) -> (Client, Server) {
    let state = State {
        capacity,
        ..State::default()
    };
    let state = Arc::new(Mutex::new(state));
    (Client(Arc::clone(&state)), Server(state))
}

fn wake(waker: &mut Option<Waker>) {
    if let Some(waker) = waker.take() {
        waker.wake();
    }
}

impl Client {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap()
    }

    pub(super) fn send(&self, message: Message) {
        let mut state = self.lock();
        state.to_server.push_back(message);
        wake(&mut state.server);
    }

    /// What is there to be read, if anything.
    pub(super) fn try_next(&self) -> Option<Message> {
        let mut state = self.lock();
        let message = state.to_client.pop_front();
        wake(&mut state.server);
        message
    }

    /// The next message; `None` when the server hung up.
    pub(super) async fn next(&self) -> Option<Message> {
        std::future::poll_fn(|context| {
            let mut state = self.lock();
            wake(&mut state.server);
            match state.to_client.pop_front() {
                Some(message) => Poll::Ready(Some(message)),
                None if state.is_closed => Poll::Ready(None),
                None => {
                    state.client = Some(context.waker().clone());
                    Poll::Pending
                }
            }
        })
        .await
    }
}

impl Drop for Client {
    fn drop(&mut self) {
        let mut state = self.lock();
        state.is_closed = true;
        wake(&mut state.server);
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let mut state = self.0.lock().unwrap();
        state.is_closed = true;
        wake(&mut state.client);
    }
}

impl Server {
    fn poll_room(&self, context: &Context<'_>, is_enough: impl Fn(&State) -> bool) -> Poll<Result<(), axum::Error>> {
        let mut state = self.0.lock().unwrap();
        if state.is_closed {
            return Poll::Ready(Err(axum::Error::new("hung up")));
        }
        if is_enough(&state) {
            return Poll::Ready(Ok(()));
        }
        state.server = Some(context.waker().clone());
        Poll::Pending
    }
}

impl Stream for Server {
    type Item = Result<Message, axum::Error>;

    fn poll_next(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let mut state = self.0.lock().unwrap();
        match state.to_server.pop_front() {
            Some(message) => Poll::Ready(Some(Ok(message))),
            None if state.is_closed => Poll::Ready(None),
            None => {
                state.server = Some(context.waker().clone());
                Poll::Pending
            }
        }
    }
}

impl Sink<Message> for Server {
    type Error = axum::Error;

    fn poll_ready(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Result<(), axum::Error>> {
        self.poll_room(context, |state| state.to_client.len() < state.capacity)
    }

    fn start_send(self: Pin<&mut Self>, message: Message) -> Result<(), axum::Error> {
        let mut state = self.0.lock().unwrap();
        state.to_client.push_back(message);
        wake(&mut state.client);
        Ok(())
    }

    fn poll_flush(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Result<(), axum::Error>> {
        self.poll_room(context, |state| state.to_client.len() <= state.capacity)
    }

    fn poll_close(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Result<(), axum::Error>> {
        Poll::Ready(Ok(()))
    }
}

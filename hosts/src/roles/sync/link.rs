//! One WebSocket, its mailbox and its heartbeat, driven by a single task: whatever it waits for, a peer that does not read included, it sees
//! all the rest. Written as one poll function, because two futures cannot both borrow the socket, and halves of it would need a lock each.

use std::{
    collections::VecDeque,
    future::poll_fn,
    sync::Arc,
    task::{Context, Poll},
};

use axum::{
    body::Bytes,
    extract::ws::{Message, Utf8Bytes},
};
use futures_util::{FutureExt as _, Sink, SinkExt as _, Stream, StreamExt as _, future};
use punctual_actors::ports::{BoxFuture, Clock};

use super::{close::Close, mailbox::Mailbox, viewer::Viewer};

/// A WebSocket, or what stands for one in a test.
pub(super) trait Transport:
    Stream<Item = Result<Message, axum::Error>> + Sink<Message, Error = axum::Error> + Send + Unpin + 'static
{
}

impl<T> Transport for T where
    T: Stream<Item = Result<Message, axum::Error>> + Sink<Message, Error = axum::Error> + Send + Unpin + 'static
{
}

/// How long a closing handshake may take.
const FAREWELL_MS: u64 = 3_000;

/// A socket and what it waits for.
pub(super) struct Link<T> {
    transport: T,
    mailbox: Arc<Mailbox>,
    clock: Arc<dyn Clock>,
    /// To be sent before anything of the mailbox.
    pending: VecDeque<Message>,
    timer: BoxFuture<'static, ()>,
    /// True once anything came from the peer since it was last asked.
    was_heard: bool,
}

/// What is to be sent meanwhile.
pub(super) enum Sending<'a> {
    /// What was queued here, for as long as it takes.
    Nothing,
    /// What was queued here, until it is sent.
    Pending,
    /// What was queued here, then what the mailbox brings, for ever.
    Live(&'a mut Viewer),
}

/// What can happen to a socket.
pub(super) enum Happening {
    /// The timer is over.
    Tick,
    /// The hub wants it closed.
    Closing(Close),
    /// The peer said something. Pings and pongs are not told.
    Said(Message),
    /// The peer closed it, or it broke.
    Gone,
    /// The peer broke the rules of the protocol.
    Broken,
    /// Everything queued here was sent.
    Sent,
}

impl<T: Transport> Link<T> {
    /// With a timer that is over in `first_tick_ms`.
    pub(super) fn new(transport: T, mailbox: Arc<Mailbox>, clock: Arc<dyn Clock>, first_tick_ms: u64) -> Self {
        let timer = sleep(Arc::clone(&clock), first_tick_ms);
        Self {
            transport,
            mailbox,
            clock,
            pending: VecDeque::new(),
            timer,
            was_heard: false,
        }
    }

    pub(super) fn mailbox(&self) -> &Mailbox {
        &self.mailbox
    }

    /// Starts the timer anew.
    pub(super) fn set_timer(&mut self, ms: u64) {
        self.timer = sleep(Arc::clone(&self.clock), ms);
    }

    /// True when something came from the peer since the last call.
    pub(super) fn take_heard(&mut self) -> bool {
        std::mem::take(&mut self.was_heard)
    }

    /// Queues a text.
    pub(super) fn queue(&mut self, text: Utf8Bytes) {
        self.pending.push_back(Message::Text(text));
    }

    /// Queues a ping. One that could not be sent yet is enough.
    pub(super) fn queue_ping(&mut self) {
        if self.pending.is_empty() {
            self.pending.push_back(Message::Ping(Bytes::new()));
        }
    }

    /// Waits for what happens next.
    pub(super) async fn happening(&mut self, mut sending: Sending<'_>) -> Happening {
        poll_fn(|context| self.poll(context, &mut sending)).await
    }

    fn poll(&mut self, context: &mut Context<'_>, sending: &mut Sending<'_>) -> Poll<Happening> {
        if let Some(close) = self.mailbox.poll_closing(context) {
            return Poll::Ready(Happening::Closing(close));
        }
        if self.timer.poll_unpin(context).is_ready() {
            return Poll::Ready(Happening::Tick);
        }
        if let Poll::Ready(happening) = self.poll_incoming(context) {
            return Poll::Ready(happening);
        }
        match self.poll_outgoing(context, sending) {
            Poll::Ready(Ok(())) if matches!(sending, Sending::Pending) => Poll::Ready(Happening::Sent),
            Poll::Ready(Err(_)) => Poll::Ready(Happening::Gone),
            Poll::Ready(Ok(())) | Poll::Pending => Poll::Pending,
        }
    }

    fn poll_incoming(&mut self, context: &mut Context<'_>) -> Poll<Happening> {
        loop {
            let incoming = std::task::ready!(self.transport.poll_next_unpin(context));
            self.was_heard = true;
            return Poll::Ready(match incoming {
                Some(Ok(Message::Ping(_) | Message::Pong(_))) => continue,
                Some(Ok(Message::Close(_))) | None => Happening::Gone,
                Some(Ok(said)) => Happening::Said(said),
                Some(Err(_)) => Happening::Broken,
            });
        }
    }

    /// Sends while there is something and the peer takes it; ready when everything that waited is sent.
    fn poll_outgoing(&mut self, context: &mut Context<'_>, sending: &mut Sending<'_>) -> Poll<Result<(), axum::Error>> {
        loop {
            std::task::ready!(self.transport.poll_ready_unpin(context))?;
            match self.next_message(context, sending) {
                Some(message) => self.transport.start_send_unpin(message)?,
                None => return self.transport.poll_flush_unpin(context),
            }
        }
    }

    fn next_message(&mut self, context: &Context<'_>, sending: &mut Sending<'_>) -> Option<Message> {
        if let Some(message) = self.pending.pop_front() {
            return Some(message);
        }
        let Sending::Live(viewer) = sending else {
            return None;
        };
        loop {
            let item = self.mailbox.poll_next(context)?;
            if let Some(text) = viewer.see(&item) {
                return Some(Message::Text(text));
            }
        }
    }

    /// Ends: says why where there is something to say, and gives the peer a moment to hear it before the connection is dropped.
    pub(super) async fn end(mut self, close: Option<Close>) {
        let clock = Arc::clone(&self.clock);
        let farewell = async {
            if let Some(close) = close
                && self.transport.send(close.message()).await.is_err()
            {
                return;
            }
            while let Some(Ok(_)) = self.transport.next().await {}
        };
        future::select(std::pin::pin!(farewell), clock.sleep_ms(FAREWELL_MS)).await;
    }
}

/// A sleep that owns its clock.
fn sleep(clock: Arc<dyn Clock>, ms: u64) -> BoxFuture<'static, ()> {
    Box::pin(async move { clock.sleep_ms(ms).await })
}

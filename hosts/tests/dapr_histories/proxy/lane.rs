//! The way of one process through the proxy.

use std::{
    convert::Infallible,
    io,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, AtomicU64, Ordering::Relaxed},
        mpsc,
    },
};

use hyper::{Request, Response, body::Incoming, server::conn::http2, service::service_fn};
use hyper_util::rt::{TokioExecutor, TokioIo};
use punctual_actors::faults::{Fault, Faults};
use tokio::{
    net::{TcpListener, TcpStream},
    runtime::Handle,
    sync::{Notify, oneshot},
};

use super::{
    call::{Answer, Body, Call, Upstream},
    tally::{Mishap, Tally},
};

/// How often everybody else on the host's side gets its turn before a process counts as standing still.
const ROUNDS: usize = 8;

/// One of so many reads can go wrong; every write can.
const FAULTY_READS: u64 = 3;

/// How calls pass.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Pace {
    /// Each is held before it is carried out and before it is answered, until the next step.
    Stepped,
    /// As they come, but for those that were picked.
    Free,
}

/// The way of one process to its sidecar.
pub(crate) struct Lane {
    upstream: Upstream,
    /// Where the proxy runs.
    proxy: Handle,
    faults: Faults,
    tally: Arc<Tally>,
    pace: Pace,
    state: Mutex<State>,
    /// Something came to a halt, or ended.
    changed: Notify,
    writes: AtomicU64,
    reads: AtomicU64,
}

#[derive(Default)]
struct State {
    /// Calls the host waits for.
    under_way: usize,
    held: Vec<Held>,
    /// The next call of this method is to stand still.
    picked: Option<&'static str>,
    /// What goes wrong with the next call of this method.
    doomed: Option<(&'static str, Fault)>,
    /// The process is gone.
    is_lost: bool,
}

/// A call or an answer that waits to be let on.
struct Held {
    go_on: oneshot::Sender<Passage>,
    /// The host has given up.
    is_given_up: Arc<AtomicBool>,
}

/// What becomes of something that was held.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Passage {
    Free,
    /// The process is gone, with everything it was waiting for.
    Lost,
}

/// A call the host waits for, as long as this is not dropped.
pub(crate) struct UnderWay<'a>(&'a Lane);

impl Drop for UnderWay<'_> {
    fn drop(&mut self) {
        self.0.state().under_way -= 1;
        self.0.changed.notify_one();
    }
}

/// Notes that the host does not wait any more, if that comes first.
struct GivesUp<'a>(&'a Lane, Arc<AtomicBool>);

impl Drop for GivesUp<'_> {
    fn drop(&mut self) {
        self.1.store(true, Relaxed);
        self.0.changed.notify_one();
    }
}

impl Lane {
    pub(crate) fn new(
        upstream: &Upstream,
        proxy: &Handle,
        faults: &Faults,
        tally: &Arc<Tally>,
        pace: Pace,
    ) -> Arc<Self> {
        Arc::new(Self {
            upstream: upstream.clone(),
            proxy: proxy.clone(),
            faults: faults.clone(),
            tally: Arc::clone(tally),
            pace,
            state: Mutex::default(),
            changed: Notify::new(),
            writes: AtomicU64::new(0),
            reads: AtomicU64::new(0),
        })
    }

    /// Listens. The port is the sidecar's as far as the process knows.
    pub(crate) async fn listen(self: &Arc<Self>) -> (u16, tokio::task::AbortHandle) {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let lane = Arc::clone(self);
        let accepting = tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                stream.set_nodelay(true).unwrap();
                tokio::spawn(Arc::clone(&lane).serve(stream));
            }
        });
        (port, accepting.abort_handle())
    }

    async fn serve(self: Arc<Self>, stream: TcpStream) {
        let service = service_fn(move |request| Arc::clone(&self).answer(request));
        // It ends with the host, in whatever way that does.
        let _ = http2::Builder::new(TokioExecutor::new())
            .serve_connection(TokioIo::new(stream), service)
            .await;
    }

    /// Takes a call to its end also where the host hangs up: whoever gives up a call does not call it back.
    async fn answer(self: Arc<Self>, request: Request<Incoming>) -> Result<Response<Body>, io::Error> {
        let call = Call::read(request).await.map_err(io::Error::other)?;
        let is_given_up = Arc::new(AtomicBool::new(false));
        let _gives_up = GivesUp(&self, Arc::clone(&is_given_up));
        let (lane, is_write) = (Arc::clone(&self), call.is_write());
        let answer = tokio::spawn(async move { lane.carry(call, &is_given_up).await }).await;
        match answer.ok().flatten() {
            Some(answer) => Ok(answer.into_response()),
            None if self.state().is_lost => Err(io::Error::other("nobody waits")),
            None if self.tally.count_bad_answer(is_write).is_multiple_of(2) => {
                self.tally.count(Mishap::Unavailable, is_write);
                Ok(Answer::unavailable().into_response())
            }
            None => {
                self.tally.count(Mishap::Cut, is_write);
                Err(io::Error::other("cut"))
            }
        }
    }

    /// Carries a call out, or not, and gives its answer, if the host is to have one.
    async fn carry(&self, call: Call, is_given_up: &Arc<AtomicBool>) -> Option<Answer> {
        let is_write = call.is_write();
        if self.is_held(&call) && self.hold(is_given_up, Mishap::Stalled, is_write).await == Passage::Lost {
            self.orphan(call);
            return None;
        }
        let count = |mishap| self.tally.count(mishap, is_write);
        let answer = match self.fault_of(&call) {
            Fault::Nothing => self.carry_out(&call).await,
            Fault::RequestLost => {
                count(Mishap::RequestLost);
                None
            }
            Fault::ReplyLost => {
                count(Mishap::ReplyLost);
                self.carry_out(&call).await;
                None
            }
            Fault::Twice => {
                count(Mishap::Twice);
                let (first, second) = (self.carry_out(&call).await, self.carry_out(&call).await);
                // As a retry on the way has it, or a duplicate that nobody waits for.
                if self.writes.load(Relaxed).is_multiple_of(2) {
                    first
                } else {
                    second
                }
            }
            Fault::Late => {
                self.send_late(call, Mishap::Late);
                None
            }
            Fault::Echo => {
                let answer = self.carry_out(&call).await;
                self.send_late(call, Mishap::Echo);
                answer
            }
        };
        if self.pace == Pace::Stepped {
            let passage = self.hold(is_given_up, Mishap::ReplyStalled, is_write).await;
            return answer.filter(|_| passage == Passage::Free);
        }
        answer
    }

    fn is_held(&self, call: &Call) -> bool {
        let is_picked = self.state().picked.take_if(|method| call.is(method)).is_some();
        is_picked || self.pace == Pace::Stepped
    }

    fn fault_of(&self, call: &Call) -> Fault {
        if let Some((_, fault)) = self.state().doomed.take_if(|(method, _)| call.is(method)) {
            return fault;
        }
        // Reads are many and need less to go wrong: without this they would use up what is meant for writes.
        let is_spared = !call.is_write() && !self.reads.fetch_add(1, Relaxed).is_multiple_of(FAULTY_READS);
        if is_spared { Fault::Nothing } else { self.faults.draw() }
    }

    /// Has the next call of this method stand still until [`let_on`](Self::let_on).
    pub(crate) fn pick(&self, method: &'static str) {
        self.state().picked = Some(method);
    }

    /// Waits until something stands still.
    pub(crate) async fn held(&self) {
        while self.state().held.is_empty() {
            self.changed.notified().await;
        }
    }

    /// Lets everything that stands still go on.
    pub(crate) fn let_on(&self) {
        self.pass(Passage::Free);
    }

    /// Has this go wrong with the next call of this method.
    pub(crate) fn doom(&self, method: &'static str, fault: Fault) {
        self.state().doomed = Some((method, fault));
    }

    async fn carry_out(&self, call: &Call) -> Option<Answer> {
        self.tally.count_call(call.is_write());
        if call.is_write() {
            self.writes.fetch_add(1, Relaxed);
        }
        self.upstream.carry_out(call).await.ok()
    }

    /// Has a call carried out when the history says so.
    fn send_late(&self, call: Call, mishap: Mishap) {
        let (upstream, proxy, tally) = (self.upstream.clone(), self.proxy.clone(), Arc::clone(&self.tally));
        self.faults.send_late(Box::pin(async move {
            let is_write = call.is_write();
            let (done, wait) = mpsc::channel::<Infallible>();
            tally.count(mishap, is_write);
            tally.count_call(is_write);
            proxy.spawn(async move {
                let _ = upstream.carry_out(&call).await;
                drop(done);
            });
            // Who drives a history expects what arrives to have arrived.
            let _ = wait.recv();
        }));
    }

    /// A call whose process is gone: it is as good as anywhere on its way.
    fn orphan(&self, call: Call) {
        self.send_late(call, Mishap::Orphaned);
    }

    /// Waits until the process is let go on.
    async fn hold(&self, is_given_up: &Arc<AtomicBool>, mishap: Mishap, is_write: bool) -> Passage {
        let (go_on, wait) = oneshot::channel();
        let others = || self.tally.writes() - self.writes.load(Relaxed);
        let before = others();
        {
            let mut state = self.state();
            if state.is_lost {
                return Passage::Lost;
            }
            state.held.push(Held {
                go_on,
                is_given_up: Arc::clone(is_given_up),
            });
        }
        self.changed.notify_one();
        let passage = wait.await.unwrap_or(Passage::Lost);
        if others() > before {
            self.tally.count(mishap, is_write);
        }
        passage
    }

    /// Counts a call of the host.
    pub(crate) fn begin(&self) -> UnderWay<'_> {
        self.state().under_way += 1;
        UnderWay(self)
    }

    /// Lets everything that is held go on, until the process has nothing to do or stands still again. To be awaited where the process runs.
    pub(crate) async fn step(&self) {
        self.let_on();
        loop {
            for _ in 0..ROUNDS {
                tokio::task::yield_now().await;
            }
            if self.stands_still() {
                return;
            }
            self.changed.notified().await;
        }
    }

    fn stands_still(&self) -> bool {
        let state = self.state();
        let held = state.held.iter().filter(|held| !held.is_given_up.load(Relaxed));
        state.under_way <= held.count()
    }

    /// The process is gone.
    pub(crate) fn lose(&self) {
        self.state().is_lost = true;
        self.pass(Passage::Lost);
    }

    fn pass(&self, passage: Passage) {
        let held = std::mem::take(&mut self.state().held);
        for held in held {
            // Where nobody waits any more there is nothing to let on.
            let _ = held.go_on.send(passage);
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

//! Jobs through the Scheduler.

use std::{
    sync::{Arc, Mutex},
    time::Duration,
};

use bytes::Bytes;
use punctual::{
    dapr::jobs::ScheduledJobs,
    ports::{JobHandler, Jobs as _},
};
use punctual_actors::ports::{BoxFuture, Clock as _, Failure};
use punctual_events::Timestamp;

use crate::{
    asking::eventually,
    host::{Host, SharedStore},
    machinery::{Machinery, Seat},
};

const FAILS: &str = "deliver/fails/once";
const AGAIN: &str = "deliver/comes/again";
const CANCELLED: &str = "deliver/is/cancelled";
const CANCELLED_TOGETHER: [&str; 2] = ["cancelled/together/a", "cancelled/together/b"];
/// Begins like them, and is another.
const KEPT: &str = "cancelled/together";

/// Fails the first time a job says so, and schedules another one anew the first two times.
struct Worker {
    jobs: Arc<ScheduledJobs>,
    runs: Arc<Mutex<Vec<String>>>,
}

impl JobHandler for Worker {
    fn run<'a>(&'a self, name: &'a str, payload: Bytes) -> BoxFuture<'a, Result<(), Failure>> {
        Box::pin(async move {
            assert_eq!(payload, format!("{{\"of\": \"{name}\"}} \n"));
            let earlier = {
                let mut runs = self.runs.lock().unwrap();
                runs.push(name.to_owned());
                runs.iter().filter(|run| *run == name).count() - 1
            };
            match (name, earlier) {
                (FAILS, 0) => Err(Failure::new("the first time")),
                (AGAIN, 0 | 1) => self.jobs.schedule(AGAIN, soon(500), payload).await,
                _ => Ok(()),
            }
        })
    }
}

fn soon(ms: i64) -> Timestamp {
    punctual::environment::SystemClock.now().plus_millis(ms)
}

fn payload(name: &str) -> Bytes {
    format!("{{\"of\": \"{name}\"}} \n").into()
}

#[tokio::test]
async fn a_job_that_fails_comes_again_one_that_schedules_itself_survives_and_a_cancelled_one_does_not() {
    let (machinery, seat, store) = (Machinery::start(), Seat::choose(), SharedStore::default());
    let _sidecar = machinery.sidecar("notification", seat);
    let runs = Arc::new(Mutex::new(Vec::new()));
    let seen = Arc::clone(&runs);
    let host = Host::start(seat, &[], &store, |jobs| Some(Arc::new(Worker { jobs, runs }) as _));
    eventually("the Scheduler takes jobs", async || {
        host.jobs
            .schedule(CANCELLED, soon(3_600_000), payload(CANCELLED))
            .await
            .ok()
    })
    .await;
    host.jobs.cancel(CANCELLED).await.unwrap();
    host.jobs.cancel("deliver/was/never").await.unwrap();
    for name in CANCELLED_TOGETHER {
        host.jobs.schedule(name, soon(3_000), payload(name)).await.unwrap();
    }
    host.jobs.cancel_all("cancelled/together/").await.unwrap();
    // Due already.
    host.jobs.schedule(FAILS, soon(-5_000), payload(FAILS)).await.unwrap();
    host.jobs.schedule(AGAIN, soon(200), payload(AGAIN)).await.unwrap();
    host.jobs.schedule(KEPT, soon(3_500), payload(KEPT)).await.unwrap();
    let count = |name: &str| seen.lock().unwrap().iter().filter(|run| *run == name).count();
    eventually("all are done", async || {
        (count(FAILS) == 2 && count(AGAIN) == 3 && count(KEPT) == 1).then_some(())
    })
    .await;
    tokio::time::sleep(Duration::from_secs(2)).await;
    assert_eq!((count(FAILS), count(AGAIN), count(CANCELLED)), (2, 3, 0));
    assert_eq!(CANCELLED_TOGETHER.map(count), [0, 0]);
}

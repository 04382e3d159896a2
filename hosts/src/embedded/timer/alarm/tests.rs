//! A clock that is set while somebody waits. No test may set the machine's, and a time namespace has no real-time clock of its own
//! (time_namespaces(7)), so this is shown in two halves: the kernel was told to cancel the timer when the clock is set, and once it says that it
//! did (timerfd_create(2): a read fails with `ECANCELED`), the clock is looked at, at once.

use std::{
    fs, io,
    os::fd::{AsRawFd as _, OwnedFd},
    pin::pin,
    sync::{
        Arc,
        atomic::{AtomicI64, Ordering},
    },
    time::Duration,
};

use futures_util::poll;
use punctual_actors::ports::BoxFuture;
use rustix::{
    io::Errno,
    time::{Itimerspec, TimerfdTimerFlags, Timespec, timerfd_settime},
};
use tokio::{sync::Notify, time::timeout};

use super::{super::Timer, *};
use crate::environment::SystemClock;

const HOUR_MS: i64 = 3_600_000;

/// A wall clock that is right until it is set. Nobody should sleep by it: that is what the kernel's timer is for.
#[derive(Default)]
struct SetClock {
    ahead_ms: AtomicI64,
    looked: Notify,
}

impl Clock for SetClock {
    fn now(&self) -> Timestamp {
        self.looked.notify_one();
        SystemClock.now().plus_millis(self.ahead_ms.load(Ordering::SeqCst))
    }

    fn sleep_ms(&self, _: u64) -> BoxFuture<'_, ()> {
        Box::pin(std::future::pending())
    }
}

/// What the kernel answers once the clock was set.
fn cancelled(fd: &OwnedFd) -> io::Result<()> {
    linux::expired(fd)?;
    Err(Errno::CANCELED.into())
}

/// Somebody who waits for an entry that is due in an hour.
struct Stage {
    alarm: Alarm,
    at: Timestamp,
    clock: Arc<SetClock>,
    timer: Timer<u32>,
}

impl Stage {
    fn new() -> Self {
        let (mut alarm, clock) = (Alarm::system().unwrap(), Arc::<SetClock>::default());
        alarm.timer.as_mut().unwrap().read = cancelled;
        let timer = Timer::new(Arc::clone(&clock) as Arc<dyn Clock>);
        let at = SystemClock.now().plus_millis(HOUR_MS);
        timer.insert(at, 1);
        Self {
            alarm,
            at,
            clock,
            timer,
        }
    }

    fn fd(&self) -> &OwnedFd {
        self.alarm.timer.as_ref().unwrap().fd.get_ref()
    }

    /// A line of what the kernel says of the timer (proc_pid_fdinfo(5)).
    fn says(&self, name: &str) -> String {
        let text = fs::read_to_string(format!("/proc/self/fdinfo/{}", self.fd().as_raw_fd())).unwrap();
        let line = text.lines().find_map(|line| line.strip_prefix(name));
        line.unwrap_or_else(|| panic!("no {name} in {text}")).to_owned()
    }

    /// The seconds left until the alarm goes off.
    fn left_s(&self) -> u64 {
        let left = self.says("it_value: (");
        left.split(',').next().unwrap().parse().unwrap()
    }

    /// Wakes who waits, as the kernel does when the clock is set: the timer is readable before its time.
    fn tell(&self) {
        let at = Timespec { tv_sec: 1, tv_nsec: 0 };
        let past = Itimerspec {
            it_interval: Timespec::default(),
            it_value: at,
        };
        timerfd_settime(self.fd(), TimerfdTimerFlags::ABSTIME, &past).unwrap();
    }
}

#[tokio::test]
async fn the_kernel_is_asked_to_tell_of_a_clock_that_is_set() {
    let stage = Stage::new();
    assert!(poll!(pin!(stage.timer.due(&stage.alarm, 1))).is_pending());
    assert_eq!(stage.says("clockid: "), "0", "CLOCK_REALTIME");
    let flags = TimerfdTimerFlags::ABSTIME | TimerfdTimerFlags::CANCEL_ON_SET;
    assert_eq!(stage.says("settime flags: "), format!("0{:o}", flags.bits()));
    assert!((3_500..=3_600).contains(&stage.left_s()));
}

#[tokio::test]
async fn what_has_become_due_by_a_clock_that_was_set_forward_comes_at_once() {
    let stage = Stage::new();
    let mut due = pin!(stage.timer.due(&stage.alarm, 1));
    assert!(poll!(due.as_mut()).is_pending());
    stage.clock.ahead_ms.store(HOUR_MS, Ordering::SeqCst);
    stage.tell();
    let due = timeout(Duration::from_secs(30), due).await;
    assert_eq!(due.expect("nobody looked at the clock"), [(stage.at, 1)]);
}

#[tokio::test]
async fn after_a_clock_was_set_back_the_alarm_is_set_anew_for_the_same_instant() {
    let stage = Stage::new();
    let mut due = pin!(stage.timer.due(&stage.alarm, 1));
    assert!(poll!(due.as_mut()).is_pending());
    stage.clock.looked.notified().await;
    stage.clock.ahead_ms.store(-HOUR_MS, Ordering::SeqCst);
    stage.tell();
    let looked_again = async {
        tokio::select! {
            due = due.as_mut() => panic!("early: {due:?}"),
            () = stage.clock.looked.notified() => {}
        }
    };
    let looked_again = timeout(Duration::from_secs(30), looked_again).await;
    looked_again.expect("nobody looked at the clock");
    assert!(poll!(due.as_mut()).is_pending());
    assert!(
        (3_500..=3_600).contains(&stage.left_s()),
        "the kernel counts by its own clock"
    );
    assert_eq!(stage.timer.earliest(), Some(stage.at));
}

//! Waiting for an instant of the wall clock.

use punctual_actors::ports::Clock;
use punctual_events::Timestamp;

/// Goes off at an instant of the wall clock, however the clock gets there. May go off early or for nothing; whoever waits looks at the clock.
#[derive(Debug)]
pub struct Alarm {
    #[cfg(target_os = "linux")]
    timer: Option<linux::TimerFd>,
}

/// Where nothing tells of a clock that was set, one looks this often.
const LOOK_MS: u64 = 1_000;

impl Alarm {
    /// An alarm by the system's clock: on Linux a timer of the kernel, elsewhere the clock is looked at once a second at least.
    ///
    /// # Errors
    /// When the kernel has no timer left.
    pub fn system() -> std::io::Result<Self> {
        Ok(Self {
            #[cfg(target_os = "linux")]
            timer: Some(linux::TimerFd::new()?),
        })
    }

    /// An alarm that knows no clock but the one it is given, and looks at it once a second at least: for virtual time.
    #[must_use]
    pub fn looking() -> Self {
        Self {
            #[cfg(target_os = "linux")]
            timer: None,
        }
    }

    /// Waits until `at`; for ever when that is `None`.
    pub(super) async fn wait(&self, at: Option<Timestamp>, clock: &dyn Clock) {
        let Some(at) = at else {
            return std::future::pending().await;
        };
        #[cfg(target_os = "linux")]
        if let Some(timer) = &self.timer {
            match timer.wait(at).await {
                Ok(()) => return,
                Err(error) => tracing::warn!(%error, "the kernel's timer failed, looking at the clock instead"),
            }
        }
        let left = u64::try_from(at.as_millis() - clock.now().as_millis()).unwrap_or(0);
        clock.sleep_ms(left.clamp(1, LOOK_MS)).await;
    }
}

#[cfg(target_os = "linux")]
mod linux {
    use std::{io, os::fd::OwnedFd};

    use punctual_events::Timestamp;
    use rustix::{
        io::Errno,
        time::{
            Itimerspec, TimerfdClockId, TimerfdFlags, TimerfdTimerFlags, Timespec, timerfd_create, timerfd_settime,
        },
    };
    use tokio::io::{Interest, unix::AsyncFd};

    /// timerfd_create(2) on the real-time clock: it follows the clock through jumps and suspend, and says at once when the clock is set.
    #[derive(Debug)]
    pub(super) struct TimerFd {
        pub(super) fd: AsyncFd<OwnedFd>,
        /// Asks the kernel what became of the timer: [`expired`]. Tests have their own, since none may set the machine's clock.
        pub(super) read: fn(&OwnedFd) -> io::Result<()>,
    }

    /// That it went off. An error, `ECANCELED`, that the clock was set; also that there is nothing to read yet.
    pub(super) fn expired(fd: &OwnedFd) -> io::Result<()> {
        Ok(rustix::io::read(fd, &mut [0; 8]).map(drop)?)
    }

    impl TimerFd {
        pub(super) fn new() -> io::Result<Self> {
            let fd = timerfd_create(TimerfdClockId::Realtime, TimerfdFlags::NONBLOCK | TimerfdFlags::CLOEXEC)?;
            #[expect(
                deprecated,
                reason = "the new constructor is unsafe, and an owned descriptor stays what it is"
            )]
            let fd = AsyncFd::with_interest(fd, Interest::READABLE)?;
            Ok(Self { fd, read: expired })
        }

        pub(super) async fn wait(&self, at: Timestamp) -> io::Result<()> {
            let waited = async {
                self.set(at)?;
                let mut ready = self.fd.readable().await?;
                // That there is nothing to read is an alarm for nothing: it tells Tokio to listen again.
                ready.try_io(|fd| (self.read)(fd.get_ref())).unwrap_or(Ok(()))
            };
            match waited.await {
                // The clock was set. Whoever waits looks at it and comes again.
                Err(error) if error.raw_os_error() == Some(Errno::CANCELED.raw_os_error()) => Ok(()),
                outcome => outcome,
            }
        }

        fn set(&self, at: Timestamp) -> io::Result<()> {
            // Zero would disarm it, and the kernel knows nothing before 1970: both are due already.
            let millis = at.as_millis().max(1);
            let at = Timespec {
                tv_sec: millis.div_euclid(1_000),
                tv_nsec: millis.rem_euclid(1_000) * 1_000_000,
            };
            let timer = Itimerspec {
                it_interval: Timespec::default(),
                it_value: at,
            };
            let flags = TimerfdTimerFlags::ABSTIME | TimerfdTimerFlags::CANCEL_ON_SET;
            Ok(timerfd_settime(&self.fd, flags, &timer).map(drop)?)
        }
    }
}

#[cfg(test)]
#[cfg(target_os = "linux")]
mod tests;

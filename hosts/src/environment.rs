//! The real clock and real randomness, whatever the runtime.

use std::{
    cell::RefCell,
    sync::Arc,
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use punctual_actors::{
    ports::{BoxFuture, Clock, Entropy, Environment},
    zone::BundledZones,
};
use punctual_events::Timestamp;

/// The machine's clock, the system's randomness, and the zones this release knows.
///
/// # Errors
/// When the system gives no randomness.
pub fn environment() -> Result<Environment, getrandom::Error> {
    Ok(Environment {
        clock: Arc::new(SystemClock),
        entropy: Arc::new(SystemEntropy::new()?),
        zones: Arc::new(BundledZones),
    })
}

/// The machine's clock; waiting is Tokio's.
#[derive(Clone, Copy, Debug, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    fn now(&self) -> Timestamp {
        let millis = |duration: Duration| i64::try_from(duration.as_millis()).unwrap_or(i64::MAX);
        match SystemTime::now().duration_since(UNIX_EPOCH) {
            Ok(since) => Timestamp::from_millis(millis(since)),
            Err(before) => Timestamp::from_millis(-millis(before.duration())),
        }
    }

    fn sleep_ms(&self, ms: u64) -> BoxFuture<'_, ()> {
        Box::pin(tokio::time::sleep(Duration::from_millis(ms)))
    }
}

/// Random bytes taken from the system at once: a system call for each sixteen would cost more than all the rest of making an id.
const BUFFER_BYTES: usize = 1024;

/// The operating system's randomness.
#[derive(Clone, Copy, Debug)]
pub struct SystemEntropy(());

impl SystemEntropy {
    /// Checks that there is randomness.
    ///
    /// # Errors
    /// When the operating system has none.
    pub fn new() -> Result<Self, getrandom::Error> {
        getrandom::fill(&mut [0; 16]).map(|()| Self(()))
    }
}

impl Entropy for SystemEntropy {
    /// # Panics
    /// When the system's randomness, which was there at start, is gone: no id or key made without it would be safe.
    fn random(&self) -> u128 {
        thread_local! {
            static BUFFER: RefCell<Buffer> = const { RefCell::new(Buffer { bytes: [0; BUFFER_BYTES], used: BUFFER_BYTES }) };
        }
        BUFFER.with_borrow_mut(Buffer::next)
    }
}

struct Buffer {
    bytes: [u8; BUFFER_BYTES],
    used: usize,
}

impl Buffer {
    fn next(&mut self) -> u128 {
        if self.used == BUFFER_BYTES {
            if let Err(error) = getrandom::fill(&mut self.bytes) {
                panic!("the operating system has no randomness any more: {error}");
            }
            self.used = 0;
        }
        let mut sixteen = [0; 16];
        let taken = &mut self.bytes[self.used..self.used + 16];
        sixteen.copy_from_slice(taken);
        // What was given out must not lie about in memory.
        taken.fill(0);
        self.used += 16;
        u128::from_le_bytes(sixteen)
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn random_numbers_do_not_repeat_when_the_buffer_is_refilled() {
        let entropy = SystemEntropy::new().unwrap();
        let drawn: HashSet<u128> = (0..1_000).map(|_| entropy.random()).collect();
        assert_eq!(drawn.len(), 1_000);
    }

    #[test]
    fn the_clock_is_in_this_century() {
        assert!(SystemClock.now() > Timestamp::from_millis(1_700_000_000_000));
    }
}

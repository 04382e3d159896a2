//! What really went wrong.

use std::{
    fmt,
    sync::atomic::{AtomicU64, Ordering::Relaxed},
};

/// What can go wrong with a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Mishap {
    /// It never reached the sidecar.
    RequestLost,
    /// It was carried out, and its answer was lost.
    ReplyLost,
    /// It was carried out twice before it was answered.
    Twice,
    /// It was taken for lost, and carried out later.
    Late,
    /// It was answered, and carried out once more later.
    Echo,
    /// It stood still before it was carried out, while another process wrote.
    Stalled,
    /// Its answer stood still, while another process wrote.
    ReplyStalled,
    /// Its process died while it was on its way.
    Orphaned,
    /// The host heard that nobody was there.
    Unavailable,
    /// The host heard that the stream was cut.
    Cut,
}

const ALL: [Mishap; 10] = [
    Mishap::RequestLost,
    Mishap::ReplyLost,
    Mishap::Twice,
    Mishap::Late,
    Mishap::Echo,
    Mishap::Stalled,
    Mishap::ReplyStalled,
    Mishap::Orphaned,
    Mishap::Unavailable,
    Mishap::Cut,
];

/// How often each happened, to reads and to writes, and how many calls there were.
#[derive(Debug, Default)]
pub(crate) struct Tally {
    calls: [AtomicU64; 2],
    mishaps: [[AtomicU64; ALL.len()]; 2],
    bad_answers: [AtomicU64; 2],
}

impl Tally {
    pub(crate) fn count_call(&self, is_write: bool) {
        self.calls[usize::from(is_write)].fetch_add(1, Relaxed);
    }

    pub(crate) fn count(&self, mishap: Mishap, is_write: bool) {
        self.mishaps[usize::from(is_write)][mishap as usize].fetch_add(1, Relaxed);
    }

    /// How many calls of this kind were answered badly before, so that one can be answered otherwise than the last.
    pub(crate) fn count_bad_answer(&self, is_write: bool) -> u64 {
        self.bad_answers[usize::from(is_write)].fetch_add(1, Relaxed)
    }

    /// Writes so far, of everybody.
    pub(crate) fn writes(&self) -> u64 {
        self.calls[1].load(Relaxed)
    }

    /// How many writes did not go the way the host had a right to expect.
    pub(crate) fn writes_gone_wrong(&self) -> u64 {
        let faults = [
            Mishap::RequestLost,
            Mishap::ReplyLost,
            Mishap::Twice,
            Mishap::Late,
            Mishap::Echo,
        ];
        faults
            .map(|mishap| self.mishaps[1][mishap as usize].load(Relaxed))
            .iter()
            .sum()
    }

    /// Panics unless everything that can go wrong did go wrong with a write: what did not happen was not tested.
    #[track_caller]
    pub(crate) fn assert_everything_happened(&self) {
        for mishap in ALL {
            let count = self.mishaps[1][mishap as usize].load(Relaxed);
            assert!(count > 0, "{mishap:?} happened to no write:\n{self}");
        }
    }
}

impl fmt::Display for Tally {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (what, index) in [("reads", 0), ("writes", 1)] {
            write!(f, "{} {what}", self.calls[index].load(Relaxed))?;
            for mishap in ALL {
                let count = self.mishaps[index][mishap as usize].load(Relaxed);
                write!(f, ", {mishap:?} {count}")?;
            }
            writeln!(f)?;
        }
        Ok(())
    }
}

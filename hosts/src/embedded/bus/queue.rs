//! What is still to be delivered of one actor, and how far each service has come. No IO and no locks: a plain machine.

use std::{collections::VecDeque, sync::Arc};

use punctual_events::{Commit, Seq, Timestamp};

/// Commits of an actor kept in memory, at most. A service that is further behind reads the log.
const IN_MEMORY: usize = 1_024;

/// Commits handed over at once, at most.
pub(super) const BATCH: usize = 256;

/// What a service has to do next.
#[derive(Debug)]
pub(super) enum Next {
    /// Nothing; its task ends.
    Nothing,
    /// These.
    Batch(Vec<Arc<Commit>>),
    /// What the log has after this.
    ReadLog(Seq),
}

/// How far a service has come with an actor.
#[derive(Clone, Copy, Debug, Default)]
struct Lane {
    done: Seq,
    /// A task is at it.
    running: bool,
}

/// The queue of an actor.
#[derive(Debug)]
pub(super) struct ActorQueue {
    lanes: Box<[Lane]>,
    /// What [`trim`](Self::trim) answered last.
    noted: Seq,
    /// The newest commit there is, as far as is known.
    last: Seq,
    /// The newest commits, without a gap. May lack some at both ends.
    recent: VecDeque<Arc<Commit>>,
    /// False until it is known what was delivered before.
    seeded: bool,
}

impl ActorQueue {
    /// Of an actor nothing is known of.
    pub(super) fn new(lanes: usize) -> Self {
        Self {
            lanes: vec![Lane::default(); lanes].into(),
            noted: Seq::ZERO,
            last: Seq::ZERO,
            recent: VecDeque::new(),
            seeded: false,
        }
    }

    /// Adds commits that were published. Those that are there or were delivered are passed over.
    pub(super) fn push(&mut self, commits: &[Arc<Commit>]) {
        let done = self.drained();
        for commit in commits.iter().filter(|commit| commit.header.seq > done) {
            let seq = commit.header.seq;
            match self.recent.back().map(|back| back.header.seq) {
                Some(back) if seq <= back => continue,
                Some(back) if seq > back.next() => self.recent.clear(),
                _ => {}
            }
            if self.recent.len() == IN_MEMORY {
                self.recent.pop_front();
            }
            self.recent.push_back(Arc::clone(commit));
            self.last = self.last.max(seq);
        }
    }

    /// Notes that the log goes up to `last`.
    pub(super) fn learn(&mut self, last: Seq) {
        self.last = self.last.max(last);
    }

    /// Notes that everything up to `drained` was delivered before; by nobody's knowledge, everything before the first commit seen was.
    pub(super) fn seed(&mut self, drained: Option<Seq>) {
        if !self.seeded {
            self.seeded = true;
            let before_first = || {
                self.recent
                    .front()
                    .map_or(self.last, |first| Seq(first.header.seq.0 - 1))
            };
            let done = drained.unwrap_or_else(before_first);
            self.lanes.iter_mut().for_each(|lane| lane.done = done);
            self.noted = done;
            self.last = self.last.max(done);
        }
    }

    /// True until [`seed`](Self::seed).
    pub(super) fn needs_seed(&self) -> bool {
        !self.seeded
    }

    /// The first commit in memory.
    pub(super) fn first(&self) -> Option<Seq> {
        self.recent.front().map(|first| first.header.seq)
    }

    /// True when the service of `lane` has something to do and no task does it; it does from now on. What it does not want is passed over.
    pub(super) fn start(&mut self, lane: usize, wants: impl Fn(&Commit) -> bool) -> bool {
        if !self.seeded || self.lanes[lane].running {
            return false;
        }
        self.pass_over(lane, wants);
        let lane = &mut self.lanes[lane];
        lane.running = lane.done < self.last;
        lane.running
    }

    /// What the service of `lane` has to do; when that is nothing, it no longer runs.
    pub(super) fn next(&mut self, lane: usize, wants: impl Fn(&Commit) -> bool) -> Next {
        self.pass_over(lane, wants);
        let done = self.lanes[lane].done;
        if done >= self.last {
            self.lanes[lane].running = false;
            return Next::Nothing;
        }
        match self.place_of(done.next()) {
            Some(place) => Next::Batch(self.recent.range(place..).take(BATCH).cloned().collect()),
            None => Next::ReadLog(done),
        }
    }

    /// Notes that the service of `lane` has handled everything up to `through`.
    pub(super) fn handled(&mut self, lane: usize, through: Seq) {
        let lane = &mut self.lanes[lane];
        lane.done = lane.done.max(through);
    }

    /// Drops what every service has handled. Answers up to where that is, when it moved since the last time.
    pub(super) fn trim(&mut self) -> Option<Seq> {
        let drained = self.drained();
        while self.first().is_some_and(|first| first <= drained) {
            self.recent.pop_front();
        }
        let moved = self.seeded && drained > self.noted;
        self.noted = if moved { drained } else { self.noted };
        moved.then_some(drained)
    }

    /// True when there is nothing to do, so that the queue may be forgotten.
    pub(super) fn is_idle(&self) -> bool {
        self.seeded && self.lanes.iter().all(|lane| !lane.running) && self.drained() >= self.last
    }

    /// How many commits the service of `lane` has not handled, and when the first of them was decided. Where that one is not in memory: the
    /// first that is.
    pub(super) fn lag(&self, lane: usize) -> (u64, Option<Timestamp>) {
        let done = self.lanes[lane].done;
        let commits = if self.seeded {
            self.last.0.saturating_sub(done.0)
        } else {
            self.recent.len() as u64
        };
        if commits == 0 {
            return (0, None);
        }
        let oldest = self
            .place_of(done.next())
            .and_then(|place| self.recent.get(place))
            .or(self.recent.front());
        (commits, oldest.map(|commit| commit.header.time))
    }

    fn drained(&self) -> Seq {
        self.lanes.iter().map(|lane| lane.done).min().unwrap_or(self.last)
    }

    fn place_of(&self, seq: Seq) -> Option<usize> {
        let place = usize::try_from(seq.0.checked_sub(self.first()?.0)?).ok()?;
        (place < self.recent.len()).then_some(place)
    }

    fn pass_over(&mut self, lane: usize, wants: impl Fn(&Commit) -> bool) {
        let Some(place) = self.place_of(self.lanes[lane].done.next()) else {
            return;
        };
        let unwanted = self.recent.range(place..).take_while(|commit| !wants(commit)).count();
        self.lanes[lane].done.0 += unwanted as u64;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::embedded::sqlite::tests::{commit, user};

    fn commits(seqs: impl IntoIterator<Item = u64>) -> Vec<Arc<Commit>> {
        seqs.into_iter().map(|seq| commit(user(1), seq).commit).collect()
    }

    fn seeded(lanes: usize, drained: u64) -> ActorQueue {
        let mut queue = ActorQueue::new(lanes);
        queue.seed(Some(Seq(drained)));
        queue
    }

    fn batch(queue: &mut ActorQueue, lane: usize) -> Vec<u64> {
        match queue.next(lane, |_| true) {
            Next::Batch(commits) => commits.iter().map(|commit| commit.header.seq.0).collect(),
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn commits_that_wait_are_one_batch_and_leave_when_all_have_handled_them() {
        let mut queue = seeded(2, 0);
        queue.push(&commits(1..=3));
        assert!(queue.start(0, |_| true));
        assert!(!queue.start(0, |_| true), "it runs already");
        assert_eq!(batch(&mut queue, 0), [1, 2, 3]);
        queue.handled(0, Seq(3));
        assert!(matches!(queue.next(0, |_| true), Next::Nothing));
        assert_eq!(queue.trim(), None, "the other has handled nothing");
        assert_eq!(queue.lag(1).0, 3);
        assert_eq!(batch(&mut queue, 1), [1, 2, 3]);
        queue.handled(1, Seq(2));
        assert_eq!(queue.trim(), Some(Seq(2)));
        assert_eq!(queue.first(), Some(Seq(3)));
        assert!(!queue.is_idle());
    }

    #[test]
    fn what_a_service_does_not_want_needs_no_task() {
        let mut queue = seeded(1, 0);
        queue.push(&commits(1..=3));
        assert!(!queue.start(0, |_| false));
        assert_eq!(queue.trim(), Some(Seq(3)));
        assert!(queue.is_idle());
    }

    #[test]
    fn what_is_published_again_is_delivered_once() {
        let mut queue = seeded(1, 2);
        queue.push(&commits(1..=4));
        queue.push(&commits(2..=5));
        assert!(queue.start(0, |_| true));
        assert_eq!(batch(&mut queue, 0), [3, 4, 5]);
    }

    #[test]
    fn a_gap_and_what_is_too_much_for_memory_are_read_from_the_log() {
        let mut queue = seeded(1, 0);
        queue.push(&commits([1, 2]));
        queue.push(&commits([4]));
        assert!(queue.start(0, |_| true));
        assert!(matches!(queue.next(0, |_| true), Next::ReadLog(Seq(0))));
        queue.handled(0, Seq(3));
        assert_eq!(batch(&mut queue, 0), [4]);

        let mut queue = seeded(1, 0);
        queue.push(&commits(1..=IN_MEMORY as u64 + 5));
        assert!(queue.start(0, |_| true));
        assert!(matches!(queue.next(0, |_| true), Next::ReadLog(Seq(0))));
        queue.handled(0, Seq(5));
        assert_eq!(batch(&mut queue, 0).len(), BATCH);
    }

    #[test]
    fn nothing_is_delivered_before_it_is_known_what_was_delivered() {
        let mut queue = ActorQueue::new(1);
        queue.push(&commits([7]));
        assert!(!queue.start(0, |_| true));
        queue.seed(Some(Seq(4)));
        assert!(queue.start(0, |_| true));
        assert!(matches!(queue.next(0, |_| true), Next::ReadLog(Seq(4))));
    }

    #[test]
    fn of_an_unknown_actor_what_came_before_the_first_commit_was_delivered() {
        let mut queue = ActorQueue::new(1);
        queue.push(&commits([7, 8]));
        queue.seed(None);
        assert!(queue.start(0, |_| true));
        assert_eq!(batch(&mut queue, 0), [7, 8]);
    }
}

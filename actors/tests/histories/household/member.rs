//! A process that holds the user's actor and those of their series.

use std::{
    collections::BTreeMap,
    pin::pin,
    sync::Arc,
    task::{Context, Poll, Waker},
};

use punctual_actors::{
    faults::{Faults, Faulty},
    machine::Machine,
    ports::{Clock as _, Environment, Ports, Publisher as _, WakeUp},
    reference::{MemoryDirectory, MemoryPublisher, MemoryWakeUps, SeededEntropy, VirtualClock},
    series::{SeriesActor, SeriesQuestion},
    turn::{Outcome, Pending, Slot},
    user::{UserActor, UserCommand},
    zone::BundledZones,
};
use punctual_events::{ActorId, Commit, Principal, SeriesId};

use super::{SESSION, USER, World, role, single::Single, step::Go};
use crate::ledger::Ledger;

pub(crate) type MemberPorts =
    Ports<Faulty<Ledger>, Faulty<MemoryWakeUps>, Faulty<MemoryPublisher>, Faulty<MemoryDirectory>>;

/// The actors a process has in memory.
pub(crate) struct Actors {
    pub(crate) user: Slot<UserActor>,
    pub(crate) series: BTreeMap<SeriesId, Slot<SeriesActor>>,
}

impl Actors {
    fn new() -> Self {
        Self {
            user: Slot::new(ActorId::User(USER)),
            series: BTreeMap::new(),
        }
    }

    pub(crate) fn series(&mut self, id: SeriesId) -> &mut Slot<SeriesActor> {
        self.series.entry(id).or_insert_with(|| Slot::new(ActorId::Series(id)))
    }

    fn take_unpublished(&mut self) -> Vec<Arc<Commit>> {
        fn of<M: Machine>(slot: &mut Slot<M>) -> Vec<Arc<Commit>> {
            slot.activation()
                .map(|activation| activation.take_unpublished())
                .unwrap_or_default()
        }
        let of_series: Vec<_> = self.series.values_mut().flat_map(of).collect();
        of(&mut self.user).into_iter().chain(of_series).collect()
    }

    fn published(&mut self, commits: &[Arc<Commit>]) {
        fn note<M: Machine>(slot: &mut Slot<M>, commit: &Commit) {
            if let Some(activation) = slot.activation() {
                activation.published(commit.header.seq);
            }
        }
        for commit in commits {
            match commit.header.actor {
                ActorId::User(_) => note(&mut self.user, commit),
                ActorId::Series(id) => note(self.series(id), commit),
            }
        }
    }
}

/// A process.
pub(crate) struct Member {
    pub(crate) faults: Faults,
    ports: MemberPorts,
    actors: Actors,
    outbox: Vec<Arc<Commit>>,
}

impl Member {
    pub(crate) fn new(world: &World, seed: u64) -> Self {
        let faults = Faults::none();
        let environment = Environment {
            clock: Arc::clone(&world.clock) as _,
            entropy: Arc::new(SeededEntropy::new(seed)),
            zones: Arc::new(BundledZones),
        };
        let ports = Ports {
            store: Faulty::new(world.ledger.clone(), &faults),
            wake_ups: Faulty::new(world.wake_ups.clone(), &faults),
            publisher: Faulty::new(world.publisher.clone(), &faults),
            directory: Faulty::new(world.directory.clone(), &faults),
            environment,
            recheck_head_after_ms: Some(0),
        };
        Self {
            faults,
            ports,
            actors: Actors::new(),
            outbox: Vec::new(),
        }
    }

    /// The process is lost with everything in its memory.
    pub(crate) fn crash(&mut self) {
        self.actors = Actors::new();
        self.outbox.clear();
    }

    pub(crate) fn has_something_to_publish(&self) -> bool {
        !self.outbox.is_empty()
    }

    /// Runs `work` as far as it goes. If it does not come to its end, the process is lost.
    fn run<T>(&mut self, world: &World, go: &Go, work: impl AsyncFnOnce(&mut Actors, &MemberPorts) -> T) -> Option<T> {
        self.faults.script(go.faults.iter().copied());
        let done = drive(&world.clock, go.lost_after, work(&mut self.actors, &self.ports));
        if done.is_none() {
            self.crash();
        }
        self.outbox.extend(self.actors.take_unpublished());
        done
    }

    pub(crate) fn command_user(
        &mut self,
        world: &World,
        pending: Pending<UserCommand>,
        go: &Go,
    ) -> Option<Outcome<UserActor>> {
        self.run(world, go, async |actors, ports| {
            actors.user.take_turn(&[pending], ports).await.pop()
        })
        .flatten()
    }

    /// Has a series do what is asked of it as this process shows it.
    pub(crate) fn command_series(&mut self, world: &World, id: SeriesId, single: Single, go: &Go) {
        let by = Principal::User(USER, SESSION);
        self.run(world, go, async |actors, ports| {
            let slot = actors.series(id);
            let shown = slot.activate(ports).await.ok().and_then(|activation| {
                let question = SeriesQuestion::Occurrences {
                    after: None,
                    limit: 0,
                    upcoming: 4,
                    time_zone: None,
                };
                let now = world.clock.now();
                activation
                    .snapshot()
                    .machine
                    .ask(by, &question, now, &BundledZones)
                    .ok()
            });
            if let Some(command) = shown.and_then(|shown| single.command(&shown)) {
                slot.take_turn(&[world.pending(by, command, None)], ports).await;
            }
        });
    }

    pub(crate) fn wake(&mut self, world: &World, actor: ActorId, wake_up: WakeUp, go: &Go) {
        let taken = self.run(world, go, async |actors, ports| match actor {
            ActorId::User(_) => {
                let command = world.pending(Principal::System, UserActor::wake(), None);
                actors.user.wake(wake_up, command, ports).await
            }
            ActorId::Series(id) => {
                let command = world.pending(Principal::System, SeriesActor::wake(), None);
                actors.series(id).wake(wake_up, command, ports).await
            }
        });
        if let Some(Ok(())) = taken {
            world.wake_ups.done(actor, wake_up);
        }
    }

    /// The recurring role gets the events of a commit.
    pub(crate) fn carry(&mut self, world: &World, commit: &Arc<Commit>, go: &Go) {
        self.run(world, go, async |actors, ports| {
            role::carry(world, actors, ports, commit).await
        });
    }

    pub(crate) fn publish(&mut self, world: &World, go: &Go) {
        let outbox = std::mem::take(&mut self.outbox);
        let done = self.run(world, go, async |actors, ports| {
            let mut rest = outbox.into_iter().peekable();
            while let Some(commit) = rest.peek().cloned() {
                let one = [commit];
                if ports.publisher.publish(&one).await.is_err() {
                    break;
                }
                actors.published(&one);
                rest.next();
            }
            rest.collect::<Vec<_>>()
        });
        if let Some(mut rest) = done {
            rest.append(&mut self.outbox);
            self.outbox = rest;
        }
    }

    pub(crate) fn save(&mut self, world: &World, go: &Go) {
        self.run(world, go, async |actors, ports| {
            save(&mut actors.user, ports).await;
            for slot in actors.series.values_mut() {
                save(slot, ports).await;
            }
        });
    }

    /// Activates an actor, as the next command would.
    pub(crate) fn touch(&mut self, world: &World, actor: ActorId) {
        self.run(world, &Go::default(), async |actors, ports| {
            match actor {
                ActorId::User(_) => drop(actors.user.recheck(ports).await),
                ActorId::Series(id) => drop(actors.series(id).recheck(ports).await),
            }
            match actor {
                ActorId::User(_) => drop(actors.user.activate(ports).await.map(|_| ())),
                ActorId::Series(id) => drop(actors.series(id).activate(ports).await.map(|_| ())),
            }
        });
    }
}

async fn save<M: Machine>(slot: &mut Slot<M>, ports: &MemberPorts) {
    let actor = slot.actor();
    let Some(activation) = slot.activation().filter(|activation| activation.is_dirty()) else {
        return;
    };
    let save = activation.start_save();
    let outcome = save.write(actor, &ports.store, &BundledZones).await;
    activation.end_save(save, &outcome);
}

/// Polls until it is done, or this often. Time passes while it sleeps.
fn drive<T>(clock: &VirtualClock, polls: Option<u8>, work: impl Future<Output = T>) -> Option<T> {
    let mut work = pin!(work);
    for round in 1..=polls.map_or(5_000, usize::from) {
        if let Poll::Ready(done) = work.as_mut().poll(&mut Context::from_waker(Waker::noop())) {
            return Some(done);
        }
        if round % 50 == 0 {
            clock.advance_ms(clock.next_sleeper_ms().unwrap_or(0) + 1);
        }
    }
    assert!(polls.is_some(), "a process does not come to an end");
    None
}

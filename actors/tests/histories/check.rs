//! What must be true of every history.

use std::collections::{HashMap, HashSet};

use punctual_actors::{
    Code,
    activation::Activation,
    machine::Machine as _,
    memory::KEY_LIFETIME_MS,
    ports::Store as _,
    reference::UtcOnly,
    turn::{Answered, TurnError},
};
use punctual_events::{
    CommandId, Commit, CommittedCommand, Digest, EventData as _, IdempotencyKey, Seq, Timestamp, Topic,
};

use crate::{
    machine::{Answer, Event, Register},
    process::ready,
    world::{Attempt, World},
};

/// A command that is in the log.
struct Done {
    command: CommittedCommand,
    seq: Seq,
    time: Timestamp,
    events: Vec<Event>,
}

/// The log as a plain model sees it.
struct Model {
    done: Vec<Done>,
    by_id: HashMap<CommandId, usize>,
    /// The digests a state had, by the commit during which it had them.
    digests: Vec<HashSet<u64>>,
    state: Register,
}

impl Model {
    fn of(world: &World) -> Self {
        let mut model = Self {
            done: Vec::new(),
            by_id: HashMap::new(),
            digests: vec![HashSet::from([0])],
            state: Register::new(world.shared.actor),
        };
        for commit in world.shared.ledger.of(world.shared.actor) {
            model.take_in(&commit);
        }
        model
    }

    fn take_in(&mut self, commit: &Commit) {
        let mut digests = HashSet::from([self.state.digest()]);
        for (place, command) in commit.commands.iter().enumerate() {
            let records = commit.events_of(place);
            let events: Vec<Event> = records
                .iter()
                .map(|record| Event::from_record(record).expect("an event").expect("not erased"))
                .collect();
            for event in &events {
                self.state.evolve(event, &UtcOnly);
            }
            digests.insert(self.state.digest());
            let twice = self.by_id.insert(command.id, self.done.len());
            assert!(twice.is_none(), "an attempt took effect twice");
            self.done.push(Done {
                command: command.clone(),
                seq: commit.header.seq,
                time: commit.header.time,
                events,
            });
        }
        self.digests.push(digests);
    }

    fn find(&self, id: CommandId) -> Option<&Done> {
        self.by_id.get(&id).map(|index| &self.done[*index])
    }

    fn with_key(&self, key: u128) -> impl Iterator<Item = (&Done, IdempotencyKey)> {
        let keyed = self.done.iter().filter_map(|done| Some((done, done.command.key?)));
        keyed.filter(move |(_, found)| found.key == key)
    }

    /// True when a state had this digest at some time from `from` to `to`.
    fn had(&self, digest: u64, from: Seq, to: Seq) -> bool {
        self.digests
            .iter()
            .skip(from.0 as usize)
            .take((to.0 - from.0 + 1) as usize)
            .any(|digests| digests.contains(&digest))
    }
}

/// Checks a history that has come to rest.
pub(crate) fn check(world: &World) {
    let model = Model::of(world);
    the_log_is_a_genuine_chain_without_a_gap(world);
    keys_took_effect_once(&model);
    for attempt in &world.attempts {
        an_attempt_was_answered_truly(attempt, &model);
    }
    alarms_fired_once_and_never_early(&model);
    a_reload_is_the_whole_history(world, &model);
    everything_was_published(world);
}

fn the_log_is_a_genuine_chain_without_a_gap(world: &World) {
    let (mut previous, mut on_topic) = (Digest::ZERO, [Seq::ZERO; 3]);
    for (commit, seq) in world.shared.ledger.of(world.shared.actor).iter().zip(1..) {
        assert_eq!(commit.header.seq, Seq(seq));
        assert!(commit.is_genuine());
        assert_eq!(commit.header.previous, previous);
        assert_eq!(commit.header.previous_on_topic, on_topic);
        previous = commit.header.hash;
        for topic in Topic::ALL.into_iter().filter(|topic| commit.is_on(*topic)) {
            on_topic[topic.index()] = Seq(seq);
        }
    }
}

fn keys_took_effect_once(model: &Model) {
    let mut expires: HashMap<u128, Timestamp> = HashMap::new();
    // A key that had expired by a clock that was set back since may be forgotten.
    let mut latest = Timestamp::MIN;
    for done in &model.done {
        latest = latest.max(done.time);
        let Some(key) = done.command.key else { continue };
        let again = done.time.plus_millis(KEY_LIFETIME_MS);
        if let Some(expired) = expires.insert(key.key, again) {
            assert!(expired <= latest, "a key took effect twice: {key:?} in {}", done.seq);
        }
    }
}

fn an_attempt_was_answered_truly(attempt: &Attempt, model: &Model) {
    let done = model.find(attempt.id);
    match &attempt.outcome {
        None | Some(Err(TurnError::Unknown(_))) => {}
        Some(Err(TurnError::Refused(refusal))) => {
            assert!(done.is_none(), "a refusal was followed by the effect: {attempt:?}");
            let Some(key) = attempt.key.filter(|_| refusal.code == Code::IdempotencyKeyReused) else {
                let digest = refusal.detail.parse().expect("the digest of the state that refused");
                assert!(
                    model.had(digest, attempt.from, attempt.to),
                    "refused by a state that was not: {attempt:?}"
                );
                assert!(!is_remembered(attempt, model), "a replay was refused: {attempt:?}");
                return;
            };
            let other = model.with_key(key.key).any(|(_, found)| found.body != key.body);
            assert!(other, "the key was not used for anything else: {attempt:?}");
        }
        Some(Ok(answered)) => match done {
            Some(done) => {
                assert!(!answered.replayed);
                assert_eq!(answered.seq, done.seq);
                assert_eq!(answered.reply, Answer::Did(done.events.clone()));
            }
            None => an_answer_without_effect_was_true(attempt, answered, model),
        },
    }
}

fn an_answer_without_effect_was_true(attempt: &Attempt, answered: &Answered<Answer>, model: &Model) {
    assert!(
        answered.seq >= attempt.from && answered.seq <= attempt.to,
        "{attempt:?}"
    );
    match &answered.reply {
        Answer::Nothing { digest } => {
            assert!(!answered.replayed);
            assert!(
                model.had(*digest, answered.seq, answered.seq),
                "a state that was not: {attempt:?}"
            );
            assert!(
                !is_remembered(attempt, model),
                "a replay was decided again: {attempt:?}"
            );
        }
        Answer::Did(events) => {
            assert!(answered.replayed, "an acknowledged command is lost: {attempt:?}");
            let key = attempt.key.expect("only keyed commands are replayed");
            let mut before = model
                .with_key(key.key)
                .filter(|(done, found)| *found == key && done.seq <= answered.seq);
            assert!(
                before.any(|(done, _)| done.events == *events),
                "replayed what was not: {attempt:?}"
            );
        }
    }
}

/// True when the command had been acknowledged under this key before, and the key cannot have expired by any clock.
fn is_remembered(attempt: &Attempt, model: &Model) -> bool {
    attempt.key.is_some_and(|key| {
        model.with_key(key.key).any(|(done, found)| {
            found == key && done.seq <= attempt.from && done.time.plus_millis(KEY_LIFETIME_MS) > attempt.latest
        })
    })
}

fn alarms_fired_once_and_never_early(model: &Model) {
    let mut fired = HashSet::new();
    for done in &model.done {
        for event in &done.events {
            if let Event::AlarmFired { at, token, .. } = event {
                assert!(*at <= done.time, "early: {event:?} in {}", done.seq);
                assert!(fired.insert(token), "fired twice: {event:?}");
            }
        }
    }
}

fn a_reload_is_the_whole_history(world: &World, model: &Model) {
    let actor = world.shared.actor;
    let loaded = ready(world.shared.ledger.load(actor)).expect("load");
    let restored = Activation::<Register>::restore(actor, &loaded, &UtcOnly, world.now(), 0).expect("restore");
    restored.snapshot().machine.assert_same(&model.state);
    let ledger = world.shared.ledger.of(actor);
    let left = ready(world.shared.ledger.read_log(actor, Seq::ZERO, usize::MAX)).expect("read");
    for (left, commit) in left.iter().rev().zip(ledger.iter().rev()) {
        let bytes = |commit: &Commit| commit.encode().expect("a commit is JSON");
        assert_eq!(bytes(left), bytes(commit));
    }
}

fn everything_was_published(world: &World) {
    let published = world.shared.publisher.published();
    let published: HashSet<Digest> = published.iter().map(|commit| commit.header.hash).collect();
    let ledger = world.shared.ledger.of(world.shared.actor);
    let committed: HashSet<Digest> = ledger.iter().map(|commit| commit.header.hash).collect();
    assert!(
        published.is_subset(&committed),
        "something was published that is not in the log"
    );
    for commit in ledger.iter().filter(|commit| !commit.events.is_empty()) {
        assert!(
            published.contains(&commit.header.hash),
            "{} was never published",
            commit.header.seq
        );
    }
}

//! Audit on logs and a record in memory, in virtual time.

mod pages;
mod record;
mod series;

use proptest::prelude::*;
use punctual_actors::reference::VirtualClock;
use punctual_events::{ActorId, Commit, Digest, EventRecord, EventType, Principal, Seq, SeriesId, Timestamp};
use serde_json::{Value, json};
use uuid::Uuid;

use self::record::Record;
use super::*;
use crate::{
    ports::{AuditBatch, AuditGap, AuditHead, AuditPlace, AuditQueries as _, AuditVerification},
    roles::test_log::{TestLogs, user},
};

struct World {
    clock: Arc<VirtualClock>,
    logs: Arc<TestLogs>,
    record: Arc<Record>,
    role: AuditRole,
}

impl World {
    fn new() -> Self {
        let (logs, record) = (Arc::<TestLogs>::default(), Arc::<Record>::default());
        let clock = VirtualClock::new(Timestamp::from_millis(1_800_000_000_000));
        let role = AuditRole {
            logs: Arc::clone(&logs) as _,
            store: Arc::clone(&record) as _,
            clock: Arc::clone(&clock) as _,
            heads: Heads::default(),
            refused: AtomicU64::new(0),
        };
        Self {
            clock,
            logs,
            record,
            role,
        }
    }

    /// A world whose log has these many commits of one event each.
    fn with_commits(count: usize) -> (Self, Vec<Arc<Commit>>) {
        let world = Self::new();
        let commits = (1..=count).map(|n| world.logs.append(me(), &[task(&n.to_string())]));
        let commits = commits.collect();
        (world, commits)
    }

    async fn deliver(&self, commits: &[Arc<Commit>]) -> Result<(), Failure> {
        self.deliver_events(&events(commits)).await
    }

    async fn deliver_events(&self, events: &[CloudEvent]) -> Result<(), Failure> {
        let mut handling = self.role.handle(Topic::TaskEvents, events);
        loop {
            tokio::select! {
                biased;
                outcome = &mut handling => return outcome,
                () = tokio::task::yield_now() => self.clock.advance_ms(10),
            }
        }
    }

    async fn verify(&self) -> AuditVerification {
        self.role.verify(user(7)).await.unwrap()
    }

    /// The record is whole, ends where the log does, and has this many entries.
    async fn assert_valid(&self, entries: u64) {
        let last = self.logs.commits(me()).pop();
        let expected = AuditVerification {
            entries,
            flaws: Vec::new(),
            gaps: Vec::new(),
            head: last.map(|last| AuditHead {
                hash: last.header.hash,
                sequence: last.header.seq,
            }),
            valid: true,
        };
        assert_eq!(self.verify().await, expected);
    }
}

fn me() -> ActorId {
    ActorId::User(user(7))
}

fn task(title: &str) -> (EventType, Value) {
    (EventType::TaskCreated, json!({"changed": [], "task": {"title": title}}))
}

fn events(commits: &[Arc<Commit>]) -> Vec<CloudEvent> {
    let events = commits
        .iter()
        .map(|commit| commit.cloud_events(Topic::TaskEvents).unwrap());
    events.flatten().collect()
}

#[tokio::test]
async fn commits_are_copied_and_confirmed_and_verify() {
    let (world, commits) = World::with_commits(5);
    world.deliver(&commits).await.unwrap();
    assert_eq!(world.logs.audited(me()), Seq(5));
    assert_eq!(world.record.batches(me()).len(), 1, "one delivery is one batch");
    world.assert_valid(5).await;
}

#[tokio::test]
async fn an_entry_is_an_event_however_many_a_commit_has() {
    let world = World::new();
    for count in [1, 3, 0, 2] {
        world.logs.append(me(), &vec![task("t"); count]);
    }
    world.logs.append(me(), &[task("last")]);
    world.deliver(&world.logs.commits(me())).await.unwrap();
    world.assert_valid(7).await;
    assert_eq!(world.verify().await.head.unwrap().sequence, Seq(5));
}

#[tokio::test]
async fn commits_without_events_are_read_from_the_log() {
    let world = World::new();
    for kind in [true, false, false, true] {
        let events = if kind { vec![task("t")] } else { Vec::new() };
        world.logs.append(me(), &events);
    }
    world.deliver(&world.logs.commits(me())).await.unwrap();
    world.assert_valid(2).await;
}

#[tokio::test]
async fn a_commit_delivered_in_part_is_read_from_the_log() {
    let world = World::new();
    world.logs.append(me(), &[task("a"), task("b"), task("c")]);
    let mut delivered = events(&world.logs.commits(me()));
    delivered.remove(1);
    world.deliver_events(&delivered).await.unwrap();
    world.assert_valid(3).await;
    assert_eq!(
        world
            .role
            .page(user(7), AuditPlace::ZERO, 10)
            .await
            .unwrap()
            .items
            .len(),
        3
    );
}

#[tokio::test]
async fn a_delivery_that_was_changed_on_the_way_is_read_from_the_log() {
    let (world, commits) = World::with_commits(2);
    let mut delivered = events(&commits);
    delivered[1].data = serde_json::value::to_raw_value("forged").unwrap().into();
    world.deliver_events(&delivered).await.unwrap();
    world.assert_valid(2).await;
    assert_eq!(world.role.refused(), 0);
}

#[tokio::test]
async fn a_commit_changed_in_the_log_is_refused_and_not_confirmed() {
    type Change = fn(&mut Commit);
    let changes: [Change; 4] = [
        |commit| commit.events[0].data = serde_json::value::to_raw_value("forged").unwrap().into(),
        |commit| {
            commit.events[0] =
                EventRecord::new(EventType::TaskCreated, Principal::System, &json!("forged whole")).unwrap();
        },
        |commit| commit.header.time = Timestamp::from_millis(0),
        |commit| commit.header.previous = Digest([7; 32]),
    ];
    for change in changes {
        let (world, _) = World::with_commits(3);
        world.logs.tamper(me(), Seq(2), change);
        let failure = world.deliver(&world.logs.commits(me())).await.unwrap_err();
        assert!(failure.to_string().contains("does not verify"), "{failure}");
        assert_eq!((world.role.refused(), world.logs.audited(me())), (1, Seq::ZERO));
        assert_eq!(world.record.batches(me()), []);
    }
}

#[tokio::test]
async fn a_log_that_lost_what_was_not_audited_is_refused() {
    let (world, commits) = World::with_commits(4);
    world.logs.forget(me(), Seq(2));
    assert!(world.deliver(&commits[2..]).await.is_err());
    assert_eq!(world.role.refused(), 1);
}

#[tokio::test]
async fn a_lost_answer_of_the_record_is_repeated_without_a_double() {
    let (world, commits) = World::with_commits(3);
    *world.record.loses_answer.lock().unwrap() = true;
    assert!(world.deliver(&commits).await.is_err());
    world.deliver(&commits).await.unwrap();
    world.assert_valid(3).await;
    assert_eq!(world.logs.audited(me()), Seq(3));
}

#[tokio::test]
async fn whatever_is_changed_in_the_record_is_found() {
    let change_entries = |batch: &mut AuditBatch, from: &str, to: &str| {
        let text = std::str::from_utf8(&batch.entries).unwrap();
        assert!(text.contains(from), "{from} is in {text}");
        batch.entries = text.replacen(from, to, 1).into();
    };
    for (from, to) in [
        ("\"seq\":2", "\"seq\":3"),
        (
            "system",
            "user/00000000-0000-0000-0000-000000000007/session/00000000-0000-0000-0000-000000000007",
        ),
        ("2027-01", "2027-02"),
        ("task.created", "task.updated"),
        ("\"digest\":\"", "\"digest\":\"00"),
        ("\"format\":1", "\"format\":2"),
    ] {
        let (world, commits) = World::with_commits(3);
        world.deliver(&commits).await.unwrap();
        world
            .record
            .tamper(me(), |batches| change_entries(&mut batches[0], from, to));
        assert!(!world.verify().await.valid, "{from} to {to}");
    }
    let (world, commits) = World::with_commits(3);
    world.deliver(&commits).await.unwrap();
    world.record.tamper(me(), |batches| {
        let text = String::from_utf8(batches[0].contents.take().unwrap().to_vec()).unwrap();
        batches[0].contents = Some(text.replacen("\"2\"", "\"x\"", 1).into());
    });
    assert!(!world.verify().await.valid, "content");
}

#[tokio::test]
async fn a_record_rewritten_from_end_to_end_differs_from_the_log() {
    let (world, _) = World::with_commits(3);
    let (other, forged) = World::with_commits(0);
    drop(forged);
    for title in ["1", "forged", "3"] {
        other.logs.append(me(), &[task(title)]);
    }
    other.deliver(&other.logs.commits(me())).await.unwrap();
    for batch in other.record.batches(me()) {
        world.record.append(batch).await.unwrap();
    }
    assert!(!world.verify().await.valid);
}

#[tokio::test]
async fn missing_commits_are_named() {
    let (world, commits) = World::with_commits(6);
    for pair in commits.chunks(2) {
        world.deliver(pair).await.unwrap();
    }
    world.record.tamper(me(), |batches| drop(batches.remove(1)));
    let verified = world.verify().await;
    let gap = |from, to| AuditGap {
        actor: me(),
        from: Seq(from),
        to: Seq(to),
    };
    assert_eq!(
        (verified.valid, verified.entries, verified.gaps),
        (false, 4, vec![gap(3, 4)])
    );
    // The last too, and when nothing is left.
    world.record.tamper(me(), |batches| drop(batches.pop()));
    assert_eq!(world.verify().await.gaps, [gap(3, 6)]);
    world.record.tamper(me(), Vec::clear);
    let verified = world.verify().await;
    assert_eq!(
        (verified.valid, verified.head, verified.gaps),
        (false, None, vec![gap(1, 6)])
    );
}

#[tokio::test]
async fn a_deleted_actor_leaves_a_chain_that_verifies_and_no_content() {
    let series = ActorId::Series(SeriesId(Uuid::from_u128(70)));
    let ends = [
        (me(), (EventType::UserDeleted, json!({"series": [series.uuid()]}))),
        (series, (EventType::SeriesDeleted, json!({"owner": user(7)}))),
    ];
    for (actor, end) in ends {
        let world = World::new();
        world.logs.append(actor, &[task("a secret")]);
        world.deliver(&world.logs.commits(actor)).await.unwrap();
        // Not copied yet when the end comes.
        world.logs.append(actor, &[task("another secret")]);
        world.logs.append(actor, &[end]);
        let rest = world.logs.commits(actor);
        // Twice: the first time the process died before its end was noted.
        for _ in 0..2 {
            world.deliver(&rest[1..]).await.unwrap();
            let text = format!("{:?} {:?}", world.logs.commits(actor), world.record.batches(actor));
            assert!(!text.contains("secret"), "{text}");
            assert!(
                !world.logs.commits(actor)[2].events[0].is_erased(),
                "the end itself stays"
            );
        }
    }
}

#[tokio::test]
async fn a_record_whose_end_cannot_be_read_keeps_nothing_of_a_deleted_actor_from_being_erased() {
    let mut world = World::new();
    world.logs.append(me(), &[task("a secret")]);
    world.deliver(&world.logs.commits(me())).await.unwrap();
    world.logs.append(me(), &[task("another secret")]);
    world
        .logs
        .append(me(), &[(EventType::UserDeleted, json!({"series": []}))]);
    // Another process, which knows nothing of the record.
    world.role.heads = Heads::default();
    world.record.has_no_end.store(true, Ordering::Relaxed);
    let failure = world.deliver(&world.logs.commits(me())[1..]).await.unwrap_err();
    assert!(failure.is_damage(), "{failure}");
    let text = format!("{:?} {:?}", world.logs.commits(me()), world.record.batches(me()));
    assert!(!text.contains("secret"), "{text}");

    world.record.has_no_end.store(false, Ordering::Relaxed);
    world.deliver(&world.logs.commits(me())[1..]).await.unwrap();
    world.assert_valid(3).await;
}

#[tokio::test]
async fn what_was_erased_is_shown_without_its_content() {
    let world = World::new();
    world.logs.append(me(), &[task("a secret")]);
    world
        .logs
        .append(me(), &[(EventType::UserDeleted, json!({"series": []}))]);
    world.deliver(&world.logs.commits(me())).await.unwrap();
    world.assert_valid(2).await;
    let page = world.role.page(user(7), AuditPlace::ZERO, 10).await.unwrap();
    assert!(page.items[0].data.is_none());
    assert_eq!(page.items[0].event_type, EventType::TaskCreated);
}

#[tokio::test]
async fn what_was_erased_before_it_was_copied_still_verifies() {
    let (world, _) = World::with_commits(3);
    world.logs.erase(me(), Seq(2)).await.unwrap();
    world.deliver(&world.logs.commits(me())).await.unwrap();
    world.assert_valid(3).await;
}

#[tokio::test]
async fn pages_hold_whole_commits_and_end() {
    let world = World::new();
    for n in 0..10 {
        let events: Vec<_> = (0..n % 3).map(|n| task(&n.to_string())).collect();
        world.logs.append(me(), &events);
    }
    let commits = world.logs.commits(me());
    for chunk in commits.chunks(3) {
        world.deliver(chunk).await.unwrap();
    }
    let all: Vec<(u64, String)> = commits[..9]
        .iter()
        .flat_map(|commit| {
            commit
                .events
                .iter()
                .map(|event| (commit.header.seq.0, event.data.to_string()))
        })
        .collect();
    for limit in 1..12 {
        let (mut found, mut after) = (Vec::new(), Some(AuditPlace::ZERO));
        while let Some(from) = after {
            let page = world.role.page(user(7), from, limit).await.unwrap();
            found.extend(
                page.items
                    .iter()
                    .map(|item| (item.sequence.0, item.data.as_ref().unwrap().to_string())),
            );
            after = page.next;
        }
        assert_eq!(found, all, "in pages of {limit}");
    }
}

#[tokio::test]
async fn a_single_commit_that_comes_late_brings_those_behind_it_in_one_batch() {
    let (world, commits) = World::with_commits(300);
    world.deliver(&commits[..1]).await.unwrap();
    assert_eq!(
        world.logs.audited(me()),
        Seq(1),
        "in time, so there is nothing behind it"
    );
    world.clock.advance_ms(2_000);
    for commit in &commits[1..] {
        world.deliver(std::slice::from_ref(commit)).await.unwrap();
    }
    let ends: Vec<u64> = world.record.batches(me()).iter().map(|batch| batch.to.0).collect();
    assert_eq!(ends, [1, 258, 300], "what one read of the log has is one batch");
    world.assert_valid(300).await;
}

#[tokio::test]
async fn a_log_that_cannot_be_read_costs_no_commit_that_was_delivered_whole() {
    let (world, commits) = World::with_commits(5);
    world.clock.advance_ms(2_000);
    world.logs.set_damaged(me());
    assert!(
        world.deliver(&commits[..1]).await.is_err(),
        "nobody can be told that it was copied"
    );
    assert_eq!(world.record.batches(me()).len(), 1);
}

#[tokio::test]
async fn what_is_copied_ahead_ends_before_a_commit_that_does_not_verify() {
    let (world, commits) = World::with_commits(5);
    world.clock.advance_ms(1_100);
    world
        .logs
        .tamper(me(), Seq(4), |commit| commit.header.hash = Digest::ZERO);
    world.deliver(&commits[..1]).await.unwrap();
    assert_eq!((world.logs.audited(me()), world.role.refused()), (Seq(3), 0));
}

/// Written by the first release. Never changed: every release must read it.
const GOLDEN_ENTRIES_1: &str = include_str!("golden/entries_1.jsonl");
const GOLDEN_CONTENTS_1: &str = include_str!("golden/contents_1.jsonl");

#[tokio::test]
async fn the_record_of_the_first_release_is_read_and_is_what_this_one_writes() {
    let world = World::new();
    world
        .logs
        .append(me(), &[task("golden"), (EventType::UserDeleted, json!({"series": []}))]);
    world.logs.append(me(), &[]);
    world.logs.append(
        me(),
        &[(EventType::SessionEnded, json!({"session": Uuid::from_u128(3)}))],
    );
    let mut chain = chain::Chain::after(me(), user(7), None);
    for commit in world.logs.commits(me()) {
        chain.add(&chain::Link::from(&*commit)).unwrap();
    }
    let mut batch = chain.take_batch().unwrap();
    assert_eq!(std::str::from_utf8(&batch.entries), Ok(GOLDEN_ENTRIES_1));
    let contents = batch.contents.replace(GOLDEN_CONTENTS_1.into()).unwrap();
    assert_eq!(std::str::from_utf8(&contents), Ok(GOLDEN_CONTENTS_1));
    world.record.append(batch).await.unwrap();
    world.assert_valid(3).await;
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 256, ..ProptestConfig::default() })]

    /// At-least-once and worse: any stretches of the log, in any order, again and again, with lost answers between.
    #[test]
    fn the_record_is_the_log_however_it_is_delivered(
        sizes in prop::collection::vec(0..4_usize, 1..20),
        deliveries in prop::collection::vec((0..20_usize, 1..8_usize, prop::bool::weighted(0.2)), 0..20),
    ) {
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        runtime.block_on(async {
            let world = World::new();
            for size in &sizes {
                let events: Vec<_> = (0..*size).map(|n| task(&n.to_string())).collect();
                world.logs.append(me(), &events);
            }
            let last = world.logs.append(me(), &[task("last")]);
            let commits = world.logs.commits(me());
            for (from, count, loses_answer) in deliveries {
                *world.record.loses_answer.lock().unwrap() = loses_answer;
                let from = from.min(commits.len() - 1);
                let to = commits.len().min(from + count);
                let taken = world.deliver(&commits[from..to]).await;
                assert!(taken.is_ok() || loses_answer);
            }
            *world.record.loses_answer.lock().unwrap() = false;
            world.deliver(&[last]).await.unwrap();
            world.assert_valid(sizes.iter().sum::<usize>() as u64 + 1).await;
            assert_eq!(world.logs.audited(me()), Seq(commits.len() as u64));
        });
    }
}

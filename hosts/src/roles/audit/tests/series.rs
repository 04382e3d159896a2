//! The logs of a user's series are in the user's record.

use punctual_events::UserId;

use super::*;
use crate::ports::{AuditEntry, AuditFlaw, AuditStretch};

/// Series `number` of the user.
fn series(number: u128) -> ActorId {
    ActorId::Series(SeriesId(Uuid::from_u128(number)))
}

impl World {
    /// Appends a commit with a task of this title, and delivers it.
    async fn commit(&self, actor: ActorId, title: &str) {
        self.commit_events(actor, &[task(title)]).await;
    }

    async fn commit_events(&self, actor: ActorId, events: &[(EventType, Value)]) {
        let commit = self.logs.append_of(user(7), actor, events);
        self.deliver(&[commit]).await.unwrap();
    }

    /// A record of the user's log and of two series: three, two and one commits.
    async fn with_series() -> Self {
        let world = Self::new();
        for (actor, title) in [
            (me(), "a"),
            (series(70), "b"),
            (me(), "c"),
            (series(71), "d"),
            (series(70), "e"),
            (me(), "f"),
        ] {
            world.commit(actor, title).await;
        }
        // Of another user, with the same titles.
        world.logs.append_of(user(8), series(80), &[task("a")]);
        world.deliver(&world.logs.commits(series(80))).await.unwrap();
        world
    }
}

fn titles(items: &[AuditEntry]) -> String {
    let title = |item: &AuditEntry| {
        let data: Value = serde_json::from_str(item.data.as_ref().unwrap().get()).unwrap();
        data["task"]["title"].as_str().unwrap().to_owned()
    };
    items.iter().map(title).collect()
}

#[tokio::test]
async fn the_chains_of_all_series_are_verified() {
    let world = World::with_series().await;
    let verified = world.verify().await;
    assert!(verified.valid, "{verified:?}");
    assert_eq!((verified.entries, verified.head.unwrap().sequence), (6, Seq(3)));
    let of_another = world.role.verify(user(8)).await.unwrap();
    assert_eq!((of_another.valid, of_another.entries, of_another.head), (true, 1, None));
}

#[tokio::test]
async fn a_user_without_anything_has_a_valid_record_of_nothing() {
    let world = World::with_series().await;
    let verified = world.role.verify(user(9)).await.unwrap();
    let nothing = AuditVerification {
        entries: 0,
        flaws: Vec::new(),
        gaps: Vec::new(),
        head: None,
        valid: true,
    };
    assert_eq!(verified, nothing);
    let page = world.role.page(user(9), AuditPlace::ZERO, 10).await.unwrap();
    assert_eq!((page.items.len(), page.next), (0, None));
}

#[tokio::test]
async fn whatever_is_changed_of_a_series_makes_its_owners_record_invalid() {
    type Change = fn(&mut AuditBatch);
    let changes: [Change; 4] = [
        |batch| batch.contents = Some("{\"format\":1}\n[{\"task\":\"forged\"}]\n".into()),
        |batch| {
            let text = std::str::from_utf8(&batch.entries).unwrap();
            batch.entries = text.replace("task.created", "task.deleted").into();
        },
        |batch| batch.head = Digest([7; 32]),
        |batch| batch.to = batch.to.next(),
    ];
    for (index, change) in changes.into_iter().enumerate() {
        for number in [70, 71] {
            let world = World::with_series().await;
            world.record.tamper(series(number), |batches| change(&mut batches[0]));
            let verified = world.verify().await;
            assert!(!verified.valid, "change {index} of {number}");
            // And no other is named.
            assert!(
                verified.flaws.iter().all(|flaw| flaw.actor == series(number)),
                "{verified:?}"
            );
            assert_eq!(verified.flaws.len(), 1, "{verified:?}");
        }
    }
}

#[tokio::test]
async fn of_a_thousand_series_those_whose_logs_say_something_else_are_named_with_their_first_such_commit() {
    let world = World::new();
    for number in 1_000..2_000 {
        for title in ["a", "b", "c"] {
            world.logs.append_of(user(7), series(number), &[task(title)]);
        }
        world.deliver(&world.logs.commits(series(number))).await.unwrap();
    }
    let verified = world.verify().await;
    assert_eq!(
        (verified.valid, verified.entries, &*verified.flaws),
        (true, 3_000, &[][..])
    );
    for (number, seq) in [(1_007, 3), (1_900, 2), (1_900, 3)] {
        world
            .logs
            .tamper(series(number), Seq(seq), |commit| commit.header.hash = Digest([7; 32]));
    }
    let flaw = |number, seq| AuditFlaw {
        actor: series(number),
        sequence: Seq(seq),
    };
    let verified = world.verify().await;
    assert_eq!(
        (verified.valid, verified.flaws),
        (false, vec![flaw(1_007, 3), flaw(1_900, 2)])
    );
}

#[tokio::test]
async fn a_missing_batch_of_a_series_is_a_gap_that_names_it() {
    // The first of two, the last of two, the only one.
    for (number, index, missing) in [(70, 0, 1), (70, 1, 2), (71, 0, 1)] {
        let world = World::with_series().await;
        world
            .record
            .tamper(series(number), |batches| drop(batches.remove(index)));
        let verified = world.verify().await;
        let gap = AuditGap {
            actor: series(number),
            from: Seq(missing),
            to: Seq(missing),
        };
        assert_eq!((verified.valid, verified.entries, verified.gaps), (false, 5, vec![gap]));
        let page = world.role.page(user(7), AuditPlace::ZERO, 10).await.unwrap();
        assert_eq!((page.items.len(), page.next), (5, None), "the rest is shown");
    }
}

#[tokio::test]
async fn a_batch_without_its_place_is_found() {
    for index in 0..6 {
        let world = World::with_series().await;
        world.record.tamper_places(user(7), |places| drop(places.remove(index)));
        assert!(!world.verify().await.valid, "place {index}");
    }
}

#[tokio::test]
async fn a_series_put_into_the_record_of_another_user_is_found() {
    let world = World::with_series().await;
    let mut moved = None;
    world.record.tamper_places(user(7), |places| moved = places.pop());
    let moved = AuditStretch {
        place: AuditPlace(2),
        ..moved.unwrap()
    };
    world.record.tamper_places(user(8), |places| places.push(moved));
    for id in [7, 8] {
        assert!(!world.role.verify(user(id)).await.unwrap().valid, "user {id}");
    }
}

#[tokio::test]
async fn a_commit_that_names_another_owner_than_the_one_it_belongs_to_is_refused() {
    let world = World::new();
    let forged = world
        .logs
        .append_of(UserId(Uuid::from_u128(8)), me(), &[task("forged")]);
    assert!(world.deliver(&[forged]).await.is_err());
    assert_eq!((world.role.refused(), world.record.batches(me())), (1, Vec::new()));
}

#[tokio::test]
async fn a_trail_read_while_commits_arrive_misses_nothing_and_doubles_nothing() {
    for limit in 1..6 {
        let world = World::with_series().await;
        let (mut found, mut after, mut arriving) = (Vec::new(), AuditPlace::ZERO, "ghijklmnop".chars());
        loop {
            let page = world.role.page(user(7), after, limit).await.unwrap();
            found.extend(page.items);
            // Between any two pages something comes, now of one actor, now of another.
            if let Some(title) = arriving.next() {
                let actor = [me(), series(70), series(72)][found.len() % 3];
                world.commit(actor, &title.to_string()).await;
                world.commit_events(actor, &[]).await;
            } else if page.next.is_none() {
                break;
            }
            after = page.next.or(found.last().map(|item| item.place)).unwrap();
        }
        assert_eq!(titles(&found), "abcdefghijklmnop", "in pages of {limit}");
        assert!(found.is_sorted_by_key(|item| item.place));
    }
}

#[tokio::test]
async fn a_page_of_the_record_begins_after_any_place() {
    let world = World::new();
    // Batches of several commits.
    for (actor, letters) in [(me(), "abc"), (series(70), "de"), (me(), "f")] {
        let commits = letters
            .chars()
            .map(|title| world.logs.append_of(user(7), actor, &[task(&title.to_string())]));
        world.deliver(&commits.collect::<Vec<_>>()).await.unwrap();
    }
    for after in 0..8 {
        let page = world.role.page(user(7), AuditPlace(after), 10).await.unwrap();
        assert_eq!(titles(&page.items), "abcdef"[6.min(after as usize)..]);
        assert_eq!(page.next, None);
    }
}

#[tokio::test]
async fn what_deletion_leaves_of_a_user_and_their_series_verifies() {
    let world = World::with_series().await;
    let series_ids = [70, 71].map(Uuid::from_u128);
    world
        .commit_events(me(), &[(EventType::UserDeleted, json!({"series": series_ids}))])
        .await;
    for number in [70, 71] {
        world
            .commit_events(series(number), &[(EventType::SeriesDeleted, json!({"owner": user(7)}))])
            .await;
    }
    let verified = world.verify().await;
    assert_eq!((verified.valid, verified.entries), (true, 9), "{verified:?}");
    let page = world.role.page(user(7), AuditPlace::ZERO, 100).await.unwrap();
    let erased = page.items.iter().filter(|item| item.data.is_none()).count();
    assert_eq!((page.items.len(), erased), (9, 6));
}

use std::{
    future::{pending, ready},
    pin::pin,
    sync::{Arc, Mutex},
};

use futures_util::FutureExt as _;
use punctual_actors::{
    ports::Clock as _,
    reference::{MemoryDirectory, VirtualClock},
};
use punctual_events::{SeriesId, Timestamp, UserId};

use super::*;
use crate::dapr::test_keys::{self, TestKeys};

fn user(number: u128) -> ActorId {
    ActorId::User(UserId(Uuid::from_u128(number)))
}

fn users(count: u128) -> Vec<ActorId> {
    (0..count).map(user).collect()
}

/// A store, its actors, and processes that see to them.
struct World {
    keys: TestKeys,
    directory: MemoryDirectory,
    environment: Environment,
    clock: Arc<VirtualClock>,
    asked: Mutex<Vec<ActorId>>,
}

impl World {
    /// One whose wake-ups are of other zone data.
    async fn of_other_zone_data(actors: u128) -> Self {
        let world = Self::new(actors).await;
        world.remember("2025b", None).await;
        world
    }

    async fn new(actors: u128) -> Self {
        let (environment, clock) = test_keys::environment(7);
        let world = Self {
            keys: TestKeys::default(),
            directory: MemoryDirectory::default(),
            environment,
            clock,
            asked: Mutex::default(),
        };
        for actor in users(actors) {
            world.directory.register(actor).await.unwrap();
        }
        world
    }

    async fn remember(&self, zone_data: &str, walk: Option<Walk>) {
        let remembered = Remembered {
            zone_data: Some(zone_data.to_owned()),
            walk,
        };
        assert!(remembered.write(&self.keys, None).await.unwrap());
    }

    /// Another process is about it until `until`, with our data.
    async fn remember_another(&self, until: Timestamp, reached: ActorId) {
        let walk = Walk {
            zone_data: self.ours().zone_data.into(),
            by: Uuid::from_u128(1),
            until,
            reached: Some(reached),
        };
        self.remember("2025b", Some(walk)).await;
    }

    async fn remembered(&self) -> Remembered {
        Remembered::read(&self.keys).await.unwrap().unwrap().0
    }

    fn process(&self) -> Rezone<TestKeys, MemoryDirectory> {
        Rezone::new(self.keys.clone(), self.directory.clone(), &self.environment)
    }

    /// An actor armed, with the data of this process.
    fn ours(&self) -> Armed {
        Armed {
            is_there: true,
            next: None,
            zone_data: self.environment.zones.version().into(),
        }
    }

    fn note(&self, actor: ActorId) {
        self.asked.lock().unwrap().push(actor);
    }

    fn asked(&self) -> Vec<ActorId> {
        let mut asked = self.asked.lock().unwrap().clone();
        asked.sort();
        asked
    }

    /// Sees to it with actors that all arm at once.
    async fn see_to_it(&self) {
        let rearm = |actor| {
            self.note(actor);
            ready(Ok(self.ours())).boxed()
        };
        self.run(self.process().until_done(rearm)).await;
    }

    /// Sees to it with actors that cannot arm where `is_away` says so of one, the minutes since, and how many have armed. Gives those that have, and how many
    /// minutes it took.
    async fn see_to_it_while(&self, is_away: impl Fn(ActorId, i64, usize) -> bool + Sync) -> (Vec<ActorId>, i64) {
        let (begun, armed) = (self.clock_now(), Mutex::new(Vec::new()));
        let rearm = |actor| {
            let mut armed = armed.lock().unwrap();
            if is_away(actor, self.minutes(begun), armed.len()) {
                return ready(Err(Failure::new("away"))).boxed();
            }
            armed.push(actor);
            ready(Ok(self.ours())).boxed()
        };
        self.run(self.process().until_done(rearm)).await;
        let mut armed = armed.into_inner().unwrap();
        armed.sort();
        (armed, self.minutes(begun))
    }

    /// Runs something to its end; whenever it waits, time passes.
    async fn run<T>(&self, something: impl Future<Output = T>) -> T {
        let mut something = pin!(something);
        loop {
            for _ in 0..100 {
                if let Some(end) = something.as_mut().now_or_never() {
                    return end;
                }
                tokio::task::yield_now().await;
            }
            self.clock.advance_ms(self.clock.next_sleeper_ms().unwrap());
        }
    }

    fn minutes(&self, since: Timestamp) -> i64 {
        (self.clock_now().as_millis() - since.as_millis()) / 60_000
    }

    fn clock_now(&self) -> Timestamp {
        self.clock.now()
    }
}

#[tokio::test]
async fn after_a_change_of_zone_data_all_are_asked_once_by_the_first_process_that_looks() {
    let world = World::of_other_zone_data(2_500).await;
    world.see_to_it().await;
    assert_eq!(world.asked(), users(2_500));
    world.see_to_it().await;
    assert_eq!(world.asked().len(), 2_500, "it is remembered");
}

#[tokio::test]
async fn a_store_that_remembers_nothing_is_seen_to_and_remembers() {
    let world = World::new(3).await;
    world.see_to_it().await;
    assert_eq!(world.asked(), users(3));
    let done = Remembered {
        zone_data: Some(world.environment.zones.version().to_owned()),
        walk: None,
    };
    assert_eq!(world.remembered().await, done);
}

#[tokio::test]
async fn of_two_processes_one_sees_to_it_and_the_other_waits_for_that() {
    let world = World::of_other_zone_data(40).await;
    let rearm = |actor| {
        world.note(actor);
        world.clock.sleep_ms(40_000).map(|()| Ok(world.ours())).boxed()
    };
    let (one, other) = (world.process().until_done(rearm), world.process().until_done(rearm));
    let begun = world.clock_now();
    world.run(async { tokio::join!(one, other) }).await;
    assert_eq!(world.asked(), users(40));
    assert!(
        world.minutes(begun) >= 3,
        "longer than a claim lasts that is not renewed"
    );
}

#[tokio::test]
async fn where_another_process_ended_half_way_one_goes_on_once_its_time_is_over() {
    let world = World::new(10).await;
    let until = world.clock_now().plus_millis(90_000);
    world.remember_another(until, user(6)).await;
    world.see_to_it().await;
    assert_eq!(world.asked(), [user(7), user(8), user(9)]);
    assert!(world.clock_now() > until);
}

#[tokio::test]
async fn who_walked_with_other_data_still_is_no_help() {
    let world = World::new(4).await;
    let walk = Walk {
        zone_data: "2026a".into(),
        by: Uuid::from_u128(1),
        until: world.clock_now(),
        reached: Some(user(2)),
    };
    world.remember("2025b", Some(walk)).await;
    world.see_to_it().await;
    assert_eq!(world.asked(), users(4));
}

#[tokio::test]
async fn whoever_lives_in_a_process_of_other_data_is_asked_until_the_data_is_ours() {
    let world = World::of_other_zone_data(3).await;
    let begun = world.clock_now();
    let rearm = |actor| {
        world.note(actor);
        let is_elsewhere = actor == user(1) && world.minutes(begun) < 45;
        let zone_data = if is_elsewhere {
            "2025b".into()
        } else {
            world.ours().zone_data
        };
        ready(Ok(Armed {
            zone_data,
            ..world.ours()
        }))
        .boxed()
    };
    world.run(world.process().until_done(rearm)).await;
    assert!(world.minutes(begun) >= 45);
    let of_all = [user(0), user(2)].map(|actor| world.asked().iter().filter(|asked| **asked == actor).count());
    assert_eq!(of_all, [1, 1]);
    assert_eq!(world.remembered().await.walk, None);
}

#[tokio::test]
async fn what_is_away_is_asked_again_and_what_is_damaged_holds_up_nobody() {
    let world = World::of_other_zone_data(20).await;
    let begun = world.clock_now();
    let rearm = |actor| {
        world.note(actor);
        let outcome = match () {
            () if actor == user(3) => Err(Failure::damaged("a page")),
            () if world.minutes(begun) < 5 => Err(Failure::new("away")),
            () => Ok(world.ours()),
        };
        ready(outcome).boxed()
    };
    world.run(world.process().until_done(rearm)).await;
    let minutes = world.minutes(begun);
    assert!((5..10).contains(&minutes), "{minutes}");
    let asked = world.asked();
    assert_eq!(asked.iter().filter(|asked| **asked == user(3)).count(), 1);
    assert!(users(20).iter().all(|actor| asked.contains(actor)));
    assert_eq!(world.remembered().await.walk, None);
}

#[tokio::test]
async fn nobody_is_given_up_while_what_all_need_is_away_and_who_alone_fails_holds_up_nobody() {
    let world = World::of_other_zone_data(20).await;
    let (mut armed, minutes) = world
        .see_to_it_while(|actor, minutes, _| minutes < 120 || actor == user(3))
        .await;
    // One that was armed is asked once more, before another is given up.
    armed.dedup();
    let others: Vec<_> = users(20).into_iter().filter(|actor| *actor != user(3)).collect();
    assert_eq!(armed, others);
    assert!((120..180).contains(&minutes), "{minutes}");
    assert_eq!(world.remembered().await.walk, None);
}

#[tokio::test]
async fn nobody_is_given_up_where_what_all_need_goes_away_in_the_middle() {
    let world = World::of_other_zone_data(20).await;
    let (armed, minutes) = world
        .see_to_it_while(|_, minutes, armed| armed >= 6 && minutes < 180)
        .await;
    assert_eq!(armed, users(20));
    assert!(minutes >= 180, "{minutes}");
}

#[tokio::test]
async fn who_waits_for_nothing_and_can_always_has_nobody_given_up() {
    let world = World::of_other_zone_data(20).await;
    let begun = world.clock_now();
    let series = ActorId::Series(SeriesId(Uuid::from_u128(5)));
    let is_odd = |actor| matches!(actor, ActorId::User(user) if user.0.as_u128() % 2 == 1);
    world.directory.register(series).await.unwrap();
    let armed = Mutex::new(Vec::new());
    let rearm = |actor| {
        let mut armed = armed.lock().unwrap();
        // Users with odd numbers rest, the series lives in a process that is always there.
        let rests = is_odd(actor);
        let waiting = armed
            .iter()
            .filter(|actor| **actor != series && !is_odd(**actor))
            .count();
        let is_there = rests || actor == series || waiting < 3 || world.minutes(begun) >= 180;
        if !is_there {
            return ready(Err(Failure::new("away"))).boxed();
        }
        armed.push(actor);
        let next = (!rests).then(|| world.clock_now());
        ready(Ok(Armed { next, ..world.ours() })).boxed()
    };
    world.run(world.process().until_done(rearm)).await;
    let armed = armed.into_inner().unwrap();
    assert!(users(20).iter().all(|actor| armed.contains(actor)), "{armed:?}");
    assert!(world.minutes(begun) >= 180);
}

#[tokio::test]
async fn who_alone_fails_as_the_last_of_a_page_holds_up_nobody_of_the_next() {
    // All before it are counted by the time it is asked; and where the walk is taken over there, nobody but it is left.
    let resumed = World::new(20).await;
    resumed.remember_another(resumed.clock_now(), user(18)).await;
    let whole_pages = World::of_other_zone_data(1_500).await;
    for (world, last, reached) in [(resumed, user(19), user(19)), (whole_pages, user(999), user(1_499))] {
        let begun = world.clock_now();
        let rearm = |actor| {
            world.note(actor);
            assert!(world.minutes(begun) < 240, "{actor} is asked for ever");
            let outcome = if actor == last {
                Err(Failure::new("away"))
            } else {
                Ok(world.ours())
            };
            ready(outcome).boxed()
        };
        world.run(world.process().until_done(rearm)).await;
        assert_eq!(world.asked().last(), Some(&reached));
        assert_eq!(world.remembered().await.walk, None);
    }
}

#[tokio::test]
async fn who_claims_it_takes_back_that_all_are_armed_so_that_a_release_that_goes_back_asks_all_anew() {
    let world = World::of_other_zone_data(1).await;
    let rearm = |actor| {
        world.note(actor);
        pending().boxed()
    };
    let process = world.process();
    let mut walks = Box::pin(process.look(&rearm));
    while world.asked().is_empty() {
        assert!(walks.as_mut().now_or_never().is_none());
        tokio::task::yield_now().await;
    }
    assert_eq!(world.remembered().await.zone_data, None);
}

#[tokio::test]
async fn a_process_that_stood_still_too_long_leaves_it_to_the_one_that_took_over() {
    let world = World::of_other_zone_data(5).await;
    // It is asked, and does not answer for ever.
    let stuck = |actor| {
        world.note(actor);
        pending().boxed()
    };
    let first = world.process();
    let mut stands_still = Box::pin(first.look(&stuck));
    while world.asked().len() < AT_ONCE {
        assert!(stands_still.as_mut().now_or_never().is_none());
        tokio::task::yield_now().await;
    }
    world.clock.jump_ms(LEASE_MS + 1);
    world.see_to_it().await;
    assert_eq!(world.asked().len(), AT_ONCE + 5);
    assert_eq!(world.run(stands_still).await.unwrap(), Look::Another);
}

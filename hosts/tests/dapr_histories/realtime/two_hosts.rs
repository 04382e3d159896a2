//! Two hosts that both own one actor, as each believes, while a good part of their calls go wrong.

use std::{
    collections::HashMap,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering::Relaxed},
    },
    thread,
    time::Duration,
};

use punctual_actors::{
    faults::Faults,
    turn::{Pending, TurnError},
    user::UserCommand,
};
use punctual_events::{CommandId, EventType, Seq, UserId};
use serde_json::json;

use super::{
    check::{count, log_of, places},
    hosts::{Host, Hosts},
    scheduler::{create, somebody},
};
use crate::process::ready;

/// Of a hundred calls so many go wrong.
const BAD_PERCENT: u64 = 20;
/// Callers of each host, and commands of each caller.
const CALLERS: usize = 4;
const COMMANDS: usize = 40;
/// How often a command is sent again whose outcome is unknown, as a caller elsewhere does.
const TRIES: usize = 5;
/// Between two late arrivals.
const LATE: Duration = Duration::from_millis(7);

/// The commands of one caller, and the sequence each was acknowledged with.
type Asked = Vec<(CommandId, Option<Seq>)>;

async fn ask(host: &Host, user: UserId, commands: Vec<Pending<UserCommand>>) -> Asked {
    let mut asked = Asked::new();
    for command in commands {
        let mut acknowledged = None;
        for _ in 0..TRIES {
            let mut outcomes = host.actors.command_user_all(user, vec![command.clone()]).await;
            match outcomes.remove(0) {
                Ok(answered) => acknowledged = Some(answered.seq),
                Err(TurnError::Unknown(_)) => continue,
                Err(TurnError::Refused(refusal)) => panic!("{refusal:?}"),
            }
            break;
        }
        asked.push((command.id, acknowledged));
    }
    asked
}

async fn hammer(hosts: &Hosts, host: &Host, user: UserId) -> Asked {
    let callers = (0..CALLERS).map(|caller| {
        let commands = (0..COMMANDS).map(|number| create(hosts, &json!({"title": format!("{caller}-{number}")})));
        ask(host, user, commands.collect())
    });
    futures_util::future::join_all(callers).await.concat()
}

/// Has what is late arrive, a little later, until it is dropped.
struct Latecomers(Arc<AtomicBool>, Option<thread::JoinHandle<()>>);

impl Latecomers {
    fn of(faults: Vec<Faults>) -> Self {
        let is_over = Arc::new(AtomicBool::new(false));
        let over = Arc::clone(&is_over);
        let thread = thread::spawn(move || {
            while !over.load(Relaxed) || faults.iter().any(|faults| faults.late() > 0) {
                for faults in &faults {
                    ready(faults.arrive_late(0));
                }
                thread::sleep(LATE);
            }
        });
        Self(is_over, Some(thread))
    }
}

impl Drop for Latecomers {
    fn drop(&mut self) {
        self.0.store(true, Relaxed);
        if let Some(thread) = self.1.take() {
            thread.join().unwrap();
        }
    }
}

pub(crate) fn each_sequence_is_acknowledged_by_one_of_two_hosts_that_hammer_one_actor(hosts: &Hosts) {
    let user = hosts.runtime.block_on(somebody(hosts));
    let both = [&hosts.known, &hosts.other];
    let latecomers = Latecomers::of(both.map(|host| host.faults.clone()).to_vec());
    let asked: [Asked; 2] = hosts.runtime.block_on(async {
        for (host, seed) in both.into_iter().zip(1..) {
            host.faults.go_wrong_at_random(seed, BAD_PERCENT);
        }
        let (known, other) = tokio::join!(hammer(hosts, both[0], user), hammer(hosts, both[1], user));
        for host in both {
            host.faults.end();
            host.actors.drain().await;
        }
        [known, other]
    });
    drop(latecomers);
    assert!(hosts.stage.tally.writes_gone_wrong() > 10, "{}", hosts.stage.tally);
    check(hosts, user, &asked);
}

fn check(hosts: &Hosts, user: UserId, asked: &[Asked; 2]) {
    let log = hosts.runtime.block_on(log_of(hosts, user));
    let places = places(&log);
    let mut acknowledged_by: HashMap<Seq, usize> = HashMap::new();
    for (host, asked) in asked.iter().enumerate() {
        let mut commits = 0;
        for (id, seq) in asked {
            let Some(seq) = seq else { continue };
            assert_eq!(places.get(id), Some(seq), "{id} was acknowledged by {host}");
            let by = *acknowledged_by.entry(*seq).or_insert_with(|| {
                commits += 1;
                host
            });
            assert_eq!(by, host, "{seq} was acknowledged by both");
        }
        let unknown = asked.iter().filter(|(_, seq)| seq.is_none()).count();
        println!(
            "host {host}: {} commands in {commits} commits, {unknown} unknown",
            asked.len()
        );
        assert!(commits > 5, "host {host} hardly came to it");
    }
    let asked: Vec<_> = asked.iter().flatten().collect();
    let there = asked.iter().filter(|(id, _)| places.contains_key(id)).count();
    assert_eq!(count(&log, EventType::TaskCreated), there);
}

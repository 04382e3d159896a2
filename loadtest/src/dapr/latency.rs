//! What follows a command, and how soon: the next instance, another device, a reminder, a user who has to be read first.

use std::io;

use chrono::TimeDelta;

use super::{cast::Cast, stage::Stage};
use crate::{
    options::DaprOptions,
    report::{Ask, Figure, Section, Unit},
    rows::{
        activation::{activate, warm},
        completion::{self, Device},
        reminders::Shape,
        sockets::Setting,
    },
};

/// Completions measured.
const COMPLETIONS: usize = 200;
/// Changes a second, and for how long: far below what the five processes can do, so that what is seen is the way and not the queue.
const CHANGES_PER_SECOND: u32 = 50;
const CHANGE_SECONDS: u64 = 10;

/// Completes one occurrence after the other.
pub(super) async fn completion(stage: &Stage, cast: &Cast) -> io::Result<Section> {
    let device = Device::open(stage.addresses, &cast.completer.token).await?;
    completion::repeated(device, COMPLETIONS, 300.0).await
}

/// Changes tasks of many users, each with a socket.
pub(super) async fn sockets(stage: &Stage, cast: &Cast) -> io::Result<Section> {
    let users = cast.crowd.len();
    let what = format!("{users} sockets, {CHANGES_PER_SECOND} changes/s, each to its own user");
    let setting = Setting {
        warm_up: 2 * users,
        changed: cast.crowd.clone(),
        sockets: cast.crowd.iter().map(|user| user.token.clone()).collect(),
        per_second: CHANGES_PER_SECOND,
        frames_per_change: 1,
    };
    setting.watch(stage.addresses, &what, CHANGE_SECONDS, 100.0).await
}

/// One after the other, then a thousand at one instant, of one user and of many.
pub(super) async fn reminders(stage: &Stage, cast: &Cast) -> io::Result<Section> {
    let single = Shape {
        reminders: 20,
        users: 1,
        span: TimeDelta::seconds(10),
        preparation: TimeDelta::seconds(3),
        p99_ms: 50.0,
    };
    let of_one = Shape {
        reminders: 1_000,
        span: TimeDelta::zero(),
        preparation: TimeDelta::seconds(15),
        p99_ms: 500.0,
        ..single
    };
    let of_many = Shape {
        users: cast.crowd.len(),
        ..of_one
    };
    let mut section = Section::default();
    for (shape, users) in [
        (single, vec![cast.reminded.clone()]),
        (of_one, vec![cast.flooded.clone()]),
        (of_many, cast.crowd.clone()),
    ] {
        shape.measure(stage.addresses, users, &mut section).await?;
    }
    Ok(section)
}

/// Restarts the host of users' actors and asks for those who own many tasks.
pub(super) async fn activation(stage: &Stage, cast: &Cast, options: &DaprOptions) -> io::Result<Section> {
    stage.with(|environment| environment.restart("api")).await?;
    warm(stage.addresses.api, &cast.callers).await?;
    let what = format!("a user with {} tasks, first answer", options.owned);
    let mut section = Section::default();
    let mut slowest_ms: f64 = 0.0;
    for owner in &cast.owners {
        let seen = activate(stage.addresses.api, owner).await?;
        let first_ms = seen.first_get.as_secs_f64() * 1e3;
        slowest_ms = slowest_ms.max(first_ms);
        section.notes.push(format!(
            "{what}: {first_ms:.0} ms, the list after it {:.1} ms more",
            seen.first_list.as_secs_f64() * 1e3
        ));
    }
    let figure = Figure::new(what, slowest_ms, Unit::Milliseconds, Ask::AtMost(500.0));
    section.figures.push(figure);
    Ok(section)
}

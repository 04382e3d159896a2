//! A copy that is run forward, and what comes shown.

use std::sync::Arc;

use punctual_actors::{
    ports::Failure,
    zone::{BundledZones, ZoneData as _},
};
use punctual_events::{ActorId, Timestamp, UserId};

use super::{
    Complete, Happening, Household, SimulateArguments, SimulateError, Step,
    print::{Count, Scene},
    progress::Progress,
};
use crate::{
    embedded::sqlite::{DataCopy, SqliteStore},
    terminal::plain,
};

/// Steps between two looks at whether somebody wants it to end.
const STEPS_AT_ONCE: usize = 64;

/// A copy that is run forward.
pub(super) struct Simulation<'a> {
    pub(super) arguments: &'a SimulateArguments,
    pub(super) copy: &'a DataCopy,
    pub(super) now: Timestamp,
    pub(super) progress: &'a Progress,
}

impl Simulation<'_> {
    /// One user after the other, for nobody has to do with another. False when not all could be read.
    ///
    /// # Errors
    /// Also when the end is past for all of them: a day ends where each lives.
    pub(super) async fn all_users(&self) -> Result<bool, SimulateError> {
        let users = self.copy.users().await?;
        self.progress.users(users.len());
        let (mut all, mut shown, mut over, mut is_whole) = (Count::default(), 0_u64, 0_u64, true);
        for (place, user) in users.into_iter().enumerate() {
            match self.one_user(user, place).await? {
                Told::Whole(count) => (all, shown) = (all.plus(count), shown + 1),
                Told::InPart(count) => (all, shown, is_whole) = (all.plus(count), shown + 1, false),
                Told::Nothing => is_whole = false,
                Told::Over => over += 1,
                Told::Gone => {}
            }
        }
        if over > 0 && shown == 0 && is_whole {
            return Err(SimulateError::Past);
        }
        if !self.arguments.json {
            let (users, version) = (if shown == 1 { "user" } else { "users" }, BundledZones.version());
            let total = format!("{shown} {users}: {all}; zone data {version}\n");
            self.progress.write(total.as_bytes())?;
        }
        Ok(is_whole)
    }

    async fn one_user(&self, user: UserId, place: usize) -> Result<Told, SimulateError> {
        let mut household = Household::new(user, self.copy.store(), self.now, Arc::new(BundledZones));
        let state = match household.user().await {
            Ok(state) => state,
            Err(failure) => {
                self.complain(ActorId::User(user), &failure);
                return Ok(Told::Nothing);
            }
        };
        let profile = state.machine.profile();
        if profile.account.is_empty() {
            return Ok(Told::Gone);
        }
        let scene = Scene {
            user,
            time_zone: &profile.time_zone,
            zones: &BundledZones,
        };
        if self.arguments.until.end(scene.time_zone, scene.zones) < self.now {
            let over = format!(
                "{}: that day is over in {}",
                ActorId::User(user),
                plain(scene.time_zone)
            );
            self.progress.complain(&over);
            return Ok(Told::Over);
        }
        let mut is_whole = self.take_up(&mut household).await?;
        let count = self.show(&mut household, scene, place).await?;
        for (actor, failure) in household.failed() {
            self.complain(*actor, failure);
            is_whole = false;
        }
        Ok(if is_whole {
            Told::Whole(count)
        } else {
            Told::InPart(count)
        })
    }

    /// Takes up what is stored. False when some of it cannot be read.
    async fn take_up(&self, household: &mut Household<SqliteStore>) -> Result<bool, SimulateError> {
        let user = household.user().await?.machine.id();
        let series = household.series().await?.into_iter().map(ActorId::Series);
        let mut is_whole = true;
        for actor in std::iter::once(ActorId::User(user)).chain(series) {
            let taken = match self.copy.undelivered(actor).await {
                Ok(undelivered) => household.take_up(actor, &undelivered).await,
                Err(failure) => Err(failure),
            };
            if let Err(failure) = taken {
                self.complain(actor, &failure);
                is_whole = false;
            }
        }
        if self.arguments.complete == Complete::OnTime {
            household.complete_on_time().await?;
        }
        Ok(is_whole)
    }

    async fn show(
        &self,
        household: &mut Household<SqliteStore>,
        scene: Scene<'_>,
        place: usize,
    ) -> Result<Count, SimulateError> {
        let until = self.arguments.until.end(scene.time_zone, scene.zones);
        let (mut count, mut instant) = (Count::default(), Instant::new(self.now));
        let mut text = Vec::new();
        if !self.arguments.json {
            scene.head(until, &mut text)?;
        }
        for steps in 1.. {
            let step = household.step(until).await;
            let at = step.as_ref().map_or(Timestamp::MAX, |step| step.at);
            for happening in instant.take_before(at) {
                count.add(&happening);
                if self.arguments.json {
                    scene.json(&happening, &mut text)?;
                } else {
                    scene.row(&happening, &mut text)?;
                }
            }
            let Some(step) = step else { break };
            instant.add(&step);
            if steps % STEPS_AT_ONCE == 0 {
                self.progress.reached(place, at, (self.now, until));
                self.progress.write(&std::mem::take(&mut text))?;
                tokio::task::yield_now().await;
            }
        }
        if !self.arguments.json {
            text.extend_from_slice(format!("  {count}\n\n").as_bytes());
        }
        self.progress.write(&text)?;
        self.progress.reached(place, until, (self.now, until));
        Ok(count)
    }

    fn complain(&self, actor: ActorId, failure: &Failure) {
        self.progress
            .complain(&format!("{actor}: {}", plain(&failure.to_string())));
    }
}

/// What was told of a user.
enum Told {
    Whole(Count),
    /// Without what could not be read.
    InPart(Count),
    Nothing,
    /// The day it is to end with is over where the user lives.
    Over,
    /// The account was deleted.
    Gone,
}

/// What comes at one instant, in whatever steps.
struct Instant {
    at: Timestamp,
    happenings: Vec<Happening>,
}

impl Instant {
    fn new(at: Timestamp) -> Self {
        Self {
            at,
            happenings: Vec::new(),
        }
    }

    fn add(&mut self, step: &Step) {
        self.at = step.at;
        let happenings = step.events.iter().filter_map(|event| Happening::of(step.at, event));
        self.happenings.extend(happenings);
    }

    /// All of it, in its order, once the time has come to `now`.
    fn take_before(&mut self, now: Timestamp) -> Vec<Happening> {
        if now == self.at {
            return Vec::new();
        }
        let mut taken = std::mem::take(&mut self.happenings);
        taken.sort_by(|one, other| one.order().cmp(&other.order()));
        taken
    }
}

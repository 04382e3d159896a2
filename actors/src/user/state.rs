//! The state of a user's actor, how events change it, and how it is saved.

use std::{collections::BTreeMap, sync::Arc};

use punctual_events::{
    ActorId, AnswerKind, DecodeError, HandoverMessage, MailSettings, Notification, NotificationId, Principal,
    QuietHours, SeriesId, SessionId, TaskChange, TaskId, Timestamp, UserEvent, UserId,
};
use serde::{Deserialize, Serialize};

use crate::{
    handovers::Handovers,
    machine::{Context, Decision, Machine},
    paged::{Paged, Weigh, decode_page, encode_page},
    ports::{Page, PageWrite},
    refusal::{Code, Refusal},
    user::{
        command::{UserCommand, UserReply},
        later::Scope,
        quiet::Quiet,
        record::{TaskRecord, Tasks},
        reminding::moves_reminders,
        series::SeriesRef,
    },
    zone::ZoneData,
};

/// Who the user is and which sign-ins are live.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Profile {
    /// Key of the account record; empty before the first sign-in.
    pub account: Box<str>,
    /// True when the account was deleted; nothing but this is left then.
    pub deleted: bool,
    /// What the user wants by mail.
    #[serde(default, skip_serializing_if = "is_default")]
    pub mail: MailSettings,
    /// When the user wants to be left in peace.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub quiet_hours: Option<QuietHours>,
    /// Live sign-ins and when their tokens expire.
    pub sessions: BTreeMap<SessionId, Timestamp>,
    /// IANA zone the user lives in.
    pub time_zone: Box<str>,
}

fn is_default(settings: &MailSettings) -> bool {
    *settings == MailSettings::default()
}

impl Weigh for Notification {
    fn weight(&self) -> usize {
        480 + self.title.len()
    }
}

/// The actor of a user.
#[derive(Clone, Debug)]
pub struct UserActor {
    pub(super) id: UserId,
    pub(super) profile: Arc<Profile>,
    pub(super) tasks: Tasks,
    pub(super) series: Paged<SeriesId, Arc<SeriesRef>>,
    /// By the instant they fired.
    pub(super) notifications: Paged<(Timestamp, NotificationId), Arc<Notification>>,
    pub(super) handovers: Handovers,
    /// Derived: when the next reminder of each open task comes.
    pub(super) reminders: imbl::OrdSet<(Timestamp, TaskId)>,
    /// Derived: where each notification is.
    pub(super) fired: imbl::HashMap<NotificationId, Timestamp>,
    /// Derived: the UIDs of tasks that are not deleted. Several tasks can have the same.
    pub(super) by_uid: imbl::OrdSet<(Box<str>, TaskId)>,
}

impl UserActor {
    /// The user.
    #[must_use]
    pub fn id(&self) -> UserId {
        self.id
    }

    /// Settings and sessions.
    #[must_use]
    pub fn profile(&self) -> &Profile {
        &self.profile
    }

    /// All tasks, deleted ones too.
    #[must_use]
    pub fn tasks(&self) -> &Tasks {
        &self.tasks
    }

    /// The series that tasks of the user are, or were, instances of.
    pub fn series_ids(&self) -> impl Iterator<Item = SeriesId> {
        self.series.iter().map(|(series, _)| *series)
    }

    /// Sets a task and what is derived from it.
    fn put(&mut self, record: TaskRecord, zones: &dyn ZoneData) {
        let id = record.task.id;
        let profile = Arc::clone(&self.profile);
        let quiet = Quiet::of(&profile, zones);
        if let Some(before) = self.tasks.get(&id) {
            if let Some(instant) = before.next_reminder(quiet) {
                self.reminders.remove(&(instant, id));
            }
            if let Some(uid) = &before.task.external_uid {
                self.by_uid.remove(&(uid.clone(), id));
            }
        }
        self.index(&record, quiet);
        self.tasks.insert(id, Arc::new(record));
    }

    fn index(&mut self, record: &TaskRecord, quiet: Quiet<'_>) {
        if let Some(instant) = record.next_reminder(quiet) {
            self.reminders.insert((instant, record.task.id));
        }
        if let Some(uid) = &record.task.external_uid {
            self.by_uid.insert((uid.clone(), record.task.id));
        }
    }

    /// The first task with this UID. Where it was the first instance of a series, which was deleted and goes on, its open instance.
    pub(super) fn task_by_uid(&self, uid: &str) -> Option<&TaskRecord> {
        let from = (uid.into(), TaskId(uuid::Uuid::nil()));
        let known = self.by_uid.range(from..).take_while(|(found, _)| **found == *uid);
        let mut known = known.filter_map(|(_, task)| self.tasks.get(task).map(Arc::as_ref));
        known.find_map(|record| {
            if record.deleted.is_none() {
                return Some(record);
            }
            let (_, reference) = self.live_series(&record.task)?;
            let open = reference.open.and_then(|open| self.tasks.get(&open));
            Some(open.map_or(record, Arc::as_ref))
        })
    }

    fn evolve_task(&mut self, event: &UserEvent, change: &TaskChange, zones: &dyn ZoneData) {
        let task = &change.task;
        let before = self.tasks.get(&task.id);
        let resets = match event {
            UserEvent::TaskCreated(_) | UserEvent::TaskReopened(_) => true,
            UserEvent::TaskUpdated(_) => moves_reminders(&change.changed),
            _ => false,
        };
        // Reminders that were due before a change of due or reminders fired in the same commit; what is in the past now stays silent.
        let reminded_until = match before {
            Some(before) if !resets => before.reminded_until,
            Some(_) | None => task.updated,
        };
        let mut record = TaskRecord::new(Arc::clone(task), reminded_until, &self.profile.time_zone, zones);
        match (before, event) {
            (Some(before), UserEvent::TaskReopened(_)) => record.resume_reminding(before, task.updated),
            (Some(before), _) if resets => {
                record.change_reminding(before, task.updated);
                if self.takes_over(Some(before), task, task.updated) {
                    record.pass_reminding(task.updated);
                }
            }
            (Some(before), _) => record.continue_reminding(before),
            (None, _) => {}
        }
        if resets && !matches!(event, UserEvent::TaskReopened(_)) {
            let quiet = Quiet::of(&self.profile, zones);
            let (before, now) = (before.map(Arc::as_ref), task.updated);
            let since = self.not_past_since(before, task, (now, zones));
            let is_set_anew = |reminder, at| self.is_set_anew(before, task, (reminder, at));
            record.owe_what_is_held(is_set_anew, quiet, (since, now));
        }
        if matches!(event, UserEvent::TaskDeleted(_)) {
            record.deleted = Some(task.updated);
        }
        self.evolve_series(&record, matches!(event, UserEvent::TaskReopened(_)));
        self.put(record, zones);
    }

    fn evolve_notification(
        &mut self,
        notification: &Notification,
        change: impl FnOnce(&mut TaskRecord, &Notification),
        zones: &dyn ZoneData,
    ) {
        if let Some(record) = self.tasks.get(&notification.task) {
            let mut record = TaskRecord::clone(record);
            change(&mut record, notification);
            self.put(record, zones);
        }
        self.show(notification);
    }

    fn change_profile(&mut self, change: impl FnOnce(&mut Profile)) {
        change(Arc::make_mut(&mut self.profile));
    }

    /// All-day moments follow the user: derives every instant anew.
    fn rezone(&mut self, zones: &dyn ZoneData) {
        let zone = self.profile.time_zone.clone();
        self.tasks.update_all(|_, record| {
            let mut moved = TaskRecord::clone(record);
            moved.derive(&zone, zones);
            moved.move_reminding(record);
            let same = moved.task == record.task
                && moved.reminding == record.reminding
                && moved.overdue_from == record.overdue_from
                && moved.reminders_from == record.reminders_from
                && moved.reminders_from_days == record.reminders_from_days;
            (!same).then(|| Arc::new(moved))
        });
        self.reindex(zones);
    }

    /// Makes everything derived anew.
    fn reindex(&mut self, zones: &dyn ZoneData) {
        (self.reminders, self.by_uid, self.fired) = Default::default();
        let (tasks, profile) = (self.tasks.clone(), Arc::clone(&self.profile));
        for (_, record) in tasks.iter() {
            self.index(record, Quiet::of(&profile, zones));
        }
        self.fired = self
            .notifications
            .iter()
            .map(|((fired, id), _)| (*id, *fired))
            .collect();
    }
}

/// The page of everything small.
#[derive(Serialize, Deserialize)]
struct Root {
    last_handover: u64,
    profile: Profile,
    zone_version: Box<str>,
}

const ROOT: &str = "root";

impl Machine for UserActor {
    type Command = UserCommand;
    type Event = UserEvent;
    type Reply = UserReply;

    fn new(actor: ActorId) -> Self {
        Self {
            id: UserId(actor.uuid()),
            profile: Arc::default(),
            tasks: Tasks::default(),
            series: Paged::default(),
            notifications: Paged::default(),
            handovers: Handovers::default(),
            reminders: imbl::OrdSet::new(),
            fired: imbl::HashMap::new(),
            by_uid: imbl::OrdSet::new(),
        }
    }

    fn owner(&self) -> UserId {
        self.id
    }

    fn wake() -> UserCommand {
        UserCommand::Wake
    }

    fn authorise(&self, by: Principal, now: Timestamp) -> Result<(), Refusal> {
        let Principal::User(user, session) = by else {
            return Ok(());
        };
        let live = self
            .profile
            .sessions
            .get(&session)
            .is_some_and(|expires| *expires > now);
        if user == self.id && live {
            Ok(())
        } else {
            Err(Refusal::new(Code::SessionEnded, "the session has ended: sign in again"))
        }
    }

    fn decide(
        &self,
        command: &UserCommand,
        context: &mut Context<'_>,
    ) -> Result<Decision<UserEvent, UserReply>, Refusal> {
        if self.profile.deleted || self.profile.account.is_empty() {
            return self.decide_absent(command, context);
        }
        match command {
            UserCommand::SignIn { expires, session, .. } => Ok(self.start_session(*session, *expires, context.now)),
            UserCommand::EndSession { session } => Ok(self.end_sessions(|other| other == *session)),
            UserCommand::EndOtherSessions { keep } => Ok(self.end_sessions(|other| other != *keep)),
            UserCommand::ChangeUser { time_zone } => self.change_user(time_zone, context),
            UserCommand::ChangeQuiet { hours } => self.change_quiet(hours.as_ref()),
            UserCommand::ChangeMail { change } => Ok(self.change_mail(*change)),
            UserCommand::DeleteUser => Ok(self.delete_user(context)),
            UserCommand::CreateTask { draft, imported } => self.create(draft, imported.as_ref(), context),
            UserCommand::PatchTask { if_match, patch, task } => self.patch(*task, patch, *if_match, context),
            UserCommand::PatchLater { if_match, patch, task } => {
                self.patch_others(*task, patch, *if_match, Scope::Later, context)
            }
            UserCommand::PatchAll { if_match, patch, task } => {
                self.patch_others(*task, patch, *if_match, Scope::All, context)
            }
            UserCommand::CompleteTask { if_match, task } => self.complete(*task, *if_match, None, context),
            UserCommand::CompleteImported {
                completed,
                if_match,
                task,
            } => self.complete(*task, *if_match, *completed, context),
            UserCommand::ReopenTask { if_match, task } => self.reopen(*task, *if_match, context),
            UserCommand::DeleteTask { if_match, series, task } => self.delete(*task, *if_match, *series, context),
            UserCommand::EndSeries { series } => self.end_by_itself(*series, context),
            UserCommand::Dismiss { notification } => self.dismiss(*notification, context),
            UserCommand::Snooze { notification, until } => self.snooze(*notification, until, context),
            UserCommand::Receive { from, handover } => self.receive(*from, handover, context),
            UserCommand::Acknowledge { number } => Ok(self.acknowledge(*number)),
            UserCommand::Wake => Ok(self.wake_up(context)),
        }
    }

    fn begins_commit(command: &UserCommand) -> bool {
        matches!(command, UserCommand::DeleteUser)
    }

    fn is_deleted(&self) -> bool {
        self.profile.deleted
    }

    fn evolve(&mut self, event: &UserEvent, zones: &dyn ZoneData) {
        match event {
            UserEvent::UserRegistered(registered) => self.change_profile(|profile| {
                profile.account.clone_from(&registered.account);
                profile.time_zone.clone_from(&registered.time_zone);
            }),
            UserEvent::UserChanged(changed) => {
                self.change_profile(|profile| profile.time_zone.clone_from(&changed.time_zone));
                self.rezone(zones);
            }
            UserEvent::QuietChanged(changed) => {
                self.change_profile(|profile| profile.quiet_hours.clone_from(&changed.quiet_hours));
                self.reindex(zones);
            }
            UserEvent::MailChanged(changed) => self.change_profile(|profile| profile.mail = changed.settings()),
            UserEvent::UserDeleted(_) => {
                // Only the news of the end, which needs nothing before it, stays owed: everything else carries content.
                let mut handovers = std::mem::take(&mut self.handovers);
                handovers.retain(|handover| matches!(handover.message, HandoverMessage::DeleteSeries { .. }));
                let deleted = Profile {
                    deleted: true,
                    ..Profile::default()
                };
                *self = Self {
                    profile: Arc::new(deleted),
                    handovers,
                    ..Self::new(ActorId::User(self.id))
                };
            }
            UserEvent::SessionStarted(started) => {
                self.change_profile(|profile| {
                    profile.sessions.insert(started.session, started.expires);
                });
            }
            UserEvent::SessionEnded(ended) => {
                self.change_profile(|profile| {
                    profile.sessions.remove(&ended.session);
                });
            }
            UserEvent::TaskCreated(change)
            | UserEvent::TaskUpdated(change)
            | UserEvent::TaskCompleted(change)
            | UserEvent::TaskReopened(change)
            | UserEvent::TaskDeleted(change) => self.evolve_task(event, change, zones),
            UserEvent::ReminderFired(fired) => self.evolve_notification(fired, TaskRecord::fired, zones),
            UserEvent::ReminderDismissed(put_off) | UserEvent::ReminderSnoozed(put_off) => {
                self.evolve_notification(put_off, TaskRecord::put_off, zones);
            }
            UserEvent::HandoverOffered(offer) => {
                self.handovers.offered(offer);
                self.evolve_handover(offer.handover.to, offer.handover.number, &offer.handover.message);
            }
            UserEvent::HandoverAcknowledged(acknowledged) => self.handovers.acknowledged(acknowledged.number),
        }
    }

    fn next_wakeup(&self) -> Option<Timestamp> {
        let reminder = self.reminders.get_min().map(|(instant, _)| *instant);
        [reminder, self.handovers.next_wakeup()].into_iter().flatten().min()
    }

    fn recollect(kind: AnswerKind, events: &[UserEvent]) -> Option<UserReply> {
        let task = || {
            events.iter().rev().find_map(|event| match event {
                UserEvent::TaskCreated(change)
                | UserEvent::TaskUpdated(change)
                | UserEvent::TaskCompleted(change)
                | UserEvent::TaskReopened(change) => Some(Arc::clone(&change.task)),
                _ => None,
            })
        };
        match kind {
            AnswerKind::Created => task().map(|task| UserReply::Task { created: true, task }),
            AnswerKind::Task => task().map(|task| UserReply::Task { created: false, task }),
            AnswerKind::Notification => events.iter().rev().find_map(|event| match event {
                UserEvent::ReminderDismissed(put_off) | UserEvent::ReminderSnoozed(put_off) => {
                    let notification = put_off.clone();
                    Some(UserReply::Notification { notification })
                }
                _ => None,
            }),
            AnswerKind::Done => Some(UserReply::Done),
        }
    }

    fn save(&self, since: Option<&Self>, zone_version: &str) -> Result<Vec<PageWrite>, DecodeError> {
        let root = Root {
            last_handover: self.handovers.last(),
            profile: Profile::clone(&self.profile),
            zone_version: zone_version.into(),
        };
        let mut writes = vec![PageWrite {
            name: ROOT.into(),
            bytes: Some(encode_page(&root)?),
        }];
        self.handovers.save(since.map(|since| &since.handovers), &mut writes)?;
        self.tasks.save("tasks", since.map(|since| &since.tasks), &mut writes)?;
        self.series
            .save("series", since.map(|since| &since.series), &mut writes)?;
        self.notifications
            .save("notifications", since.map(|since| &since.notifications), &mut writes)?;
        Ok(writes)
    }

    fn restore(actor: ActorId, pages: &[Page], zones: &dyn ZoneData) -> Result<(Self, bool), DecodeError> {
        let root = pages.iter().find(|page| &*page.name == ROOT);
        let root = root.ok_or_else(|| DecodeError::Malformed("no root page".into()))?;
        let root: Root = decode_page(&root.bytes)?;
        let mut restored = Self {
            profile: Arc::new(root.profile),
            tasks: Paged::restore("tasks", pages)?,
            series: Paged::restore("series", pages)?,
            notifications: Paged::restore("notifications", pages)?,
            handovers: Handovers::restore(root.last_handover, pages)?,
            ..Self::new(actor)
        };
        let as_saved = &*root.zone_version == zones.version();
        if as_saved {
            restored.reindex(zones);
        } else {
            restored.rezone(zones);
        }
        Ok((restored, as_saved))
    }
}

//! The state of a series' actor, what it decides and how events change it.

use std::sync::Arc;

use punctual_events::{
    ActorId, AnswerKind, DecodeError, HandoverAcknowledged, HandoverMessage, Moment, OccurrenceOutcome,
    OccurrenceReopened, Principal, RecurrenceDate, SeriesDefinition, SeriesEnded, SeriesEvent, SeriesId, Settled,
    TaskId, Timestamp, UserId,
};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::{
    budget::Budget,
    handovers::Handovers,
    machine::{Context, Decision, Machine},
    paged::{Paged, Weigh, decode_page, encode_page},
    ports::{Page, PageWrite},
    refusal::Refusal,
    series::{
        command::{SeriesCommand, SeriesReply},
        exceptions::{self, Exceptions, Pause},
        question::{SeriesAnswer, SeriesQuestion},
    },
    user::record::resolve,
    zone::ZoneData,
};

/// What is kept about an occurrence.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct OccurrenceRecord {
    /// What it is due (or starts) at.
    pub at: Moment,
    /// When it was closed.
    pub closed: Option<Timestamp>,
    /// Counts the times it was opened.
    pub generation: u32,
    /// How it was closed.
    pub outcome: Option<OccurrenceOutcome>,
    /// When it was reopened, where the late policy gives up an instance at the next instant after that.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reopened: Option<Timestamp>,
    /// Its instance; none when it never had one or was withdrawn. One that was missed may share it with a later one, to which it was moved.
    pub task: Option<TaskId>,
}

impl OccurrenceRecord {
    /// An occurrence whose instance was withdrawn: only its generation is remembered.
    pub(super) fn is_withdrawn(&self) -> bool {
        self.task.is_none() && self.outcome.is_none()
    }
}

impl Weigh for OccurrenceRecord {
    fn weight(&self) -> usize {
        260
    }
}

/// The actor of a series.
#[derive(Clone, Debug)]
pub struct SeriesActor {
    pub(super) id: SeriesId,
    pub(super) definition: Option<Arc<SeriesDefinition>>,
    /// Occurrences of the definition's rule before the definition's first: the rule was kept when other things changed, and `COUNT` goes on.
    pub(super) spent: u32,
    pub(super) occurrences: Paged<u32, Arc<OccurrenceRecord>>,
    pub(super) open: Option<u32>,
    pub(super) ended: Option<SeriesEnded>,
    /// Whose account it was deleted with. Nothing but this and `received` is left then.
    pub(super) deleted: Option<UserId>,
    /// Hand-overs of the owner up to this number were taken in.
    pub(super) received: u64,
    pub(super) handovers: Handovers,
    /// Pauses, and what is special about dates to come.
    pub(super) exceptions: Exceptions,
    /// The owner's last hand-over when the owner was last asked to let the open instance pass.
    pub(super) asked: Option<u64>,
    /// Derived: when the open instance gives way to the next occurrence, by the late policy.
    pub(super) passes_at: Option<Timestamp>,
}

impl SeriesActor {
    /// Answers a question of `by`, who must be the owner.
    ///
    /// # Errors
    /// When it is somebody else's, or has not begun.
    pub fn ask(
        &self,
        by: Principal,
        question: &SeriesQuestion,
        now: Timestamp,
        zones: &dyn ZoneData,
    ) -> Result<SeriesAnswer, Refusal> {
        let definition = self.definition.as_ref().ok_or_else(Refusal::not_found)?;
        if !matches!(by, Principal::User(user, _) if user == definition.owner) {
            return Err(Refusal::not_found());
        }
        if let Some(there) = self.where_its_owner_lives(question, zones) {
            return there.ask(by, question, now, zones);
        }
        // What was is told as it was; the open one is where its user is now.
        let here = |moment: &Moment| resolve(moment, &definition.time_zone, zones);
        let mut answer = SeriesAnswer {
            changes: Vec::new(),
            definition: SeriesDefinition {
                due: definition.due.as_ref().map(here),
                start: definition.start.as_deref().map(here).map(Box::new),
                ..SeriesDefinition::clone(definition)
            },
            ended: self.ended.is_some(),
            occurrences: Vec::new(),
            paused: self.exceptions.paused,
            upcoming: Vec::new(),
        };
        let changes = |date| Some((date, self.exceptions.of(date)?.clone()));
        match question {
            SeriesQuestion::Occurrences {
                after, limit, upcoming, ..
            } => {
                let wanted = |(number, record): &(&u32, &Arc<OccurrenceRecord>)| {
                    after.is_none_or(|after| **number > after) && !record.is_withdrawn()
                };
                let found = self.occurrences.iter().filter(wanted).take(usize::from(*limit));
                let shown = |(number, record): (&u32, &Arc<OccurrenceRecord>)| {
                    let mut record = OccurrenceRecord::clone(record);
                    if self.open == Some(*number) {
                        record.at = here(&record.at);
                    }
                    (*number, record)
                };
                answer.occurrences = found.map(shown).collect();
                answer.upcoming = self.upcoming(*upcoming, now, zones);
                let dates = answer.upcoming.iter().map(|(_, at)| RecurrenceDate::from(at));
                answer.changes = dates.filter_map(changes).collect();
            }
            SeriesQuestion::Changes { date, .. } => answer.changes.extend(changes(*date)),
        }
        Ok(answer)
    }

    pub(super) fn change_occurrence(
        &mut self,
        occurrence: u32,
        at: &Moment,
        change: impl FnOnce(&mut OccurrenceRecord),
    ) {
        let fresh = || OccurrenceRecord {
            at: at.clone(),
            closed: None,
            generation: 0,
            outcome: None,
            reopened: None,
            task: None,
        };
        let mut record = self
            .occurrences
            .get(&occurrence)
            .map_or_else(fresh, |record| OccurrenceRecord::clone(record));
        record.at = at.clone();
        change(&mut record);
        self.occurrences.insert(occurrence, Arc::new(record));
    }

    /// The occurrence is open again; later ones are withdrawn, only their generations are remembered.
    fn evolve_reopened(&mut self, OccurrenceReopened { occurrence, reopened }: OccurrenceReopened) {
        self.occurrences
            .update_all(|number, record| match number.cmp(&occurrence) {
                std::cmp::Ordering::Less => None,
                std::cmp::Ordering::Equal => Some(Arc::new(OccurrenceRecord {
                    closed: None,
                    outcome: None,
                    reopened,
                    ..OccurrenceRecord::clone(record)
                })),
                std::cmp::Ordering::Greater => Some(Arc::new(OccurrenceRecord {
                    closed: None,
                    outcome: None,
                    task: None,
                    ..OccurrenceRecord::clone(record)
                })),
            });
        self.open = Some(occurrence);
        self.ended = self.ended.filter(|ended| !ended.exhausted);
    }
}

/// The page of everything but the occurrences.
#[derive(Serialize, Deserialize)]
struct Root {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    asked: Option<u64>,
    definition: Option<SeriesDefinition>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    deleted: Option<UserId>,
    ended: Option<SeriesEnded>,
    last_handover: u64,
    open: Option<u32>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    paused: Option<Timestamp>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pauses: Vec<Pause>,
    received: u64,
    #[serde(default)]
    spent: u32,
}

const ROOT: &str = "root";

/// What the events of a command say to its sender.
fn reply_of(events: &[SeriesEvent]) -> SeriesReply {
    let received = events.iter().rev().find_map(|event| match event {
        SeriesEvent::HandoverReceived(received) => Some(received.number),
        _ => None,
    });
    SeriesReply {
        changed: !events.is_empty(),
        received: received.unwrap_or(0),
    }
}

impl Machine for SeriesActor {
    type Command = SeriesCommand;
    type Event = SeriesEvent;
    type Reply = SeriesReply;

    fn new(actor: ActorId) -> Self {
        Self {
            id: SeriesId(actor.uuid()),
            definition: None,
            spent: 0,
            occurrences: Paged::default(),
            open: None,
            ended: None,
            deleted: None,
            received: 0,
            handovers: Handovers::default(),
            exceptions: Exceptions::default(),
            asked: None,
            passes_at: None,
        }
    }

    fn owner(&self) -> UserId {
        let owner = self.definition.as_ref().map(|definition| definition.owner);
        owner.or(self.deleted).unwrap_or(UserId(Uuid::nil()))
    }

    fn wake() -> SeriesCommand {
        SeriesCommand::Wake
    }

    fn authorise(&self, by: Principal, _: Timestamp) -> Result<(), Refusal> {
        // People act on their tasks, and their own actor hands over what that means here. What has no task yet they change here.
        match by {
            Principal::System => Ok(()),
            Principal::User(user, _)
                if self
                    .definition
                    .as_ref()
                    .is_some_and(|definition| definition.owner == user) =>
            {
                Ok(())
            }
            Principal::User(..) => Err(Refusal::not_found()),
        }
    }

    fn begins_commit(command: &SeriesCommand) -> bool {
        let SeriesCommand::Receive { handover } = command else {
            return false;
        };
        matches!(handover.message, HandoverMessage::DeleteSeries { .. })
    }

    fn is_deleted(&self) -> bool {
        self.deleted.is_some()
    }

    fn decide(
        &self,
        command: &SeriesCommand,
        context: &mut Context<'_>,
    ) -> Result<Decision<SeriesEvent, SeriesReply>, Refusal> {
        if command.is_of_a_person() == (context.by == Principal::System) {
            return Err(Refusal::not_found());
        }
        let events = match command {
            SeriesCommand::Pause => self.pause(context)?,
            SeriesCommand::Resume { time_zone } => self.resume(time_zone, context)?,
            SeriesCommand::ChangeOccurrence {
                date,
                external_uid,
                patch,
            } => self.change_occurrence_to_come(*date, patch, external_uid.as_deref(), context)?,
            SeriesCommand::SettleOccurrence {
                closed,
                date,
                imported,
                outcome,
            } => {
                let settled = Settled {
                    closed: closed.unwrap_or(context.now),
                    outcome: *outcome,
                };
                if *imported {
                    self.settle_imported(*date, settled, context)?
                } else {
                    self.settle_occurrence(*date, settled, context)?
                }
            }
            SeriesCommand::RestoreOccurrence { date } => self.restore_occurrence(*date, context)?,
            SeriesCommand::Receive { handover } => self.receive(handover, context),
            SeriesCommand::Acknowledge { number } => {
                let owed = self.handovers.owes(*number);
                let number = *number;
                let event = owed.then_some(SeriesEvent::HandoverAcknowledged(HandoverAcknowledged { number }));
                event.into_iter().collect()
            }
            SeriesCommand::Wake => {
                let due = self.handovers.due(context.now, &mut Budget::of_a_commit());
                let asked = self.ask_to_pass(context);
                due.into_iter().chain(asked).map(SeriesEvent::HandoverOffered).collect()
            }
        };
        let mut reply = reply_of(&events);
        reply.received = reply.received.max(self.received);
        Ok(Decision { events, reply })
    }

    fn evolve(&mut self, event: &SeriesEvent, zones: &dyn ZoneData) {
        match event {
            SeriesEvent::SeriesStarted(definition) | SeriesEvent::SeriesChanged(definition) => {
                self.evolve_definition(definition, zones)
            }
            SeriesEvent::SeriesEnded(ended) => {
                self.ended = Some(*ended);
                self.exceptions.paused = None;
            }
            SeriesEvent::SeriesPaused(paused) => self.exceptions.paused = Some(paused.paused),
            SeriesEvent::SeriesResumed(resumed) => self.exceptions.resume(resumed.resumed),
            SeriesEvent::OccurrenceChanged(changed) => {
                // Replayed with newer zone data than it was written with, it is at another instant.
                let changes = self.definition.as_deref().map_or_else(
                    || changed.changes.clone(),
                    |definition| exceptions::resolved(&changed.changes, &definition.time_zone, zones),
                );
                self.exceptions.changes.insert(changed.recurrence_id, Arc::new(changes));
            }
            SeriesEvent::OccurrenceRestored(restored) => {
                self.exceptions.changes.remove(&restored.recurrence_id);
            }
            SeriesEvent::SeriesDeleted(deleted) => {
                *self = Self {
                    deleted: Some(deleted.owner),
                    received: self.received,
                    ..Self::new(ActorId::Series(self.id))
                };
            }
            SeriesEvent::OccurrenceOpened(opened) => {
                self.change_occurrence(opened.occurrence, &opened.at, |record| {
                    (record.closed, record.outcome, record.reopened) = (None, None, None);
                    (record.generation, record.task) = (opened.generation, Some(opened.task));
                });
                self.open = Some(opened.occurrence);
            }
            SeriesEvent::OccurrenceClosed(closed) => {
                self.change_occurrence(closed.occurrence, &closed.at, |record| {
                    (record.closed, record.outcome) = (Some(closed.closed), Some(closed.outcome));
                });
                if self.open == Some(closed.occurrence) {
                    self.open = None;
                    self.exceptions.forget_until(&closed.at);
                }
            }
            SeriesEvent::OccurrenceReopened(reopened) => self.evolve_reopened(*reopened),
            SeriesEvent::HandoverOffered(offer) => {
                self.handovers.offered(offer);
                if let HandoverMessage::MoveInstance { cause, .. } | HandoverMessage::SkipInstance { cause, .. } =
                    &offer.handover.message
                {
                    self.asked = Some(*cause);
                }
                return;
            }
            SeriesEvent::HandoverReceived(received) => {
                self.received = self.received.max(received.number);
                return;
            }
            SeriesEvent::HandoverAcknowledged(acknowledged) => {
                self.handovers.acknowledged(acknowledged.number);
                return;
            }
        }
        self.derive_passing(zones);
    }

    fn next_wakeup(&self) -> Option<Timestamp> {
        let repeated = self.handovers.next_wakeup();
        repeated.into_iter().chain(self.asks_at()).min()
    }

    fn recollect(_: AnswerKind, events: &[SeriesEvent]) -> Option<SeriesReply> {
        Some(reply_of(events))
    }

    fn save(&self, since: Option<&Self>, _: &str) -> Result<Vec<PageWrite>, DecodeError> {
        let root = Root {
            asked: self.asked,
            definition: self.definition.as_deref().cloned(),
            deleted: self.deleted,
            ended: self.ended,
            last_handover: self.handovers.last(),
            open: self.open,
            paused: self.exceptions.paused,
            pauses: self.exceptions.pauses.clone(),
            received: self.received,
            spent: self.spent,
        };
        let mut writes = vec![PageWrite {
            name: ROOT.into(),
            bytes: Some(encode_page(&root)?),
        }];
        self.handovers.save(since.map(|since| &since.handovers), &mut writes)?;
        self.occurrences
            .save("occurrences", since.map(|since| &since.occurrences), &mut writes)?;
        let changes = since.map(|since| &since.exceptions.changes);
        self.exceptions.changes.save("changes", changes, &mut writes)?;
        Ok(writes)
    }

    fn restore(actor: ActorId, pages: &[Page], zones: &dyn ZoneData) -> Result<(Self, bool), DecodeError> {
        let root = pages.iter().find(|page| &*page.name == ROOT);
        let root = root.ok_or_else(|| DecodeError::Malformed("no root page".into()))?;
        let root: Root = decode_page(&root.bytes)?;
        let mut restored = Self {
            asked: root.asked,
            definition: root.definition.map(Arc::new),
            spent: root.spent,
            occurrences: Paged::restore("occurrences", pages)?,
            open: root.open,
            ended: root.ended,
            deleted: root.deleted,
            received: root.received,
            handovers: Handovers::restore(root.last_handover, pages)?,
            exceptions: Exceptions {
                changes: Paged::restore("changes", pages)?,
                paused: root.paused,
                pauses: root.pauses,
            },
            ..Self::new(actor)
        };
        if let Some(definition) = restored.definition.clone() {
            restored.exceptions.resolve(&definition.time_zone, zones);
        }
        restored.derive_passing(zones);
        Ok((restored, true))
    }
}

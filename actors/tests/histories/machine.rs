//! A small machine: a set of items, alarms, and a digest of everything that ever happened to it, by which any answer can be placed in its log.

use std::collections::BTreeMap;

use punctual_actors::{
    Code, Refusal,
    machine::{Context, Decision, Machine, Reply},
    paged::{Paged, Weigh, decode_page, encode_page},
    ports::{Page, PageWrite},
    zone::ZoneData,
};
use punctual_events::{
    ActorId, AnswerKind, DecodeError, EventData, EventRecord, EventType, Principal, Timestamp, UserId,
};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// What the machine can be asked to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Command {
    /// Adds an item; refused when it is there.
    Add(u8),
    /// Removes an item; nothing happens when it is not there.
    Remove(u8),
    /// Sets or moves an alarm, this long from now.
    SetAlarm(u8, i64),
    /// Clears an alarm; nothing happens when there is none.
    ClearAlarm(u8),
    /// Happens each time, with this many bytes.
    Bump(u32),
    /// Asks for the digest.
    Ask,
    /// Is refused.
    Refuse,
    /// Fires the alarms that are due.
    Wake,
}

/// What can happen to it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Event {
    Added { item: u8, token: Uuid },
    AlarmCleared { alarm: u8 },
    AlarmFired { alarm: u8, at: Timestamp, token: Uuid },
    AlarmSet { alarm: u8, at: Timestamp, token: Uuid },
    Bumped { pad: String, token: Uuid },
    Removed { item: u8 },
}

impl EventData for Event {
    fn event_type(&self) -> EventType {
        match self {
            Self::Added { .. } => EventType::TaskCreated,
            Self::AlarmCleared { .. } | Self::AlarmSet { .. } => EventType::TaskUpdated,
            Self::AlarmFired { .. } => EventType::ReminderFired,
            Self::Bumped { .. } => EventType::UserChanged,
            Self::Removed { .. } => EventType::TaskDeleted,
        }
    }

    fn to_record(&self, by: Principal) -> Result<EventRecord, serde_json::Error> {
        EventRecord::new(self.event_type(), by, self)
    }

    fn from_record(record: &EventRecord) -> Result<Option<Self>, DecodeError> {
        if record.is_erased() {
            return Ok(None);
        }
        Ok(Some(serde_json::from_str(record.data.get())?))
    }
}

/// What it answers: the events the command led to, or the digest of the state that led to none.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Answer {
    Did(Vec<Event>),
    Nothing { digest: u64 },
}

impl Reply for Answer {
    fn kind(&self) -> AnswerKind {
        AnswerKind::Done
    }

    fn weight(&self) -> usize {
        // Few fit a page, so that short histories split and remove pages.
        15_000
    }
}

/// An item. Two fit a page.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Item(Uuid);

impl Weigh for Item {
    fn weight(&self) -> usize {
        15_000
    }
}

/// The machine.
#[derive(Clone, Debug)]
pub(crate) struct Register {
    owner: UserId,
    items: Paged<u8, Item>,
    rest: Rest,
}

#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
struct Rest {
    alarms: BTreeMap<u8, (Timestamp, Uuid)>,
    digest: u64,
}

impl Register {
    /// Digest of every event so far.
    pub(crate) fn digest(&self) -> u64 {
        self.rest.digest
    }

    /// Panics unless both are in the same state.
    #[track_caller]
    pub(crate) fn assert_same(&self, other: &Self) {
        assert!(
            self.items.iter().eq(other.items.iter()),
            "items differ: {self:?}, {other:?}"
        );
        assert_eq!(self.items.len(), other.items.len());
        assert_eq!(self.rest, other.rest);
    }

    fn due(&self, now: Timestamp) -> Vec<Event> {
        let due = self.rest.alarms.iter().filter(|(_, (at, _))| *at <= now);
        due.map(|(&alarm, &(at, token))| Event::AlarmFired { alarm, at, token })
            .collect()
    }

    fn refused(&self) -> Refusal {
        Refusal::new(Code::Invalid, self.digest().to_string())
    }
}

impl Machine for Register {
    type Command = Command;
    type Event = Event;
    type Reply = Answer;

    fn new(actor: ActorId) -> Self {
        Self {
            owner: UserId(actor.uuid()),
            items: Paged::default(),
            rest: Rest::default(),
        }
    }

    fn owner(&self) -> UserId {
        self.owner
    }

    fn wake() -> Command {
        Command::Wake
    }

    fn authorise(&self, _: Principal, _: Timestamp) -> Result<(), Refusal> {
        Ok(())
    }

    fn decide(&self, command: &Command, context: &mut Context<'_>) -> Result<Decision<Event, Answer>, Refusal> {
        let token = context.new_uuid();
        let events = match *command {
            Command::Add(item) if self.items.get(&item).is_some() => return Err(self.refused()),
            Command::Refuse => return Err(self.refused()),
            Command::Add(item) => vec![Event::Added { item, token }],
            Command::Remove(item) if self.items.get(&item).is_some() => vec![Event::Removed { item }],
            Command::ClearAlarm(alarm) if self.rest.alarms.contains_key(&alarm) => vec![Event::AlarmCleared { alarm }],
            Command::SetAlarm(alarm, in_ms) => vec![Event::AlarmSet {
                alarm,
                at: context.now.plus_millis(in_ms),
                token,
            }],
            Command::Bump(bytes) => vec![Event::Bumped {
                pad: "x".repeat(usize::try_from(bytes).unwrap_or_default()),
                token,
            }],
            Command::Wake => self.due(context.now),
            Command::Remove(_) | Command::ClearAlarm(_) | Command::Ask => Vec::new(),
        };
        let digest = self.digest();
        let reply = if events.is_empty() {
            Answer::Nothing { digest }
        } else {
            Answer::Did(events.clone())
        };
        Ok(Decision { events, reply })
    }

    fn evolve(&mut self, event: &Event, _: &dyn ZoneData) {
        match event {
            Event::Added { item, token } => self.items.insert(*item, Item(*token)),
            Event::Removed { item } => drop(self.items.remove(item)),
            Event::AlarmSet { alarm, at, token } => drop(self.rest.alarms.insert(*alarm, (*at, *token))),
            Event::AlarmCleared { alarm } | Event::AlarmFired { alarm, .. } => drop(self.rest.alarms.remove(alarm)),
            Event::Bumped { .. } => {}
        }
        let text = match event {
            // As good as the whole of it, and much shorter.
            Event::Bumped { pad, token } => format!("{} {token}", pad.len()),
            other => format!("{other:?}"),
        };
        self.rest.digest = fnv(self.rest.digest, text.as_bytes());
    }

    fn next_wakeup(&self) -> Option<Timestamp> {
        self.rest.alarms.values().map(|(at, _)| *at).min()
    }

    fn recollect(_: AnswerKind, events: &[Event]) -> Option<Answer> {
        (!events.is_empty()).then(|| Answer::Did(events.to_vec()))
    }

    fn save(&self, since: Option<&Self>, _: &str) -> Result<Vec<PageWrite>, DecodeError> {
        let mut writes = Vec::new();
        self.items.save("items", since.map(|since| &since.items), &mut writes)?;
        if since.is_none_or(|since| since.rest != self.rest) {
            writes.push(PageWrite {
                name: "rest".into(),
                bytes: Some(encode_page(&self.rest)?),
            });
        }
        Ok(writes)
    }

    fn restore(actor: ActorId, pages: &[Page], _: &dyn ZoneData) -> Result<(Self, bool), DecodeError> {
        let mut restored = Self::new(actor);
        restored.items = Paged::restore("items", pages)?;
        if let Some(page) = pages.iter().find(|page| &*page.name == "rest") {
            restored.rest = decode_page(&page.bytes)?;
        }
        Ok((restored, true))
    }
}

/// FNV-1a.
fn fnv(seed: u64, bytes: &[u8]) -> u64 {
    let start = seed ^ 0xCBF2_9CE4_8422_2325;
    bytes.iter().fold(start, |hash, byte| {
        (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01B3)
    })
}

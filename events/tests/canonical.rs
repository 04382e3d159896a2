//! Digests are taken over the data as it is written, so it must be written canonically (RFC 8785): a broker that parses and writes it again must
//! not change a byte of what [`CloudEvent::from_json`] gives.

#![expect(
    clippy::unwrap_used,
    reason = "in a test, what should be there and is not is a failure"
)]

use std::sync::Arc;

use proptest::prelude::*;
use punctual_events::*;
use uuid::Uuid;

fn uuid() -> impl Strategy<Value = Uuid> {
    any::<u128>().prop_map(Uuid::from_u128)
}

fn instant() -> impl Strategy<Value = Timestamp> {
    (-62_135_596_800_000_i64..253_402_300_799_999).prop_map(Timestamp::from_millis)
}

fn text() -> impl Strategy<Value = Box<str>> {
    prop_oneof![any::<String>(), "[\\x00-\\x7f€😀\u{2028}\u{7f}]{0,20}"].prop_map(Into::into)
}

fn moment() -> impl Strategy<Value = Moment> {
    (instant(), any::<bool>(), any::<bool>(), text()).prop_map(|(instant, day, floating, time_zone)| {
        let wall = instant.to_utc();
        if day {
            Moment::Day {
                date: wall.date(),
                instant,
            }
        } else {
            Moment::Time {
                at: WallTime::new(wall).unwrap(),
                floating,
                instant,
                time_zone,
            }
        }
    })
}

fn reminder() -> impl Strategy<Value = Reminder> {
    let nags = proptest::option::of((60..90_000_i64, 1..100_u16));
    (uuid(), instant(), 0..4, -100_000..100_000_i64, nags).prop_map(|(id, at, kind, seconds, nags)| {
        let offset = |seconds| Offset::from_seconds(seconds).unwrap();
        Reminder {
            id: ReminderId(id),
            repeat: nags.map(|(every_s, times)| Repeat {
                every: offset(every_s),
                times,
            }),
            time: match kind {
                0 => ReminderTime::At(at),
                1 => ReminderTime::Before(offset(seconds)),
                2 => ReminderTime::OnDay(OnDay {
                    time: TimeOfDay::new(at.to_utc().time()),
                    days_before: i32::try_from(seconds % 400).unwrap(),
                    related: if seconds % 2 == 0 { Related::Due } else { Related::Start },
                }),
                _ => ReminderTime::BeforeStart(offset(seconds)),
            },
        }
    })
}

fn task() -> impl Strategy<Value = Task> {
    let texts = (
        text(),
        proptest::option::of(text()),
        proptest::option::of(text()),
        prop::collection::vec(text(), 0..4),
    );
    let times = (
        instant(),
        instant(),
        proptest::option::of(moment()),
        proptest::option::of(moment()),
    );
    let rest = (
        uuid(),
        prop::collection::vec(reminder(), 0..3),
        any::<bool>(),
        any::<u32>(),
        text(),
    );
    (texts, times, rest).prop_map(
        |((title, description, external_uid, tags), (created, updated, due, start), rest)| {
            let (id, reminders, flag, number, rrule) = rest;
            Task {
                completed: flag.then_some(updated),
                created,
                description,
                due,
                external_uid,
                id: TaskId(id),
                list: None,
                occurrence: flag.then_some(number),
                overdue: flag,
                priority: flag.then_some(Priority::High),
                recurrence: flag.then_some(Box::new(Recurrence {
                    anchor: Anchor::Completion,
                    exdate: [RecurrenceDate::Time(WallTime::new(updated.to_utc()).unwrap())].into(),
                    late_policy: LatePolicy::RollToFuture,
                    rdate: [RecurrenceDate::Day(created.to_utc().date())].into(),
                    rrule,
                    workdays: number % 2 == 0,
                })),
                reminders: reminders.into(),
                series: flag.then_some(SeriesId(id)),
                start: start.map(Box::new),
                status: if flag { Status::Done } else { Status::Open },
                tags: tags.into(),
                title,
                updated,
                version: u64::from(number),
            }
        },
    )
}

fn event() -> impl Strategy<Value = UserEvent> {
    (task(), instant(), any::<u8>(), any::<u64>()).prop_map(|(task, at, kind, number)| {
        let user = UserId(task.id.0);
        let definition = Box::new(SeriesDefinition {
            description: task.description.clone(),
            due: task.due.clone(),
            first_occurrence: 3,
            list: None,
            owner: user,
            priority: task.priority,
            recurrence: Box::new(Recurrence {
                anchor: Anchor::Schedule,
                exdate: Box::default(),
                late_policy: LatePolicy::RollToFuture,
                rdate: Box::default(),
                rrule: "FREQ=DAILY".into(),
                workdays: false,
            }),
            reminders: task.reminders.clone(),
            spent: (number % 2 == 0).then_some(7),
            start: task.start.clone(),
            tags: task.tags.clone(),
            time_zone: "Europe/Paris".into(),
            title: task.title.clone(),
        });
        let offer = |message| {
            let to = ActorId::Series(SeriesId(task.id.0));
            UserEvent::HandoverOffered(HandoverOffered {
                attempt: 1,
                handover: Handover {
                    message,
                    number,
                    previous: 0,
                    to,
                },
                offered: at,
            })
        };
        match kind % 10 {
            0 => UserEvent::TaskCreated(TaskChange {
                changed: vec![TaskField::Due, TaskField::Title],
                task: Arc::new(task),
            }),
            1 => offer(HandoverMessage::StartSeries {
                definition,
                first: task.id,
            }),
            2 => offer(HandoverMessage::ChangeSeries {
                definition,
                occurrence: 7,
            }),
            3 => offer(HandoverMessage::OpenInstance {
                cause: number,
                task: Box::new(task.clone()),
            }),
            4 => offer(HandoverMessage::CloseOccurrence {
                closed: at,
                done: task.completed,
                occurrence: 1,
                outcome: OccurrenceOutcome::Skipped,
                time_zone: "Asia/Tokyo".into(),
            }),
            5 => UserEvent::UserRegistered(UserRegistered {
                account: task.title.clone(),
                time_zone: "Asia/Tokyo".into(),
            }),
            6 => offer(HandoverMessage::DeleteSeries { owner: user }),
            7 => UserEvent::ReminderFired(Notification {
                again: task.overdue.then_some(at),
                dismissed: None,
                due_at: at,
                fired_at: at,
                held_until: task.completed,
                id: NotificationId(task.id.0),
                late: true,
                reminder: ReminderId(task.id.0),
                repetition: task.tags.len() as u16,
                replaces: task.overdue.then_some(NotificationId(task.id.0)),
                snoozed: task.completed,
                task: task.id,
                title: task.title.clone(),
            }),
            8 => UserEvent::MailChanged(MailChanged {
                digest: task.status.eq(&Status::Done).then(|| DailyDigest {
                    at: "07:30".parse().unwrap(),
                }),
                reminders: task.overdue,
                time_zone: "Asia/Tokyo".into(),
            }),
            _ => UserEvent::SessionStarted(SessionStarted {
                expires: at,
                session: SessionId(task.id.0),
            }),
        }
    })
}

proptest! {
    #[test]
    fn an_event_is_written_canonically_and_read_back_the_same(event in event()) {
        let record = event.to_record(Principal::System).unwrap();
        let again: serde_json::Value = serde_json::from_str(record.data.get()).unwrap();
        prop_assert_eq!(again.to_string(), record.data.get());
        prop_assert!(record.is_genuine());
        prop_assert_eq!(UserEvent::from_record(&record).unwrap(), Some(event));
    }

    #[test]
    fn a_broker_that_writes_an_event_anew_does_not_change_its_digest(event in event(), id in uuid()) {
        let actor = ActorId::User(UserId(id));
        let record = event.to_record(Principal::User(UserId(id), SessionId(id))).unwrap();
        let time = Timestamp::from_millis(1_800_000_000_123);
        let hash = Commit::hash_of(actor, Seq(5), time, &Digest::ZERO, [record.digest]);
        let header = CommitHeader {
            actor, hash, owner: UserId(id), previous: Digest::ZERO, previous_on_topic: [Seq(4), Seq(2), Seq(1)], seq: Seq(5), time, traceparent: None,
        };
        let commit = Commit { format: COMMIT_FORMAT, header, commands: Vec::new(), events: vec![record] };
        for topic in Topic::ALL {
            for sent in commit.cloud_events(topic).unwrap() {
                let mut value = serde_json::to_value(&sent).unwrap();
                // As the sidecar of Dapr does.
                value["traceparent"] = "".into();
                let got = CloudEvent::from_json(format!("{value:#}").as_bytes()).unwrap();
                prop_assert_eq!(got.data.get(), sent.data.get());
                prop_assert_eq!((got.id(), got.topic, got.event_type, got.digest), (sent.id(), sent.topic, sent.event_type, sent.digest));
                prop_assert_eq!(got.previous_on_topic(), sent.previous_on_topic());
                prop_assert_eq!((&got.commit.traceparent, &got.traceparent), (&None, &None));
            }
        }
        let decoded = Commit::decode(&commit.encode().unwrap()).unwrap();
        prop_assert!(decoded.is_genuine());
        prop_assert_eq!(decoded.header, commit.header);
    }
}

use punctual_actors::{
    Code,
    series::SeriesCommand,
    user::{UserAnswer, UserCommand, UserQuestion, UserReply},
};
use punctual_events::{Handover, SessionId, TaskId, Timestamp, UserId};
use serde_json::json;
use uuid::Uuid;

use super::*;

fn pending<C>(command: C) -> Pending<C> {
    let user = UserId(Uuid::from_u128(1));
    Pending {
        id: CommandId(Uuid::from_u128(u128::MAX)),
        by: Principal::User(user, SessionId(Uuid::from_u128(2))),
        command,
        key: Some(IdempotencyKey {
            body: u128::MAX,
            key: 1,
        }),
        seed: u128::MAX - 1,
        traceparent: Some("00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01".into()),
    }
}

/// Sends a command as a lane does, and reads it as an actor's host does.
fn arrives_as_sent<C: Clone + std::fmt::Debug + Serialize + DeserializeOwned>(command: C) {
    let sent = pending(command);
    let letter = serde_json::value::to_raw_value(&Command::from(sent.clone())).unwrap();
    let message = encode(&Commands {
        format: FORMAT,
        commands: vec![letter],
    })
    .unwrap();
    let arrived: Commands<Command<C>> = decode(&message).unwrap();
    let arrived: Vec<Pending<C>> = arrived.commands.into_iter().map(Into::into).collect();
    assert_eq!(format!("{arrived:?}"), format!("{:?}", [sent]));
}

#[test]
fn every_command_of_a_user_arrives_as_it_was_sent() {
    let task = TaskId(Uuid::from_u128(3));
    let uuid = "00000000-0000-0000-0000-000000000003";
    let handover = json!({"number": 7, "to": format!("user/{uuid}"), "change": {"change": "withdraw", "task": uuid}});
    let draft = json!({"title": "Ä \u{1F600} \" \\ \u{0}", "tags": ["a"], "priority": "high",
        "due": {"at": "2026-12-01T09:00:00", "time_zone": "Europe/Paris"}, "reminders": [{"before": "PT15M"}],
        "recurrence": {"rrule": "FREQ=WEEKLY;BYDAY=MO", "anchor": "schedule", "late_policy": "roll_to_future"}});
    // Absent, null and a value are three different things in a patch.
    let patch = json!({"title": "t", "description": null, "due": {"date": "2026-12-01"}, "recurrence": null});
    let commands = [
        UserCommand::SignIn {
            account: "account".into(),
            expires: Timestamp::MAX,
            session: SessionId(Uuid::from_u128(2)),
            time_zone: "Europe/Paris".into(),
        },
        UserCommand::EndSession {
            session: SessionId(Uuid::from_u128(2)),
        },
        UserCommand::DeleteUser,
        UserCommand::CreateTask {
            draft: serde_json::from_value(draft).unwrap(),
            imported: Some(Default::default()),
        },
        UserCommand::PatchTask {
            if_match: Some(u64::MAX),
            patch: serde_json::from_value(patch).unwrap(),
            task,
        },
        UserCommand::PatchTask {
            if_match: None,
            patch: Box::default(),
            task,
        },
        UserCommand::DeleteTask {
            if_match: None,
            series: true,
            task,
        },
        UserCommand::Acknowledge { number: u64::MAX },
        UserCommand::Wake,
    ];
    commands.into_iter().for_each(arrives_as_sent);
    if let Ok(handover) = serde_json::from_value::<Handover>(handover) {
        arrives_as_sent(SeriesCommand::Receive { handover });
    }
    arrives_as_sent(SeriesCommand::Wake);
}

#[test]
fn answers_refusals_and_failures_come_back_as_what_they_are() {
    let refusal = Refusal::invalid("title", "too long");
    let outcomes = Outcomes {
        format: FORMAT,
        unread: None,
        outcomes: vec![
            Outcome::<Reply<UserReply>>::of(Ok::<Answered<UserReply>, _>(Answered {
                reply: UserReply::Done,
                replayed: true,
                seq: Seq(u64::MAX),
            })),
            Outcome::of(Err::<Answered<UserReply>, _>(TurnError::Refused(refusal.clone()))),
            Outcome::of(Err::<Answered<UserReply>, _>(TurnError::Unknown(Failure::new(
                "the store is away",
            )))),
            Outcome::of_port(Err(Failure::damaged("a page"))),
        ],
    };
    let back: Outcomes<Box<RawValue>> = decode(&encode(&outcomes).unwrap()).unwrap();
    let answered: Answered<UserReply> = back.outcomes[0].read::<Reply<_>>().unwrap().into();
    assert_eq!(
        (answered.reply, answered.replayed, answered.seq),
        (UserReply::Done, true, Seq(u64::MAX))
    );
    match back.outcomes[1].read::<Reply<UserReply>>() {
        Err(TurnError::Refused(back)) => assert_eq!(back, refusal),
        other => panic!("{other:?}"),
    }
    match back.outcomes[2].read::<Reply<UserReply>>() {
        Err(TurnError::Unknown(failure)) => assert_eq!(failure.to_string(), "the store is away"),
        other => panic!("{other:?}"),
    }
    match back.outcomes[3].read::<Reply<UserReply>>() {
        Err(TurnError::Unknown(failure)) => assert_eq!(failure.to_string(), Failure::damaged("a page").to_string()),
        other => panic!("{other:?}"),
    }
    assert_eq!(refusal.code, Code::Invalid);
}

#[test]
fn a_question_and_its_answer_travel() {
    let question = Question {
        format: FORMAT,
        by: Principal::System,
        question: UserQuestion::Tasks { query: Box::default() },
    };
    let back: Question<UserQuestion> = decode(&encode(&question).unwrap()).unwrap();
    assert_eq!(format!("{:?}", back.question), format!("{:?}", question.question));
    let page = json!({"answer": "tasks", "items": [], "next_cursor": null, "total": 0});
    let answer: UserAnswer = serde_json::from_value(page).unwrap();
    let sent = Outcome::<UserAnswer>::of(Ok::<_, TurnError>(answer.clone()));
    let message = encode(&Outcomes {
        format: FORMAT,
        unread: None,
        outcomes: vec![sent],
    });
    let back: Outcomes<Box<RawValue>> = decode(&message.unwrap()).unwrap();
    assert_eq!(
        format!("{:?}", back.outcomes[0].read::<UserAnswer>().unwrap()),
        format!("{answer:?}")
    );
}

#[test]
fn a_message_of_a_newer_format_is_refused() {
    let newer = encode(&json!({"format": FORMAT + 1, "through": 1})).unwrap();
    let failure = decode::<Upkeep>(&newer).unwrap_err().to_string();
    assert!(failure.contains("format 2"), "{failure}");
}

#[test]
fn an_actor_is_found_by_type_and_id_and_no_type_begins_with_the_other() {
    for actor in [
        ActorId::User(UserId(Uuid::from_u128(1))),
        ActorId::Series(Uuid::from_u128(1).into()),
    ] {
        assert_eq!(actor_of(type_of(actor), &actor.uuid().to_string()), Some(actor));
    }
    assert_eq!(actor_of(USER_ACTOR, "1"), None);
    assert_eq!(actor_of("Other", &Uuid::from_u128(1).to_string()), None);
    assert!(!USER_ACTOR.starts_with(SERIES_ACTOR) && !SERIES_ACTOR.starts_with(USER_ACTOR));
}

//! Who may act: live sessions of a user who is there.

use super::*;

fn sign_in(session: u128, expires: Timestamp) -> UserCommand {
    UserCommand::SignIn {
        account: "account".into(),
        expires,
        session: SessionId(Uuid::from_u128(session)),
        time_zone: "Europe/Paris".into(),
    }
}

fn may_act(life: &Life, session: u128) -> bool {
    let principal = Principal::User(USER, SessionId(Uuid::from_u128(session)));
    life.actor.authorise(principal, life.now).is_ok()
}

#[test]
fn a_session_ends_when_its_token_expires() {
    let mut life = Life::new();
    let expires = life.now.plus_millis(1_000);
    life.run(sign_in(7, expires)).unwrap();
    life.now = life.now.plus_millis(999);
    assert!(may_act(&life, 7));
    life.now = expires;
    assert!(!may_act(&life, 7));
}

#[test]
fn signing_out_ends_one_session_and_a_new_password_all_others() {
    let mut life = Life::new();
    for session in [7, 8, 9] {
        life.run(sign_in(session, Timestamp::MAX)).unwrap();
    }
    let session = SessionId(Uuid::from_u128(7));
    life.run(UserCommand::EndSession { session }).unwrap();
    assert!(!may_act(&life, 7) && may_act(&life, 8));
    let keep = SessionId(Uuid::from_u128(8));
    let (events, _) = life.run(UserCommand::EndOtherSessions { keep }).unwrap();
    assert_eq!(events.len(), 2, "the first and the ninth");
    assert!(may_act(&life, 8) && !may_act(&life, 9) && !may_act(&life, 2));
}

#[test]
fn a_session_of_one_user_is_none_of_another() {
    let life = Life::new();
    let other = Principal::User(UserId(Uuid::from_u128(3)), SESSION);
    assert_eq!(code(life.actor.authorise(other, life.now)), Code::SessionEnded);
}

#[test]
fn the_session_that_expires_first_makes_room() {
    let mut life = Life::new();
    life.checks = false;
    for session in 0..100 {
        let expires = life.now.plus_millis(1_000_000 - i64::try_from(session).unwrap());
        life.run(sign_in(100 + session, expires)).unwrap();
    }
    assert_eq!(life.actor.profile().sessions.len(), 100);
    assert!(may_act(&life, 2) && !may_act(&life, 198) && may_act(&life, 199));
}

#[test]
fn nobody_acts_for_a_user_who_never_signed_up() {
    let actor = UserActor::new(ActorId::User(USER));
    let mut life = Life { actor, ..Life::new() };
    assert_eq!(code(life.create(json!({"title": "a"}))), Code::SessionEnded);
    assert_eq!(code(life.run(UserCommand::DeleteUser)), Code::SessionEnded);
}

#[test]
fn nothing_is_left_of_a_deleted_user_and_nobody_comes_back() {
    let mut life = Life::new();
    life.create(json!({"title": "a", "external_uid": "u", "reminders": [{"at": "2026-11-23T09:00:00Z"}]}))
        .unwrap();
    life.until("2026-11-23T09:00:00Z");
    let (events, _) = life.run(UserCommand::DeleteUser).unwrap();
    assert!(
        matches!(events.last(), Some(UserEvent::UserDeleted(end)) if &*end.account == "account"),
        "who reacts has to know which record to bury: {events:?}"
    );
    assert!(life.actor.profile().deleted && life.actor.tasks().is_empty());
    assert!(!may_act(&life, 2));
    assert_eq!(life.actor.next_wakeup(), None);
    assert_eq!(code(life.run(sign_in(7, Timestamp::MAX))), Code::SessionEnded);
    let text = pages(&life.actor, &BundledZones)
        .iter()
        .map(|page| String::from_utf8_lossy(&page.bytes).into_owned())
        .collect::<String>();
    assert!(!text.contains("account\":\"a") && !text.contains("title"), "{text}");
}

#[test]
fn a_zone_that_is_not_known_is_refused_and_the_same_one_is_no_event() {
    let mut life = Life::new();
    let change = |zone: &str| UserCommand::ChangeUser { time_zone: zone.into() };
    assert_eq!(code(life.run(change("Mars/Base"))), Code::UnknownTimeZone);
    assert_eq!(life.run(change("Europe/Paris")).unwrap().0.len(), 0);
    assert_eq!(life.run(change("Asia/Tokyo")).unwrap().0.len(), 1);
}

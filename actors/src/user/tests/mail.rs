//! What the user wants by mail.

use punctual_events::{EventData as _, EventType, MailSettings, UserEvent};
use serde_json::json;

use super::*;
use crate::user::MailPatch;

fn change(patch: serde_json::Value) -> UserCommand {
    let change: MailPatch = serde_json::from_value(patch).unwrap();
    UserCommand::ChangeMail { change }
}

fn types(events: &[UserEvent]) -> Vec<EventType> {
    events.iter().map(UserEvent::event_type).collect()
}

#[test]
fn at_first_nothing_is_mailed_and_a_change_leaves_the_rest() {
    let mut life = Life::new();
    assert_eq!(life.actor.profile().mail, MailSettings::default());
    life.run(change(json!({"reminders": true}))).unwrap();
    life.run(change(json!({"digest": {"at": "07:30"}}))).unwrap();
    let mail = life.actor.profile().mail;
    assert!(mail.reminders);
    assert_eq!(mail.digest.unwrap().at.to_string(), "07:30");
    life.run(change(json!({"digest": null}))).unwrap();
    assert_eq!(
        (life.actor.profile().mail.reminders, life.actor.profile().mail.digest),
        (true, None)
    );
    let (same, _) = life.run(change(json!({"reminders": true, "digest": null}))).unwrap();
    assert_eq!(types(&same), [], "no change is no event");
}

#[test]
fn who_moves_to_another_zone_has_their_digest_said_anew_in_that_zone() {
    let mut life = Life::new();
    let move_to = |zone: &str| UserCommand::ChangeUser { time_zone: zone.into() };
    let (moved, _) = life.run(move_to("Asia/Tokyo")).unwrap();
    assert_eq!(
        types(&moved),
        [EventType::UserChanged],
        "without a digest there is nothing to say"
    );
    life.run(change(json!({"digest": {"at": "07:30"}}))).unwrap();
    let (moved, _) = life.run(move_to("America/New_York")).unwrap();
    assert_eq!(types(&moved), [EventType::UserChanged, EventType::MailChanged]);
    let UserEvent::MailChanged(said) = &moved[1] else {
        panic!("{moved:?}")
    };
    assert_eq!(
        (&*said.time_zone, said.settings()),
        ("America/New_York", life.actor.profile().mail)
    );
}

#[test]
fn what_is_wanted_is_kept_with_the_state_and_goes_with_the_account() {
    let mut life = Life::new();
    life.run(change(json!({"reminders": true, "digest": {"at": "23:59"}})))
        .unwrap();
    let text = pages(&life.actor, &BundledZones)
        .iter()
        .map(|page| String::from_utf8_lossy(&page.bytes).into_owned())
        .collect::<String>();
    assert!(text.contains("23:59"), "{text}");
    life.run(UserCommand::DeleteUser).unwrap();
    assert_eq!(life.actor.profile().mail, MailSettings::default());
}

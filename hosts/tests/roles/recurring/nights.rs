//! Instances that take over in quiet hours.

use serde_json::json;

use super::{
    late::{daily, is_quiet_at_night, live_until},
    world::World,
};

#[tokio::test]
async fn what_comes_with_an_instance_that_takes_over_at_night_is_held_until_the_morning() {
    for policy in ["skip", "keep_one_open"] {
        let mut world = World::new("2026-11-23T12:00:00Z", "Europe/Paris").await;
        is_quiet_at_night(&world).await;
        let draft = json!({
            "title": "a",
            "due": {"at": "2026-11-23T23:00:00"},
            "recurrence": daily(policy),
            "reminders": [{"before": "PT2H"}],
        });
        world.create(draft).await;
        // 21:00 of the 23rd comes then. That of the 24th is of an instance that is there at 23:00.
        live_until(&mut world, "2026-11-25T05:59:59Z").await;
        assert_eq!(world.notifications().await.len(), 1, "{policy}");
        live_until(&mut world, "2026-11-25T06:00:01Z").await;
        let notifications = world.notifications().await;
        let second = notifications
            .iter()
            .find(|fired| fired.due_at == "2026-11-24T20:00:00Z".parse().unwrap());
        let second = second.unwrap();
        assert_eq!(
            (second.late, second.held_until),
            (false, Some("2026-11-25T06:00:00Z".parse().unwrap())),
            "{policy}"
        );
    }
}

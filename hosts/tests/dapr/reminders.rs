//! Wake-ups through the Scheduler.

use punctual::dapr::wire::USER_ACTOR;
use serde_json::json;

use crate::{
    asking::{eventually, inbox},
    host::{Host, SharedStore},
    machinery::{Machinery, Seat},
    users::{create, sign_up, somebody},
};

#[tokio::test]
async fn reminders_fire_at_their_instants_and_never_early_each_arming_the_next_from_its_own_callback() {
    let (machinery, seat, store) = (Machinery::start(), Seat::choose(), SharedStore::default());
    let _sidecar = machinery.sidecar("api", seat);
    let host = Host::start(seat, &[USER_ACTOR], &store, |_| None);
    let user = somebody(&host);
    sign_up(&host, user).await;
    let now = host.environment.clock.now();
    let instants = [1_500, 2_250, 3_125].map(|ms| now.plus_millis(ms));
    let reminders: Vec<_> = instants.iter().map(|at| json!({"at": at})).collect();
    create(&host, user, json!({"title": "thrice", "reminders": reminders}))
        .await
        .unwrap();
    let mut fired = eventually("three notifications", async || {
        let inbox = inbox(&host.remote, user).await;
        (inbox.len() == 3).then_some(inbox)
    })
    .await;
    fired.sort_by_key(|notification| notification.due_at);
    for (notification, due) in fired.iter().zip(instants) {
        let late_ms = notification.fired_at.as_millis() - due.as_millis();
        println!("{late_ms} ms late");
        assert_eq!(notification.due_at, due);
        assert!((0..1_000).contains(&late_ms), "{late_ms} ms late");
        assert!(!notification.late);
    }
}

#[tokio::test]
async fn a_reminder_due_while_no_host_is_there_fires_once_one_is_back_marked_late() {
    let (machinery, seat, store) = (Machinery::start(), Seat::choose(), SharedStore::default());
    let _sidecar = machinery.sidecar("api", seat);
    let mut host = Host::start(seat, &[USER_ACTOR], &store, |_| None);
    let user = somebody(&host);
    sign_up(&host, user).await;
    let due = host.environment.clock.now().plus_millis(3_000);
    create(&host, user, json!({"title": "missed", "reminders": [{"at": due}]}))
        .await
        .unwrap();
    host.kill();
    tokio::time::sleep(std::time::Duration::from_secs(10)).await;
    let host = Host::start(seat, &[USER_ACTOR], &store, |_| None);
    sign_up(&host, somebody(&host)).await;
    let fired = eventually("the notification", async || {
        let inbox = inbox(&host.remote, user).await;
        (!inbox.is_empty()).then_some(inbox)
    })
    .await;
    assert_eq!((fired.len(), fired[0].due_at, fired[0].late), (1, due, true));
}

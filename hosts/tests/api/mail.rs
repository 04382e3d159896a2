//! What a user wants by mail.

use punctual::roles::api::ApiConfig;
use serde_json::json;

use crate::support::{
    Server,
    server::{PASSWORD, unlimited},
};

async fn server_with_mail() -> Server {
    Server::start_with(ApiConfig {
        sends_mail: true,
        ..unlimited()
    })
    .await
}

#[tokio::test]
async fn mail_is_off_at_first_and_a_change_leaves_the_rest() {
    let server = server_with_mail().await;
    let ann = server.register("ann").await;
    let off = json!({"available": true, "digest": null, "reminders": false});
    assert_eq!(ann.get("/v1/me/mail").await.body, off);
    let changed = ann.patch("/v1/me/mail", &json!({"digest": {"at": "07:30"}})).await;
    let digest = json!({"available": true, "digest": {"at": "07:30"}, "reminders": false});
    assert_eq!((changed.status, &changed.body), (200, &digest));
    let changed = ann
        .patch("/v1/me/mail", &json!({"reminders": true, "available": true}))
        .await;
    assert_eq!(changed.body["digest"], digest["digest"]);
    assert_eq!(ann.get("/v1/me/mail").await.body, changed.body);
    ann.patch("/v1/me/mail", &json!({"reminders": false, "digest": null}))
        .await;
    assert_eq!(ann.get("/v1/me/mail").await.body, off);
}

#[tokio::test]
async fn a_server_that_sends_no_mail_says_so_and_still_lets_it_be_turned_off() {
    let server = Server::start().await;
    let ann = server.register("ann").await;
    assert_eq!(ann.get("/v1/me/mail").await.body["available"], false);
    for wish in [json!({"reminders": true}), json!({"digest": {"at": "07:30"}})] {
        let refused = ann.patch("/v1/me/mail", &wish).await;
        assert_eq!(refused.problem(), (409, "mail_unavailable"), "{wish}");
    }
    let off = ann
        .patch("/v1/me/mail", &json!({"reminders": false, "digest": null}))
        .await;
    assert_eq!(off.status, 200);
}

#[tokio::test]
async fn what_makes_no_sense_is_refused() {
    let server = server_with_mail().await;
    let ann = server.register("ann").await;
    for (wish, code) in [
        (json!({"digest": {"at": "7:30"}}), "invalid"),
        (json!({"digest": {"at": "24:00"}}), "invalid"),
        (json!({"digest": {}}), "invalid"),
        (json!({"digest": {"at": "07:30", "zone": "UTC"}}), "invalid"),
        (json!({"digest": "07:30"}), "invalid"),
        (json!({"reminders": null}), "invalid"),
        (json!({"reminders": "yes"}), "invalid"),
        (json!({"weekly": true}), "invalid"),
        (json!({"available": false}), "read_only"),
        (json!({"available": null}), "read_only"),
    ] {
        let refused = ann.patch("/v1/me/mail", &wish).await;
        assert_eq!(refused.problem(), (422, code), "{wish}");
    }
}

#[tokio::test]
async fn an_address_that_mail_servers_do_not_take_as_it_is_gets_no_mail() {
    let server = server_with_mail().await;
    for email in ["ann;bob@example.org", "\"ann\"@example.org", "änn@example.org"] {
        let form = json!({"email": email, "password": PASSWORD, "time_zone": "Europe/Paris"});
        let account = server.anonymous().post("/v1/users", &form).await;
        let ann = server.anonymous().with_token(account.body["token"].as_str().unwrap());
        let refused = ann.patch("/v1/me/mail", &json!({"reminders": true})).await;
        assert_eq!(
            (refused.problem(), &refused.body["field"]),
            ((422, "invalid"), &json!("email"))
        );
    }
}

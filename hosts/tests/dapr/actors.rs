//! Commands and questions to actors in other processes.

use std::time::{Duration, Instant};

use punctual::{
    dapr::{actors::RemoteActors, wire::USER_ACTOR},
    ports::{Actors as _, system_command},
};
use punctual_actors::user::UserCommand;
use reqwest::StatusCode;
use serde_json::json;

use crate::{
    asking::eventually,
    host::{Host, SharedStore, sidecar},
    machinery::{APP_TOKEN, Machinery, Seat},
    users::{create, sign_up, somebody, titles},
};

/// A process that hosts users, and one that hosts nothing and asks.
struct Pair {
    seats: [Seat; 2],
    store: SharedStore,
    host: Host,
    caller: Host,
    _sidecars: [crate::machinery::Process; 2],
    _machinery: Machinery,
}

impl Pair {
    fn start() -> Self {
        let machinery = Machinery::start();
        let (seats, store) = ([Seat::choose(), Seat::choose()], SharedStore::default());
        let sidecars = [
            machinery.sidecar("api", seats[0]),
            machinery.sidecar("caller", seats[1]),
        ];
        Self {
            host: Host::start(seats[0], &[USER_ACTOR], &store, |_| None),
            caller: Host::start(seats[1], &[], &store, |_| None),
            seats,
            store,
            _sidecars: sidecars,
            _machinery: machinery,
        }
    }
}

#[tokio::test]
async fn a_command_reaches_the_actor_in_another_process_through_placement() {
    let pair = Pair::start();
    let user = somebody(&pair.caller);
    sign_up(&pair.caller, user).await;
    create(&pair.caller, user, json!({"title": "from elsewhere"}))
        .await
        .unwrap();
    assert_eq!(titles(&pair.caller, user).await.unwrap(), ["from elsewhere"]);
    assert_eq!((pair.host.actors.live(), pair.caller.actors.live()), (1, 0));
}

#[tokio::test]
async fn commands_that_wait_for_one_actor_share_calls_and_each_gets_its_own_answer() {
    let pair = Pair::start();
    let user = somebody(&pair.caller);
    sign_up(&pair.caller, user).await;
    pair.store.slow_down(100);
    let started = Instant::now();
    let creations = (0..100).map(|number| {
        let caller = &pair.caller;
        async move {
            (
                number,
                create(caller, user, json!({"title": number.to_string()}))
                    .await
                    .unwrap(),
            )
        }
    });
    for (number, task) in futures_util::future::join_all(creations).await {
        assert_eq!(&*task.title, number.to_string());
    }
    // A hundred appends of their own would take ten seconds.
    assert!(started.elapsed() < Duration::from_secs(3), "{:?}", started.elapsed());
    assert_eq!(titles(&pair.caller, user).await.unwrap().len(), 50);
}

#[tokio::test]
async fn a_refusal_comes_back_as_one() {
    let pair = Pair::start();
    let user = somebody(&pair.caller);
    sign_up(&pair.caller, user).await;
    let error = create(&pair.caller, user, json!({"title": ""})).await.unwrap_err();
    let refusal = punctual::ports::refusal(&error).unwrap();
    assert_eq!(refusal.field.as_deref(), Some("title"));
}

#[tokio::test]
async fn a_call_under_way_when_the_actor_is_deactivated_ends_as_it_would() {
    let pair = Pair::start();
    let user = somebody(&pair.caller);
    sign_up(&pair.caller, user).await;
    pair.store.slow_down(1_000);
    let creation = create(&pair.caller, user, json!({"title": "kept"}));
    let deactivation = async {
        tokio::time::sleep(Duration::from_millis(300)).await;
        let url = format!("http://127.0.0.1:{}/actors/{USER_ACTOR}/{user}", pair.seats[0].app);
        let request = http().delete(url).header("dapr-api-token", APP_TOKEN);
        assert_eq!(request.send().await.unwrap().status(), StatusCode::OK);
    };
    let (created, ()) = tokio::join!(creation, deactivation);
    assert_eq!(&*created.unwrap().title, "kept");
    pair.store.slow_down(0);
    assert_eq!(titles(&pair.caller, user).await.unwrap(), ["kept"]);
}

#[tokio::test]
async fn a_wrong_token_opens_neither_the_sidecar_nor_the_application() {
    let pair = Pair::start();
    let user = somebody(&pair.caller);
    sign_up(&pair.caller, user).await;
    let clock = std::sync::Arc::clone(&pair.caller.environment.clock);
    let stranger = RemoteActors::new(sidecar(pair.seats[1], "a guess"), clock);
    let command = system_command(&pair.caller.environment, UserCommand::DeleteUser, None);
    let error = stranger.command_user(user, command).await.unwrap_err().to_string();
    assert!(error.contains("Unauthenticated"), "{error}");

    let url = format!(
        "http://127.0.0.1:{}/actors/{USER_ACTOR}/{user}/method/ask",
        pair.seats[0].app
    );
    let body = json!({"format": 1, "by": "system", "question": {"question": "profile"}});
    for token in [None, Some("a guess")] {
        let mut request = http().put(&url).json(&body);
        if let Some(token) = token {
            request = request.header("dapr-api-token", token);
        }
        assert_eq!(request.send().await.unwrap().status(), StatusCode::UNAUTHORIZED);
    }
    let known = http().put(&url).json(&body).header("dapr-api-token", APP_TOKEN);
    assert_eq!(known.send().await.unwrap().status(), StatusCode::OK);
}

#[tokio::test]
async fn an_actor_whose_host_is_killed_answers_in_another_within_ten_seconds_with_all_it_acknowledged() {
    let machinery = Machinery::start();
    let store = SharedStore::default();
    let seats = [Seat::choose(), Seat::choose(), Seat::choose()];
    let _sidecars = [
        machinery.sidecar("api", seats[0]),
        machinery.sidecar("api", seats[1]),
        machinery.sidecar("caller", seats[2]),
    ];
    let mut hosts = [0, 1].map(|number: usize| Host::start(seats[number], &[USER_ACTOR], &store, |_| None));
    let caller = Host::start(seats[2], &[], &store, |_| None);
    let users: Vec<_> = (0..8).map(|_| somebody(&caller)).collect();
    eventually("both hosts have actors", async || {
        for user in &users {
            sign_up(&caller, *user).await;
        }
        hosts.iter().all(|host| host.actors.live() > 0).then_some(())
    })
    .await;
    for user in &users {
        create(&caller, *user, json!({"title": "acknowledged"})).await.unwrap();
    }
    hosts[0].kill();
    let killed = Instant::now();
    for user in &users {
        let answer = eventually("the actor answers", async || {
            create(&caller, *user, json!({"title": "after"})).await.ok()
        });
        answer.await;
    }
    let took = killed.elapsed();
    println!("all actors of the killed host answered after {took:?}");
    assert!(took < Duration::from_secs(10), "{took:?}");
    for user in &users {
        let mut titles = titles(&caller, *user).await.unwrap();
        titles.sort();
        assert_eq!(titles, ["acknowledged", "after"]);
    }
}

pub(crate) fn http() -> reqwest::Client {
    punctual::tls::install_crypto_provider();
    reqwest::Client::builder().no_proxy().build().unwrap()
}

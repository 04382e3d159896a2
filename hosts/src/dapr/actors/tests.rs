use std::time::Duration;

use punctual_actors::reference::VirtualClock;
use punctual_events::{CommandId, Timestamp};
use tokio::{net::TcpListener, task::JoinHandle};
use uuid::Uuid;

use super::*;
use crate::dapr::sidecar::SidecarAddress;

/// Actors behind a sidecar that takes connections and then says nothing.
async fn frozen() -> (RemoteActors, Arc<VirtualClock>, TcpListener) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = SidecarAddress {
        grpc_port: listener.local_addr().unwrap().port(),
        api_token: None,
    };
    let clock = VirtualClock::new(Timestamp::from_millis(1_800_000_000_000));
    let actors = RemoteActors::new(Sidecar::new(&address).unwrap(), Arc::clone(&clock) as _);
    (actors, clock, listener)
}

/// What is there before a call of the sidecar is over, which takes 10 s of real time.
async fn soon<T>(outcome: impl Future<Output = T>) -> T {
    tokio::time::timeout(Duration::from_secs(5), outcome).await.unwrap()
}

fn user() -> UserId {
    UserId(Uuid::from_u128(1))
}

/// Has somebody ask for a command, and waits until they wait.
async fn submit(actors: &RemoteActors, clock: &VirtualClock) -> JoinHandle<Outcome<UserActor>> {
    let actors = actors.clone();
    let pending = Pending {
        id: CommandId(Uuid::now_v7()),
        by: Principal::System,
        command: UserCommand::Wake,
        key: None,
        seed: 1,
        traceparent: None,
    };
    let asked = tokio::spawn(async move { actors.command_user(user(), pending).await });
    clock.until_somebody_sleeps().await;
    for _ in 0..100 {
        tokio::task::yield_now().await;
    }
    asked
}

#[tokio::test]
async fn each_command_is_given_up_when_its_own_time_is_over_however_long_the_calls_before_it_took() {
    let (actors, clock, _listener) = frozen().await;
    let first = submit(&actors, &clock).await;
    clock.advance_ms(5_000);
    let second = submit(&actors, &clock).await;
    clock.advance_ms(14_000);
    tokio::task::yield_now().await;
    assert!(!first.is_finished() && !second.is_finished());
    clock.advance_ms(1_000);
    assert!(matches!(soon(first).await.unwrap(), Err(TurnError::Unknown(_))));
    assert!(!second.is_finished());
    clock.advance_ms(5_000);
    assert!(matches!(soon(second).await.unwrap(), Err(TurnError::Unknown(_))));
}

#[tokio::test]
async fn a_question_is_given_up_when_its_time_is_over_though_a_call_is_under_way() {
    let (actors, clock, _listener) = frozen().await;
    let question = UserQuestion::Profile;
    let asked = actors.ask_user(user(), Principal::System, &question);
    let passes = async {
        clock.until_somebody_sleeps().await;
        clock.advance_ms(20_000);
    };
    let (outcome, ()) = soon(async { tokio::join!(asked, passes) }).await;
    assert!(matches!(outcome, Err(TurnError::Unknown(_))));
}

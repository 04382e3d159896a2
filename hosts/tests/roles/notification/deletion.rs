//! What is left of a user who was deleted.

use std::{
    path::Path,
    sync::{Arc, atomic::Ordering},
    time::{Duration, Instant},
};

use punctual::{
    accounts::{AccountKey, AccountKeys, AccountRecord, Accounts, Email, SigningKey},
    actor_host::{HostConfig, Unobserved},
    embedded::runtime::Embedded,
    ports::system_command,
    roles::notification::{Counters, Notification},
    webhooks::{DirectSender, NotAdded},
};
use punctual_actors::user::UserCommand;
use punctual_events::{SessionId, Timestamp, UserId};
use uuid::Uuid;

use super::{
    deliveries::{USER, World, open_to_loopback},
    receiver::Receiver,
};

/// What the record of the user's account is called.
pub(super) fn account_key() -> AccountKey {
    AccountKeys::new(&SigningKey::from_bytes([1; 32])).key(&Email::parse("ann@example.org").unwrap())
}

fn account() -> AccountRecord {
    AccountRecord {
        format: 1,
        user: USER,
        email: "ann@example.org".into(),
        password_hash: "$argon2id$".into(),
        time_zone: "UTC".into(),
        created: Timestamp::from_millis(0),
        deleted: false,
    }
}

#[tokio::test]
async fn of_a_deleted_user_no_webhook_and_no_delivery_is_left_and_none_can_come_back() {
    let (world, mut receiver) = (World::new(open_to_loopback()), Receiver::start().await);
    let webhook = world.add(1, &receiver.url("/hook")).await;
    receiver.answer_with(500);
    world.fire(77).await.unwrap();
    world.run_due().await;
    world.fire(78).await.unwrap();
    assert!(world.memory.text().contains("confidential") && world.memory.text().contains("whsec"));
    // Heard again after a crash, and once more.
    world.memory.is_away.store(true, Ordering::Relaxed);
    assert!(world.delete_user().await.is_err());
    world.memory.is_away.store(false, Ordering::Relaxed);
    for _ in 0..2 {
        world.delete_user().await.unwrap();
        assert_eq!(world.memory.jobs(), 0);
        assert!(!world.memory.text().contains("hook\""), "{}", world.memory.text());
    }
    // A request and an event that were under way.
    let added = world.registry.add(USER, &webhook).await.unwrap();
    assert_eq!(added, Err(NotAdded::Closed));
    world.fire(79).await.unwrap();
    assert_eq!((world.memory.jobs(), receiver.count()), (0, 1));
}

#[tokio::test]
async fn the_account_of_a_deleted_user_is_buried_also_when_nobody_did_it_with_the_deletion() {
    let world = World::new(open_to_loopback());
    let (accounts, name) = (Accounts::new(Arc::clone(&world.memory) as _), account_key());
    accounts.put(name, None, &account()).await.unwrap().unwrap();
    world.memory.is_away.store(true, Ordering::Relaxed);
    assert!(world.delete_user().await.is_err(), "so it is heard again");
    world.memory.is_away.store(false, Ordering::Relaxed);
    world.delete_user().await.unwrap();
    let found = accounts.find(name).await.unwrap().unwrap();
    assert!(found.record.deleted && found.record.email.is_empty());
    assert!(!world.memory.text().contains("ann@example.org"));
}

#[tokio::test]
async fn somebody_who_has_the_address_since_keeps_their_account() {
    let world = World::new(open_to_loopback());
    let (accounts, name) = (Accounts::new(Arc::clone(&world.memory) as _), account_key());
    let other = AccountRecord {
        user: UserId(Uuid::from_u128(2)),
        ..account()
    };
    accounts.put(name, None, &other).await.unwrap().unwrap();
    world.delete_user().await.unwrap();
    assert_eq!(accounts.find(name).await.unwrap().unwrap().record, other);
}

/// A process on the folder; gone when it returns, like one that was killed: nothing is finished, and what was committed is there.
fn process<F: Future<Output = ()>>(folder: &Path, life: impl FnOnce(Embedded) -> F) {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    runtime.block_on(async {
        life(Embedded::open(folder, HostConfig::default(), Arc::new(Unobserved)).unwrap()).await;
    });
}

#[test]
fn a_process_that_ends_between_a_deletion_and_the_burial_leaves_the_account_to_the_next() {
    let folder = tempfile::tempdir().unwrap();
    process(folder.path(), async |embedded| {
        let services = embedded.services();
        let accounts = Accounts::new(Arc::clone(&services.records));
        accounts.put(account_key(), None, &account()).await.unwrap().unwrap();
        let sign_in = UserCommand::SignIn {
            account: account_key().to_string().into(),
            expires: Timestamp::MAX,
            session: SessionId(Uuid::from_u128(3)),
            time_zone: "UTC".into(),
        };
        for command in [sign_in, UserCommand::DeleteUser] {
            let command = system_command(&services.environment, command, None);
            services.actors.command_user(USER, command).await.unwrap();
        }
        // It has not run, so nobody has heard of the end yet.
        assert!(!accounts.find(account_key()).await.unwrap().unwrap().record.deleted);
    });
    process(folder.path(), async |embedded| {
        let services = embedded.services().clone();
        let sender = DirectSender::new(open_to_loopback());
        let role = Arc::new(Notification::new(
            &services,
            Arc::new(sender),
            None,
            Counters::default(),
        ));
        let running = embedded.run(vec![Arc::clone(&role) as _], role).unwrap();
        let accounts = Accounts::new(Arc::clone(&services.records));
        let began = Instant::now();
        while !accounts.find(account_key()).await.unwrap().unwrap().record.deleted {
            assert!(began.elapsed() < Duration::from_secs(20), "the account stays");
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        running.stop().await;
    });
}

//! What is left of a user who was deleted.

use std::sync::{Arc, atomic::Ordering};

use punctual::{
    accounts::{AccountKey, AccountKeys, AccountRecord, Accounts, Email, SigningKey},
    webhooks::NotAdded,
};
use punctual_events::{Timestamp, UserId};
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

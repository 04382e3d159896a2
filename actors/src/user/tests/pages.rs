//! Saved pages: read back by the next release of the zone data, and large users in small pages.

use chrono::{NaiveDate, NaiveDateTime};

use super::*;

/// Zone data after Paris decided to be an hour ahead of where it was.
struct NextRelease;

const HOUR_MS: i64 = 3_600_000;

impl ZoneData for NextRelease {
    fn version(&self) -> &'static str {
        "next"
    }

    fn contains(&self, zone: &str) -> bool {
        BundledZones.contains(zone)
    }

    fn resolve(&self, zone: &str, wall: NaiveDateTime) -> Option<Timestamp> {
        Some(BundledZones.resolve(zone, wall)?.plus_millis(-HOUR_MS))
    }

    fn wall_time(&self, zone: &str, instant: Timestamp) -> Option<NaiveDateTime> {
        BundledZones.wall_time(zone, instant.plus_millis(HOUR_MS))
    }

    fn day_start(&self, zone: &str, date: NaiveDate) -> Option<Timestamp> {
        Some(BundledZones.day_start(zone, date)?.plus_millis(-HOUR_MS))
    }
}

#[test]
fn new_zone_data_moves_what_is_derived_and_leaves_what_was_said() {
    let mut life = Life::new();
    let reminders = json!([{"before": "PT0S"}]);
    let timed = life
        .create(json!({"title": "a", "due": {"at": "2026-11-25T09:00:00"}, "reminders": reminders}))
        .unwrap();
    let fixed = life
        .create(json!({"title": "b", "reminders": [{"at": "2026-11-26T00:00:00Z"}]}))
        .unwrap();
    let saved = pages(&life.actor, &BundledZones);
    let (restored, as_saved) = UserActor::restore(ActorId::User(USER), &saved, &NextRelease).unwrap();
    assert!(!as_saved, "all pages have to be written anew");
    assert_eq!(restored.next_wakeup(), Some("2026-11-25T07:00:00Z".parse().unwrap()));
    let due = restored.tasks().get(&timed.id).unwrap().task.due.clone().unwrap();
    assert_eq!(due.instant(), "2026-11-25T07:00:00Z".parse().unwrap());
    assert_eq!(restored.tasks().get(&timed.id).unwrap().task.version, 1);
    assert_eq!(restored.tasks().get(&fixed.id).unwrap().task, fixed);
}

#[test]
fn no_page_passes_64_kib_however_long_the_texts_and_however_many_hand_overs_wait() {
    let mut life = Life::new();
    for _ in 0..5 {
        // Three bytes a character: the longest description there is.
        let description = "長".repeat(16_384);
        life.create(json!({
            "title": "題".repeat(500), "description": description,
            "due": {"date": "2026-12-01"}, "recurrence": {"rrule": "FREQ=DAILY"},
        }))
        .unwrap();
    }
    for page in pages(&life.actor, &BundledZones) {
        assert!(
            page.bytes.len() <= 64 * 1024,
            "{} has {} bytes",
            page.name,
            page.bytes.len()
        );
    }
}

#[test]
fn a_change_saves_the_pages_it_changed() {
    let mut life = Life::new();
    life.checks = false;
    let mut tasks = Vec::new();
    for _ in 0..300 {
        tasks.push(life.create(json!({"title": "a"})).unwrap());
    }
    let before = life.actor.clone();
    life.complete(tasks[0].id).unwrap();
    let writes = life.actor.save(Some(&before), BundledZones.version()).unwrap();
    let names: Vec<&str> = writes.iter().map(|write| &*write.name).collect();
    assert_eq!(names.len(), 2, "{names:?}");
    assert!(names.contains(&"root"));
}

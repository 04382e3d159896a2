//! How far the audit of a user has come, seen from outside: by the time of the last commit that is in the trail.

use std::{
    io,
    time::{Duration, Instant},
};

use chrono::{DateTime, Utc};
use serde_json::{Value, json};

use crate::api::{Api, string};

/// Between two looks.
const LOOK_EVERY: Duration = Duration::from_millis(50);
/// Entries read at once where all are read.
const PAGE: usize = 200;
/// Longer than the 5 s that are asked, to tell late from never.
const PATIENCE: Duration = Duration::from_secs(20);

/// The audit trail of a user.
pub(crate) struct Trail {
    api: Api,
    /// Entries there were at first.
    entries_before: u64,
    /// The place of the last commit that was seen, and when it was decided.
    last: (u64, DateTime<Utc>),
}

/// What became of the trail after a load.
pub(crate) struct Followed {
    /// From the last commit that was there when the load ended to the end.
    pub(crate) behind: Duration,
    /// From the end of the load until everything was there; `None` when that never was, or the trail does not verify.
    pub(crate) caught_up_after: Option<Duration>,
    /// Entries that have come since the beginning.
    pub(crate) grown_by: u64,
}

impl Trail {
    /// Waits until the entries of earlier commands are all there.
    pub(crate) async fn begin(mut api: Api) -> io::Result<Self> {
        let mut before = verified(&mut api).await?;
        loop {
            tokio::time::sleep(LOOK_EVERY * 4).await;
            let now = verified(&mut api).await?;
            if now["entries"] == before["entries"] {
                break;
            }
            before = now;
        }
        Ok(Self {
            api,
            entries_before: entries(&before)?,
            last: (0, DateTime::UNIX_EPOCH),
        })
    }

    /// Looks right after a load that ended at `end`, and until a last command, sent now, is there as well. Only then is counted, for that takes
    /// seconds where there is much: every one of the `acknowledged` commands made an event.
    pub(crate) async fn follow(&mut self, acknowledged: u64, end: Instant) -> io::Result<Followed> {
        let ended = Utc::now() - end.elapsed();
        self.api.reconnect().await?;
        self.look().await?;
        let behind = (ended - self.last.1).to_std().unwrap_or_default();
        let is_there = self.catch_up(end + PATIENCE).await?;
        let took = end.elapsed();
        let found = verified(&mut self.api).await?;
        let grown_by = entries(&found)?.saturating_sub(self.entries_before);
        let is_whole = is_there && found["valid"] == true && grown_by > acknowledged;
        Ok(Followed {
            behind,
            caught_up_after: is_whole.then_some(took),
            grown_by,
        })
    }

    /// Sends a last command and waits until it is in the trail; `false` when it is not by `deadline`.
    pub(crate) async fn catch_up(&mut self, deadline: Instant) -> io::Result<bool> {
        // A connection that was idle meanwhile may be closed.
        self.api.reconnect().await?;
        let last_task = json!({ "title": "The last one" });
        let last_task = self.api.send_body("POST", "/v1/tasks", &last_task, 201).await?;
        let last_command = instant(&last_task, "created")?;
        let mut is_there = self.has_come(last_command).await?;
        while !is_there && Instant::now() < deadline {
            tokio::time::sleep(LOOK_EVERY).await;
            is_there = self.has_come(last_command).await?;
        }
        Ok(is_there)
    }

    /// Finds the last commit that is there: in steps that grow until one goes too far and shrink from then on. What comes meanwhile may be missed.
    async fn look(&mut self) -> io::Result<()> {
        let (mut step, mut grows) = (1, true);
        while step > 0 {
            match self.commit_after(self.last.0 + step - 1).await? {
                Some(found) => self.last = found,
                None => grows = false,
            }
            step = if grows { step * 2 } else { step / 2 };
        }
        Ok(())
    }

    /// Whether a commit of this instant or a later one is there. Reads on from the last one seen: the commits of a user's series stand among the
    /// user's own in the order in which audit took them, so the last place need not have the last instant.
    async fn has_come(&mut self, instant: DateTime<Utc>) -> io::Result<bool> {
        loop {
            let page = self.entries_after(self.last.0, PAGE).await?;
            if page.is_empty() {
                return Ok(false);
            }
            for found in page {
                self.last = found;
                if found.1 >= instant {
                    return Ok(true);
                }
            }
        }
    }

    /// The commit after this place.
    async fn commit_after(&mut self, place: u64) -> io::Result<Option<(u64, DateTime<Utc>)>> {
        Ok(self.entries_after(place, 1).await?.into_iter().next())
    }

    /// Places and instants of the entries of a page.
    async fn entries_after(&mut self, place: u64, limit: usize) -> io::Result<Vec<(u64, DateTime<Utc>)>> {
        let page = self.api.get(&format!("/v1/audit?after={place}&limit={limit}")).await?;
        let items = page["items"].as_array().map(Vec::as_slice).unwrap_or_default();
        let read = |entry: &Value| {
            let place = entry["place"].as_u64();
            let place = place.ok_or_else(|| io::Error::other(format!("an entry without `place`: {entry}")))?;
            Ok((place, instant(entry, "time")?))
        };
        items.iter().map(read).collect()
    }
}

async fn verified(api: &mut Api) -> io::Result<Value> {
    api.get("/v1/audit/verify").await
}

fn entries(verified: &Value) -> io::Result<u64> {
    let entries = verified["entries"].as_u64();
    entries.ok_or_else(|| io::Error::other(format!("/v1/audit/verify without `entries`: {verified}")))
}

fn instant(value: &Value, property: &str) -> io::Result<DateTime<Utc>> {
    string(value, property)?.parse().map_err(io::Error::other)
}

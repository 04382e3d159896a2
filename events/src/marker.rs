//! What a replica of sync publishes to learn from where on it hears everything: a broker does not say when it has given somebody a partition. It
//! is no event of an actor, and everybody but the replica that published it passes it by.

use std::borrow::Cow;

use serde::Deserialize;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::Topic;

/// The CloudEvents `type` of a [`Marker`].
pub const MARKER_TYPE: &str = "dev.punctual.sync.marker.v1";

/// A replica's own message, sent to one partition. It comes back to the replica that hears that partition.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Marker {
    /// Where it is.
    pub topic: Topic,
    /// The partition it was sent to.
    pub partition: u32,
    /// Who sent it.
    pub replica: Uuid,
    /// How often the replica had begun to listen by then.
    pub round: u64,
}

/// What is read of the JSON form.
#[derive(Deserialize)]
struct Wire<'a> {
    source: Cow<'a, str>,
    #[serde(rename = "type")]
    marker_type: Cow<'a, str>,
    data: Data,
}

#[derive(Deserialize)]
struct Data {
    partition: u32,
    replica: Uuid,
    round: u64,
}

impl Marker {
    /// As a CloudEvent.
    #[must_use]
    pub fn to_json(&self) -> Value {
        let Self {
            topic,
            partition,
            replica,
            round,
        } = self;
        json!({
            "specversion": "1.0",
            "id": format!("{replica}/{round}/{partition}"),
            "source": format!("/punctual/{}", topic.as_str()),
            "type": MARKER_TYPE,
            "datacontenttype": "application/json",
            "data": {"partition": partition, "replica": replica, "round": round},
        })
    }

    /// Reads a message; `None` for one that is no marker.
    #[must_use]
    pub fn from_json(bytes: &[u8]) -> Option<Self> {
        let wire: Wire<'_> = serde_json::from_slice(bytes).ok()?;
        let topic = wire.source.strip_prefix("/punctual/")?;
        let topic = Topic::ALL.into_iter().find(|known| known.as_str() == topic)?;
        let Data {
            partition,
            replica,
            round,
        } = wire.data;
        (wire.marker_type == MARKER_TYPE).then_some(Self {
            topic,
            partition,
            replica,
            round,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::CloudEvent;

    #[test]
    fn a_marker_comes_back_as_it_went_and_is_no_event() {
        let marker = Marker {
            topic: Topic::Reminders,
            partition: 7,
            replica: Uuid::from_u128(1),
            round: 2,
        };
        let sent = marker.to_json().to_string();
        assert_eq!(Marker::from_json(sent.as_bytes()), Some(marker));
        assert!(CloudEvent::from_json(sent.as_bytes()).is_err());
        assert_eq!(Marker::from_json(b"{}"), None);
        let other = sent.replace("sync.marker", "sync.other");
        assert_eq!(Marker::from_json(other.as_bytes()), None);
    }
}

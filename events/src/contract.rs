//! The published contract: JSON Schemas of every event's data and an AsyncAPI 3.0 document. Generated, committed under `events/schemas/`, and
//! checked by a test.

use serde_json::{Value, json};

use crate::{
    EventType, HandoverAcknowledged, HandoverOffered, HandoverReceived, MARKER_TYPE, MailChanged, Notification,
    OccurrenceChanged, OccurrenceClosed, OccurrenceOpened, OccurrenceReopened, OccurrenceRestored, QuietChanged,
    SeriesDefinition, SeriesDeleted, SeriesEnded, SeriesPaused, SeriesResumed, SessionEnded, SessionStarted, Task,
    TaskChange, TaskTombstone, Topic, UserChanged, UserDeleted, UserRegistered,
};

/// The JSON Schema (2020-12) of the data of `event_type`.
#[must_use]
pub fn data_schema(event_type: EventType) -> Value {
    use EventType as T;
    let schema = match event_type {
        T::UserRegistered => schemars::schema_for!(UserRegistered),
        T::UserChanged => schemars::schema_for!(UserChanged),
        T::UserDeleted => schemars::schema_for!(UserDeleted),
        T::MailChanged => schemars::schema_for!(MailChanged),
        T::QuietChanged => schemars::schema_for!(QuietChanged),
        T::SessionStarted => schemars::schema_for!(SessionStarted),
        T::SessionEnded => schemars::schema_for!(SessionEnded),
        T::TaskCreated | T::TaskUpdated | T::TaskCompleted | T::TaskReopened | T::TaskDeleted => {
            schemars::schema_for!(TaskChange)
        }
        T::ReminderFired | T::ReminderDismissed | T::ReminderSnoozed => schemars::schema_for!(Notification),
        T::HandoverOffered => schemars::schema_for!(HandoverOffered),
        T::HandoverReceived => schemars::schema_for!(HandoverReceived),
        T::HandoverAcknowledged => schemars::schema_for!(HandoverAcknowledged),
        T::SeriesStarted | T::SeriesChanged => schemars::schema_for!(SeriesDefinition),
        T::SeriesEnded => schemars::schema_for!(SeriesEnded),
        T::SeriesDeleted => schemars::schema_for!(SeriesDeleted),
        T::OccurrenceOpened => schemars::schema_for!(OccurrenceOpened),
        T::OccurrenceClosed => schemars::schema_for!(OccurrenceClosed),
        T::OccurrenceReopened => schemars::schema_for!(OccurrenceReopened),
        T::SeriesPaused => schemars::schema_for!(SeriesPaused),
        T::SeriesResumed => schemars::schema_for!(SeriesResumed),
        T::OccurrenceChanged => schemars::schema_for!(OccurrenceChanged),
        T::OccurrenceRestored => schemars::schema_for!(OccurrenceRestored),
        T::TaskState => schemars::schema_for!(Task),
        T::TaskRemoved => schemars::schema_for!(TaskTombstone),
    };
    schema.to_value()
}

/// The types that appear on `topic`.
#[must_use]
pub fn types_on(topic: Topic) -> Vec<EventType> {
    let mut types: Vec<EventType> = EventType::ALL
        .iter()
        .filter_map(|event_type| topic.carries(*event_type))
        .collect();
    types.sort();
    types.dedup();
    types
}

/// The JSON Schema of the envelope every event travels in.
#[must_use]
pub fn envelope_schema() -> Value {
    let digest = json!({"type": "string", "pattern": "^[0-9a-f]{64}$"});
    let decimal = json!({"type": "string", "pattern": "^[0-9]+$"});
    json!({
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "Event of Punctual in a CloudEvents 1.0 envelope",
        "type": "object",
        "required": ["specversion", "id", "source", "type", "subject", "time", "datacontenttype", "partitionkey", "principal", "sequence",
            "previoussequence", "part", "parts", "commithash", "previoushash", "digest", "data"],
        "properties": {
            "specversion": {"const": "1.0"},
            "id": {"type": "string", "description": "<actor>/<sequence>/<index>", "pattern": "^(user|series)/[0-9a-f-]{36}/[0-9]+/[0-9]+$"},
            "source": {"enum": Topic::ALL.map(|topic| format!("/punctual/{}", topic.as_str()))},
            "type": {"enum": EventType::ALL.iter().map(|event_type| event_type.as_str()).collect::<Vec<_>>()},
            "subject": {"type": "string", "description": "the actor"},
            "time": {"type": "string", "format": "date-time", "description": "when the commit was decided"},
            "datacontenttype": {"const": "application/json"},
            "partitionkey": {"type": "string", "format": "uuid", "description": "the user"},
            "principal": {"type": "string", "description": "who did it: user/<id>/session/<id>, or system"},
            "sequence": decimal,
            "previoussequence": decimal,
            "part": {"type": "integer", "minimum": 1, "description": "place among the commit's events on this topic"},
            "parts": {"type": "integer", "minimum": 1, "description": "how many of the commit's events are on this topic"},
            "commithash": digest,
            "previoushash": digest,
            "digest": digest,
            "traceparent": {"type": "string", "description": "W3C trace context"},
            "data": {"description": "see the schema named after the type; null where its user was deleted and the content erased"}
        }
    })
}

/// The JSON Schema of a marker, envelope included. Whoever is not the replica that sent it passes it by.
#[must_use]
pub fn marker_schema() -> Value {
    json!({
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "Marker of a replica in a CloudEvents 1.0 envelope",
        "description": "Tells the replica that sent it that it hears this partition. No event: pass it by.",
        "type": "object",
        "required": ["specversion", "id", "source", "type", "datacontenttype", "data"],
        "properties": {
            "specversion": {"const": "1.0"},
            "id": {"type": "string", "description": "<replica>/<round>/<partition>", "pattern": "^[0-9a-f-]{36}/[0-9]+/[0-9]+$"},
            "source": {"enum": Topic::ALL.map(|topic| format!("/punctual/{}", topic.as_str()))},
            "type": {"const": MARKER_TYPE},
            "datacontenttype": {"const": "application/json"},
            "data": {
                "type": "object",
                "required": ["partition", "replica", "round"],
                "properties": {
                    "partition": {"type": "integer", "minimum": 0},
                    "replica": {"type": "string", "format": "uuid"},
                    "round": {"type": "integer", "minimum": 0}
                }
            }
        }
    })
}

/// The AsyncAPI 3.0 document: three channels and the messages on each.
#[must_use]
pub fn async_api() -> Value {
    let channel = |topic: Topic| {
        let names = types_on(topic).into_iter().map(EventType::as_str).chain([MARKER_TYPE]);
        let messages: serde_json::Map<String, Value> = names
            .map(|name| {
                let reference = json!({"$ref": format!("#/components/messages/{name}")});
                (name.to_owned(), reference)
            })
            .collect();
        (
            topic.as_str().to_owned(),
            json!({"address": topic.as_str(), "messages": messages}),
        )
    };
    let message = |event_type: &EventType| {
        let name = event_type.as_str();
        let payload = json!({"allOf": [{"$ref": "./envelope.json"}, {"properties": {"type": {"const": name}, "data": {"$ref": format!("./{name}.json")}}}]});
        (
            name.to_owned(),
            json!({"name": name, "contentType": "application/cloudevents+json", "payload": payload}),
        )
    };
    let marker = json!({"name": MARKER_TYPE, "contentType": "application/cloudevents+json", "payload": {"$ref": "./marker.json"}});
    let messages = EventType::ALL
        .iter()
        .map(message)
        .chain([(MARKER_TYPE.to_owned(), marker)]);
    json!({
        "asyncapi": "3.0.0",
        "info": {"title": "Punctual", "version": env!("CARGO_PKG_VERSION"), "description": "What Punctual's actors publish. Delivery is at least once, in order per actor; `source` and `id` identify an event. When the broker fails in the middle of a batch, later events of it may come before earlier ones; then all of them come once more, after those: whoever needs the order goes by `sequence` and `part`."},
        "defaultContentType": "application/cloudevents+json",
        "channels": Topic::ALL.map(channel).into_iter().collect::<serde_json::Map<_, _>>(),
        "operations": Topic::ALL.map(|topic| (format!("publish-{}", topic.as_str()), json!({"action": "send", "channel": {"$ref": format!("#/channels/{}", topic.as_str())}}))).into_iter().collect::<serde_json::Map<_, _>>(),
        "components": {"messages": messages.collect::<serde_json::Map<_, _>>()}
    })
}

/// Every generated file: its name under `events/schemas/` and its text.
#[must_use]
pub fn files() -> Vec<(String, String)> {
    let pretty = |value: &Value| format!("{value:#}\n");
    let mut files: Vec<_> = EventType::ALL
        .iter()
        .map(|event_type| {
            (
                format!("{}.json", event_type.as_str()),
                pretty(&data_schema(*event_type)),
            )
        })
        .collect();
    files.push(("envelope.json".to_owned(), pretty(&envelope_schema())));
    files.push(("marker.json".to_owned(), pretty(&marker_schema())));
    files.push(("asyncapi.json".to_owned(), pretty(&async_api())));
    files
}

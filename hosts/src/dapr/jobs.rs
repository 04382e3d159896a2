//! Timed work as jobs of the Scheduler. A job belongs to the app-id that scheduled it, and any replica of that may be given it.

use std::{fmt::Write as _, sync::Arc};

use base64::{Engine as _, engine::general_purpose::STANDARD};
use bytes::Bytes;
use dapr::dapr::proto::runtime::v1::{DeleteJobRequest, DeleteJobsByPrefixRequest, Job, ScheduleJobRequest};
use punctual_actors::ports::{BoxFuture, Clock, Failure};
use punctual_events::Timestamp;

use super::{
    schedule::{due_time, without_limit},
    sidecar::{Sidecar, failure},
};
use crate::ports::Jobs;

/// Jobs of this service.
pub struct ScheduledJobs {
    sidecar: Sidecar,
    clock: Arc<dyn Clock>,
}

impl ScheduledJobs {
    /// Jobs scheduled through this sidecar.
    #[must_use]
    pub fn new(sidecar: Sidecar, clock: Arc<dyn Clock>) -> Self {
        Self { sidecar, clock }
    }
}

impl Jobs for ScheduledJobs {
    fn schedule<'a>(&'a self, name: &'a str, at: Timestamp, payload: Bytes) -> BoxFuture<'a, Result<(), Failure>> {
        let data = prost_types::Any {
            type_url: String::new(),
            value: encode_payload(&payload).into_bytes(),
        };
        let job = Job {
            name: encode_name(name),
            schedule: None,
            repeats: None,
            due_time: Some(due_time(at, self.clock.now())),
            ttl: None,
            data: Some(data),
            failure_policy: Some(without_limit()),
        };
        let request = ScheduleJobRequest {
            job: Some(job),
            overwrite: true,
        };
        Box::pin(async move {
            let answer = self.sidecar.client().schedule_job(request).await;
            answer.map(drop).map_err(|status| failure("schedule job", &status))
        })
    }

    fn cancel<'a>(&'a self, name: &'a str) -> BoxFuture<'a, Result<(), Failure>> {
        let request = DeleteJobRequest {
            name: encode_name(name),
        };
        Box::pin(async move {
            let answer = self.sidecar.client().delete_job(request).await;
            answer.map(drop).map_err(|status| failure("delete job", &status))
        })
    }

    /// Names are encoded byte by byte, so what begins a name begins it encoded as well.
    fn cancel_all<'a>(&'a self, prefix: &'a str) -> BoxFuture<'a, Result<(), Failure>> {
        let request = DeleteJobsByPrefixRequest {
            name_prefix: Some(encode_name(prefix)),
        };
        Box::pin(async move {
            let answer = self.sidecar.client().delete_jobs_by_prefix(request).await;
            answer.map(drop).map_err(|status| failure("delete jobs", &status))
        })
    }
}

/// The Scheduler refuses names with a slash and some other characters, and a name is part of a path on its way back: every byte that is not
/// harmless in both is written as `~` and two hexadecimal digits.
fn encode_name(name: &str) -> String {
    let mut encoded = String::with_capacity(name.len() + 8);
    for byte in name.bytes() {
        if byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.') {
            encoded.push(char::from(byte));
        } else {
            // Writing to a string cannot fail.
            let _ = write!(encoded, "~{byte:02x}");
        }
    }
    encoded
}

/// What [`encode_name`] made, read back; `None` when it is something else.
pub(super) fn decode_name(encoded: &str) -> Option<String> {
    let mut parts = encoded.split('~');
    let mut name = parts.next()?.as_bytes().to_vec();
    for part in parts {
        let (digits, rest) = part.split_at_checked(2)?;
        name.push(u8::from_str_radix(digits, 16).ok()?);
        name.extend(rest.as_bytes());
    }
    String::from_utf8(name).ok()
}

/// The sidecar trims white space off a payload, and declares it JSON: as a string of base64 it arrives as it was.
fn encode_payload(payload: &[u8]) -> String {
    format!("\"{}\"", STANDARD.encode(payload))
}

/// What [`encode_payload`] made, read back.
///
/// # Errors
/// When it is something else.
pub(super) fn decode_payload(body: &[u8]) -> Result<Bytes, Failure> {
    let text: &str = serde_json::from_slice(body).map_err(Failure::new)?;
    STANDARD.decode(text).map(Into::into).map_err(Failure::new)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn any_name_comes_back_as_it_was() {
        assert_eq!(encode_name("deliver/7-a/b"), "deliver~2f7-a~2fb");
        for name in ["", "plain-1.2_3", "a/b\\c#d?e%f~g h", "ä\u{1F600}"] {
            let encoded = encode_name(name);
            assert!(!encoded.contains(['/', '\\', '#', '?', '%', ' ']), "{encoded}");
            assert_eq!(decode_name(&encoded).as_deref(), Some(name));
        }
        assert_eq!(decode_name("a~2"), None);
        assert_eq!(decode_name("a~zz"), None);
    }

    #[test]
    fn any_bytes_come_back_as_they_were() {
        for payload in [&b""[..], b" {} ", b"\xff\x00\n"] {
            assert_eq!(decode_payload(encode_payload(payload).as_bytes()).unwrap(), payload);
        }
        assert!(decode_payload(b"{}").is_err());
    }
}

//! Requests made once and sent many times, with slots of fixed width for what changes from one to the next.

use std::ops::Range;

/// The bytes of a request and where its slots are.
#[derive(Clone)]
pub(crate) struct Request {
    bytes: Vec<u8>,
    slots: Vec<Range<usize>>,
}

/// A slot for the identifier of a task, as wide as a hyphenated UUID.
pub(crate) const ID_SLOT: &str = "####################################";
/// A slot for a number, filled with its digits and zeros in front.
pub(crate) const NUMBER_SLOT: &str = "@@@@@@@@@@@";

impl Request {
    /// A request without content.
    pub(crate) fn get(path: &str, token: &str) -> Self {
        Self::new("GET", path, token, None)
    }

    /// A request with a JSON body; path and body may contain slots, each kind at most once.
    pub(crate) fn with_body(method: &str, path: &str, token: &str, body: &str) -> Self {
        Self::new(method, path, token, Some(body))
    }

    fn new(method: &str, path: &str, token: &str, body: Option<&str>) -> Self {
        let mut text = format!("{method} {path} HTTP/1.1\r\nhost: localhost\r\n");
        if !token.is_empty() {
            text += &format!("authorization: Bearer {token}\r\n");
        }
        if let Some(body) = body {
            let content_type = match method {
                "PATCH" => "application/merge-patch+json",
                _ => "application/json",
            };
            text += &format!("content-type: {content_type}\r\ncontent-length: {}\r\n", body.len());
        }
        text += "\r\n";
        text += body.unwrap_or_default();
        let slots = [ID_SLOT, NUMBER_SLOT]
            .iter()
            .map(|slot| text.find(slot).map_or(0..0, |start| start..start + slot.len()))
            .collect();
        Self {
            bytes: text.into_bytes(),
            slots,
        }
    }

    /// Writes an identifier into its slot.
    pub(crate) fn set_id(&mut self, id: &str) -> &mut Self {
        self.bytes[self.slots[0].clone()].copy_from_slice(id.as_bytes());
        self
    }

    /// Writes a number into its slot.
    pub(crate) fn set_number(&mut self, mut number: u64) -> &mut Self {
        for byte in self.bytes[self.slots[1].clone()].iter_mut().rev() {
            *byte = b'0' + (number % 10) as u8;
            number /= 10;
        }
        self
    }

    /// What goes over the wire.
    pub(crate) fn bytes(&self) -> &[u8] {
        &self.bytes
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slots_are_filled_again_and_again() {
        let body = format!(r#"{{"title":"Note {NUMBER_SLOT}"}}"#);
        let mut request = Request::with_body("PATCH", &format!("/v1/tasks/{ID_SLOT}"), "t", &body);
        for (id, number) in [
            ("0192f0c1-0000-7000-8000-000000000001", 7),
            ("ffffffff-0000-7000-8000-000000000002", 12_345),
        ] {
            request.set_id(id).set_number(number);
            let text = String::from_utf8(request.bytes().to_vec()).unwrap();
            assert!(
                text.starts_with(&format!("PATCH /v1/tasks/{id} HTTP/1.1\r\n")),
                "{text}"
            );
            assert!(
                text.ends_with(&format!("\r\n\r\n{{\"title\":\"Note {number:011}\"}}")),
                "{text}"
            );
            assert!(text.contains("content-length: 28\r\n"), "{text}");
        }
    }
}

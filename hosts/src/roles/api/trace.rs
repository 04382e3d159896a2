//! W3C trace context (<https://www.w3.org/TR/trace-context/>): what ties a request to the event it leads to and to every reaction to that.

use axum::http::request::Parts;

use crate::telemetry;

const HEADER: &str = "traceparent";
const VERSION_0_BYTES: usize = 55;

/// Where traces are exported, the span of the request; else the `traceparent` it came with, for others to go on with. It is stored with the commit, so
/// only a valid one is let in.
pub(super) fn of_request(parts: &Parts) -> Option<Box<str>> {
    telemetry::current_traceparent().or_else(|| of_header(parts))
}

fn of_header(parts: &Parts) -> Option<Box<str>> {
    let text = parts.headers.get(HEADER)?.to_str().ok()?;
    is_valid(text.as_bytes()).then(|| text.into())
}

/// `00-<32 hexadecimal digits>-<16>-<2>`, neither id all zeros.
fn is_valid(text: &[u8]) -> bool {
    if text.len() != VERSION_0_BYTES || !text.starts_with(b"00-") || text[35] != b'-' || text[52] != b'-' {
        return false;
    }
    let (trace, parent, flags) = (&text[3..35], &text[36..52], &text[53..]);
    let is_hex = |byte: &u8| matches!(byte, b'0'..=b'9' | b'a'..=b'f');
    let is_set = |id: &[u8]| id.iter().all(is_hex) && id.iter().any(|byte| *byte != b'0');
    is_set(trace) && is_set(parent) && flags.iter().all(is_hex)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_trace_context_of_version_0_is_let_in() {
        let good = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
        assert!(is_valid(good.as_bytes()));
        for bad in [
            "",
            "00-00000000000000000000000000000000-b7ad6b7169203331-01",
            "00-0af7651916cd43dd8448eb211c80319c-0000000000000000-01",
            "00-0AF7651916CD43DD8448EB211C80319C-b7ad6b7169203331-01",
            "01-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
            "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01-more",
        ] {
            assert!(!is_valid(bad.as_bytes()), "{bad}");
        }
    }
}

//! `If-Match` (RFC 9110, section 13.1.1): a change is made only if the task still has the version the client knows.

use std::sync::Arc;

use axum::{
    extract::FromRequestParts,
    http::{HeaderMap, header, request::Parts},
};

use super::{Api, problem::Problem};

/// Versions are counted from 1, so this one never matches.
const NO_VERSION: u64 = 0;
const MAX_TAGS: usize = 50;

/// The condition of a request.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum IfMatch {
    /// Any version: the header is absent or `*`.
    Any,
    /// One of these; never empty.
    Versions(Vec<u64>),
}

impl FromRequestParts<Arc<Api>> for IfMatch {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &Arc<Api>) -> Result<Self, Problem> {
        Self::from_headers(&parts.headers)
    }
}

impl IfMatch {
    fn from_headers(headers: &HeaderMap) -> Result<Self, Problem> {
        let mut versions = Vec::new();
        for value in headers.get_all(header::IF_MATCH) {
            let text = value.to_str().map_err(|_| malformed())?;
            if text.trim_ascii() == "*" {
                return Ok(Self::Any);
            }
            parse_list(text, &mut versions)?;
        }
        if headers.contains_key(header::IF_MATCH) {
            Ok(Self::Versions(versions))
        } else {
            Ok(Self::Any)
        }
    }
}

fn malformed() -> Problem {
    Problem::bad_request("If-Match is `*` or a list of entity tags in double quotes, `\"7\"`").on("If-Match")
}

fn parse_list(text: &str, versions: &mut Vec<u64>) -> Result<(), Problem> {
    let mut rest = text.trim_ascii();
    loop {
        let (version, after) = parse_tag(rest).ok_or_else(malformed)?;
        versions.push(version);
        rest = after.trim_ascii_start();
        if rest.is_empty() {
            return Ok(());
        }
        rest = rest.strip_prefix(',').ok_or_else(malformed)?.trim_ascii_start();
        if versions.len() == MAX_TAGS {
            return Err(malformed());
        }
    }
}

/// A tag and what follows it. A weak tag never matches here, as the RFC has it, nor does one that no task of ours ever had.
fn parse_tag(text: &str) -> Option<(u64, &str)> {
    let (is_weak, text) = match text.strip_prefix("W/") {
        Some(text) => (true, text),
        None => (false, text),
    };
    let (tag, rest) = text.strip_prefix('"')?.split_once('"')?;
    let is_tag = tag.bytes().all(|byte| byte == 0x21 || (0x23..=0x7e).contains(&byte));
    let version = tag.parse().ok().filter(|_| !is_weak && !tag.starts_with(['+', '0']));
    is_tag.then_some((version.unwrap_or(NO_VERSION), rest))
}

#[cfg(test)]
mod tests {
    use axum::http::HeaderValue;

    use super::*;

    fn parse(value: &str) -> Option<IfMatch> {
        let headers = HeaderMap::from_iter([(header::IF_MATCH, HeaderValue::from_str(value).unwrap())]);
        IfMatch::from_headers(&headers).ok()
    }

    #[test]
    fn tags_are_read_as_versions() {
        assert_eq!(parse("\"7\""), Some(IfMatch::Versions(vec![7])));
        assert_eq!(parse("\"7\", \"8\",\"9\""), Some(IfMatch::Versions(vec![7, 8, 9])));
        assert_eq!(parse("*"), Some(IfMatch::Any));
        assert_eq!(IfMatch::from_headers(&HeaderMap::new()).unwrap(), IfMatch::Any);
    }

    #[test]
    fn weak_and_foreign_tags_never_match() {
        for tag in [
            "W/\"7\"",
            "\"abc\"",
            "\"\"",
            "\"07\"",
            "\"+7\"",
            "\"99999999999999999999\"",
        ] {
            assert_eq!(parse(tag), Some(IfMatch::Versions(vec![NO_VERSION])), "{tag}");
        }
    }

    #[test]
    fn what_is_no_list_of_tags_is_malformed() {
        for text in [
            "",
            "7",
            "\"7",
            "7\"",
            "\"7\" \"8\"",
            "\"7\",",
            ",\"7\"",
            "*, \"7\"",
            "\"7 8\"",
        ] {
            assert_eq!(parse(text), None, "{text}");
        }
        assert_eq!(parse(&vec!["\"1\""; 51].join(",")), None);
    }
}

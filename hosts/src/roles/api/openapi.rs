//! The OpenAPI document. Each route group says which problems its operations can answer with, by their codes; the responses are made of that here.

use std::collections::BTreeMap;

use punctual_actors::Code;
use serde_json::json;
use utoipa::{
    IntoParams, Modify, OpenApi,
    openapi::{
        ContentBuilder, HeaderBuilder, Ref, RefOr, Response, ResponseBuilder,
        example::ExampleBuilder,
        path::{Operation, PathItem},
        schema::{Object, Type},
        security::{HttpAuthScheme, HttpBuilder, SecurityScheme},
    },
};

use super::{
    audit, import, list, mail, me, notifications, occurrences,
    problem::{ERRORS_PAGE, PROBLEM_JSON, ProblemDocument, title},
    quick, quiet, recurrence, series, sessions, tasks, users, webhooks,
    zone_data::ZoneDataHeader,
};

/// What each operation, by its id, can answer besides its success.
pub(super) type Problems = &'static [(&'static str, &'static [&'static [Code]])];

/// What every request can come to. A query parameter that there is not is a bad request everywhere.
const ALWAYS: &[Code] = &[
    Code::BadRequest,
    Code::RateLimited,
    Code::RequestTimeout,
    Code::Internal,
    Code::DataDamaged,
    Code::Unavailable,
];
/// Of operations that need a token.
pub(super) const AUTHENTICATED: &[Code] = &[Code::Unauthorised, Code::SessionEnded];
/// Of operations that need none.
pub(super) const ANONYMOUS: &[Code] = &[];
/// Of operations that read a JSON body.
pub(super) const BODY: &[Code] = &[Code::BodyTooLarge, Code::UnsupportedMediaType, Code::Invalid];
/// Of operations that take an `Idempotency-Key`.
pub(super) const KEYED: &[Code] = &[Code::AnswerForgotten, Code::IdempotencyKeyReused];
/// Of operations that take `If-Match`.
pub(super) const CONDITIONAL: &[Code] = &[Code::VersionMismatch];

const GROUPS: &[Problems] = &[
    users::PROBLEMS,
    sessions::PROBLEMS,
    me::PROBLEMS,
    mail::PROBLEMS,
    quiet::PROBLEMS,
    tasks::PROBLEMS,
    quick::PROBLEMS,
    list::PROBLEMS,
    series::PROBLEMS,
    occurrences::PROBLEMS,
    recurrence::PROBLEMS,
    notifications::PROBLEMS,
    webhooks::PROBLEMS,
    audit::PROBLEMS,
    import::PROBLEMS,
];

/// Describes the header of requests that may be repeated.
#[derive(IntoParams)]
#[into_params(parameter_in = Header)]
#[expect(dead_code, reason = "it describes a header in the OpenAPI document")]
pub(super) struct IdempotencyHeader {
    /// Chosen by the client. A request repeated with it within 24 hours is answered as the first time, and nothing happens twice. Of one user 4 MiB of answers are remembered, some 5,000 of ordinary size: beyond that the oldest are forgotten before their time, and a repeat is 409 `answer_forgotten`; that much is remembered of 32,768 more. A refusal is not remembered, nor is an answer that changed nothing. What was done to a series is remembered without its answer: a repeated request changes nothing again, and is answered with the series as it is by then.
    #[param(rename = "Idempotency-Key", value_type = String, required = false, min_length = 1, max_length = 255, pattern = r"^[!-~]+$")]
    key: Option<String>,
}

/// Describes the header of requests that may be conditional.
#[derive(IntoParams)]
#[into_params(parameter_in = Header)]
#[expect(dead_code, reason = "it describes a header in the OpenAPI document")]
pub(super) struct IfMatchHeader {
    /// The `ETag` the task must have, several separated by commas, or `*`.
    #[param(rename = "If-Match", value_type = String, required = false, pattern = r#"^(\*|"\d{1,18}"( *, *"\d{1,18}")*)$"#, example = "\"7\"")]
    condition: Option<String>,
}

#[derive(OpenApi)]
#[openapi(
    info(
        title = "Punctual",
        description = "Tasks, reminders and recurring series.\n\nErrors are `application/problem+json` (RFC 9457) with a stable `code`; \
                       [the page of the codes](/docs/errors.md) says what each means. Instants are RFC 3339; a start or a due is a day or a wall time in \
                       a zone. `Time-Zone-Data` names the zone data that instants were derived with. What changes comes over a WebSocket, `GET /v1/sync`, which OpenAPI cannot describe: `docs/sync.md` and \
                       `events/schemas/asyncapi.json` do.",
        license(name = "Apache-2.0", identifier = "Apache-2.0")
    ),
    paths(
        users::register,
        sessions::sign_in,
        sessions::sign_out,
        me::show,
        me::change,
        me::delete,
        mail::show,
        mail::change,
        quiet::show,
        quiet::change,
        list::list,
        tasks::create,
        quick::create,
        tasks::show,
        tasks::change,
        tasks::delete,
        tasks::complete,
        tasks::reopen,
        series::show,
        series::pause,
        series::resume,
        series::end,
        occurrences::list,
        occurrences::change,
        occurrences::skip,
        occurrences::restore,
        recurrence::preview,
        notifications::list,
        notifications::dismiss,
        notifications::snooze,
        webhooks::create,
        webhooks::list,
        webhooks::delete,
        audit::list,
        audit::verify,
        import::import,
    ),
    components(schemas(ProblemDocument, super::tasks::Edit)),
    modifiers(&Token, &ProblemResponses, &ZoneDataHeader),
    tags(
        (name = "account", description = "Registration, sessions, settings."),
        (name = "tasks", description = "Tasks."),
        (name = "series", description = "Recurring series."),
        (name = "notifications", description = "The inbox of reminders that fired."),
        (name = "webhooks", description = "Reminders sent to an address of the user's choice."),
        (name = "audit", description = "What happened, with proof."),
        (name = "import", description = "Tasks from elsewhere.")
    )
)]
struct Document;

/// The document, as it is served and committed.
#[must_use]
pub fn document() -> String {
    // From parts that always serialise; were it otherwise, the test that compares it with the committed one would fail.
    let mut text = Document::openapi().to_pretty_json().unwrap_or_default();
    text.push('\n');
    text
}

struct Token;

impl Modify for Token {
    fn modify(&self, openapi: &mut utoipa::openapi::OpenApi) {
        let scheme = HttpBuilder::new()
            .scheme(HttpAuthScheme::Bearer)
            .description(Some("The `token` of a registration or a sign-in."))
            .build();
        openapi
            .components
            .get_or_insert_default()
            .add_security_scheme("token", SecurityScheme::Http(scheme));
    }
}

struct ProblemResponses;

impl Modify for ProblemResponses {
    fn modify(&self, openapi: &mut utoipa::openapi::OpenApi) {
        for item in openapi.paths.paths.values_mut() {
            for operation in operations(item) {
                add_problems(operation);
            }
        }
    }
}

pub(super) fn operations(item: &mut PathItem) -> impl Iterator<Item = &mut Operation> {
    [&mut item.get, &mut item.post, &mut item.patch, &mut item.delete]
        .into_iter()
        .filter_map(Option::as_mut)
}

fn add_problems(operation: &mut Operation) {
    let id = operation.operation_id.as_deref().unwrap_or_default();
    let stated = GROUPS.iter().copied().flatten().find(|(name, _)| *name == id);
    let stated = stated.into_iter().flat_map(|(_, sets)| sets.iter().copied());
    let mut by_status: BTreeMap<u16, Vec<Code>> = BTreeMap::new();
    for code in stated.chain([ALWAYS]).flatten() {
        let codes = by_status.entry(code.status()).or_default();
        if !codes.contains(code) {
            codes.push(*code);
        }
    }
    let responses = by_status
        .into_iter()
        .map(|(status, codes)| (status.to_string(), RefOr::T(response(&codes))));
    operation.responses.responses.extend(responses);
}

fn response(codes: &[Code]) -> Response {
    let lines: Vec<String> = codes
        .iter()
        .map(|code| format!("`{}`: {}", code.as_str(), code.meaning()))
        .collect();
    let examples = codes.iter().map(|code| {
        let example = json!({
            "type": format!("{ERRORS_PAGE}#{}", code.as_str()),
            "title": title(*code),
            "status": code.status(),
            "detail": title(*code),
            "code": code.as_str(),
        });
        (code.as_str(), ExampleBuilder::new().value(Some(example)).build())
    });
    let content = ContentBuilder::new()
        .schema(Some(Ref::from_schema_name("Problem")))
        .examples_from_iter(examples)
        .build();
    let mut response = ResponseBuilder::new()
        .description(lines.join("\n\n"))
        .content(PROBLEM_JSON, content);
    if codes.iter().any(|code| matches!(code.status(), 429 | 503)) {
        let header = HeaderBuilder::new()
            .schema(Some(Object::with_type(Type::Integer)))
            .description(Some("When to come back, in seconds."))
            .build();
        response = response.header("Retry-After", header);
    }
    if codes.iter().any(|code| code.status() == 401) {
        let header = HeaderBuilder::new()
            .schema(Some(Object::with_type(Type::String)))
            .description(Some("`Bearer`: send a token."))
            .build();
        response = response.header("WWW-Authenticate", header);
    }
    response.build()
}

#[cfg(test)]
mod tests {
    use std::{collections::BTreeSet, path::Path};

    use super::*;
    use crate::icalendar::ItemCode;

    /// The committed file is what the code says; `UPDATE_CONTRACTS=1` writes it.
    fn assert_committed(path: &str, text: &str) {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs").join(path);
        if std::env::var_os("UPDATE_CONTRACTS").is_some() {
            std::fs::write(&path, text).unwrap();
        }
        let committed = std::fs::read_to_string(&path).unwrap_or_default();
        assert!(
            committed == text,
            "{} is stale: UPDATE_CONTRACTS=1 cargo test -p punctual",
            path.display()
        );
    }

    #[test]
    fn the_committed_document_is_that_of_the_code() {
        assert_committed("openapi.json", &document());
    }

    #[test]
    fn the_committed_page_of_errors_has_every_code() {
        let mut page = String::from(
            "# Errors\n\nEvery error is an `application/problem+json` (RFC 9457). Its `code` is one of these and never changes; `type` points here. Only what \
            cannot be read as a request of HTTP (a path beyond 64 KiB, more than 100 headers, a malformed head) is answered without a body, with status \
            400, 414 or 431, and `/readyz` says in plain text, with status 503, what is missing.\n",
        );
        for code in Code::ALL {
            page += &format!(
                "\n## {}\n\nStatus {}. {}\n",
                code.as_str(),
                code.status(),
                code.meaning()
            );
        }
        page += "\n## Items of an import\n\nAn import as a whole succeeds; the report gives each item that was refused one of the codes above, or one of these.\n\n\
                 | code | why |\n| --- | --- |\n";
        for code in ItemCode::ALL {
            page += &format!("| `{}` | {} |\n", code.as_str(), code.meaning());
        }
        assert_committed("errors.md", &page);
    }

    #[test]
    fn the_document_says_for_how_long_and_how_much_is_remembered() {
        use punctual_actors::memory::{KEY_LIFETIME_MS, MAX_BYTES, MAX_SPENT};
        let document = document();
        for bound in [
            format!("within {} hours", KEY_LIFETIME_MS / 3_600_000),
            format!("{} MiB of answers", MAX_BYTES >> 20),
            format!("{},{:03} more", MAX_SPENT / 1_000, MAX_SPENT % 1_000),
        ] {
            assert!(document.contains(&bound), "{bound}");
        }
    }

    #[test]
    fn every_operation_says_its_problems_and_every_problem_said_is_of_an_operation() {
        let mut openapi = Document::openapi();
        let documented: BTreeSet<String> = openapi
            .paths
            .paths
            .values_mut()
            .flat_map(operations)
            .filter_map(|operation| operation.operation_id.clone())
            .collect();
        let said: BTreeSet<String> = GROUPS
            .iter()
            .copied()
            .flatten()
            .map(|(name, _)| (*name).to_owned())
            .collect();
        assert_eq!(documented, said);
    }
}

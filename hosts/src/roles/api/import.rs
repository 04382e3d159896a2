//! `POST /v1/import`: to-dos out of an iCalendar file, as it streams in. Each item is a command of its own, and one that is refused is reported, not fatal.
//! An item is taken once however often the file is sent, for as long as the task has its UID. With an `Idempotency-Key` each item's command has one of its
//! own, so that a repeat does not bring back what was deleted meanwhile. What was taken is always reported, also when the rest of the file was not read.

mod beside;
mod draft;
mod identity;
mod report;
mod single;
mod taking;
mod waiting;

use std::{sync::Arc, time::Duration};

use axum::{
    body::{Body, Bytes},
    extract::{Request, State},
    http::HeaderMap,
    response::Response,
};
use futures_util::{StreamExt as _, stream::FuturesOrdered};
use http_body_util::BodyExt as _;
use punctual_actors::{Code, ports::BoxFuture};
use punctual_events::IdempotencyKey;
use tokio::time::{Instant, timeout, timeout_at};

use self::{
    beside::{Master, Masters},
    identity::Identities,
    report::{ImportReport, Outcome, Report, Unread},
    single::Single,
    taking::{command, known, of_item, take},
    waiting::Waiting,
};
use super::{
    Api, answer,
    auth::Caller,
    body::{media_type, refuse_encoded, stated_length, too_large, unsupported},
    idempotency::key_of,
    openapi::{AUTHENTICATED, IdempotencyHeader, Problems},
    problem::Problem,
};
use crate::icalendar::{CalendarReader, ImportItem};

pub(super) const PROBLEMS: Problems = &[(
    "import_tasks",
    &[AUTHENTICATED, &[Code::BodyTooLarge, Code::UnsupportedMediaType]],
)];

/// Commands under way at a time: enough to share appends, few enough that an import does not crowd out what the user does meanwhile.
const AT_ONCE: usize = 32;
/// Items of an import have keys until their texts come to this many bytes, each counted as [`ITEM_BYTES`] more: what the answers to them take must not
/// crowd out the other keys of the user. What follows is known by its UID all the same.
const MAX_KEYED_BYTES: usize = 1024 * 1024;
/// What the answer to an item takes besides its texts, about.
const ITEM_BYTES: usize = 1024;
/// A client reads no answer before it has sent its file, so some of what is not imported is read and thrown away.
const MAX_DISCARDED_BYTES: usize = 256 * 1024 * 1024;
const DISCARD_TIMEOUT: Duration = Duration::from_secs(5);

/// Imports tasks.
///
/// The body is an iCalendar file (RFC 5545), read as it comes in: VTODO with VALARM, RRULE and time zones. The report lists the first 10,000 items, and of
/// those behind them the first 10,000 that were refused and the series of which not every date was taken; the counts are of all. An item with a RECURRENCE-ID is one occurrence of a series, of the same file or one that is there already: the series has that date moved, made different, skipped (CANCELLED) or done (COMPLETED),
/// and the item becomes a task only where the series has no such date to come, or is nowhere: one that comes with a later file leaves its date to that task. Sending a file again is harmless: an item is known by its UID and RECURRENCE-ID, and reported as `existing`. With an `Idempotency-Key` the
/// repeat reports what was taken the first time as `taken`, as it did then (or as `existing`, where so much was since that the answers are not kept any more), and brings nothing back that was deleted meanwhile; an item that says
/// something else than the one in its place did is refused with `idempotency_key_reused`, by itself. That holds for the first MiB of items, a thousand
/// usual ones; those behind are known by UID alone. A file whose
/// `Content-Length` is beyond 64 MiB is refused before anything of it is taken; of one that turns out to be larger, or has not come within ten minutes,
/// what was read until then is taken, and `unread` says that there is more. When the server fails half way, the items before may have been taken.
#[utoipa::path(
    post,
    path = "/v1/import",
    tag = "import",
    operation_id = "import_tasks",
    params(IdempotencyHeader),
    request_body(
        content = String,
        content_type = "text/calendar",
        description = "The file.",
        example = json!("BEGIN:VCALENDAR\r\nBEGIN:VTODO\r\nUID:1\r\nSUMMARY:Water the plants\r\nEND:VTODO\r\nEND:VCALENDAR\r\n")
    ),
    responses((status = 200, description = "What became of each item.", body = ImportReport)),
    security(("token" = []))
)]
pub(super) async fn import(State(api): State<Arc<Api>>, caller: Caller, request: Request) -> Result<Response, Problem> {
    let (parts, body) = request.into_parts();
    expect_calendar(&parts.headers, api.limits.import_bytes)?;
    let key = key_of(&parts.headers, &parts.method, &parts.uri, &[])?;
    let profile = api.profile_of(&caller).await?;
    let zone = profile.time_zone.parse().map_err(Problem::internal)?;
    let mut import = Import {
        api: &api,
        caller: &caller,
        key,
        items: 0,
        keyed_bytes: 0,
        reader: CalendarReader::new(zone),
        identities: Identities::default(),
        under_way: FuturesOrdered::new(),
        waiting: Waiting::default(),
        masters: Masters::new(),
        report: Report::default(),
        bytes: 0,
    };
    let unread = import.read(body).await?;
    let ignored = import.reader.ignored();
    Ok(answer::ok(&import.report.finish(ignored, unread)))
}

fn expect_calendar(headers: &HeaderMap, limit_bytes: u64) -> Result<(), Problem> {
    if media_type(headers).as_deref() != Some("text/calendar") {
        return Err(unsupported("text/calendar"));
    }
    refuse_encoded(headers)?;
    if stated_length(headers).is_some_and(|length| length > limit_bytes) {
        return Err(too_large(limit_bytes));
    }
    Ok(())
}

/// An item that was begun: its place, what became of it, and its UID if it is a series.
type Begun = (u64, Outcome, Option<String>);

struct Import<'a> {
    api: &'a Api,
    caller: &'a Caller,
    /// Of the request.
    key: Option<IdempotencyKey>,
    /// How many the file had so far.
    items: u64,
    /// What the answers to those with keys take, about.
    keyed_bytes: usize,
    reader: CalendarReader,
    identities: Identities,
    /// In the order of the file, which is the order of the report.
    under_way: FuturesOrdered<BoxFuture<'a, Result<Begun, Problem>>>,
    /// Those that are one occurrence of a series.
    waiting: Waiting,
    /// The series of the file that are there.
    masters: Masters,
    report: Report,
    bytes: u64,
}

impl Import<'_> {
    /// Takes what there is; why there was more, if there was.
    async fn read(&mut self, mut body: Body) -> Result<Option<Unread>, Problem> {
        let deadline = Instant::now() + self.api.limits.import_timeout;
        let unread = self.read_until(&mut body, deadline).await?;
        if self.bytes == 0 && unread.is_none() {
            return Err(not_a_calendar());
        }
        if unread.is_none() {
            while let Some(item) = self.reader.finish() {
                self.begin(item).await?;
            }
        }
        while !self.under_way.is_empty() {
            self.settle_one().await?;
        }
        self.settle_all_waiting().await?;
        if unread.is_some() {
            discard(body).await;
        }
        Ok(unread)
    }

    async fn read_until(&mut self, body: &mut Body, deadline: Instant) -> Result<Option<Unread>, Problem> {
        loop {
            let Ok(frame) = timeout_at(deadline, body.frame()).await else {
                return Ok(Some(Unread::TooSlow));
            };
            let Some(frame) = frame else { return Ok(None) };
            let frame = frame.map_err(|_| Problem::bad_request("the body ended too early"))?;
            // Trailers carry nothing we read.
            let Ok(chunk) = frame.into_data() else { continue };
            if self.bytes + chunk.len() as u64 > self.api.limits.import_bytes {
                return Ok(Some(Unread::TooLarge));
            }
            self.read_chunk(&chunk).await?;
        }
    }

    async fn read_chunk(&mut self, chunk: &Bytes) -> Result<(), Problem> {
        if self.bytes == 0 && !may_be_calendar(chunk) {
            return Err(not_a_calendar());
        }
        self.bytes += chunk.len() as u64;
        let mut rest: &[u8] = chunk;
        while let Some(item) = self.reader.next_item(&mut rest) {
            self.begin(item).await?;
        }
        Ok(())
    }

    async fn begin(&mut self, item: ImportItem) -> Result<(), Problem> {
        while self.under_way.len() >= AT_ONCE {
            self.settle_one().await?;
        }
        let place = self.items;
        self.items += 1;
        self.keyed_bytes = self.keyed_bytes.saturating_add(bytes_of(&item));
        let key = self.key.filter(|_| self.keyed_bytes <= MAX_KEYED_BYTES);
        let bytes = bytes_of(&item);
        let (item, command) = match known(&item, &mut self.identities, key, place) {
            Ok(known) => match Single::of(place, item, known, bytes) {
                Ok(single) => return self.wait(single).await,
                Err(other) => {
                    let (item, known) = *other;
                    let draft = item.draft.as_ref().map_err(of_item);
                    let command = draft.and_then(|draft| command(draft, known));
                    (item, command)
                }
            },
            Err(refused) => (item, Err(refused)),
        };
        let draft = item.draft.as_ref().ok().filter(|draft| draft.recurrence.is_some());
        let uid = draft.and_then(|draft| draft.external_uid.clone());
        let taken = take(self.api, self.caller, item, command);
        self.under_way
            .push_back(Box::pin(async move { Ok((place, taken.await?, uid)) }));
        Ok(())
    }

    async fn settle_one(&mut self) -> Result<(), Problem> {
        if let Some(begun) = self.under_way.next().await {
            let (place, outcome, uid) = begun?;
            if let Some((uid, is_new)) = uid.zip(outcome.is_new_task()) {
                if is_new {
                    self.waiting.has_come(&uid);
                }
                let master = self.masters.entry(uid).or_insert(Master { place, is_new });
                master.is_new |= is_new;
                if master.place == place {
                    self.report.add_series(place, outcome);
                    return Ok(());
                }
            }
            self.report.add(place, outcome);
        }
        Ok(())
    }
}

/// What the answer to an item takes, about.
fn bytes_of(item: &ImportItem) -> usize {
    let texts = item.draft.as_ref().map_or(0, |draft| {
        draft.title.len() + draft.description.as_ref().map_or(0, String::len)
    });
    ITEM_BYTES + texts
}

/// Reads the rest of a body, within reason, for who sends it.
async fn discard(mut body: Body) {
    let rest = async {
        let mut bytes = 0;
        while let Some(Ok(frame)) = body.frame().await {
            bytes += frame.data_ref().map_or(0, Bytes::len);
            if bytes > MAX_DISCARDED_BYTES {
                return;
            }
        }
    };
    // Either way there is nothing more to be done for them.
    let _ = timeout(DISCARD_TIMEOUT, rest).await;
}

/// Whether a file begins as every calendar does, as far as the first chunk shows it. Of anything else the whole report would be that nothing was found.
fn may_be_calendar(chunk: &[u8]) -> bool {
    let text = chunk.strip_prefix(b"\xef\xbb\xbf").unwrap_or(chunk).trim_ascii_start();
    let expected = b"BEGIN:";
    let seen = text.len().min(expected.len());
    text[..seen].eq_ignore_ascii_case(&expected[..seen])
}

fn not_a_calendar() -> Problem {
    Problem::bad_request("the body is no iCalendar file: it does not begin with BEGIN:VCALENDAR")
}

//! `punctual import`: sends an iCalendar file to a server and prints what became of it. A client of the API like every other.

mod report;
mod upload;

use std::{error::Error, path::Path, process::ExitCode};

use reqwest::{
    Client, Url,
    header::{CONTENT_LENGTH, CONTENT_TYPE},
};

use self::{report::Report, upload::Upload};
use crate::{cli::ImportArguments, roles::api::Limits};

/// Some to-dos were refused, or the end of the file was not read; the others were taken.
const SOME_REFUSED: u8 = 2;

/// Why an import failed as a whole.
#[derive(Debug, thiserror::Error)]
pub enum ImportError {
    /// The file cannot be read.
    #[error("cannot read {file}: {source}")]
    File {
        /// Which.
        file: String,
        /// Why.
        source: std::io::Error,
    },
    /// No server takes that much at once.
    #[error("{file} has {length} bytes and a server takes {limit} at most: import it in pieces; nothing was sent")]
    TooLarge {
        /// Which.
        file: String,
        /// How large it is, in bytes.
        length: u64,
        /// How large it may be, in bytes.
        limit: u64,
    },
    /// There was no answer.
    #[error("no answer from {url}: {reason}")]
    NoAnswer {
        /// Where from.
        url: Url,
        /// Why, from the outermost cause to the innermost.
        reason: String,
    },
    /// The server answered with a problem.
    #[error("the server refused the import: {0}")]
    Refused(String),
    /// The server answered with something else.
    #[error("{url} is not a Punctual server, or one of another release: {reason}")]
    Unreadable {
        /// Where from.
        url: Url,
        /// What is wrong.
        reason: String,
    },
    /// The system lacks something.
    #[error(transparent)]
    System(#[from] std::io::Error),
}

/// Imports a file and prints the report.
///
/// # Errors
/// When the import failed as a whole.
pub fn run(arguments: &ImportArguments) -> Result<ExitCode, ImportError> {
    let tokio = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let report = tokio.block_on(import(arguments))?;
    report.print(&mut std::io::stdout().lock())?;
    let is_whole = report.refused == 0 && report.unread.is_none() && !report.is_empty();
    Ok(if is_whole {
        ExitCode::SUCCESS
    } else {
        ExitCode::from(SOME_REFUSED)
    })
}

async fn import(arguments: &ImportArguments) -> Result<Report, ImportError> {
    let upload = Upload::open(&arguments.file)
        .await
        .map_err(|source| ImportError::File {
            file: arguments.file.display().to_string(),
            source,
        })?;
    refuse_too_large(&arguments.file, upload.length())?;
    let url = endpoint(&arguments.url, "import");
    let no_answer = |error: reqwest::Error| ImportError::NoAnswer {
        url: arguments.url.clone(),
        reason: chain(&error.without_url()),
    };
    let bar = upload.bar().clone();
    let client = client(&url).map_err(no_answer)?;
    // A server that refuses us hangs up on whoever goes on sending a file, who then may not hear why: so we knock first.
    let knock = client.get(endpoint(&arguments.url, "me")).bearer_auth(&arguments.token);
    let answer = knock.send().await.map_err(no_answer)?;
    if !answer.status().is_success() {
        return Err(refused(answer).await.unwrap_or_else(no_answer));
    }
    let mut request = client
        .post(url)
        .bearer_auth(&arguments.token)
        .header(CONTENT_TYPE, "text/calendar");
    if let Some(length) = upload.length() {
        request = request.header(CONTENT_LENGTH, length);
    }
    let request = request.body(upload.into_body());
    let answer = request.send().await.map_err(no_answer)?;
    bar.finish_and_clear();
    if !answer.status().is_success() {
        return Err(refused(answer).await.unwrap_or_else(no_answer));
    }
    let body = answer.bytes().await.map_err(no_answer)?;
    serde_json::from_slice(&body).map_err(|error| ImportError::Unreadable {
        url: arguments.url.clone(),
        reason: error.to_string(),
    })
}

/// The server's own words.
async fn refused(answer: reqwest::Response) -> reqwest::Result<ImportError> {
    let status = answer.status();
    let body = answer.bytes().await?;
    Ok(ImportError::Refused(report::problem(status, &body)))
}

/// Before anything is sent: a server that refuses a file by its length hangs up on whoever goes on sending it, who then may not hear why.
fn refuse_too_large(file: &Path, length: Option<u64>) -> Result<(), ImportError> {
    let limit = Limits::default().import_bytes;
    match length {
        Some(length) if length > limit => Err(ImportError::TooLarge {
            file: file.display().to_string(),
            length,
            limit,
        }),
        Some(_) | None => Ok(()),
    }
}

/// Something of the API, on a server that may be below a path of its own.
fn endpoint(server: &Url, what: &str) -> Url {
    let mut url = server.clone();
    let base = server.path().trim_end_matches('/');
    url.set_path(&format!("{base}/v1/{what}"));
    url
}

fn client(url: &Url) -> reqwest::Result<Client> {
    crate::tls::install_crypto_provider();
    let client = Client::builder();
    // A proxy cannot reach the loopback address of this machine.
    let is_here = matches!(url.host_str(), Some("localhost" | "127.0.0.1" | "[::1]"));
    if is_here { client.no_proxy() } else { client }.build()
}

fn chain(error: &dyn Error) -> String {
    let (mut text, mut error) = (error.to_string(), error);
    while let Some(source) = error.source() {
        text = format!("{text}: {source}");
        error = source;
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_server_below_a_path_is_reached_there() {
        for (server, expected) in [
            ("http://127.0.0.1:8080", "http://127.0.0.1:8080/v1/import"),
            ("https://example.org/base", "https://example.org/base/v1/import"),
            ("https://example.org/base/", "https://example.org/base/v1/import"),
        ] {
            assert_eq!(endpoint(&server.parse().unwrap(), "import").as_str(), expected);
        }
    }
}

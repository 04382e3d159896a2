//! `punctual import`: sends an iCalendar file to a server and prints what became of it. A client of the API like every other.

mod report;
mod upload;

use std::{error::Error, process::ExitCode};

use reqwest::{Client, Url, header::CONTENT_TYPE};

use self::{report::Report, upload::Upload};
use crate::cli::ImportArguments;

/// Some to-dos were refused; the others were taken.
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
    Ok(match report.refused {
        0 => ExitCode::SUCCESS,
        _ => ExitCode::from(SOME_REFUSED),
    })
}

async fn import(arguments: &ImportArguments) -> Result<Report, ImportError> {
    let upload = Upload::open(&arguments.file)
        .await
        .map_err(|source| ImportError::File {
            file: arguments.file.display().to_string(),
            source,
        })?;
    let mut url = arguments.url.clone();
    url.set_path("/v1/import");
    let no_answer = |error: reqwest::Error| ImportError::NoAnswer {
        url: arguments.url.clone(),
        reason: chain(&error.without_url()),
    };
    let bar = upload.bar().clone();
    let request = client(&url)
        .map_err(no_answer)?
        .post(url)
        .bearer_auth(&arguments.token)
        .header(CONTENT_TYPE, "text/calendar")
        .body(upload.into_body());
    let answer = request.send().await.map_err(no_answer)?;
    let status = answer.status();
    let body = answer.bytes().await.map_err(no_answer)?;
    bar.finish_and_clear();
    if !status.is_success() {
        return Err(ImportError::Refused(report::problem(status, &body)));
    }
    serde_json::from_slice(&body).map_err(|error| ImportError::Unreadable {
        url: arguments.url.clone(),
        reason: error.to_string(),
    })
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

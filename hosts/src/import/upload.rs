//! A file on its way to the server, in pieces, with a progress bar where somebody watches.

use std::{io, path::Path};

use bytes::Bytes;
use futures_util::stream;
use indicatif::{ProgressBar, ProgressStyle};
use reqwest::Body;
use tokio::{
    fs::File,
    io::{AsyncRead, AsyncReadExt as _},
};

const PIECE_BYTES: usize = 64 * 1024;

/// A file, or standard input, opened.
pub(super) struct Upload {
    source: Box<dyn AsyncRead + Send + Sync + Unpin>,
    bar: ProgressBar,
    length: Option<u64>,
}

impl Upload {
    pub(super) async fn open(path: &Path) -> io::Result<Self> {
        if path == Path::new("-") {
            return Ok(Self {
                source: Box::new(tokio::io::stdin()),
                bar: ProgressBar::new_spinner().with_style(style("{spinner} {bytes} sent, {elapsed}")),
                length: None,
            });
        }
        let file = File::open(path).await?;
        let metadata = file.metadata().await?;
        if metadata.is_dir() {
            return Err(io::ErrorKind::IsADirectory.into());
        }
        let length = metadata.len();
        Ok(Self {
            // What is added to the file meanwhile is not what was announced.
            source: Box::new(file.take(if metadata.is_file() { length } else { u64::MAX })),
            bar: ProgressBar::new(length).with_style(style("{bar:40} {bytes} of {total_bytes}, {eta} left")),
            length: metadata.is_file().then_some(length),
        })
    }

    /// In bytes, of a file whose length is known.
    pub(super) fn length(&self) -> Option<u64> {
        self.length
    }

    pub(super) fn bar(&self) -> &ProgressBar {
        &self.bar
    }

    pub(super) fn into_body(self) -> Body {
        Body::wrap_stream(stream::try_unfold(self, |mut upload| async {
            let piece = upload.next_piece().await?;
            Ok::<_, io::Error>(piece.map(|piece| (piece, upload)))
        }))
    }

    async fn next_piece(&mut self) -> io::Result<Option<Bytes>> {
        let mut piece = vec![0; PIECE_BYTES];
        let length = self.source.read(&mut piece).await?;
        piece.truncate(length);
        self.bar.inc(length as u64);
        Ok((length > 0).then(|| piece.into()))
    }
}

/// A style that is spelled wrong would be found by the first run; a plain bar will do then.
fn style(template: &str) -> ProgressStyle {
    ProgressStyle::with_template(template).unwrap_or_else(|_| ProgressStyle::default_bar())
}

//! One keep-alive HTTP/1.1 connection that sends bytes made beforehand and reads no more of the answer than its status, its length and its
//! body. A general client spends several times as much per request, and on a machine shared with the server that would be measured instead.

use std::{io, net::SocketAddr};

use memchr::memmem;
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
};

/// Holds a page of 50 tasks; grows when an answer is larger.
const INITIAL_BUFFER_BYTES: usize = 64 * 1024;
/// An answer larger than this is a fault.
const MAX_ANSWER_BYTES: usize = 64 * 1024 * 1024;

/// A connection: one request at a time.
pub(crate) struct Connection {
    stream: TcpStream,
    buffer: Vec<u8>,
}

/// An answer, borrowed from the connection's buffer.
pub(crate) struct Answer<'a> {
    /// The status code.
    pub(crate) status: u16,
    /// The content.
    pub(crate) body: &'a [u8],
}

impl Connection {
    /// Connects.
    pub(crate) async fn open(address: SocketAddr) -> io::Result<Self> {
        Self::open_small(address, INITIAL_BUFFER_BYTES).await
    }

    /// Connects with a buffer of so many bytes to begin with.
    pub(crate) async fn open_small(address: SocketAddr, buffer_bytes: usize) -> io::Result<Self> {
        let stream = TcpStream::connect(address).await?;
        stream.set_nodelay(true)?;
        Ok(Self {
            stream,
            buffer: vec![0; buffer_bytes],
        })
    }

    /// Sends a request and reads its whole answer.
    pub(crate) async fn exchange(&mut self, request: &[u8]) -> io::Result<Answer<'_>> {
        self.stream.write_all(request).await?;
        let mut filled = 0;
        let head = loop {
            filled = self.read_more(filled).await?;
            if let Some(head) = Head::parse(&self.buffer[..filled])? {
                break head;
            }
        };
        while filled < head.end {
            filled = self.read_more(filled).await?;
        }
        Ok(Answer {
            status: head.status,
            body: &self.buffer[head.body_start..head.end],
        })
    }

    /// Gives up HTTP and hands out the socket: for an upgrade.
    pub(crate) fn into_stream(self) -> TcpStream {
        self.stream
    }

    async fn read_more(&mut self, filled: usize) -> io::Result<usize> {
        if filled == self.buffer.len() {
            if filled >= MAX_ANSWER_BYTES {
                return Err(io::Error::other("an answer of more than 64 MiB"));
            }
            self.buffer.resize(filled * 2, 0);
        }
        match self.stream.read(&mut self.buffer[filled..]).await? {
            0 => Err(io::ErrorKind::UnexpectedEof.into()),
            read => Ok(filled + read),
        }
    }
}

/// What matters of an answer's head.
#[derive(Debug, PartialEq, Eq)]
struct Head {
    status: u16,
    body_start: usize,
    end: usize,
}

impl Head {
    /// `None` while the head is incomplete.
    fn parse(bytes: &[u8]) -> io::Result<Option<Self>> {
        let Some(blank_line) = memmem::find(bytes, b"\r\n\r\n") else {
            return Ok(None);
        };
        let malformed = || io::Error::new(io::ErrorKind::InvalidData, "not an HTTP/1.1 answer");
        let status = bytes
            .strip_prefix(b"HTTP/1.1 ")
            .and_then(|rest| number(rest.get(..3)?))
            .and_then(|status| u16::try_from(status).ok())
            .ok_or_else(malformed)?;
        let body_start = blank_line + 4;
        let length = content_length(&bytes[..blank_line + 2])?;
        Ok(Some(Self {
            status,
            body_start,
            end: body_start + length,
        }))
    }
}

/// The length a head announces; without one there is no body (204, 304, 101). A chunked body is refused, not guessed: Punctual sends none.
fn content_length(head: &[u8]) -> io::Result<usize> {
    for line in head.split(|byte| *byte == b'\n').skip(1) {
        let Some(colon) = memchr::memchr(b':', line) else {
            continue;
        };
        let (name, value) = (&line[..colon], line[colon + 1..].trim_ascii());
        if name.eq_ignore_ascii_case(b"content-length") {
            return number(value).ok_or_else(|| io::Error::new(io::ErrorKind::InvalidData, "a bad content-length"));
        }
        if name.eq_ignore_ascii_case(b"transfer-encoding") {
            return Err(io::Error::other("a chunked answer, which this client does not read"));
        }
    }
    Ok(0)
}

fn number(digits: &[u8]) -> Option<usize> {
    std::str::from_utf8(digits).ok()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_head_is_read_whatever_the_case_and_order_of_its_fields() {
        let bytes = b"HTTP/1.1 201 Created\r\nx: content-length: 9\r\nContent-LENGTH:  5\r\netag: \"1\"\r\n\r\nhello";
        let head = Head::parse(bytes).unwrap().unwrap();
        assert_eq!((head.status, &bytes[head.body_start..head.end]), (201, &b"hello"[..]));
    }

    #[test]
    fn an_incomplete_head_waits_and_an_answer_without_length_has_no_body() {
        assert_eq!(Head::parse(b"HTTP/1.1 204 No Content\r\ndate: x\r\n").unwrap(), None);
        let head = Head::parse(b"HTTP/1.1 204 No Content\r\ndate: x\r\n\r\n")
            .unwrap()
            .unwrap();
        assert_eq!((head.status, head.end - head.body_start), (204, 0));
    }

    #[test]
    fn what_is_not_understood_is_an_error() {
        assert!(Head::parse(b"SSH-2.0\r\n\r\n").is_err());
        assert!(Head::parse(b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n").is_err());
        assert!(Head::parse(b"HTTP/1.1 200 OK\r\ncontent-length: five\r\n\r\n").is_err());
    }
}

//! The sync socket as a client sees it, with a small buffer and no more of RFC 6455 than a server that keeps to it can send here: whole text
//! frames, pings, a close.

use std::{io, net::SocketAddr};

use serde_json::json;
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
};

use crate::http::Connection;

/// A change of a task fits; grows when a frame is larger.
const INITIAL_BUFFER_BYTES: usize = 4 * 1024;
/// A frame larger than this is a fault.
const MAX_FRAME_BYTES: usize = 16 * 1024 * 1024;
/// The upgrade; any key will do, since the connection is not made through a proxy that could confuse it with another.
const UPGRADE: &[u8] = b"GET /v1/sync HTTP/1.1\r\nhost: localhost\r\nconnection: Upgrade\r\nupgrade: websocket\r\n\
    sec-websocket-version: 13\r\nsec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n";

const CONTINUATION: u8 = 0x0;
const TEXT: u8 = 0x1;
const CLOSE: u8 = 0x8;
const PING: u8 = 0x9;
const PONG: u8 = 0xa;

/// A socket that has said hello and is ready.
pub(crate) struct Socket {
    stream: TcpStream,
    buffer: Vec<u8>,
    /// Where the bytes begin that were not looked at yet, and where they end.
    unread: std::ops::Range<usize>,
}

impl Socket {
    /// Connects, says hello from the present on and waits until the server is ready.
    pub(crate) async fn open(address: SocketAddr, token: &str) -> io::Result<Self> {
        let mut connection = Connection::open_small(address, INITIAL_BUFFER_BYTES).await?;
        let status = connection.exchange(UPGRADE).await?.status;
        if status != 101 {
            return Err(io::Error::other(format!(
                "GET /v1/sync answered {status} instead of 101"
            )));
        }
        let mut socket = Self {
            stream: connection.into_stream(),
            buffer: vec![0; INITIAL_BUFFER_BYTES],
            unread: 0..0,
        };
        let hello = json!({ "type": "hello", "token": token, "cursor": null });
        socket.send(TEXT, hello.to_string().as_bytes()).await?;
        let answer = socket.next().await?;
        if memchr::memmem::find(answer, br#""ready""#).is_none() {
            let answer = String::from_utf8_lossy(answer).into_owned();
            return Err(io::Error::other(format!("hello was answered with {answer}")));
        }
        Ok(socket)
    }

    /// The next message's text. Pings are answered on the way. Dropping the future loses nothing but a pong.
    pub(crate) async fn next(&mut self) -> io::Result<&[u8]> {
        loop {
            let Some(frame) = Frame::parse(&self.buffer[self.unread.clone()])? else {
                self.read_more().await?;
                continue;
            };
            let payload = self.unread.start + frame.payload_start..self.unread.start + frame.end;
            self.unread.start = payload.end;
            match frame.opcode {
                TEXT => return Ok(&self.buffer[payload]),
                PING => {
                    let echo = self.buffer[payload].to_vec();
                    self.send(PONG, &echo).await?;
                }
                CLOSE => {
                    let code = self.buffer[payload]
                        .first_chunk()
                        .map_or(1005, |code| u16::from_be_bytes(*code));
                    return Err(io::Error::other(format!("the server closed the socket with {code}")));
                }
                _ => {}
            }
        }
    }

    /// Reads as much as there is; makes room first, by moving what is unread to the front or by growing.
    async fn read_more(&mut self) -> io::Result<()> {
        self.buffer.copy_within(self.unread.clone(), 0);
        self.unread = 0..self.unread.len();
        if self.unread.end == self.buffer.len() {
            if self.buffer.len() >= MAX_FRAME_BYTES {
                return Err(io::Error::other("a frame of more than 16 MiB"));
            }
            self.buffer.resize(self.buffer.len() * 2, 0);
        }
        match self.stream.read(&mut self.buffer[self.unread.end..]).await? {
            0 => Err(io::ErrorKind::UnexpectedEof.into()),
            read => {
                self.unread.end += read;
                Ok(())
            }
        }
    }

    /// Sends a frame. Clients have to mask; with a mask of zeros the bytes stay as they are.
    async fn send(&mut self, opcode: u8, payload: &[u8]) -> io::Result<()> {
        let mut frame = vec![0x80 | opcode];
        match u16::try_from(payload.len()) {
            Ok(length @ 0..=125) => frame.push(0x80 | length as u8),
            Ok(length) => {
                frame.push(0x80 | 126);
                frame.extend(length.to_be_bytes());
            }
            Err(_) => return Err(io::Error::other("a message of more than 64 KiB")),
        }
        frame.extend([0; 4]);
        frame.extend(payload);
        self.stream.write_all(&frame).await
    }
}

/// Where a frame's payload lies.
#[derive(Debug, PartialEq, Eq)]
struct Frame {
    opcode: u8,
    payload_start: usize,
    end: usize,
}

impl Frame {
    /// `None` while the frame is incomplete.
    fn parse(bytes: &[u8]) -> io::Result<Option<Self>> {
        let [first, second, rest @ ..] = bytes else {
            return Ok(None);
        };
        let is_final = first & 0x80 != 0;
        let opcode = first & 0x0f;
        if !is_final || opcode == CONTINUATION || first & 0x70 != 0 || second & 0x80 != 0 {
            return Err(io::Error::other(
                "a fragmented, compressed or masked frame, which this client does not read",
            ));
        }
        let (length, payload_start) = match second & 0x7f {
            126 => match rest.first_chunk() {
                Some(length) => (u64::from(u16::from_be_bytes(*length)), 4),
                None => return Ok(None),
            },
            127 => match rest.first_chunk() {
                Some(length) => (u64::from_be_bytes(*length), 10),
                None => return Ok(None),
            },
            length => (u64::from(length), 2),
        };
        let length = usize::try_from(length).ok().filter(|length| *length <= MAX_FRAME_BYTES);
        let end = payload_start + length.ok_or_else(|| io::Error::other("a frame of more than 16 MiB"))?;
        Ok((bytes.len() >= end).then_some(Self {
            opcode,
            payload_start,
            end,
        }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn frames_of_every_length_are_read_when_complete_and_not_before() {
        for length in [0_usize, 125, 126, 65_535, 65_536] {
            let mut bytes = vec![0x80 | TEXT];
            match length {
                0..=125 => bytes.push(length as u8),
                126..=65_535 => {
                    bytes.push(126);
                    bytes.extend((length as u16).to_be_bytes());
                }
                _ => {
                    bytes.push(127);
                    bytes.extend((length as u64).to_be_bytes());
                }
            }
            let payload_start = bytes.len();
            bytes.extend(vec![b'x'; length]);
            for incomplete in [0, 1, payload_start - 1, bytes.len() - 1] {
                assert_eq!(
                    Frame::parse(&bytes[..incomplete]).unwrap(),
                    None,
                    "{length} {incomplete}"
                );
            }
            bytes.push(0x81);
            let frame = Frame::parse(&bytes).unwrap().unwrap();
            assert_eq!(
                (frame.opcode, frame.payload_start, frame.end),
                (TEXT, payload_start, payload_start + length)
            );
        }
    }

    #[test]
    fn what_this_client_does_not_read_is_an_error() {
        for bytes in [[TEXT, 0], [0x80, 0], [0xc0 | TEXT, 0], [0x80 | TEXT, 0x80]] {
            assert!(Frame::parse(&bytes).is_err(), "{bytes:x?}");
        }
    }
}

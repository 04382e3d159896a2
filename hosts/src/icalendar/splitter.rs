//! Cuts a stream of iCalendar bytes into components, each bounded, however the bytes are chunked.

use super::{ItemCode, Refused};

/// A longer line, unfolded, refuses its item.
pub const MAX_LINE_BYTES: usize = 64 * 1024;
/// A larger component is refused.
pub const MAX_ITEM_BYTES: usize = 256 * 1024;
/// A component nested deeper in an item refuses the item.
pub const MAX_DEPTH: u32 = 8;

/// A complete component, unfolded, its lines ended by LF.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Piece {
    /// A VTODO. The text may not be UTF-8.
    Todo(Vec<u8>),
    /// A VTIMEZONE.
    TimeZone(Vec<u8>),
    /// A VTODO that breaks a limit or never ends. The rest of it is skipped.
    Refused {
        /// Which limit.
        refused: Refused,
        /// What of it came before that.
        text: Vec<u8>,
    },
}

/// Components that are not imported, by kind.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Ignored {
    /// VEVENT.
    pub events: u64,
    /// VJOURNAL.
    pub journals: u64,
    /// Anything else but VCALENDAR, VTIMEZONE and VTODO.
    pub others: u64,
}

/// The splitter. It holds one line and one component at most: under a megabyte, whatever comes.
///
/// It recovers at the first thing that can only be outside of a to-do: BEGIN of another top-level component, or BEGIN or END of VCALENDAR, so a
/// missing END costs one item.
#[derive(Debug, Default)]
pub struct Splitter {
    ignored: Ignored,
    /// The logical line so far.
    line: Vec<u8>,
    /// True when the line went over [`MAX_LINE_BYTES`]; the rest of it is dropped.
    line_cut: bool,
    /// True after a line break: only the next byte tells whether the line goes on.
    line_ended: bool,
    state: State,
}

#[derive(Debug, Default)]
enum State {
    #[default]
    Outside,
    Inside {
        depth: u32,
        kept: Kept,
        text: Vec<u8>,
    },
    /// In a component nobody wants, until its END.
    Skipping {
        name: String,
    },
}

/// The components whose text is kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kept {
    Todo,
    TimeZone,
}

impl Kept {
    const fn name(self) -> &'static str {
        match self {
            Self::Todo => "VTODO",
            Self::TimeZone => "VTIMEZONE",
        }
    }
}

impl Splitter {
    /// The next piece completed by `bytes`, which is advanced past what was read. `None` when it is used up.
    pub fn next_piece(&mut self, bytes: &mut &[u8]) -> Option<Piece> {
        loop {
            let first = *bytes.first()?;
            if self.line_ended {
                // Some end a line with CR CR LF, some with CR alone: what is empty is no line.
                if matches!(first, b'\r' | b'\n') {
                    *bytes = &bytes[1..];
                    continue;
                }
                self.line_ended = false;
                if matches!(first, b' ' | b'\t') {
                    *bytes = &bytes[1..];
                } else if let Some(piece) = self.end_line() {
                    return Some(piece);
                }
                continue;
            }
            let end = memchr::memchr2(b'\r', b'\n', bytes);
            self.extend_line(&bytes[..end.unwrap_or(bytes.len())]);
            *bytes = &bytes[end.map_or(bytes.len(), |end| end + 1)..];
            self.line_ended = end.is_some();
        }
    }

    /// What the end of the stream completes or leaves unterminated. Call it until it answers `None`.
    pub fn finish(&mut self) -> Option<Piece> {
        self.line_ended = false;
        self.end_line().or_else(|| self.abandon())
    }

    /// How many components were passed over so far.
    #[must_use]
    pub fn ignored(&self) -> Ignored {
        self.ignored
    }

    /// How much memory the splitter holds now.
    #[must_use]
    pub fn held_bytes(&self) -> usize {
        let held = match &self.state {
            State::Outside => 0,
            State::Inside { text, .. } => text.capacity(),
            State::Skipping { name } => name.capacity(),
        };
        self.line.capacity() + held
    }

    fn extend_line(&mut self, part: &[u8]) {
        let room = MAX_LINE_BYTES - self.line.len();
        self.line_cut |= part.len() > room;
        self.line.extend_from_slice(&part[..part.len().min(room)]);
    }

    fn end_line(&mut self) -> Option<Piece> {
        let mut line = std::mem::take(&mut self.line);
        let cut = std::mem::take(&mut self.line_cut);
        let text = line.strip_prefix(b"\xef\xbb\xbf").unwrap_or(&line);
        let piece = match Boundary::of(text).filter(|_| !cut) {
            Some(Boundary::Begin(name)) => self.begin(name),
            Some(Boundary::End(name)) => self.end(&name),
            None => self.content(text, cut),
        };
        line.clear();
        self.line = line;
        piece
    }

    fn begin(&mut self, name: String) -> Option<Piece> {
        let kept = match name.as_str() {
            "VTODO" => Some(Kept::Todo),
            "VTIMEZONE" => Some(Kept::TimeZone),
            "VCALENDAR" => return self.abandon(),
            "VEVENT" | "VJOURNAL" | "VFREEBUSY" => None,
            _ => return self.begin_nested(name),
        };
        let unterminated = self.abandon();
        match kept {
            Some(kept) => {
                let text = format!("BEGIN:{name}\n").into_bytes();
                self.state = State::Inside { depth: 0, kept, text };
            }
            None => self.ignore(name),
        }
        unterminated
    }

    fn begin_nested(&mut self, name: String) -> Option<Piece> {
        match &mut self.state {
            State::Outside => self.ignore(name),
            State::Skipping { .. } => {}
            State::Inside { depth, .. } if *depth == MAX_DEPTH => {
                let reason = format!("components are nested more than {MAX_DEPTH} deep");
                return self.refuse(Refused::new(ItemCode::NestingTooDeep, reason));
            }
            State::Inside { depth, .. } => {
                *depth += 1;
                return self.keep(format!("BEGIN:{name}").as_bytes());
            }
        }
        None
    }

    fn end(&mut self, name: &str) -> Option<Piece> {
        match &mut self.state {
            _ if name == "VCALENDAR" => self.abandon(),
            State::Skipping { name: skipped } if skipped == name => {
                self.state = State::Outside;
                None
            }
            State::Inside { kept, text, .. } if kept.name() == name => {
                text.extend_from_slice(format!("END:{name}\n").as_bytes());
                let (kept, text) = (*kept, std::mem::take(text));
                self.state = State::Outside;
                Some(match kept {
                    Kept::Todo => Piece::Todo(text),
                    Kept::TimeZone => Piece::TimeZone(text),
                })
            }
            State::Inside { depth, .. } if *depth > 0 => {
                *depth -= 1;
                self.keep(format!("END:{name}").as_bytes())
            }
            // An END without its BEGIN means nothing, and would end the item for the parser.
            State::Inside { .. } | State::Skipping { .. } | State::Outside => None,
        }
    }

    fn content(&mut self, line: &[u8], cut: bool) -> Option<Piece> {
        if line.is_empty() || !matches!(self.state, State::Inside { .. }) {
            None
        } else if is_attachment(line) {
            // Attachments are not imported and may be megabytes of base64: that there was one is all to remember.
            self.keep(b"ATTACH:-")
        } else if cut {
            let reason = format!("a line is longer than {MAX_LINE_BYTES} bytes");
            self.refuse(Refused::new(ItemCode::LineTooLong, reason))
        } else {
            self.keep(line)
        }
    }

    fn keep(&mut self, line: &[u8]) -> Option<Piece> {
        let State::Inside { text, .. } = &mut self.state else {
            return None;
        };
        if text.len() + line.len() >= MAX_ITEM_BYTES {
            let reason = format!("the item is larger than {MAX_ITEM_BYTES} bytes");
            return self.refuse(Refused::new(ItemCode::ItemTooLarge, reason));
        }
        text.extend_from_slice(line);
        text.push(b'\n');
        None
    }

    /// Gives up the open component and skips to its END.
    fn refuse(&mut self, refused: Refused) -> Option<Piece> {
        let State::Inside { kept, text, .. } = std::mem::take(&mut self.state) else {
            return None;
        };
        self.state = State::Skipping {
            name: kept.name().to_owned(),
        };
        (kept == Kept::Todo).then_some(Piece::Refused { refused, text })
    }

    /// Leaves whatever is open, whose END is missing.
    fn abandon(&mut self) -> Option<Piece> {
        let piece = self.refuse(Refused::new(ItemCode::Unterminated, "END:VTODO is missing"));
        self.state = State::Outside;
        piece
    }

    fn ignore(&mut self, name: String) {
        let count = match name.as_str() {
            "VEVENT" => &mut self.ignored.events,
            "VJOURNAL" => &mut self.ignored.journals,
            _ => &mut self.ignored.others,
        };
        *count += 1;
        self.state = State::Skipping { name };
    }
}

/// A BEGIN or END line, with the name in upper case.
enum Boundary {
    Begin(String),
    End(String),
}

impl Boundary {
    fn of(line: &[u8]) -> Option<Self> {
        let line = line.trim_ascii();
        let colon = line.iter().take(6).position(|byte| *byte == b':')?;
        let name = || {
            let name = std::str::from_utf8(line[colon + 1..].trim_ascii()).ok()?;
            (!name.is_empty() && name.len() <= 64).then(|| name.to_ascii_uppercase())
        };
        if line[..colon].eq_ignore_ascii_case(b"BEGIN") {
            name().map(Self::Begin)
        } else if line[..colon].eq_ignore_ascii_case(b"END") {
            name().map(Self::End)
        } else {
            None
        }
    }
}

/// True for the properties that carry files inline (RFC 5545 ATTACH, RFC 7986 IMAGE).
fn is_attachment(line: &[u8]) -> bool {
    let name_end = line.iter().take(7).position(|byte| matches!(byte, b':' | b';'));
    name_end
        .is_some_and(|end| line[..end].eq_ignore_ascii_case(b"ATTACH") || line[..end].eq_ignore_ascii_case(b"IMAGE"))
}

//! Text into tokens: words, numbers and marks with their places. What is escaped or quoted becomes a token that no phrase can begin, contain or end with.

/// A piece of the text, lowercased. Places are byte offsets, always on character boundaries.
#[derive(Clone, Copy, Debug)]
pub(super) struct Token<'t> {
    pub(super) kind: Kind,
    pub(super) text: &'t str,
    pub(super) start: usize,
    pub(super) end: usize,
    /// Nothing is between it and the token before.
    pub(super) joined: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// Letters, with apostrophes in between.
    Word,
    /// ASCII digits; the greatest value there is when they are too many.
    Number(u32),
    /// Any other character that is not white space.
    Mark(char),
    /// Escaped or quoted.
    Literal,
}

/// The tokens, and where the backslashes are that the title goes without.
pub(super) struct Lexed<'t> {
    pub(super) tokens: Vec<Token<'t>>,
    pub(super) escapes: Vec<usize>,
}

/// Cuts up a text that was lowercased in ASCII, which moves no byte. Each character is looked at a bounded number of times.
pub(super) fn lex(lower: &str) -> Lexed<'_> {
    let mut lexer = Lexer {
        text: lower,
        at: 0,
        last_end: usize::MAX,
        last_quotes: QUOTES.map(|(_, closes)| last_closing(lower, closes)),
        lexed: Lexed {
            tokens: Vec::with_capacity(lower.len() / 4 + 1),
            escapes: Vec::new(),
        },
    };
    while let Some(next) = lexer.peek() {
        lexer.step(next);
    }
    lexer.lexed
}

/// What opens a quotation, and what closes it; phones write the curly ones by themselves.
const QUOTES: [(char, char); 4] = [('"', '"'), ('“', '”'), ('‘', '’'), ('\'', '\'')];

fn is_apostrophe(mark: char) -> bool {
    matches!(mark, '\'' | '’')
}

/// Whether a mark that is at a place closes a quotation there: the apostrophe of "boss's" does not, nor one with a space before it.
fn is_closing(text: &str, at: usize, mark: char) -> bool {
    let behind = text[at + mark.len_utf8()..].chars().next();
    let before = text[..at].chars().next_back();
    !is_apostrophe(mark)
        || !behind.is_some_and(char::is_alphanumeric) && before.is_some_and(|before| !before.is_whitespace())
}

fn last_closing(text: &str, mark: char) -> usize {
    let mut marks = text.char_indices().rev();
    let last = marks.find(|(at, c)| *c == mark && is_closing(text, *at, mark));
    last.map_or(0, |(at, _)| at)
}

struct Lexer<'t> {
    text: &'t str,
    at: usize,
    last_end: usize,
    /// Where the last mark of each kind is that closes: what opens from there on is never closed.
    last_quotes: [usize; QUOTES.len()],
    lexed: Lexed<'t>,
}

impl<'t> Lexer<'t> {
    fn peek(&self) -> Option<char> {
        self.text.get(self.at..)?.chars().next()
    }

    fn step(&mut self, next: char) {
        match next {
            _ if next.is_whitespace() => self.at += next.len_utf8(),
            '\\' => self.escape(),
            _ => {
                let quoted = self.quoted(next).map(|end| (Kind::Literal, end));
                let (kind, end) = quoted.unwrap_or_else(|| self.token(next));
                self.push(kind, end);
            }
        }
    }

    /// Where what is quoted from here on ends, if it is.
    fn quoted(&self, opens: char) -> Option<usize> {
        let kind = QUOTES.iter().position(|(known, _)| *known == opens)?;
        let (_, closes) = QUOTES[kind];
        let is_word = |c: Option<char>| c.is_some_and(char::is_alphanumeric);
        if is_apostrophe(closes) && is_word(self.text[..self.at].chars().next_back()) {
            return None;
        }
        let after = self.at + opens.len_utf8();
        (after <= self.last_quotes[kind]).then_some(())?;
        let ends =
            |(offset, c): (usize, char)| (c == closes && is_closing(self.text, after + offset, c)).then_some(offset);
        let closing = after + self.text[after..].char_indices().find_map(ends)?;
        Some(closing + closes.len_utf8())
    }

    /// A backslash takes the next word or mark as text; before white space or the end it is a mark like any other.
    fn escape(&mut self) {
        let backslash = self.at;
        self.at += 1;
        match self.peek() {
            Some(next) if !next.is_whitespace() => {
                let (_, end) = self.token(next);
                self.lexed.escapes.push(backslash);
                self.push(Kind::Literal, end);
            }
            _ => {
                self.at = backslash;
                self.push(Kind::Mark('\\'), backslash + 1);
            }
        }
    }

    /// What begins here, and where it ends.
    fn token(&self, next: char) -> (Kind, usize) {
        let rest = &self.text[self.at..];
        let end_of = |is_part: fn(char) -> bool| self.at + rest.find(|c| !is_part(c)).unwrap_or(rest.len());
        if next.is_ascii_digit() {
            let end = end_of(|c| c.is_ascii_digit());
            (Kind::Number(self.text[self.at..end].parse().unwrap_or(u32::MAX)), end)
        } else if is_letter(next) {
            let end = end_of(|c| is_letter(c) || matches!(c, '\'' | '’'));
            let word = self.text[self.at..end].trim_end_matches(['\'', '’']);
            (Kind::Word, self.at + word.len())
        } else {
            (Kind::Mark(next), self.at + next.len_utf8())
        }
    }

    fn push(&mut self, kind: Kind, end: usize) {
        self.lexed.tokens.push(Token {
            kind,
            text: &self.text[self.at..end],
            start: self.at,
            end,
            joined: self.last_end == self.at,
        });
        (self.at, self.last_end) = (end, end);
    }
}

fn is_letter(c: char) -> bool {
    c.is_alphanumeric() && !c.is_ascii_digit()
}

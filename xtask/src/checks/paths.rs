//! Which paths Rust code names, each from the crate on: trees of `use` taken apart, `super` resolved. No parser of Rust: what it reads are words,
//! colons and braces.

/// A path, as `["crate", "roles", "audit"]`.
pub(super) struct Path {
    /// Its names; the last may be `*`.
    pub(super) names: Vec<String>,
    /// The line it begins in.
    pub(super) line: usize,
}

/// The paths in the code of `module` that begin with `crate` or `super`.
pub(super) fn of_module(text: &str, module: &[String]) -> Vec<Path> {
    let tokens = tokens(text);
    let mut reader = Reader {
        tokens: &tokens,
        at: 0,
        found: Vec::new(),
    };
    // Modules written into the file, with the depth of their braces.
    let mut inner: Vec<(usize, String)> = Vec::new();
    let mut depth = 0_usize;
    while let Some(word) = reader.word() {
        match word {
            "{" => depth += 1,
            "}" => {
                depth = depth.saturating_sub(1);
                inner.retain(|(opened, _)| *opened <= depth);
            }
            "mod" if reader.word_at(2) == Some("{") => {
                let name = reader.word_at(1).unwrap_or_default().to_owned();
                inner.push((depth + 1, name));
            }
            "crate" | "super" if !reader.is_visibility() => {
                let names = inner.iter().map(|(_, name)| name.clone());
                let here: Vec<String> = module.iter().cloned().chain(names).collect();
                reader.read(&here, &[]);
                continue;
            }
            _ => {}
        }
        reader.at += 1;
    }
    reader.found
}

struct Token<'a> {
    word: &'a str,
    line: usize,
}

struct Reader<'a> {
    tokens: &'a [Token<'a>],
    at: usize,
    found: Vec<Path>,
}

impl<'a> Reader<'a> {
    fn word_at(&self, ahead: usize) -> Option<&'a str> {
        self.tokens.get(self.at + ahead).map(|token| token.word)
    }

    fn word(&self) -> Option<&'a str> {
        self.word_at(0)
    }

    /// `pub(super)` and `pub(in crate::…)` name nothing that is used.
    fn is_visibility(&self) -> bool {
        let before = |back: usize| self.at.checked_sub(back).map(|at| self.tokens[at].word);
        let opened = if before(1) == Some("in") { 2 } else { 1 };
        before(opened) == Some("(") && before(opened + 1) == Some("pub")
    }

    /// Reads a path, or a tree of them, that goes on from `names`.
    fn read(&mut self, here: &[String], names: &[String]) {
        let mut names = names.to_vec();
        let line = self.tokens[self.at].line;
        loop {
            match self.word() {
                Some("{") => return self.read_tree(here, &names),
                Some("super") if names.is_empty() => names = parent(here),
                Some("super") => names = parent(&names),
                Some("self") => {}
                Some(word) => names.push(word.to_owned()),
                None => break,
            }
            self.at += 1;
            if self.word() != Some("::") {
                break;
            }
            self.at += 1;
        }
        self.found.push(Path { names, line });
    }

    fn read_tree(&mut self, here: &[String], names: &[String]) {
        self.at += 1;
        while let Some(word) = self.word() {
            match word {
                "}" => {
                    self.at += 1;
                    return;
                }
                "," => self.at += 1,
                "as" => self.at += 2,
                _ => self.read(here, names),
            }
        }
    }
}

fn parent(names: &[String]) -> Vec<String> {
    names[..names.len().saturating_sub(1)].to_vec()
}

/// Words, `::` and single other signs, without comments and literals.
fn tokens(text: &str) -> Vec<Token<'_>> {
    let mut tokens = Vec::new();
    let (mut rest, mut line) = (text, 1);
    while let Some(first) = rest.chars().next() {
        let length = length_of(rest, first);
        let (word, after) = rest.split_at(length);
        let is_code = !first.is_whitespace() && length > 0 && !word.starts_with("//") && !word.ends_with(['"', '\'']);
        if is_code {
            tokens.push(Token { word, line });
        }
        line += word.matches('\n').count();
        rest = after;
    }
    tokens
}

/// How long what begins a text is, in bytes.
fn length_of(text: &str, first: char) -> usize {
    let until = |end: Option<usize>| end.unwrap_or(text.len());
    if text.starts_with("//") {
        return until(text.find('\n'));
    }
    if text.starts_with("::") {
        return 2;
    }
    if let Some(hashes) = raw_hashes(text) {
        let end = format!("\"{}", "#".repeat(hashes));
        let opened = hashes + 2;
        return until(text[opened..].find(&end).map(|at| opened + at + 1));
    }
    match first {
        '"' => 1 + until_quote(&text[1..], '"'),
        '\'' if text[1..].starts_with('\\') || text[1..].chars().nth(1) == Some('\'') => {
            1 + until_quote(&text[1..], '\'')
        }
        _ if first.is_alphanumeric() || first == '_' => until(text.find(|c: char| !c.is_alphanumeric() && c != '_')),
        _ => first.len_utf8(),
    }
}

/// The hashes of a raw string that begins a text.
fn raw_hashes(text: &str) -> Option<usize> {
    let rest = text.strip_prefix('r')?;
    let hashes = rest.len() - rest.trim_start_matches('#').len();
    rest[hashes..].starts_with('"').then_some(hashes)
}

/// The length of what is quoted, its closing quote included.
fn until_quote(text: &str, quote: char) -> usize {
    let mut is_escaped = false;
    for (at, c) in text.char_indices() {
        match c {
            _ if is_escaped => is_escaped = false,
            '\\' => is_escaped = true,
            _ if c == quote => return at + c.len_utf8(),
            _ => {}
        }
    }
    text.len()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn paths(text: &str) -> Vec<String> {
        let here = ["crate", "a", "b"].map(str::to_owned);
        let paths = of_module(text, &here).into_iter();
        paths
            .map(|path| format!("{}:{}", path.line, path.names.join("::")))
            .collect()
    }

    #[test]
    fn trees_are_taken_apart_and_super_is_resolved() {
        let text = "use crate::{\n    x::Y,\n    z::{self, *},\n};\nuse super::c as d;\nuse super::super::e;";
        assert_eq!(
            paths(text),
            [
                "2:crate::x::Y",
                "3:crate::z",
                "3:crate::z::*",
                "5:crate::a::c",
                "6:crate::e"
            ]
        );
    }

    #[test]
    fn a_module_written_into_the_file_is_one_further_from_the_crate() {
        let text = "mod tests { use super::c; }\nuse super::d;";
        assert_eq!(paths(text), ["1:crate::a::b::c", "2:crate::a::d"]);
    }

    #[test]
    fn comments_literals_and_visibilities_name_nothing() {
        let text = r##"
            // crate::x
            const A: &str = "crate::x \" {";
            const B: &str = r#"crate::x " { "#;
            const C: char = '{';
            const D: char = '\'';
            fn f<'a>(it: &'a str) { pub(super) fn g() {} pub(in crate::a) fn h() {} }
            use super::d;
        "##;
        assert_eq!(paths(text), ["8:crate::a::d"]);
    }
}

//! A place among the tokens, and the small steps that recognisers are made of.

use super::lexer::{Kind, Token};

/// The longest phrase, in tokens. No recogniser looks further ahead, so reading takes time linear in the length of the text whatever is in it.
pub(super) const MAX_PHRASE_TOKENS: usize = 64;

/// A place among the tokens. A copy is a place to come back to.
#[derive(Clone, Copy)]
pub(super) struct Cursor<'t> {
    tokens: &'t [Token<'t>],
    at: usize,
    limit: usize,
    /// Where the last phrase ended.
    behind: usize,
}

impl<'t> Cursor<'t> {
    /// At the token `at`, able to see as far as a phrase may reach; the last one ended at `behind`.
    pub(super) fn new(tokens: &'t [Token<'t>], at: usize, behind: usize) -> Self {
        Self {
            tokens,
            at,
            behind,
            limit: tokens.len().min(at.saturating_add(MAX_PHRASE_TOKENS)),
        }
    }

    /// The same place, a phrase having ended there.
    pub(super) fn behind_phrase(self) -> Self {
        Self {
            behind: self.at,
            ..self
        }
    }

    pub(super) fn at(&self) -> usize {
        self.at
    }

    pub(super) fn peek(&self) -> Option<&'t Token<'t>> {
        self.nth(0)
    }

    fn nth(&self, ahead: usize) -> Option<&'t Token<'t>> {
        let at = self.at + ahead;
        (at < self.limit).then(|| &self.tokens[at])
    }

    pub(super) fn advance(&mut self) {
        self.at += 1;
    }

    /// Runs a recogniser, and stays where it was if that finds nothing.
    pub(super) fn attempt<T>(&mut self, recognise: impl FnOnce(&mut Self) -> Option<T>) -> Option<T> {
        let mut ahead = *self;
        let found = recognise(&mut ahead)?;
        *self = ahead;
        Some(found)
    }

    /// The word here, if it is one.
    pub(super) fn peek_word(&self) -> Option<&'t str> {
        self.peek()
            .filter(|token| token.kind == Kind::Word)
            .map(|token| token.text)
    }

    pub(super) fn peek_is(&self, words: &[&str]) -> bool {
        self.peek_word().is_some_and(|word| words.contains(&word))
    }

    /// Passes one of these words.
    pub(super) fn word(&mut self, words: &[&str]) -> bool {
        let is_here = self.peek_is(words);
        self.at += usize::from(is_here);
        is_here
    }

    /// Passes these words in this order, or nothing.
    pub(super) fn words(&mut self, words: &[&str]) -> bool {
        self.attempt(|cursor| words.iter().all(|word| cursor.word(&[word])).then_some(()))
            .is_some()
    }

    /// Passes a word that `meaning` knows.
    pub(super) fn meaning<T>(&mut self, meaning: impl FnOnce(&str) -> Option<T>) -> Option<T> {
        let found = meaning(self.peek_word()?)?;
        self.at += 1;
        Some(found)
    }

    pub(super) fn mark(&mut self, mark: char) -> bool {
        let is_here = self.peek().is_some_and(|token| token.kind == Kind::Mark(mark));
        self.at += usize::from(is_here);
        is_here
    }

    /// Passes a mark that nothing separates from the token before.
    pub(super) fn joined_mark(&mut self, mark: char) -> bool {
        self.is_joined() && self.mark(mark)
    }

    pub(super) fn is_joined(&self) -> bool {
        self.peek().is_some_and(|token| token.joined)
    }

    /// A number, with how many digits it was written.
    pub(super) fn number(&mut self) -> Option<(u32, usize)> {
        let token = self.peek()?;
        let Kind::Number(value) = token.kind else { return None };
        self.at += 1;
        Some((value, token.text.len()))
    }

    /// Whether no words or numbers are left: marks may be.
    pub(super) fn is_at_end(&self) -> bool {
        self.peek().is_none() && self.limit == self.tokens.len()
            || self.tokens.get(self.at + 1).is_none()
                && self.peek().is_some_and(|token| matches!(token.kind, Kind::Mark(_)))
    }

    /// Whether one of these words is right before.
    pub(super) fn follows(&self, words: &[&str]) -> bool {
        self.at > 0 && words.contains(&self.tokens[self.at - 1].text)
    }

    /// The word right before, if it is one.
    pub(super) fn word_before(&self) -> Option<&'t str> {
        let before = self.at.checked_sub(1).and_then(|at| self.tokens.get(at));
        before.filter(|token| token.kind == Kind::Word).map(|token| token.text)
    }

    /// What is right before.
    pub(super) fn token_before(&self) -> Option<&'t str> {
        let before = self.at.checked_sub(1).and_then(|at| self.tokens.get(at))?;
        Some(before.text)
    }

    /// Whether a number is right before, in digits or as a word, that belongs to no other phrase.
    pub(super) fn follows_number(&self) -> bool {
        self.at
            .checked_sub(1)
            .is_some_and(|before| self.at != self.behind && self.is_number(before))
    }

    /// Whether the number right before is all of what it stands in: no "30" of "5:30".
    pub(super) fn follows_bare_number(&self) -> bool {
        let Some(before) = self.at.checked_sub(1) else {
            return false;
        };
        self.is_number(before) && (before == 0 || !self.tokens[before].joined)
    }

    fn is_number(&self, at: usize) -> bool {
        let token = &self.tokens[at];
        match token.kind {
            Kind::Number(_) => true,
            Kind::Word => super::words::cardinal(token.text).is_some(),
            Kind::Mark(_) | Kind::Literal => false,
        }
    }

    /// What separates the items of a list: a comma, "and", or both.
    pub(super) fn separator(&mut self) -> bool {
        let comma = self.mark(',');
        let and = self.word(&["and", "or"]) || self.mark('&');
        comma || and
    }

    /// One or more of what `item` recognises, separated; `None` if there is none. A separator nothing follows is left where it is.
    pub(super) fn list<T>(&mut self, mut item: impl FnMut(&mut Self) -> Option<T>) -> Option<Vec<T>> {
        let mut items = vec![self.attempt(&mut item)?];
        while let Some(next) = self.attempt(|cursor| cursor.separator().then_some(()).and_then(|()| item(cursor))) {
            items.push(next);
        }
        Some(items)
    }

    /// Whether a phrase may begin here: not inside a word like `re-fri`, `x2nd` or `mail@fri`.
    pub(super) fn begins_free(&self) -> bool {
        let Some(token) = self.tokens.get(self.at) else {
            return false;
        };
        if !token.joined || self.at == 0 {
            return true;
        }
        match self.tokens[self.at - 1].kind {
            Kind::Mark(mark) => !(glues(mark) && self.tokens[self.at - 1].joined),
            Kind::Word | Kind::Number(_) | Kind::Literal => false,
        }
    }

    /// Whether a phrase may end before this place.
    pub(super) fn ends_free(&self) -> bool {
        let Some(token) = self.tokens.get(self.at).filter(|token| token.joined) else {
            return true;
        };
        let after = self.tokens.get(self.at + 1);
        match token.kind {
            Kind::Mark('%' | '°' | '$' | '€' | '£' | '\u{300}'..='\u{36f}' | '\u{200d}' | '\u{fe0f}') => false,
            // "tomorrow..." trails off.
            Kind::Mark(mark) => {
                !(glues(mark) && after.is_some_and(|after| after.joined && !(mark == '.' && after.text == ".")))
            }
            Kind::Word | Kind::Number(_) | Kind::Literal => false,
        }
    }
}

/// Marks that make one word of what they stand between.
fn glues(mark: char) -> bool {
    matches!(
        mark,
        '-' | '.' | '_' | '/' | '@' | ':' | '\'' | '’' | '+' | '=' | '~' | '&' | '\\' | '#'
    )
}

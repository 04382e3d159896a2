//! Many small texts in one allocation, and which tasks of a block each of them belongs to.

/// Texts one after the other. An allocation of its own for each would cost more than most of them are long.
#[derive(Debug, Default)]
pub(super) struct Texts {
    text: Box<str>,
    /// Where each ends.
    ends: Box<[u32]>,
}

impl Texts {
    /// How many there are.
    pub(super) fn len(&self) -> usize {
        self.ends.len()
    }

    /// The text at `index`, empty when there is none.
    pub(super) fn get(&self, index: usize) -> &str {
        self.text
            .get(self.start(index)..self.start(index + 1))
            .unwrap_or_default()
    }

    /// All of them as one text.
    pub(super) fn joined(&self) -> &str {
        &self.text
    }

    /// Which text the byte at `offset` is in, that at `from` or a later one. Often it is one soon after, so those are tried first.
    pub(super) fn at(&self, offset: usize, from: usize) -> usize {
        const NEAR: usize = 8;
        let later = self.ends.get(from..).unwrap_or_default();
        let near = later.iter().take(NEAR).position(|end| *end as usize > offset);
        from + near.unwrap_or_else(|| later.partition_point(|end| *end as usize <= offset))
    }

    /// Where the text at `index` begins; that of the one after the last is the end.
    pub(super) fn start(&self, index: usize) -> usize {
        let end = |before: usize| self.ends.get(before).map_or(self.text.len(), |end| *end as usize);
        index.checked_sub(1).map_or(0, end)
    }
}

/// Collects texts.
#[derive(Default)]
pub(super) struct TextsBuilder {
    text: String,
    ends: Vec<u32>,
}

impl TextsBuilder {
    /// The text being written.
    pub(super) fn open(&mut self) -> &mut String {
        &mut self.text
    }

    /// Ends the text being written. The texts of a page are some hundred KiB at the very most; beyond 4 GiB they would read as cut off.
    pub(super) fn close(&mut self) {
        self.ends.push(u32::try_from(self.text.len()).unwrap_or(u32::MAX));
    }

    pub(super) fn build(self) -> Texts {
        Texts {
            text: self.text.into(),
            ends: self.ends.into(),
        }
    }
}

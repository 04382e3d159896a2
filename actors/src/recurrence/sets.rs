//! The sets a rule is made of, as bits. Empty where the part is absent.

use std::fmt;

use chrono::Weekday;

/// The names of the weekdays in rules, from Monday.
pub(super) const WEEKDAY_NAMES: [&str; 7] = ["MO", "TU", "WE", "TH", "FR", "SA", "SU"];

/// Numbers from 0 to 63, a bit each: `BYHOUR`, `BYMINUTE`, `BYSECOND`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub(super) struct SmallSet(pub(super) u64);

impl SmallSet {
    pub(super) fn only(number: u32) -> Self {
        Self(1 << number)
    }

    /// 0 to `end - 1`; `end` is 1 to 63.
    pub(super) fn below(end: u32) -> Self {
        Self((1 << end) - 1)
    }

    pub(super) fn is_empty(self) -> bool {
        self.0 == 0
    }

    pub(super) fn contains(self, number: u32) -> bool {
        self.0 >> number & 1 != 0
    }

    pub(super) fn len(self) -> u32 {
        self.0.count_ones()
    }

    /// The smallest number from `from` on.
    pub(super) fn first_from(self, from: u32) -> Option<u32> {
        let rest = self.0.checked_shr(from).filter(|rest| *rest != 0)?;
        Some(from + rest.trailing_zeros())
    }

    /// How many are smaller than `end`, which is at most 63.
    pub(super) fn count_below(self, end: u32) -> u32 {
        (self.0 & ((1 << end) - 1)).count_ones()
    }

    /// The `index`th, from 0.
    pub(super) fn nth(self, index: u32) -> Option<u32> {
        self.numbers().nth(usize::try_from(index).ok()?)
    }

    pub(super) fn numbers(self) -> impl Iterator<Item = u32> {
        bits(self.0)
    }
}

/// `BYMONTH`: bit `m` is month `m`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub(super) struct Months(pub(super) u16);

impl Months {
    pub(super) fn is_empty(self) -> bool {
        self.0 == 0
    }

    pub(super) fn contains(self, month: u32) -> bool {
        self.0 >> month & 1 != 0
    }

    pub(super) fn numbers(self) -> impl Iterator<Item = u32> {
        bits(self.0.into())
    }
}

/// Numbers from 1 to 63 that count from the start or from the end: bit `n` is `n` or `-n`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub(super) struct SignedDays {
    pub(super) from_start: u64,
    pub(super) from_end: u64,
}

impl SignedDays {
    pub(super) fn is_empty(self) -> bool {
        self == Self::default()
    }

    pub(super) fn insert(&mut self, number: i16) {
        let set = if number < 0 {
            &mut self.from_end
        } else {
            &mut self.from_start
        };
        *set |= 1 << number.unsigned_abs();
    }

    pub(super) fn numbers(self) -> impl Iterator<Item = i64> {
        let from_end = bits(self.from_end).map(|number| -i64::from(number));
        bits(self.from_start).map(i64::from).chain(from_end)
    }
}

/// `BYYEARDAY`: the day `n`, 1 to 366, from the start or (negative) from the end of the year.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub(super) struct YearDays {
    from_start: [u64; 6],
    from_end: [u64; 6],
}

impl YearDays {
    pub(super) fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    pub(super) fn insert(&mut self, number: i16) {
        let set = if number < 0 {
            &mut self.from_end
        } else {
            &mut self.from_start
        };
        let number = usize::from(number.unsigned_abs());
        set[number / 64] |= 1 << (number % 64);
    }

    /// The days `first` to `first + 31` of a year of `length` days, the first in bit 0; those past the year's end are nothing.
    pub(super) fn window(&self, first: u32, length: u32) -> u32 {
        // Day d from the start is day length + 1 - d from the end: the window from the end begins 31 days after and runs backwards.
        let last_from_end = i64::from(length) - i64::from(first) - 30;
        window(&self.from_start, i64::from(first)) | window(&self.from_end, last_from_end).reverse_bits()
    }

    pub(super) fn numbers(&self) -> impl Iterator<Item = i64> {
        let from_end = words(&self.from_end).map(|number| -number);
        words(&self.from_start).chain(from_end)
    }
}

/// 32 bits of a set from bit `first` on, which may be negative.
fn window(set: &[u64; 6], first: i64) -> u32 {
    let Ok(from) = usize::try_from(first) else {
        return window(set, 0)
            .checked_shl(u32::try_from(-first).unwrap_or(32))
            .unwrap_or(0);
    };
    let word = |index: usize| u128::from(set.get(index).copied().unwrap_or(0));
    let pair = word(from / 64) | word(from / 64 + 1) << 64;
    let low = pair >> (from % 64) & u128::from(u32::MAX);
    u32::try_from(low).unwrap_or(0)
}

fn words(set: &[u64; 6]) -> impl Iterator<Item = i64> {
    (0_i64..)
        .zip(*set)
        .flat_map(|(word, set)| bits(set).map(move |bit| word * 64 + i64::from(bit)))
}

/// `BYDAY` without ordinals: bit 0 is Monday.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub(super) struct Weekdays(pub(super) u8);

impl Weekdays {
    pub(super) fn only(weekday: Weekday) -> Self {
        Self(1 << weekday.num_days_from_monday())
    }

    pub(super) fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// The same days, bit 0 being the day weeks begin on.
    pub(super) fn counted_from(self, week_start: u8) -> u32 {
        let days = u32::from(self.0);
        (days >> week_start | days << (7 - week_start)) & 0x7f
    }

    pub(super) fn numbers(self) -> impl Iterator<Item = usize> {
        (0..7).filter(move |day| self.0 >> day & 1 != 0)
    }
}

/// One of `BYDAY` with an ordinal: `-1FR` is the last Friday of the month or year.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct NthWeekday {
    /// Not 0; negative counts from the end.
    pub(super) nth: i8,
    /// Days from Monday.
    pub(super) weekday: u8,
}

impl fmt::Display for NthWeekday {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}{}", self.nth, WEEKDAY_NAMES[usize::from(self.weekday)])
    }
}

/// The numbers of the bits that are set, in order.
pub(super) fn bits(mut set: u64) -> impl Iterator<Item = u32> {
    std::iter::from_fn(move || {
        let bit = set.trailing_zeros();
        set &= set.checked_sub(1)?;
        Some(bit)
    })
}

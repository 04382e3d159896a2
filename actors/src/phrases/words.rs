//! The vocabulary: what single words mean, usual misspellings included.

/// A unit of time; the longer ones are the greater.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Unit {
    Second,
    Minute,
    Hour,
    Day,
    Week,
    Month,
    Year,
}

/// A weekday as days from Monday.
pub(super) fn weekday(word: &str) -> Option<u8> {
    Some(match word {
        "mon" | "monday" | "mondays" => 0,
        "tue" | "tues" | "tuesday" | "tuesdays" => 1,
        "wed" | "weds" | "wedn" | "wednesday" | "wednesdays" | "wednsday" | "wensday" | "wendsday" | "wedesday" => 2,
        "thu" | "thur" | "thurs" | "thursday" | "thursdays" | "thersday" => 3,
        "fri" | "friday" | "fridays" => 4,
        "sat" | "saturday" | "saturdays" | "saterday" => 5,
        "sun" | "sunday" | "sundays" => 6,
        _ => return None,
    })
}

/// Weekdays that are also other words, and so need something beside them.
pub(super) fn is_doubtful_weekday(word: &str) -> bool {
    matches!(word, "sat" | "sun")
}

/// Whether a word names days that come again and again.
pub(super) fn is_plural_weekday(word: &str) -> bool {
    word.len() > 6 && word.ends_with("days") && weekday(word).is_some()
}

/// A month from 1.
pub(super) fn month(word: &str) -> Option<u8> {
    Some(match word {
        "jan" | "january" => 1,
        "feb" | "february" | "febuary" => 2,
        "mar" | "march" => 3,
        "apr" | "april" => 4,
        "may" => 5,
        "jun" | "june" => 6,
        "jul" | "july" => 7,
        "aug" | "august" => 8,
        "sep" | "sept" | "september" => 9,
        "oct" | "october" => 10,
        "nov" | "november" => 11,
        "dec" | "december" => 12,
        _ => return None,
    })
}

/// A unit, singular or plural.
pub(super) fn unit(word: &str) -> Option<Unit> {
    Some(match word {
        "second" | "seconds" | "sec" | "secs" => Unit::Second,
        "minute" | "minutes" | "min" | "mins" => Unit::Minute,
        "hour" | "hours" | "hr" | "hrs" => Unit::Hour,
        "day" | "days" => Unit::Day,
        "week" | "weeks" | "wk" | "wks" => Unit::Week,
        "month" | "months" => Unit::Month,
        "year" | "years" | "yr" | "yrs" => Unit::Year,
        _ => return None,
    })
}

/// A unit in one letter, which is one only right behind a number.
pub(super) fn letter_unit(word: &str) -> Option<Unit> {
    Some(match word {
        "s" => Unit::Second,
        "m" => Unit::Minute,
        "h" => Unit::Hour,
        "d" => Unit::Day,
        "w" => Unit::Week,
        "y" => Unit::Year,
        _ => return None,
    })
}

/// "one" to "twenty", and the tens to "ninety".
pub(super) fn cardinal(word: &str) -> Option<u32> {
    const WORDS: [&str; 20] = [
        "one",
        "two",
        "three",
        "four",
        "five",
        "six",
        "seven",
        "eight",
        "nine",
        "ten",
        "eleven",
        "twelve",
        "thirteen",
        "fourteen",
        "fifteen",
        "sixteen",
        "seventeen",
        "eighteen",
        "nineteen",
        "twenty",
    ];
    const TENS: [&str; 7] = ["thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety"];
    let place = |words: &[&str]| words.iter().position(|known| *known == word).map(u32::try_from)?.ok();
    let ones = place(&WORDS).map(|index| index + 1);
    ones.or_else(|| place(&TENS).map(|index| 10 * (index + 3)))
}

/// "first" to "twentieth", and "thirtieth".
pub(super) fn ordinal(word: &str) -> Option<u32> {
    const WORDS: [&str; 20] = [
        "first",
        "second",
        "third",
        "fourth",
        "fifth",
        "sixth",
        "seventh",
        "eighth",
        "ninth",
        "tenth",
        "eleventh",
        "twelfth",
        "thirteenth",
        "fourteenth",
        "fifteenth",
        "sixteenth",
        "seventeenth",
        "eighteenth",
        "nineteenth",
        "twentieth",
    ];
    if word == "thirtieth" {
        return Some(30);
    }
    let index = WORDS.iter().position(|known| *known == word)?;
    u32::try_from(index + 1).ok()
}

/// A part of the day, as the hour it begins to mean.
pub(super) fn part_of_day(word: &str) -> Option<u32> {
    Some(match word {
        "morning" | "mornings" => 9,
        "afternoon" | "afternoons" => 15,
        "evening" | "evenings" => 18,
        "night" | "nights" => 21,
        _ => return None,
    })
}

/// The name of a weekday.
pub(super) fn weekday_name(day: u8) -> &'static str {
    const NAMES: [&str; 7] = [
        "Monday",
        "Tuesday",
        "Wednesday",
        "Thursday",
        "Friday",
        "Saturday",
        "Sunday",
    ];
    NAMES[usize::from(day % 7)]
}

/// The name of a month.
pub(super) fn month_name(month: u8) -> &'static str {
    const NAMES: [&str; 12] = [
        "January",
        "February",
        "March",
        "April",
        "May",
        "June",
        "July",
        "August",
        "September",
        "October",
        "November",
        "December",
    ];
    NAMES[usize::from(month.saturating_sub(1) % 12)]
}

/// `1st`, `-1` as "last", `-2` as "2nd to last".
pub(super) fn nth_name(nth: i32) -> String {
    match nth {
        -1 => "last".to_owned(),
        ..-1 => format!("{} to last", nth_name(-nth)),
        _ => {
            let suffix = match (nth % 10, nth % 100) {
                (1, tens) if tens != 11 => "st",
                (2, tens) if tens != 12 => "nd",
                (3, tens) if tens != 13 => "rd",
                _ => "th",
            };
            format!("{nth}{suffix}")
        }
    }
}

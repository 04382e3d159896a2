//! Days with a name that are on other days elsewhere: as in the United States, which is said.

use super::{cursor::Cursor, days::Named};

/// What is to be said of such a day.
pub(super) const AS_THERE: &str = "the day of the United States; say the date for that of another country";

/// The same before a word it could belong to: "thanksgiving dinner".
pub(super) const AS_THERE_OR_OF_TITLE: &str =
    "taken for the day of the United States; put it between quotation marks where it is words of the title";

/// Such a day at the cursor: "thanksgiving", "mother's day".
pub(super) fn american(cursor: &mut Cursor<'_>) -> Option<Named> {
    if cursor.word(&["thanksgiving"]) {
        cursor.word(&["day"]);
        return nth(4, 3, 11);
    }
    let day = cursor.meaning(|word| match word {
        "mother's" | "mother’s" | "mothers" => nth(2, 6, 5),
        "father's" | "father’s" | "fathers" => nth(3, 6, 6),
        "memorial" => nth(-1, 0, 5),
        "labor" => nth(1, 0, 9),
        "independence" => Some(Named::Yearly { month: 7, day: 4 }),
        _ => None,
    })?;
    cursor.word(&["day"]).then_some(day)
}

fn nth(nth: i32, weekday: u8, month: u8) -> Option<Named> {
    Some(Named::Weekday {
        nth,
        weekday,
        month,
        year: None,
    })
}

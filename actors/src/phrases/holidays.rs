//! Days of the year with a name that is the same day everywhere it is known.

use super::{american::american, cursor::Cursor, days::Named};

/// A named day at the cursor.
pub(super) fn holiday(cursor: &mut Cursor<'_>) -> Option<Named> {
    if cursor.word(&["christmas", "xmas"]) {
        let is_eve = cursor.word(&["eve"]);
        cursor.word(&["day"]);
        return yearly(12, if is_eve { 24 } else { 25 });
    }
    if let Some(day) = cursor.attempt(american) {
        return Some(day);
    }
    if cursor.word(&["nye"]) {
        return yearly(12, 31);
    }
    if cursor.words(&["boxing", "day"]) {
        return yearly(12, 26);
    }
    if cursor.words(&["good", "friday"]) {
        return Some(Named::Easter(-2));
    }
    if cursor.word(&["easter"]) {
        let is_monday = cursor.word(&["monday"]);
        cursor.word(&["sunday"]);
        return Some(Named::Easter(i32::from(is_monday)));
    }
    if cursor.word(&["halloween"]) {
        return yearly(10, 31);
    }
    if cursor.word(&["valentine's", "valentine’s", "valentines"]) {
        return cursor.word(&["day"]).then(|| yearly(2, 14))?;
    }
    if cursor.word(&["new"]) && cursor.word(&["year's", "year’s", "years", "year"]) {
        if cursor.word(&["eve"]) {
            return yearly(12, 31);
        }
        return cursor.word(&["day"]).then(|| yearly(1, 1))?;
    }
    None
}

fn yearly(month: u8, day: u8) -> Option<Named> {
    Some(Named::Yearly { month, day })
}

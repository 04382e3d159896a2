//! Whether what was read says all that was written. The golden files of the core are compared with it, too.

use serde_json::Value;

/// Panics unless `found` says everything that `expected` says. It may say more: later releases know more about a thing.
#[track_caller]
pub(crate) fn assert_holds(found: &Value, expected: &Value, place: &str) {
    match (found, expected) {
        (Value::Object(found), Value::Object(expected)) => {
            for (name, expected) in expected {
                let place = format!("{place}.{name}");
                let found = found.get(name).unwrap_or_else(|| panic!("{place} is missing"));
                assert_holds(found, expected, &place);
            }
        }
        (Value::Array(found), Value::Array(expected)) => {
            assert_eq!(found.len(), expected.len(), "{place}");
            for (index, (found, expected)) in found.iter().zip(expected).enumerate() {
                assert_holds(found, expected, &format!("{place}[{index}]"));
            }
        }
        _ => assert_eq!(found, expected, "{place}"),
    }
}

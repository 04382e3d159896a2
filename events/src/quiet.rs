//! Hours in which a user wants to be left in peace.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::{Priority, TimeOfDay};

/// Hours in which reminders are held back. What falls into them comes at their end, once.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct QuietHours {
    /// Priorities of tasks that remind at once all the same; where it is absent, urgent ones do.
    #[serde(default = "urgent")]
    #[schema(value_type = Option<Vec<Priority>>)]
    pub at_once: Box<[Priority]>,
    /// When they begin, by the clocks where the user lives.
    pub from: TimeOfDay,
    /// When they end, by the clocks where the user lives; on the next day where that is not after `from`.
    pub until: TimeOfDay,
}

fn urgent() -> Box<[Priority]> {
    [Priority::Urgent].into()
}

/// Data of `quiet.changed`: what holds from here on.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct QuietChanged {
    /// The quiet hours; null for none.
    pub quiet_hours: Option<QuietHours>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn urgent_reminders_come_at_once_where_nothing_is_said() {
        let hours: QuietHours = serde_json::from_str(r#"{"from": "22:00", "until": "07:00"}"#).expect("quiet hours");
        assert_eq!(*hours.at_once, [Priority::Urgent]);
        let none: QuietHours =
            serde_json::from_str(r#"{"at_once": [], "from": "22:00", "until": "07:00"}"#).expect("quiet hours");
        assert!(none.at_once.is_empty());
    }
}

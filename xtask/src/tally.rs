//! Counts of what passed and failed, read from the runners' own lines.

use std::ops::AddAssign;

/// How many tests or checks passed, failed and were skipped.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Tally {
    pub(crate) passed: u64,
    pub(crate) failed: u64,
    pub(crate) skipped: u64,
}

impl Tally {
    /// A tool that only says yes or no counts as one check.
    pub(crate) fn one(success: bool) -> Tally {
        Tally {
            passed: u64::from(success),
            failed: u64::from(!success),
            skipped: 0,
        }
    }

    /// Adds one line of a test runner, if it is a closing line of libtest:
    /// `test result: ok. 3 passed; 0 failed; 1 ignored; 0 measured; 0 filtered out; finished in 0.01s`.
    pub(crate) fn read_libtest(&mut self, line: &str) {
        let Some((_, counts)) = line
            .strip_prefix("test result: ")
            .and_then(|rest| rest.split_once(". "))
        else {
            return;
        };
        for count in counts.split("; ") {
            match count
                .split_once(' ')
                .map(|(number, what)| (number.parse::<u64>(), what))
            {
                Some((Ok(number), "passed")) => self.passed += number,
                Some((Ok(number), "failed")) => self.failed += number,
                Some((Ok(number), "ignored")) => self.skipped += number,
                _ => {}
            }
        }
    }

    /// A runner that ended badly without counting a failure (it did not compile, a test process died) is one failure.
    pub(crate) fn closed_by(mut self, success: bool) -> Tally {
        if !success && self.failed == 0 {
            self.failed = 1;
        }
        self
    }
}

impl AddAssign for Tally {
    fn add_assign(&mut self, other: Tally) {
        self.passed += other.passed;
        self.failed += other.failed;
        self.skipped += other.skipped;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn closing_lines_of_libtest_add_up() {
        let mut tally = Tally::default();
        for line in [
            "running 4 tests",
            "test result: ok. 3 passed; 0 failed; 1 ignored; 0 measured; 0 filtered out; finished in 0.01s",
            "test result: FAILED. 5 passed; 2 failed; 0 ignored; 0 measured; 7 filtered out; finished in 1.50s",
        ] {
            tally.read_libtest(line);
        }
        assert_eq!(
            tally,
            Tally {
                passed: 8,
                failed: 2,
                skipped: 1
            }
        );
    }

    #[test]
    fn a_test_named_like_a_closing_line_is_not_counted() {
        let mut tally = Tally::default();
        tally.read_libtest("test tests::result_9_passed ... ok");
        assert_eq!(tally, Tally::default());
    }

    #[test]
    fn a_runner_that_dies_without_a_count_is_one_failure() {
        assert_eq!(Tally::default().closed_by(false).failed, 1);
        assert_eq!(
            Tally {
                failed: 3,
                ..Tally::default()
            }
            .closed_by(false)
            .failed,
            3
        );
        assert_eq!(Tally::one(true).closed_by(true), Tally::one(true));
    }
}

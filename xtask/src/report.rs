//! The closing lines: one per suite, then the sum on a line of its own.

use std::fmt;
use std::time::Duration;

use crate::tally::Tally;

/// What became of one suite.
pub(crate) enum Outcome {
    /// It ran: its counts, or why it could not do its work.
    Ran {
        result: Result<Tally, String>,
        elapsed: Duration,
    },
    /// It did not run, and why.
    LeftOut(&'static str),
}

/// One suite's closing line.
pub(crate) struct Line {
    pub(crate) suite: &'static str,
    pub(crate) outcome: Outcome,
}

impl Line {
    fn tally(&self) -> Tally {
        match &self.outcome {
            Outcome::Ran { result: Ok(tally), .. } => *tally,
            Outcome::Ran { result: Err(_), .. } => Tally::one(false),
            Outcome::LeftOut(_) => Tally::default(),
        }
    }
}

/// All closing lines of a run.
pub(crate) struct Report {
    pub(crate) lines: Vec<Line>,
    pub(crate) elapsed: Duration,
}

impl Report {
    fn total(&self) -> Tally {
        let mut total = Tally::default();
        for line in &self.lines {
            total += line.tally();
        }
        total
    }

    /// True when something ran and nothing failed.
    pub(crate) fn succeeded(&self) -> bool {
        let total = self.total();
        total.failed == 0 && total.passed > 0
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "\n=== closing lines ({:.0} s in all)", self.elapsed.as_secs_f64())?;
        for line in &self.lines {
            writeln!(f, "{line}")?;
        }
        // Alone on its line and in these words: CI reads the counts from it.
        let total = self.total();
        write!(f, "{} passed, {} failed", total.passed, total.failed)?;
        if total.skipped > 0 {
            write!(f, ", {} skipped", total.skipped)?;
        }
        Ok(())
    }
}

impl fmt::Display for Line {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "  {:<16} ", self.suite)?;
        match &self.outcome {
            Outcome::LeftOut(reason) => write!(f, "left out  ({reason})"),
            Outcome::Ran {
                result: Err(why),
                elapsed,
            } => {
                // The rest stands where the suite ran.
                let first_line = why.lines().next().unwrap_or_default();
                write!(f, "FAILED {:>7.1} s  {first_line}", elapsed.as_secs_f64())
            }
            Outcome::Ran {
                result: Ok(tally),
                elapsed,
            } => {
                let verdict = if tally.failed == 0 { "ok    " } else { "FAILED" };
                write!(
                    f,
                    "{verdict} {:>7.1} s  {} passed, {} failed",
                    elapsed.as_secs_f64(),
                    tally.passed,
                    tally.failed
                )?;
                if tally.skipped > 0 {
                    write!(f, ", {} skipped", tally.skipped)?;
                }
                Ok(())
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn report(outcomes: Vec<Outcome>) -> Report {
        let lines = outcomes
            .into_iter()
            .map(|outcome| Line {
                suite: "tests",
                outcome,
            })
            .collect();
        Report {
            lines,
            elapsed: Duration::ZERO,
        }
    }

    fn ran(result: Result<Tally, String>) -> Outcome {
        Outcome::Ran {
            result,
            elapsed: Duration::from_millis(1500),
        }
    }

    #[test]
    fn the_sum_stands_alone_on_the_last_line() {
        let text = report(vec![
            ran(Ok(Tally {
                passed: 7,
                failed: 0,
                skipped: 0,
            })),
            ran(Ok(Tally::one(true))),
        ])
        .to_string();
        assert_eq!(text.lines().last(), Some("8 passed, 0 failed"));
        assert!(
            text.contains("  tests            ok         1.5 s  7 passed, 0 failed"),
            "{text}"
        );
    }

    #[test]
    fn a_suite_that_cannot_run_is_a_failure() {
        let report = report(vec![ran(Ok(Tally::one(true))), ran(Err("no such tool".into()))]);
        assert!(!report.succeeded());
        assert_eq!(report.to_string().lines().last(), Some("1 passed, 1 failed"));
    }

    #[test]
    fn a_run_without_any_test_is_no_success() {
        assert!(!report(vec![Outcome::LeftOut("by --only")]).succeeded());
    }

    #[test]
    fn skipped_tests_and_left_out_suites_are_shown() {
        let text = report(vec![
            ran(Ok(Tally {
                passed: 1,
                failed: 0,
                skipped: 2,
            })),
            Outcome::LeftOut("by --without"),
        ])
        .to_string();
        assert!(text.contains("left out  (by --without)"), "{text}");
        assert_eq!(text.lines().last(), Some("1 passed, 0 failed, 2 skipped"));
    }
}

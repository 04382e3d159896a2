//! Decides which suites run, runs them in order and gathers the report.

use std::env;
use std::time::Instant;

use crate::cli::Selection;
use crate::console;
use crate::failure::{Failure, Result};
use crate::report::{Line, Outcome, Report};
use crate::suites::{Runs, SUITES, Suite};
use crate::workspace::Workspace;

/// A suite, and why it is left out if it is.
pub(crate) struct Step {
    suite: &'static Suite,
    left_out: Option<&'static str>,
}

/// Turns the selection into steps: every suite has one, so that the report never passes over a suite in silence.
pub(crate) fn plan(selection: &Selection) -> Result<Vec<Step>> {
    let in_ci = env::var("CI").is_ok_and(|value| value == "true");
    plan_for(selection, in_ci)
}

fn plan_for(selection: &Selection, in_ci: bool) -> Result<Vec<Step>> {
    if let Some(unknown) = selection
        .without
        .iter()
        .chain(&selection.only)
        .find(|name| Suite::named(name).is_none())
    {
        return Err(Failure::Usage(format!(
            "there is no suite `{unknown}`; `cargo xtask test --help` lists them"
        )));
    }
    if in_ci && !(selection.without.is_empty() && selection.only.is_empty()) {
        return Err(Failure::Usage(
            "CI=true runs every suite: --without and --only are for a developer's machine".into(),
        ));
    }
    Ok(SUITES
        .iter()
        .map(|suite| Step {
            suite,
            left_out: reason_to_leave_out(suite, selection),
        })
        .collect())
}

fn reason_to_leave_out(suite: &Suite, selection: &Selection) -> Option<&'static str> {
    let named_in = |names: &[String]| names.iter().any(|name| name == suite.name);
    if named_in(&selection.without) {
        Some("by --without")
    } else if !selection.only.is_empty() {
        (!named_in(&selection.only)).then_some("by --only")
    } else {
        let is_asked_for = match suite.runs {
            Runs::Always => true,
            Runs::AtLength => selection.long,
            Runs::OnKubernetes => selection.kube,
        };
        if is_asked_for { None } else { suite.runs.needs() }
    }
}

/// Runs the steps one after the other; a failing suite does not keep the next from running.
pub(crate) fn run(steps: &[Step], workspace: &Workspace) -> Report {
    let started = Instant::now();
    let lines = steps
        .iter()
        .map(|step| Line {
            suite: step.suite.name,
            outcome: outcome_of(step, workspace),
        })
        .collect();
    Report {
        lines,
        elapsed: started.elapsed(),
    }
}

fn outcome_of(step: &Step, workspace: &Workspace) -> Outcome {
    let suite = step.suite;
    if let Some(reason) = step.left_out {
        return Outcome::LeftOut(reason);
    }
    console::say(&format!("\n=== {}: {}", suite.name, suite.about));
    let started = Instant::now();
    let result = (suite.run)(workspace);
    if let Err(failure) = &result {
        console::complain(&format!("{}: {failure}", suite.name));
    }
    Outcome::Ran {
        result: result.map_err(|failure| failure.to_string()),
        elapsed: started.elapsed(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn left_out(steps: &[Step]) -> Vec<&str> {
        steps
            .iter()
            .filter(|step| step.left_out.is_some())
            .map(|step| step.suite.name)
            .collect()
    }

    #[test]
    fn a_suite_is_left_out_only_when_named() {
        let selection = Selection {
            long: true,
            kube: true,
            without: vec!["format".into()],
            ..Selection::default()
        };
        assert_eq!(
            left_out(&plan_for(&selection, false).expect("a known suite")),
            ["format"]
        );
    }

    #[test]
    fn what_needs_time_or_a_cluster_runs_when_it_is_asked_for() {
        let steps = |selection: &Selection| left_out(&plan_for(selection, false).expect("nothing was named")).join(" ");
        let with = |long, kube| Selection {
            long,
            kube,
            ..Selection::default()
        };
        assert_eq!(steps(&with(false, false)), "supply-chain kube");
        assert_eq!(steps(&with(true, false)), "kube");
        assert_eq!(steps(&with(false, true)), "supply-chain");
    }

    #[test]
    fn in_ci_no_suite_can_be_left_out() {
        let without = Selection {
            without: vec!["format".into()],
            ..Selection::default()
        };
        let only = Selection {
            only: vec!["format".into()],
            ..Selection::default()
        };
        assert!(plan_for(&without, true).is_err());
        assert!(plan_for(&only, true).is_err());
        assert!(plan_for(&Selection::default(), true).is_ok());
    }

    #[test]
    fn an_unknown_suite_is_refused() {
        let selection = Selection {
            without: vec!["no-such-suite".into()],
            ..Selection::default()
        };
        assert!(plan_for(&selection, false).is_err());
    }

    #[test]
    fn at_length_and_with_a_cluster_every_suite_runs() {
        let selection = Selection {
            long: true,
            kube: true,
            ..Selection::default()
        };
        assert_eq!(
            left_out(&plan_for(&selection, true).expect("nothing was named")),
            Vec::<&str>::new()
        );
    }
}

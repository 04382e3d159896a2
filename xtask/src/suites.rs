//! The suites, in the order they run: quick answers first, so that a slip is seen before the long ones begin.

mod api;
mod dapr;
mod dapr_conformance;
mod dapr_environment;
mod dependencies;
mod doc_tests;
mod documentation;
mod five_processes;
mod format;
mod kube;
mod lints;
mod recurrence_oracle;
mod repository;
mod spelling;
mod supply_chain;
mod tests;

use crate::failure::Result;
use crate::tally::Tally;
use crate::workspace::Workspace;

/// When a suite runs though nobody named it.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Runs {
    /// Always.
    Always,
    /// With `--long`: it is too slow for every change.
    AtLength,
    /// With `--kube`: it needs a cluster.
    OnKubernetes,
}

impl Runs {
    /// What asks for it, where something has to.
    pub(crate) const fn needs(self) -> Option<&'static str> {
        match self {
            Runs::Always => None,
            Runs::AtLength => Some("runs with --long"),
            Runs::OnKubernetes => Some("runs with --kube"),
        }
    }
}

/// One thing that has to hold.
pub(crate) struct Suite {
    /// What `--without` and `--only` call it.
    pub(crate) name: &'static str,
    /// One line for the header and the help.
    pub(crate) about: &'static str,
    /// When it runs though nobody named it.
    pub(crate) runs: Runs,
    /// Does it, printing as it goes.
    pub(crate) run: fn(&Workspace) -> Result<Tally>,
}

impl Suite {
    const fn new(name: &'static str, about: &'static str, run: fn(&Workspace) -> Result<Tally>) -> Suite {
        Suite {
            name,
            about,
            runs: Runs::Always,
            run,
        }
    }

    const fn when(self, runs: Runs) -> Suite {
        Suite { runs, ..self }
    }

    /// The suite of that name.
    pub(crate) fn named(name: &str) -> Option<&'static Suite> {
        SUITES.iter().find(|suite| suite.name == name)
    }
}

/// Every suite.
pub(crate) const SUITES: &[Suite] = &[
    Suite::new("format", "rustfmt finds nothing to change", format::run),
    Suite::new("repository", "the rules of this repository hold", repository::run),
    Suite::new("spelling", "typos finds no misspelling", spelling::run),
    Suite::new("lints", "clippy finds nothing in any target", lints::run),
    Suite::new("tests", "unit, property and wire tests", tests::run),
    Suite::new("doc-tests", "the examples in the documentation work", doc_tests::run),
    Suite::new("documentation", "rustdoc finds no broken link", documentation::run),
    Suite::new(
        "api",
        "schemathesis finds no answer that OpenAPI does not describe",
        api::run,
    ),
    Suite::new(
        "recurrence-oracle",
        "random recurrence rules give what python-dateutil gives, or differ for a known reason",
        recurrence_oracle::run,
    ),
    Suite::new(
        "dapr-environment",
        "Dapr, Kafka and both stores start, work, are killed and come back",
        dapr_environment::run,
    ),
    Suite::new(
        "dapr-conformance",
        "the ports of the core keep their contracts on PostgreSQL and on Redis through a sidecar, also when calls go wrong",
        dapr_conformance::run,
    ),
    Suite::new(
        "dapr",
        "processes beside sidecars carry out, remind, publish and hear, whoever dies or comes late",
        dapr::run,
    ),
    Suite::new(
        "five-processes",
        "the acceptance tests hold for five processes on Kafka and PostgreSQL (with --long on Redis too), and nothing is lost whatever fails",
        five_processes::run,
    ),
    Suite::new("dependencies", "every dependency is used", dependencies::run),
    Suite::new(
        "supply-chain",
        "crates, licenses and sources are allowed",
        supply_chain::run,
    )
    .when(Runs::AtLength),
    Suite::new(
        "kube",
        "a release in a cluster does the main job, and users notice nothing of upgrades, restarts and pods that go",
        kube::run,
    )
    .when(Runs::OnKubernetes),
];

/// The list of suites for the help text.
pub(crate) fn catalogue() -> String {
    let line = |suite: &Suite| {
        let note = suite
            .runs
            .needs()
            .map_or_else(String::new, |needs| format!(" ({needs})"));
        format!("\n  {:<16} {}{note}", suite.name, suite.about)
    };
    format!("Suites:{}", SUITES.iter().map(line).collect::<String>())
}

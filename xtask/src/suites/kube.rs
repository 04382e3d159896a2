//! The chart in a real cluster, that of kubectl's current context: installed, put to work and taken away again.
//!
//! The cluster has Dapr, metrics-server, and the images that the chart and `chart/ci/sockets-metric.yaml` name or a way to pull them.
//! `PUNCTUAL_KUBE_VALUES` names a file of values on top of Minikube's, for a cluster that has other images.

use std::env;
use std::process::Command;
use std::time::{Duration, Instant};

use crate::console;
use crate::failure::{Failure, Result};
use crate::process;
use crate::tally::Tally;
use crate::workspace::Workspace;

const RELEASE: &str = "punctual";
/// From the installation to a main job that is done, images present.
const READY_WITHIN: Duration = Duration::from_secs(120);
/// The whole workspace, so that nothing is built twice; only one package has a target of that name.
const TARGET: [&str; 4] = ["test", "--workspace", "--test", "kube"];
/// One test at a time: all share the release. How many calls had to be made again is worth reading when nothing failed.
const HOW: [&str; 4] = ["--", "--test-threads", "1", "--show-output"];

pub(super) fn run(workspace: &Workspace) -> Result<Tally> {
    look_at_cluster()?;
    // Before the clock runs.
    if !process::run(workspace.cargo(TARGET).arg("--no-run"))? {
        return Err(Failure::Server("cannot be built".into()));
    }
    let release = Release::named(format!("punctual-test-{}", std::process::id()))?;
    let mut all = release.install(workspace)?;
    let mut tests = workspace.cargo(TARGET);
    tests.args(HOW).env("PUNCTUAL_KUBE_NAMESPACE", &release.namespace);
    let mut tally = Tally::default();
    let success = process::run_reading(&mut tests, |line| tally.read_libtest(line))?;
    all += tally.closed_by(success && tally.passed > 0);
    Ok(all)
}

/// Is there a cluster, with what the chart does not bring?
fn look_at_cluster() -> Result<()> {
    process::output(Command::new("helm").arg("version"))?;
    process::output(&mut kubectl(["get", "--raw", "/readyz"]))?;
    process::output(&mut kubectl(["get", "--raw", "/apis/metrics.k8s.io/v1beta1/nodes"]))?;
    process::output(&mut kubectl(["get", "crd", "components.dapr.io"])).map(drop)
}

fn kubectl<const N: usize>(args: [&str; N]) -> Command {
    let mut command = Command::new("kubectl");
    command.args(args);
    command
}

/// A release in a namespace of its own; both go with the value.
struct Release {
    namespace: String,
}

impl Release {
    /// The namespace, in which nothing runs that pod security `restricted` objects to.
    fn named(namespace: String) -> Result<Release> {
        process::output(&mut kubectl(["create", "namespace", &namespace]))?;
        let release = Release { namespace };
        let restricted = "pod-security.kubernetes.io/enforce=restricted";
        process::output(&mut kubectl(["label", "namespace", &release.namespace, restricted]))?;
        Ok(release)
    }

    /// Installs the chart and does the main job through its Services: one check that it is done, one that it was in time.
    fn install(&self, workspace: &Workspace) -> Result<Tally> {
        let began = Instant::now();
        let mut install = self.helm(workspace, ["install", RELEASE, "chart"]);
        for values in ["chart/values-minikube.yaml", "chart/ci/values-suite.yaml"] {
            install.args(["--values", values]);
        }
        if let Ok(more) = env::var("PUNCTUAL_KUBE_VALUES") {
            install.args(["--values", &more]);
        }
        install.args(["--wait", "--timeout", "5m"]);
        process::output(&mut install)?;
        let ready = began.elapsed();
        let is_done = process::run(
            self.helm(workspace, ["test", RELEASE, "--logs"])
                .args(["--timeout", "5m"]),
        )?;
        let done = began.elapsed();
        let seconds = |elapsed: Duration| format!("{:.0} s", elapsed.as_secs_f64());
        console::say(&format!(
            "five roles ready {} after the installation began, the main job done after {}, where {} are asked",
            seconds(ready),
            seconds(done),
            seconds(READY_WITHIN)
        ));
        let mut tally = Tally::one(is_done);
        tally += Tally::one(done <= READY_WITHIN);
        Ok(tally)
    }

    fn helm<const N: usize>(&self, workspace: &Workspace, args: [&str; N]) -> Command {
        let mut command = Command::new("helm");
        command.args(["--namespace", &self.namespace]).args(args);
        command.current_dir(&workspace.root);
        command
    }
}

impl Drop for Release {
    fn drop(&mut self) {
        // With the namespace goes what a release leaves: Secrets and disks.
        let gone = process::output(&mut kubectl(["delete", "namespace", &self.namespace, "--wait"]));
        if let Err(failure) = gone {
            console::complain(&format!("{} is left: {failure}", self.namespace));
        }
    }
}

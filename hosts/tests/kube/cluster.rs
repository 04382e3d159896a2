//! The cluster and the release in it, by `kubectl` and `helm`.

use std::{
    env,
    io::Write as _,
    process::{Command, Stdio},
};

use uuid::Uuid;

use crate::client::Client;

/// The five, as the chart names them.
pub(crate) const ROLES: [&str; 5] = ["api", "recurring", "notification", "audit", "sync"];
/// The namespace of the control plane of the sidecars.
pub(crate) const CONTROL_PLANE: &str = "dapr-system";
/// The release.
const RELEASE: &str = "punctual";
/// The chart.
pub(crate) const CHART: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../chart");
/// Longer than a pod takes that drains, on a machine that does much else.
const PATIENCE: &str = "--timeout=240s";

/// The release in its namespace.
#[derive(Clone)]
pub(crate) struct Cluster {
    pub(crate) namespace: String,
}

impl Cluster {
    /// The one that the suite installed.
    pub(crate) fn of_the_suite() -> Self {
        let namespace = env::var("PUNCTUAL_KUBE_NAMESPACE");
        let namespace = namespace.expect("run this with `cargo xtask test --kube`, which installs a release");
        Self { namespace }
    }

    /// What kubectl says about this namespace.
    pub(crate) fn kubectl(&self, args: &[&str]) -> String {
        output(self.kubectl_command().args(args))
    }

    /// `kubectl` in this namespace.
    pub(crate) fn kubectl_command(&self) -> Command {
        let mut command = Command::new("kubectl");
        command.args(["--namespace", &self.namespace]);
        command
    }

    /// Makes these resources.
    pub(crate) fn apply(&self, resources: &str) {
        assert!(self.feed("apply", resources));
    }

    /// Takes these resources away, those that are there.
    pub(crate) fn forget(&self, resources: &str) {
        self.feed("delete", resources);
    }

    /// What has to be tried even where a test fails, which is then what counts.
    pub(crate) fn try_kubectl(&self, args: &[&str]) {
        let _ = self.kubectl_command().args(args).stdout(Stdio::null()).status();
    }

    /// Gives these resources to kubectl; whether it could do with them what it was to do.
    fn feed(&self, verb: &str, resources: &str) -> bool {
        let mut command = self.kubectl_command();
        command.args([verb, "--filename", "-"]).stdin(Stdio::piped());
        let mut child = command.spawn().unwrap();
        child.stdin.take().unwrap().write_all(resources.as_bytes()).unwrap();
        child.wait().unwrap().success()
    }

    /// What helm says about this release.
    pub(crate) fn helm(&self, args: &[&str]) -> String {
        output(Command::new("helm").args(["--namespace", &self.namespace]).args(args))
    }

    /// A value of the release, as `helm get values` has it.
    pub(crate) fn values(&self) -> serde_json::Value {
        serde_json::from_str(&self.helm(&["get", "values", RELEASE, "--all", "--output", "json"])).unwrap()
    }

    /// The image of the release that has a shell, and when it is pulled.
    pub(crate) fn tools(&self) -> (String, String) {
        let tools = self.values()["tools"].clone();
        let of = |key: &str| tools[key].as_str().unwrap().to_owned();
        (of("image"), of("pullPolicy"))
    }

    /// Changes values of the release, whose pods are all new then.
    pub(crate) fn upgrade(&self, settings: &str) {
        self.helm(&[
            "upgrade",
            RELEASE,
            CHART,
            "--reuse-values",
            "--set",
            settings,
            "--wait",
            PATIENCE,
        ]);
        self.settles();
    }

    /// Goes back to the release as it was installed.
    pub(crate) fn roll_back(&self) {
        self.helm(&["rollback", RELEASE, "1", "--wait", PATIENCE]);
        self.settles();
    }

    /// Starts a role anew, as `kubectl rollout restart` does.
    pub(crate) fn restart(&self, role: &str) {
        let deployment = format!("deployment/{RELEASE}-{role}");
        self.kubectl(&["rollout", "restart", &deployment]);
        self.kubectl(&["rollout", "status", &deployment, PATIENCE]);
        self.settles();
    }

    /// Sets how many pods a role has and waits until it has them.
    pub(crate) fn scale(&self, role: &str, pods: usize) {
        let deployment = format!("deployment/{RELEASE}-{role}");
        self.kubectl(&["scale", &deployment, &format!("--replicas={pods}")]);
        self.settles();
        assert_eq!(self.pods_of(role).len(), pods, "{role}");
    }

    /// The same for all five, which change at once.
    pub(crate) fn scale_all(&self, pods: usize) {
        let five = format!("app.kubernetes.io/instance={RELEASE}");
        self.kubectl(&[
            "scale",
            "deployment",
            "--selector",
            &five,
            &format!("--replicas={pods}"),
        ]);
        self.settles();
        for role in ROLES {
            assert_eq!(self.pods_of(role).len(), pods, "{role}");
        }
    }

    /// Deletes a pod and waits until it is gone and all that should be there is ready.
    pub(crate) fn delete(&self, pod: &str) {
        self.kubectl(&["delete", "--wait", pod, PATIENCE]);
        self.settles();
    }

    /// Takes all pods of the five away at once, without the time to end that a pod is given.
    pub(crate) fn kill_all_roles(&self) {
        let five = format!("app.kubernetes.io/component in ({})", ROLES.join(","));
        self.kubectl(&["delete", "pods", "--selector", &five, "--grace-period=0", "--force"]);
        self.settles();
    }

    /// Waits until what ends has ended, and everything else is ready.
    pub(crate) fn settles(&self) {
        for workload in self.names("deployments,statefulsets", "") {
            self.kubectl(&["rollout", "status", &workload, PATIENCE]);
        }
        let ending = r#"{range .items[?(@.metadata.deletionTimestamp)]}pod/{.metadata.name}{"\n"}{end}"#;
        let listed = self.kubectl(&["get", "pods", "--output", &format!("jsonpath={ending}")]);
        for pod in listed.lines() {
            self.kubectl(&["wait", "--for=delete", pod, PATIENCE]);
        }
    }

    /// The pods of one component of the release, as `pod/NAME`.
    pub(crate) fn pods_of(&self, component: &str) -> Vec<String> {
        self.names("pods", &format!("app.kubernetes.io/component={component}"))
    }

    /// The names of what is there, as `kind/NAME`.
    pub(crate) fn names(&self, kinds: &str, selector: &str) -> Vec<String> {
        let listed = self.kubectl(&["get", kinds, "--selector", selector, "--output", "name"]);
        listed.lines().map(str::to_owned).collect()
    }

    /// Where clients find a role: its Service, by the port it has on the node.
    pub(crate) fn url(&self, role: &str) -> String {
        let node = r#"jsonpath={.items[0].status.addresses[?(@.type=="InternalIP")].address}"#;
        let address = self.kubectl(&["get", "nodes", "--output", node]);
        let service = format!("service/{RELEASE}-{role}");
        let port = self.kubectl(&["get", &service, "--output", "jsonpath={.spec.ports[0].nodePort}"]);
        format!("http://{address}:{port}")
    }

    /// A client with an account of its own.
    pub(crate) async fn user(&self) -> Client {
        let mut client = Client::new(&self.url("api"));
        let email = format!("kube-{}@example.com", Uuid::now_v7());
        client.register(&email, "Europe/Paris").await;
        client
    }
}

/// What a program prints, which has to succeed.
fn output(command: &mut Command) -> String {
    let output = command.stdin(Stdio::null()).output().unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{command:?}: {said}");
    String::from_utf8(output.stdout).unwrap().trim().to_owned()
}

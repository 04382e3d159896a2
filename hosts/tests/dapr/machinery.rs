//! Placement, Scheduler, Redis and sidecars on loopback, of this test only.

use std::{
    fs::{self, OpenOptions},
    net::{Ipv4Addr, TcpListener},
    path::Path,
    process::{Child, Command, Stdio},
    sync::{
        LazyLock,
        atomic::{AtomicU16, Ordering},
    },
};

use daprenv::{Options, Programs};
use tempfile::TempDir;

/// What the tests start.
static PROGRAMS: LazyLock<Programs> = LazyLock::new(|| {
    let options = Options::new(std::env::temp_dir());
    Programs::find(&options).unwrap_or_else(|failure| panic!("{failure}"))
});

/// What every sidecar asks of whoever calls it.
pub(crate) const API_TOKEN: &str = "what the sidecar asks";
/// What every application asks of whoever calls it.
pub(crate) const APP_TOKEN: &str = "what the application asks";

/// The next port to be tried. Those the system gives out by itself begin at 32,768: one of them would be taken by a connection before a program
/// that is only starting comes to bind it.
static NEXT_PORT: AtomicU16 = AtomicU16::new(0);

/// A port nobody uses now.
pub(crate) fn free_port() -> u16 {
    let start = 10_000 + u16::try_from(std::process::id() % 100).unwrap() * 100;
    let _ = NEXT_PORT.compare_exchange(0, start, Ordering::Relaxed, Ordering::Relaxed);
    loop {
        let port = NEXT_PORT.fetch_add(1, Ordering::Relaxed);
        if TcpListener::bind((Ipv4Addr::UNSPECIFIED, port)).is_ok() {
            return port;
        }
    }
}

/// A process that ends with the value that holds it.
pub(crate) struct Process(Child);

impl Process {
    fn start(name: &str, folder: &Path, command: &mut Command) -> Self {
        let path = folder.join(format!("{name}.log"));
        // One that is started again goes on in its log.
        let log = OpenOptions::new().create(true).append(true).open(path).unwrap();
        let child = command
            .stdin(Stdio::null())
            .stdout(log.try_clone().unwrap())
            .stderr(log)
            .spawn();
        Self(child.unwrap_or_else(|error| panic!("{name}: {error}")))
    }

    /// False once it has ended by itself.
    pub(crate) fn is_running(&mut self) -> bool {
        self.0.try_wait().unwrap().is_none()
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// What all sidecars of a test share.
pub(crate) struct Machinery {
    folder: TempDir,
    placement: u16,
    scheduler: u16,
    scheduler_arguments: Vec<String>,
    /// None while it is down.
    scheduler_process: Option<Process>,
    _processes: [Process; 2],
}

/// Where a sidecar and its application are.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Seat {
    pub(crate) app: u16,
    pub(crate) grpc: u16,
    pub(crate) http: u16,
    pub(crate) metrics: u16,
}

impl Seat {
    pub(crate) fn choose() -> Self {
        Self {
            app: free_port(),
            grpc: free_port(),
            http: free_port(),
            metrics: free_port(),
        }
    }
}

impl Machinery {
    pub(crate) fn start() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let (placement, scheduler, redis) = (free_port(), free_port(), free_port());
        write_resources(folder.path(), redis);
        let start = |name: &str, program: &Path, arguments: &[String]| {
            Process::start(name, folder.path(), Command::new(program).args(arguments))
        };
        let processes = [
            start("redis", &PROGRAMS.redis, &redis_arguments(folder.path(), redis)),
            start("placement", &PROGRAMS.placement, &placement_arguments(placement)),
        ];
        let mut machinery = Self {
            scheduler_arguments: scheduler_arguments(folder.path(), scheduler),
            folder,
            placement,
            scheduler,
            scheduler_process: None,
            _processes: processes,
        };
        machinery.start_scheduler();
        machinery
    }

    /// Starts the Scheduler, with what it held before if it was there.
    pub(crate) fn start_scheduler(&mut self) {
        let mut command = Command::new(&PROGRAMS.scheduler);
        command.args(&self.scheduler_arguments);
        self.scheduler_process = Some(Process::start("scheduler", self.folder.path(), &mut command));
    }

    /// `kill -9` of the Scheduler.
    pub(crate) fn kill_scheduler(&mut self) {
        self.scheduler_process = None;
    }

    /// A sidecar; its application need not be there yet.
    pub(crate) fn sidecar(&self, app_id: &str, seat: Seat) -> Process {
        let folder = self.folder.path();
        let mut command = Command::new(&PROGRAMS.daprd);
        command
            .args([
                "--app-id",
                app_id,
                "--app-protocol",
                "http",
                "--app-channel-address",
                "127.0.0.1",
            ])
            .args(["--app-port", &seat.app.to_string()])
            .args(["--dapr-listen-addresses", "127.0.0.1"])
            .args(["--dapr-internal-grpc-listen-address", "127.0.0.1"])
            .args(["--dapr-grpc-port", &seat.grpc.to_string()])
            .args(["--dapr-http-port", &seat.http.to_string()])
            .args(["--dapr-internal-grpc-port", &free_port().to_string()])
            .args(["--metrics-port", &seat.metrics.to_string()])
            .args(["--placement-host-address", &format!("127.0.0.1:{}", self.placement)])
            .args(["--scheduler-host-address", &format!("127.0.0.1:{}", self.scheduler)])
            .args(["--enable-app-health-check", "--app-health-check-path", "/healthz"])
            .args(["--app-health-probe-interval", "1", "--app-health-threshold", "2"])
            .args(["--dapr-graceful-shutdown-seconds", "2"])
            .arg("--resources-path")
            .arg(folder.join("resources"))
            .arg("--config")
            .arg(folder.join("config.yaml"))
            .env("DAPR_HOST_IP", "127.0.0.1")
            .env("DAPR_API_TOKEN", API_TOKEN)
            .env("APP_API_TOKEN", APP_TOKEN);
        Process::start(&format!("sidecar-{}", seat.grpc), folder, &mut command)
    }
}

impl Drop for Machinery {
    fn drop(&mut self) {
        if !std::thread::panicking() {
            return;
        }
        // The folder goes away with us: what went wrong is said here.
        for file in fs::read_dir(self.folder.path()).unwrap().flatten() {
            if file.path().extension().is_some_and(|end| end == "log") {
                let text = fs::read_to_string(file.path()).unwrap_or_default();
                let last: Vec<&str> = text.lines().rev().take(25).collect();
                println!("--- {}", file.path().display());
                last.iter().rev().for_each(|line| println!("{line}"));
            }
        }
    }
}

fn write_resources(folder: &Path, redis: u16) {
    fs::create_dir(folder.join("resources")).unwrap();
    let store = format!(
        "apiVersion: dapr.io/v1alpha1\nkind: Component\nmetadata: {{name: statestore}}\nspec:\n  type: state.redis\n  version: v1\n  \
        metadata:\n  - {{name: redisHost, value: \"127.0.0.1:{redis}\"}}\n  - {{name: actorStateStore, value: \"true\"}}\n"
    );
    fs::write(folder.join("resources/statestore.yaml"), store).unwrap();
    // Time-outs without retries: the retries Dapr has built in hold on to a placement table that is about to change.
    let resiliency = "apiVersion: dapr.io/v1alpha1\nkind: Resiliency\nmetadata: {name: test}\nspec:\n  policies:\n    timeouts: {turn: 10s}\n  \
        targets:\n    actors:\n      UserActor: {timeout: turn}\n      SeriesActor: {timeout: turn}\n";
    fs::write(folder.join("resources/resiliency.yaml"), resiliency).unwrap();
    let config = format!(
        "apiVersion: dapr.io/v1alpha1\nkind: Configuration\nmetadata: {{name: test}}\nspec:\n  nameResolution:\n    component: sqlite\n    \
        version: v1\n    configuration:\n      connectionString: \"{}\"\n      \
        disableWAL: true\n      busyTimeout: 20s\n",
        folder.join("apps.db").display()
    );
    fs::write(folder.join("config.yaml"), config).unwrap();
}

fn redis_arguments(folder: &Path, port: u16) -> Vec<String> {
    let folder = folder.display().to_string();
    [
        "--port",
        &port.to_string(),
        "--bind",
        "127.0.0.1",
        "--dir",
        &folder,
        "--save",
        "",
    ]
    .map(str::to_owned)
    .into()
}

fn placement_arguments(port: u16) -> Vec<String> {
    let raft = format!("placement=127.0.0.1:{}", free_port());
    let mut arguments = own_ports(port);
    arguments.extend(["--id", "placement", "--initial-cluster", &raft].map(str::to_owned));
    arguments
}

fn scheduler_arguments(folder: &Path, port: u16) -> Vec<String> {
    let peer = format!("scheduler=http://127.0.0.1:{}", free_port());
    let data = folder.join("etcd").display().to_string();
    let broadcast = format!("127.0.0.1:{port}");
    let mut arguments = own_ports(port);
    arguments.extend(
        [
            "--id",
            "scheduler",
            "--etcd-initial-cluster",
            &peer,
            "--etcd-data-dir",
            &data,
        ]
        .map(str::to_owned),
    );
    arguments.extend(["--etcd-client-listen-address", "127.0.0.1"].map(str::to_owned));
    arguments.extend(["--etcd-client-port".to_owned(), free_port().to_string()]);
    arguments.extend(["--override-broadcast-host-port".to_owned(), broadcast]);
    arguments
}

fn own_ports(port: u16) -> Vec<String> {
    let (health, metrics) = (free_port().to_string(), free_port().to_string());
    let port = port.to_string();
    [
        ["--listen-address", "127.0.0.1"],
        ["--port", &port],
        ["--healthz-listen-address", "127.0.0.1"],
        ["--healthz-port", &health],
        ["--metrics-listen-address", "127.0.0.1"],
        ["--metrics-port", &metrics],
    ]
    .concat()
    .into_iter()
    .map(str::to_owned)
    .collect()
}

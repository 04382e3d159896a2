//! Dapr's control plane as far as a machine without Kubernetes needs it: placement and Scheduler. Without mTLS there is nothing to sign.

use std::path::Path;

use crate::parts::{Workshop, flags, loopback};
use crate::{Kind, Process, Ready, Result};

pub(crate) const PLACEMENT: &str = "placement";
pub(crate) const SCHEDULER: &str = "scheduler";
/// The port of either that sidecars connect to.
pub(crate) const GRPC: &str = "grpc";
const HEALTH: &str = "health";
const METRICS: &str = "metrics";
const RAFT: &str = "raft";
const CLIENT: &str = "etcd-client";
const PEER: &str = "etcd-peer";

pub(super) fn placement(program: &Path, workshop: &mut Workshop<'_>) -> Result<Process> {
    let mut process = workshop.process(Kind::Infrastructure, PLACEMENT, program, &[GRPC, HEALTH, METRICS, RAFT])?;
    process.arguments = flags([
        ("--id", "placement".to_owned()),
        (
            "--initial-cluster",
            format!("placement=127.0.0.1:{}", process.port(RAFT)),
        ),
        ("--listen-address", loopback()),
        ("--port", process.port(GRPC).to_string()),
        ("--healthz-listen-address", loopback()),
        ("--healthz-port", process.port(HEALTH).to_string()),
        ("--metrics-listen-address", loopback()),
        ("--metrics-port", process.port(METRICS).to_string()),
    ]);
    process.ready = Ready::Answers(process.port(HEALTH), "/healthz".to_owned());
    Ok(process)
}

pub(super) fn scheduler(program: &Path, workshop: &mut Workshop<'_>) -> Result<Process> {
    let mut process = workshop.process(
        Kind::Infrastructure,
        SCHEDULER,
        program,
        &[GRPC, HEALTH, METRICS, CLIENT, PEER],
    )?;
    let grpc = process.port(GRPC);
    process.arguments = flags([
        ("--id", "scheduler".to_owned()),
        (
            "--etcd-initial-cluster",
            format!("scheduler=http://127.0.0.1:{}", process.port(PEER)),
        ),
        ("--etcd-client-listen-address", loopback()),
        ("--etcd-client-port", process.port(CLIENT).to_string()),
        ("--etcd-data-dir", process.folder.join("etcd").display().to_string()),
        ("--listen-address", loopback()),
        ("--port", grpc.to_string()),
        ("--override-broadcast-host-port", format!("127.0.0.1:{grpc}")),
        ("--healthz-listen-address", loopback()),
        ("--healthz-port", process.port(HEALTH).to_string()),
        ("--metrics-listen-address", loopback()),
        ("--metrics-port", process.port(METRICS).to_string()),
    ]);
    process.ready = Ready::Answers(process.port(HEALTH), "/healthz".to_owned());
    Ok(process)
}

//! Kafka: one process that is broker and controller (KRaft).

use std::process::Command;

use crate::parts::{Workshop, address};
use crate::tools::{Kafka, output};
use crate::{Kind, Process, Ready, Result, files};

const NAME: &str = "kafka";
pub(crate) const BROKER: &str = "broker";
const CONTROLLER: &str = "controller";
/// Enough for a test; without a limit a JVM takes a quarter of the machine.
const HEAP: [&str; 2] = ["-Xms96m", "-Xmx320m"];
/// Any will do, as long as it stays the same over restarts.
const CLUSTER_ID: &str = "punctual-on-loopback-1";

pub(super) fn process(kafka: &Kafka, workshop: &mut Workshop<'_>) -> Result<Process> {
    let mut process = workshop.process(Kind::Infrastructure, NAME, &kafka.java, &[BROKER, CONTROLLER])?;
    let jars = format!("{}/*", kafka.jars.display());
    let settings = process.folder.join("server.properties");
    files::write(&settings, &properties(&process))?;
    if !process.folder.join("log/meta.properties").exists() {
        let mut format = Command::new(&kafka.java);
        format.args([
            "-XX:TieredStopAtLevel=1",
            "-cp",
            &jars,
            "kafka.tools.StorageTool",
            "format",
        ]);
        output(format.args(["--cluster-id", CLUSTER_ID, "--config"]).arg(&settings))?;
    }
    process.arguments = HEAP.map(str::to_owned).to_vec();
    process
        .arguments
        .extend(["-XX:+UseSerialGC", "-Djava.awt.headless=true"].map(str::to_owned));
    process
        .arguments
        .push("-Dorg.slf4j.simpleLogger.showDateTime=true".to_owned());
    process
        .arguments
        .push("-Dorg.slf4j.simpleLogger.dateTimeFormat=yyyy-MM-dd'T'HH:mm:ss.SSSXXX".to_owned());
    process
        .arguments
        .extend(["-cp".to_owned(), jars, "kafka.Kafka".to_owned()]);
    process.arguments.push(settings.display().to_string());
    process.ready = Ready::Says("Kafka Server started".to_owned());
    Ok(process)
}

/// Topics are made when they are first named, each with twelve partitions: as many as sync replicas or audit writers can share.
/// Consumers join without the usual wait for others, which a test would only sit out.
fn properties(process: &Process) -> String {
    let broker = address(process.port(BROKER));
    let controller = address(process.port(CONTROLLER));
    format!(
        "process.roles=broker,controller\n\
        node.id=1\n\
        controller.quorum.voters=1@{controller}\n\
        listeners=PLAINTEXT://{broker},CONTROLLER://{controller}\n\
        advertised.listeners=PLAINTEXT://{broker}\n\
        controller.listener.names=CONTROLLER\n\
        log.dirs={}\n\
        auto.create.topics.enable=true\n\
        num.partitions=12\n\
        default.replication.factor=1\n\
        min.insync.replicas=1\n\
        offsets.topic.replication.factor=1\n\
        offsets.topic.num.partitions=6\n\
        transaction.state.log.replication.factor=1\n\
        transaction.state.log.min.isr=1\n\
        group.initial.rebalance.delay.ms=0\n",
        process.folder.join("log").display()
    )
}

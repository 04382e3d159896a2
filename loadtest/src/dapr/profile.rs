//! Where the work is done: CPU of each process, and what the sidecars were asked.

use std::{
    collections::{BTreeMap, HashMap},
    fs, io,
    time::Duration,
};

use daprenv::{Environment, http};

use super::stage::Stage;

/// Linux reports CPU time in hundredths of a second (`USER_HZ`).
const MILLISECONDS_PER_TICK: u64 = 10;
const PATIENCE: Duration = Duration::from_secs(5);
/// Counters of a sidecar, each with the label that tells its cases apart.
const COUNTERS: [(&str, &str, &str); 4] = [
    ("dapr_grpc_io_server_completed_rpcs", "grpc_server_method", ""),
    ("dapr_component_state_count", "operation", "state "),
    ("dapr_component_pubsub_egress_count", "topic", "published on "),
    ("dapr_component_pubsub_ingress_count", "topic", "delivered from "),
];

/// What was used since each process began.
pub(super) struct Profile {
    /// By process, its children included.
    cpu: BTreeMap<String, Duration>,
    /// By sidecar and what was asked.
    calls: BTreeMap<(String, String), f64>,
}

impl Profile {
    /// Looks at every process.
    pub(super) async fn take(stage: &Stage) -> io::Result<Self> {
        let cpu = stage.with(|environment| Ok(cpu_of(environment))).await??;
        Ok(Self {
            cpu,
            calls: BTreeMap::new(),
        })
    }

    /// Looks at every process and asks every sidecar.
    pub(super) async fn take_with_calls(stage: &Stage) -> io::Result<Self> {
        let calls = stage.with(|environment| Ok(calls_of(environment))).await?;
        Ok(Self {
            calls,
            ..Self::take(stage).await?
        })
    }

    /// All processes together.
    pub(super) fn cpu_of_all(&self) -> Duration {
        self.cpu.values().sum()
    }

    /// What was used since `before`, for each of so many commands: one sentence on CPU, one for each sidecar.
    pub(super) fn describe_since(&self, before: &Self, commands: f64) -> Vec<String> {
        let spent = self.cpu.iter().filter_map(|(name, cpu)| {
            let cpu = cpu.saturating_sub(before.cpu.get(name).copied().unwrap_or_default());
            let ms = cpu.as_secs_f64() * 1e3 / commands;
            (ms >= 0.005).then(|| format!("{name} {ms:.2}"))
        });
        let all = self.cpu_of_all().saturating_sub(before.cpu_of_all());
        let cpu = format!(
            "milliseconds of CPU per create: {}; together {:.2}",
            spent.collect::<Vec<_>>().join(", "),
            all.as_secs_f64() * 1e3 / commands
        );
        let mut by_sidecar: BTreeMap<&str, Vec<String>> = BTreeMap::new();
        for ((sidecar, what), count) in &self.calls {
            let earlier = before.calls.get(&(sidecar.clone(), what.clone())).copied();
            let each = (count - earlier.unwrap_or_default()) / commands;
            if each >= 0.01 {
                by_sidecar.entry(sidecar).or_default().push(format!("{what} {each:.2}"));
            }
        }
        let calls = by_sidecar.into_iter();
        let calls = calls.map(|(sidecar, calls)| format!("`{sidecar}`, per create: {}", calls.join(", ")));
        [cpu].into_iter().chain(calls).collect()
    }
}

fn cpu_of(environment: &Environment) -> io::Result<BTreeMap<String, Duration>> {
    let all = processes()?;
    let mut children: HashMap<u32, Vec<u32>> = HashMap::new();
    for (pid, (parent, _)) in &all {
        children.entry(*parent).or_default().push(*pid);
    }
    let mut cpu = BTreeMap::new();
    for process in environment.processes() {
        let mut ticks = 0;
        let mut open: Vec<u32> = environment.pid(&process.name).into_iter().collect();
        while let Some(pid) = open.pop() {
            ticks += all.get(&pid).map_or(0, |(_, ticks)| *ticks);
            open.extend(children.get(&pid).into_iter().flatten());
        }
        cpu.insert(
            process.name.clone(),
            Duration::from_millis(ticks * MILLISECONDS_PER_TICK),
        );
    }
    Ok(cpu)
}

/// Parent and CPU of every process there is, that of children it has seen end included.
fn processes() -> io::Result<HashMap<u32, (u32, u64)>> {
    let mut all = HashMap::new();
    for entry in fs::read_dir("/proc")? {
        let name = entry?.file_name();
        let Some(pid) = name.to_str().and_then(|name| name.parse::<u32>().ok()) else {
            continue;
        };
        // It may have ended meanwhile.
        if let Ok(stat) = fs::read_to_string(format!("/proc/{pid}/stat"))
            && let Some(found) = parent_and_ticks(&stat)
        {
            all.insert(pid, found);
        }
    }
    Ok(all)
}

/// The second field, the command's name in parentheses, can contain spaces; the parent is the fourth, the times are the 14th to 17th.
fn parent_and_ticks(stat: &str) -> Option<(u32, u64)> {
    let fields: Vec<&str> = stat.rsplit_once(')')?.1.split_whitespace().collect();
    let times = fields.get(11..15)?.iter().map(|field| field.parse::<u64>());
    Some((fields.get(1)?.parse().ok()?, times.sum::<Result<u64, _>>().ok()?))
}

/// A sidecar that does not answer has nothing to tell.
fn calls_of(environment: &Environment) -> BTreeMap<(String, String), f64> {
    let mut calls = BTreeMap::new();
    for process in environment.processes() {
        let port = process.port("metrics");
        if port == 0 || !process.name.ends_with("-sidecar") || environment.pid(&process.name).is_none() {
            continue;
        }
        let Ok(answer) = http::request(port, "GET", "/metrics", &[], "", PATIENCE) else {
            continue;
        };
        for (what, count) in answer.body.lines().filter_map(counted) {
            *calls.entry((process.name.clone(), what)).or_default() += count;
        }
    }
    calls
}

/// What a line of the metrics counts, if it is one of ours.
fn counted(line: &str) -> Option<(String, f64)> {
    let (series, value) = line.rsplit_once(' ')?;
    let (name, labels) = series.split_once('{')?;
    let (_, label, prefix) = COUNTERS.iter().find(|(counter, _, _)| *counter == name)?;
    let case = labels.split_once(&format!("{label}=\""))?.1.split_once('"')?.0;
    let case = case.rsplit('/').next().unwrap_or(case);
    Some((format!("{prefix}{case}"), value.parse().ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_counter_is_told_by_its_case() {
        let line = r#"dapr_grpc_io_server_completed_rpcs{app_id="api",grpc_server_method="/dapr.proto.runtime.v1.Dapr/SaveState"} 12"#;
        assert_eq!(counted(line), Some(("SaveState".to_owned(), 12.0)));
        let line = r#"dapr_component_state_count{app_id="api",operation="set",success="true"} 7"#;
        assert_eq!(counted(line), Some(("state set".to_owned(), 7.0)));
        assert_eq!(counted("go_goroutines 9"), None);
    }

    #[test]
    fn a_process_is_read_whatever_its_name() {
        let stat = "42 (a) b) S 7 1 1 0 -1 4 1 1 1 1 10 20 30 40 20 0 1";
        assert_eq!(parent_and_ticks(stat), Some((7, 100)));
    }
}

//! The machine the figures are for.

use std::{fs, path::Path, process::Command};

/// One sentence each: processor, kernel, file system, date, command.
pub(crate) fn facts(work: &Path) -> Vec<String> {
    let cores = std::thread::available_parallelism().map_or(0, usize::from);
    vec![
        format!("{cores} cores, {}, shared by server and client", processor()),
        format!("Linux {}, {}", read("/proc/sys/kernel/osrelease"), memory()),
        format!("databases on {}", file_system(work)),
        format!("{}", chrono::Utc::now().format("%Y-%m-%d %H:%M UTC")),
        format!("`{}`", command()),
    ]
}

fn processor() -> String {
    let about = read("/proc/cpuinfo");
    let model = about
        .lines()
        .find_map(|line| line.strip_prefix("model name")?.split_once(": "));
    model.map_or_else(|| std::env::consts::ARCH.into(), |(_, model)| model.into())
}

fn memory() -> String {
    let about = read("/proc/meminfo");
    let total = about
        .lines()
        .find_map(|line| line.strip_prefix("MemTotal:")?.trim().strip_suffix(" kB"));
    let gigabytes = total.and_then(|total| total.parse::<u64>().ok()).unwrap_or_default() / 1_048_576;
    format!("{gigabytes} GiB of memory")
}

/// Type and device. On a file system in memory a flush costs nothing, and the figures for writes would mean nothing.
fn file_system(work: &Path) -> String {
    let output = Command::new("df").arg("--output=fstype,source").arg(work).output();
    let text = output
        .map(|output| String::from_utf8_lossy(&output.stdout).into_owned())
        .unwrap_or_default();
    let line = text.lines().nth(1).unwrap_or("an unknown file system").to_owned();
    let words: Vec<&str> = line.split_whitespace().collect();
    match words.first() {
        Some(&("tmpfs" | "ramfs")) => format!(
            "{} — **in memory: the figures for writes mean nothing**",
            words.join(" ")
        ),
        _ => words.join(" "),
    }
}

/// The command line, its executable without folders.
fn command() -> String {
    let mut words: Vec<String> = std::env::args().collect();
    if let Some(first) = words.first_mut() {
        *first = "punctual-loadtest".into();
    }
    words.join(" ")
}

fn read(path: &str) -> String {
    fs::read_to_string(path).unwrap_or_default().trim().to_owned()
}

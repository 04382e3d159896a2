//! Servers as processes of their own: started on a free port, watched through `/proc`, ended by their id.

use std::{
    fs::{self, File},
    io::{self, Read as _, Write as _},
    net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    thread,
    time::{Duration, Instant},
};

use rustix::process::{Pid, Resource, Signal, getrlimit, kill_process, setrlimit};

/// Linux reports CPU time to user space in hundredths of a second (`USER_HZ`) on every architecture Punctual runs on.
const TICKS_PER_SECOND: u64 = 100;
/// A server that is not ready by then has failed.
const READY_LIMIT: Duration = Duration::from_secs(60);
/// A server that has not drained by then is killed.
const STOP_LIMIT: Duration = Duration::from_secs(30);
/// Between two looks whether a server is ready: short beside the 30 ms a start may take.
const READY_PAUSE: Duration = Duration::from_micros(250);

/// A program that serves HTTP when told where to listen and where its data is.
pub(crate) struct Program {
    /// The executable.
    pub(crate) path: PathBuf,
    /// Its arguments apart from `--listen` and `--data`.
    pub(crate) arguments: Vec<String>,
}

/// A running server. Dropping it kills it; `stop` lets it drain.
pub(crate) struct Server {
    child: Child,
    /// Where it listens.
    pub(crate) address: SocketAddr,
    /// From just before the process was made to the first 200 of `/readyz`.
    pub(crate) ready_after: Duration,
}

impl Server {
    /// Starts a program on a free port of the loopback address and waits until it is ready. Its output goes to `server.log` in the data's parent.
    pub(crate) fn start(program: &Program, data: &Path) -> io::Result<Self> {
        let address = free_port()?;
        let log = data.with_file_name("server.log");
        let output = File::create(&log)?;
        let begin = Instant::now();
        let child = Command::new(&program.path)
            .args(&program.arguments)
            .arg("--listen")
            .arg(address.to_string())
            .arg("--data")
            .arg(data)
            .stdin(Stdio::null())
            .stdout(output.try_clone()?)
            .stderr(output)
            .spawn()
            .map_err(|error| io::Error::other(format!("{}: {error}", program.path.display())))?;
        let mut server = Self {
            child,
            address,
            ready_after: Duration::ZERO,
        };
        while !is_ready(address) {
            if let Some(status) = server.child.try_wait()? {
                return Err(failure(
                    &log,
                    &format!("the server ended with {status} before it was ready"),
                ));
            }
            if begin.elapsed() > READY_LIMIT {
                return Err(failure(&log, "the server did not become ready"));
            }
            thread::sleep(READY_PAUSE);
        }
        server.ready_after = begin.elapsed();
        Ok(server)
    }

    /// Its process id.
    pub(crate) fn pid(&self) -> u32 {
        self.child.id()
    }

    /// Memory it holds, in bytes.
    pub(crate) fn resident_bytes(&self) -> io::Result<u64> {
        let status = fs::read_to_string(format!("/proc/{}/status", self.pid()))?;
        status
            .lines()
            .find_map(|line| line.strip_prefix("VmRSS:"))
            .and_then(|rest| rest.trim().strip_suffix(" kB")?.parse::<u64>().ok())
            .map(|kilobytes| kilobytes * 1024)
            .ok_or_else(|| io::Error::other("no VmRSS in /proc/<pid>/status"))
    }

    /// Asks it to drain and waits until it has ended.
    pub(crate) fn stop(mut self) -> io::Result<()> {
        let pid = i32::try_from(self.pid()).ok().and_then(Pid::from_raw);
        if let Some(pid) = pid {
            kill_process(pid, Signal::TERM)?;
        }
        let begin = Instant::now();
        while self.child.try_wait()?.is_none() {
            if begin.elapsed() > STOP_LIMIT {
                return Err(io::Error::other("the server did not end within 30 s of SIGTERM"));
            }
            thread::sleep(Duration::from_millis(5));
        }
        Ok(())
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // Both fail only when the process is gone already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// CPU a process has used since it began, all its threads together.
pub(crate) fn cpu(pid: u32) -> io::Result<Duration> {
    let [user, system, ..] = cpu_fields(pid)?;
    Ok(ticks(user + system))
}

/// CPU this process has used, and the servers it started and saw end.
pub(crate) fn cpu_of_this_and_ended() -> io::Result<Duration> {
    Ok(ticks(cpu_fields(std::process::id())?.iter().sum()))
}

/// User and system time of a process, then those of its children that have ended.
fn cpu_fields(pid: u32) -> io::Result<[u64; 4]> {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat"))?;
    // The second field, the command's name in parentheses, can contain spaces; the times are the 14th to 17th.
    let fields = stat
        .rsplit_once(')')
        .map(|(_, fields)| fields.split_whitespace().skip(11).take(4));
    let times: Option<Vec<u64>> = fields.and_then(|fields| fields.map(|field| field.parse().ok()).collect());
    let times = times.and_then(|times| times.try_into().ok());
    times.ok_or_else(|| io::Error::other("unexpected form of /proc/<pid>/stat"))
}

/// CPU the whole machine has used since it began, what a hypervisor took from it included.
pub(crate) fn cpu_of_machine() -> io::Result<Duration> {
    let stat = fs::read_to_string("/proc/stat")?;
    let all = stat.lines().next().and_then(|line| line.strip_prefix("cpu "));
    let fields: Vec<u64> = all.map_or_else(Vec::new, |all| {
        all.split_whitespace().map_while(|field| field.parse().ok()).collect()
    });
    match fields[..] {
        // Guest time, which follows, is part of user time already.
        [user, nice, system, _idle, _iowait, irq, softirq, steal, ..] => {
            Ok(ticks(user + nice + system + irq + softirq + steal))
        }
        _ => Err(io::Error::other("unexpected form of /proc/stat")),
    }
}

fn ticks(ticks: u64) -> Duration {
    Duration::from_millis(ticks * 1000 / TICKS_PER_SECOND)
}

/// Allows this process, and the servers it starts, as many open files as the system lets it: a thousand sockets are more than many shells allow.
pub(crate) fn raise_limit_of_files() -> io::Result<()> {
    let mut limit = getrlimit(Resource::Nofile);
    limit.current = limit.maximum;
    Ok(setrlimit(Resource::Nofile, limit)?)
}

fn free_port() -> io::Result<SocketAddr> {
    TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?.local_addr()
}

fn is_ready(address: SocketAddr) -> bool {
    let ask = || -> io::Result<bool> {
        let mut stream = TcpStream::connect(address)?;
        stream.set_read_timeout(Some(Duration::from_secs(1)))?;
        stream.write_all(b"GET /readyz HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n")?;
        let mut status_line = [0; 12];
        stream.read_exact(&mut status_line)?;
        Ok(&status_line == b"HTTP/1.1 200")
    };
    ask().unwrap_or(false)
}

fn failure(log: &Path, what: &str) -> io::Error {
    let output = fs::read_to_string(log).unwrap_or_default();
    let lines: Vec<&str> = output.lines().collect();
    let tail = lines[lines.len().saturating_sub(10)..].join("\n");
    io::Error::other(format!("{what}; its last output:\n{tail}"))
}

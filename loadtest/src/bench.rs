//! What the rows have in common: the two programs, a folder for databases, users with their tasks.

use std::{
    fs::{self, File},
    io,
    ops::Deref,
    path::{Path, PathBuf},
    time::Duration,
};

use tempfile::TempDir;

use crate::{
    load::Plan,
    options::Options,
    process::{Program, Server},
    seed::Seed,
};

/// Everything a row needs.
pub(crate) struct Bench {
    /// How to measure.
    pub(crate) options: Options,
    /// The users, when there is a server to measure.
    pub(crate) seed: Option<Seed>,
    floor: Program,
    punctual: Option<Program>,
    work: PathBuf,
}

/// A running server on a data folder of its own, which goes when the server went.
pub(crate) struct Running {
    server: Server,
    folder: TempDir,
}

impl Deref for Running {
    type Target = Server;

    fn deref(&self) -> &Server {
        &self.server
    }
}

impl Running {
    /// Lets the server drain, removes its data.
    pub(crate) fn stop(self) -> io::Result<()> {
        self.server.stop()?;
        self.folder.close()
    }
}

impl Bench {
    /// Prepares the work folder and, if a server is to be measured, its users.
    pub(crate) async fn prepare(options: Options) -> io::Result<Self> {
        fs::create_dir_all(&options.work)?;
        let work = options.work.canonicalize()?;
        let floor = Program {
            path: std::env::current_exe()?,
            arguments: vec!["floor".into()],
        };
        let punctual = options.server.as_ref().map(|path| Program {
            path: path.clone(),
            arguments: options.server_arguments.split_whitespace().map(Into::into).collect(),
        });
        let seed = match &punctual {
            Some(punctual) => Some(Seed::obtain(punctual, &work.join("seed"), &options).await?),
            None => None,
        };
        Ok(Self {
            options,
            seed,
            floor,
            punctual,
            work,
        })
    }

    /// A new floor.
    pub(crate) fn start_floor(&self) -> io::Result<Running> {
        self.start(&self.floor, None)
    }

    /// A server with the users and their tasks; `None` when only the floor is measured.
    pub(crate) fn start_seeded(&self) -> io::Result<Option<(Running, &Seed)>> {
        let Some((punctual, seed)) = self.punctual.as_ref().zip(self.seed.as_ref()) else {
            return Ok(None);
        };
        let running = self.start(punctual, Some(&self.work.join("seed/data")))?;
        Ok(Some((running, seed)))
    }

    /// A server on an empty folder; `None` when only the floor is measured.
    pub(crate) fn start_empty(&self) -> io::Result<Option<Running>> {
        self.punctual
            .as_ref()
            .map(|punctual| self.start(punctual, None))
            .transpose()
    }

    /// What a caller of the floor sends as its token: the floor does not look, but reads as many bytes as the server.
    pub(crate) fn token_for_floor(&self) -> String {
        let token = self
            .seed
            .as_ref()
            .and_then(|seed| Some(seed.users.first()?.token.clone()));
        token.unwrap_or_else(|| "t".repeat(160))
    }

    fn start(&self, program: &Program, copied_from: Option<&Path>) -> io::Result<Running> {
        let folder = tempfile::Builder::new().prefix("run-").tempdir_in(&self.work)?;
        let data = folder.path().join("data");
        if let Some(original) = copied_from {
            copy_folder(original, &data)?;
        }
        let server = Server::start(program, &data)?;
        Ok(Running { server, folder })
    }

    /// A plan for writes.
    pub(crate) fn write_plan(&self, server: &Server) -> Plan {
        Plan {
            address: server.address,
            pid: Some(server.pid()),
            warm_up: self.options.warm_up(),
            length: self.options.write_length(),
            expected: 201,
            rest: Duration::ZERO,
        }
    }

    /// A plan for reads.
    pub(crate) fn read_plan(&self, server: &Server) -> Plan {
        Plan {
            length: self.options.read_length(),
            expected: 200,
            rest: Duration::ZERO,
            ..self.write_plan(server)
        }
    }
}

/// Copies a folder and flushes it, so that the disk is idle again when the measurement begins.
fn copy_folder(from: &Path, to: &Path) -> io::Result<()> {
    fs::create_dir_all(to)?;
    fs::set_permissions(to, fs::metadata(from)?.permissions())?;
    for entry in fs::read_dir(from)? {
        let entry = entry?;
        let target = to.join(entry.file_name());
        if entry.file_type()?.is_dir() {
            copy_folder(&entry.path(), &target)?;
        } else if entry.file_type()?.is_file() {
            fs::copy(entry.path(), &target)?;
            File::open(&target)?.sync_all()?;
        }
    }
    Ok(())
}

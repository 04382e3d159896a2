//! What is added to an environment that exists: sidecars for applications of a test, and replicas.

use super::Environment;
use crate::parts::{self, Seat, Workshop};
use crate::ports::Ports;
use crate::secrets::Secrets;
use crate::{Process, Result, Role};

impl Environment {
    /// Adds a sidecar for an application of the caller's and starts it. It is called `<name>-sidecar`, and its app-id decides which
    /// components it may use: only those that are scoped to it.
    ///
    /// # Errors
    /// When it cannot be started or is not ready in time.
    pub fn add_sidecar(&mut self, name: &str, app_id: &str, app_port: Option<u16>) -> Result<Process> {
        let seat = Seat { name, app_id, app_port };
        let [sidecar] = self.add(|environment, workshop| {
            let existing = &environment.description;
            parts::another_sidecar(&existing.daprd, &seat, &existing.processes, workshop).map(|sidecar| [sidecar])
        })?;
        self.start(&sidecar.name)?;
        Ok(sidecar)
    }

    /// Adds another replica of a role, which is started as its first replica is, beside a sidecar of its own, and starts neither: that is for
    /// [`start_all`](Self::start_all). Its name; that of its sidecar is `<name>-sidecar`.
    ///
    /// # Errors
    /// When the role has no replica yet, or no port is free.
    pub fn add_replica(&mut self, role: Role) -> Result<String> {
        let is_new = |name: &String| self.process(name).is_err();
        let name = (2..=u16::MAX).map(|number| role.replica(number)).find(is_new);
        let name = name.unwrap_or_default();
        self.add(|environment, workshop| parts::another_pair(role, &name, &environment.description, workshop))?;
        Ok(name)
    }

    /// Ends a replica and its sidecar by force, and forgets them.
    ///
    /// # Errors
    /// When there is none of that name, or that cannot be written down.
    pub fn remove_replica(&mut self, name: &str) -> Result<()> {
        for process in [name, &parts::sidecar_of(name)] {
            self.kill(process)?;
            self.description.processes.retain(|known| known.name != process);
        }
        self.state.write(&self.description)
    }

    /// Makes processes, which replace those of the same name, and writes them down.
    fn add<const N: usize>(
        &mut self,
        make: impl FnOnce(&Self, &mut Workshop<'_>) -> Result<[Process; N]>,
    ) -> Result<[Process; N]> {
        let mut secrets = Secrets::read(&self.state.secrets())?;
        let mut workshop = Workshop {
            state: &self.state,
            earlier: &self.description,
            secrets: &mut secrets,
            ports: Ports::of(self.state.path())?,
        };
        let added = make(self, &mut workshop)?;
        drop(workshop);
        secrets.write(&self.state.secrets())?;
        for process in &added {
            self.description.processes.retain(|known| known.name != process.name);
            self.description.processes.push(process.clone());
        }
        self.state.write(&self.description)?;
        Ok(added)
    }
}

//! Brings an environment up.

use std::path::PathBuf;

use daprenv::{Environment, Options, Role};

use crate::console;
use crate::dapr::arguments::Up;
use crate::dapr::{state_of, status};
use crate::failure::{Failure, Result};
use crate::process;
use crate::workspace::Workspace;

pub(super) fn run(wanted: &Up, workspace: &Workspace) -> Result<()> {
    let options = Options {
        repository: workspace.root.clone(),
        cache: daprenv::cache_folder(&workspace.root),
        store: wanted.store,
        sidecars: wanted.only.is_none(),
        services: services(wanted, workspace)?,
        replicas: wanted.replicas.iter().copied().collect(),
        // The last line may be JSON for a program to read; everything else is for people.
        say: console::complain,
        ..Options::new(state_of(&wanted.place, workspace))
    };
    let environment = Environment::up(&options)?;
    if wanted.json {
        console::say(&status::json(&environment).to_string());
    } else {
        console::say(&status::table(&environment));
        if let Some(url) = environment.url(Role::Api) {
            console::say(&format!("\nThe API is at {url}, its documentation at {url}/docs"));
        }
    }
    Ok(())
}

fn services(wanted: &Up, workspace: &Workspace) -> Result<Option<PathBuf>> {
    if wanted.without_services || wanted.only.is_some() {
        return Ok(None);
    }
    if let Some(binary) = &wanted.binary {
        return std::path::absolute(binary).map(Some).map_err(Failure::file(binary));
    }
    console::complain("building the services");
    if !process::run(&mut workspace.cargo(["build", "--quiet", "--package", "punctual"]))? {
        return Err(Failure::Usage("the services cannot be built; see above".into()));
    }
    Ok(Some(workspace.target().join("debug/punctual")))
}

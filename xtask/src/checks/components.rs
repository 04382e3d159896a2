//! The Dapr files in `components/`: they parse, nobody gets what he does not need, nothing secret is written in them, and what one file
//! names exists in another.

mod document;
mod needed;
mod rules;

use crate::failure::Result;
use crate::workspace::Workspace;

const FOLDER: &str = "components/";

pub(super) fn run(workspace: &Workspace) -> Result<Vec<String>> {
    let mut faults = Vec::new();
    let mut documents = Vec::new();
    for file in workspace.files()?.iter().filter(|file| is_component(file)) {
        match document::read(file, &workspace.read(file)?) {
            Ok(found) => documents.extend(found),
            Err(fault) => faults.push(fault),
        }
    }
    if documents.is_empty() {
        faults.push(format!("{FOLDER} holds no component"));
    }
    faults.extend(rules::faults_in(&documents));
    Ok(faults)
}

fn is_component(file: &str) -> bool {
    file.starts_with(FOLDER) && file.ends_with(".yaml")
}

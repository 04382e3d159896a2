//! One resource of Dapr, as YAML has it.

use std::collections::BTreeMap;

use serde_json::Value;

/// A resource and the file it stands in.
#[derive(Debug)]
pub(super) struct Document {
    pub(super) file: String,
    value: Value,
}

/// Every resource of a file; a file may hold several, parted by `---`.
pub(super) fn read(file: &str, text: &str) -> Result<Vec<Document>, String> {
    let values: Vec<Value> = serde_saphyr::from_multiple(text).map_err(|error| format!("{file}: {error}"))?;
    let document = |value| Document {
        file: file.to_owned(),
        value,
    };
    Ok(values.into_iter().map(document).collect())
}

impl Document {
    pub(super) fn kind(&self) -> &str {
        self.text(&["kind"])
    }

    pub(super) fn name(&self) -> &str {
        self.text(&["metadata", "name"])
    }

    /// The app-ids that load it; none means everybody.
    pub(super) fn scopes(&self) -> Vec<&str> {
        strings(&self.value["scopes"])
    }

    /// The text at a path of keys; empty where there is none.
    pub(super) fn text(&self, path: &[&str]) -> &str {
        self.at(path).as_str().unwrap_or_default()
    }

    /// What stands at a path of keys.
    pub(super) fn at(&self, path: &[&str]) -> &Value {
        path.iter().fold(&self.value, |value, key| &value[*key])
    }

    /// A component's settings by name.
    pub(super) fn settings(&self) -> BTreeMap<&str, &Value> {
        let settings = self.at(&["spec", "metadata"]).as_array().into_iter().flatten();
        settings
            .filter_map(|setting| Some((setting["name"].as_str()?, setting)))
            .collect()
    }

    /// A setting's plain value; empty where it has none.
    pub(super) fn setting(&self, name: &str) -> &str {
        let setting = self.settings().get(name).copied();
        setting
            .and_then(|setting| setting["value"].as_str())
            .unwrap_or_default()
    }

    /// A setting of the form `app=topic,topic;app=topic`: who may what.
    pub(super) fn topics_by_app(&self, name: &str) -> BTreeMap<&str, Vec<&str>> {
        let apps = self.setting(name).split(';').filter_map(|part| part.split_once('='));
        apps.map(|(app, topics)| (app, topics.split(',').collect())).collect()
    }
}

/// The strings of a list.
pub(super) fn strings(value: &Value) -> Vec<&str> {
    value
        .as_array()
        .into_iter()
        .flatten()
        .filter_map(Value::as_str)
        .collect()
}

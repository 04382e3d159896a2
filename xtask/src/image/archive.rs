//! An OCI image layout in one archive (image-spec 1.1): one layer, its configuration, and an index that names both.

use std::fmt::Write as _;
use std::path::Path;
use std::process::Command;

use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

use crate::failure::{Failure, Result};
use crate::image::must;

const INDEX: &str = "application/vnd.oci.image.index.v1+json";
const MANIFEST: &str = "application/vnd.oci.image.manifest.v1+json";
const CONFIG: &str = "application/vnd.oci.image.config.v1+json";
const LAYER: &str = "application/vnd.oci.image.layer.v1.tar";

/// Writes the archive and returns how many bytes the image has unpacked. The same files under the same name give the same bytes.
pub(super) fn write(root: &Path, name: &str, working: &Path, archive: &Path) -> Result<u64> {
    let layout = working.join("layout");
    let blobs = layout.join("blobs/sha256");
    std::fs::create_dir_all(&blobs).map_err(Failure::file(&blobs))?;

    let layer_file = working.join("layer.tar");
    pack(root, &layer_file)?;
    let layer = std::fs::read(&layer_file).map_err(Failure::file(&layer_file))?;
    let layer = put(&blobs, LAYER, &layer)?;
    let bytes = layer["size"].as_u64().unwrap_or_default();

    let config = put(&blobs, CONFIG, config(&layer).to_string().as_bytes())?;
    let manifest = json!({"schemaVersion": 2, "mediaType": MANIFEST, "config": config, "layers": [layer]});
    let mut manifest = put(&blobs, MANIFEST, manifest.to_string().as_bytes())?;
    // The first is what containerd calls the image, the second what others do.
    manifest["annotations"] = json!({"io.containerd.image.name": name, "org.opencontainers.image.ref.name": name});
    let index = json!({"schemaVersion": 2, "mediaType": INDEX, "manifests": [manifest]});
    file(&layout.join("index.json"), index.to_string().as_bytes())?;
    file(&layout.join("oci-layout"), br#"{"imageLayoutVersion":"1.0.0"}"#)?;
    pack(&layout, archive)?;
    Ok(bytes)
}

/// What a container of it is: the program, nobody's account, and one port.
fn config(layer: &Value) -> Value {
    json!({
        "architecture": match std::env::consts::ARCH {
            "x86_64" => "amd64",
            "aarch64" => "arm64",
            other => other,
        },
        "os": "linux",
        "config": {"User": "65532:65532", "Entrypoint": ["/usr/bin/punctual"], "ExposedPorts": {"8080/tcp": {}}},
        "rootfs": {"type": "layers", "diff_ids": [layer["digest"]]},
    })
}

/// A tar archive of what is in a folder, without a trace of when, where and by whom it was made.
fn pack(folder: &Path, archive: &Path) -> Result<()> {
    let listed = std::fs::read_dir(folder).map_err(Failure::file(folder))?;
    let mut names = Vec::new();
    for entry in listed {
        names.push(entry.map_err(Failure::file(folder))?.file_name());
    }
    names.sort();
    let mut tar = Command::new("tar");
    tar.args(["--create", "--format=gnu", "--sort=name", "--mtime=@0"]);
    tar.args(["--owner=0", "--group=0", "--numeric-owner", "--file"])
        .arg(archive);
    must(tar.arg("--directory").arg(folder).args(names))
}

/// Keeps a blob under its digest, and describes it.
fn put(blobs: &Path, media_type: &str, content: &[u8]) -> Result<Value> {
    let digest = Sha256::digest(content).iter().fold(String::new(), |mut text, byte| {
        // Writing to a String cannot fail.
        let _ = write!(text, "{byte:02x}");
        text
    });
    file(&blobs.join(&digest), content)?;
    Ok(json!({"mediaType": media_type, "digest": format!("sha256:{digest}"), "size": content.len()}))
}

fn file(path: &Path, content: &[u8]) -> Result<()> {
    std::fs::write(path, content).map_err(Failure::file(path))
}

#[cfg(test)]
mod tests {
    use std::path::PathBuf;

    use super::*;

    /// The archive of an image with one file, unpacked, and its bytes.
    fn image(folder: &Path) -> (PathBuf, Vec<u8>) {
        let root = folder.join("root");
        std::fs::create_dir_all(root.join("usr/bin")).expect("a folder");
        file(&root.join("usr/bin/punctual"), b"program").expect("a file");
        let archive = folder.join("image.tar");
        write(&root, "docker.io/library/punctual:local", folder, &archive).expect("an archive");
        let unpacked = folder.join("unpacked");
        std::fs::create_dir(&unpacked).expect("a folder");
        must(
            Command::new("tar")
                .arg("--extract")
                .arg("--file")
                .arg(&archive)
                .arg("--directory")
                .arg(&unpacked),
        )
        .expect("tar runs");
        (unpacked, std::fs::read(archive).expect("an archive"))
    }

    fn json_at(path: &Path) -> Value {
        serde_json::from_slice(&std::fs::read(path).expect("a file")).expect("JSON")
    }

    #[test]
    fn the_index_leads_to_the_files_and_every_blob_has_the_name_of_its_content() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let (unpacked, _) = image(folder.path());
        let blob = |digest: &Value| {
            let digest = digest.as_str().and_then(|digest| digest.strip_prefix("sha256:"));
            unpacked.join("blobs/sha256").join(digest.expect("a digest"))
        };
        let index = json_at(&unpacked.join("index.json"));
        let named = &index["manifests"][0];
        assert_eq!(
            named["annotations"]["io.containerd.image.name"],
            "docker.io/library/punctual:local"
        );
        let manifest = json_at(&blob(&named["digest"]));
        let config = json_at(&blob(&manifest["config"]["digest"]));
        assert_eq!(config["config"]["User"], "65532:65532");
        assert_eq!(config["rootfs"]["diff_ids"][0], manifest["layers"][0]["digest"]);
        let layer = blob(&manifest["layers"][0]["digest"]);
        let listed =
            crate::process::output(Command::new("tar").arg("--list").arg("--file").arg(layer)).expect("tar runs");
        assert_eq!(
            listed.lines().collect::<Vec<_>>(),
            ["usr/", "usr/bin/", "usr/bin/punctual"]
        );
        for entry in std::fs::read_dir(unpacked.join("blobs/sha256")).expect("a folder") {
            let path = entry.expect("a file").path();
            let sum = crate::process::output(Command::new("sha256sum").arg(&path)).expect("sha256sum runs");
            assert_eq!(
                path.file_name().and_then(|name| name.to_str()),
                sum.split_whitespace().next()
            );
        }
    }

    #[test]
    fn the_same_files_give_the_same_bytes() {
        let (one, other) = (
            tempfile::tempdir().expect("a folder"),
            tempfile::tempdir().expect("a folder"),
        );
        let first = image(one.path()).1;
        // A clock that has gone on changes nothing.
        std::fs::create_dir_all(other.path().join("root/usr")).expect("a folder");
        must(
            Command::new("touch")
                .args(["--date", "2001-01-01"])
                .arg(other.path().join("root")),
        )
        .expect("touch runs");
        assert_eq!(image(other.path()).1, first);
    }
}

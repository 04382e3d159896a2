//! daprd, placement and Scheduler: installed ones of a fitting version, or built from Dapr's module with the components we use.

use std::path::{Path, PathBuf};
use std::process::Command;

use crate::tools::{command, go};
use crate::{Failure, Result, files};

/// The newest release all of whose programs build from the Go module proxy alone.
const VERSION: &str = "1.18.2";
const MODULE: &str = "github.com/dapr/dapr";
/// The module's checksum, as `go.sum` files write it.
const SUM: &str = "h1:yT1BXImaUiYtIKaKVnOBiWVFqQU1ckQaiXkXEO2+Dh0=";
const OLDEST: (u32, u32, u32) = (1, 18, 2);

/// The files of Dapr's `cmd/daprd/components` that are built in: what the files in `components/` for this machine name, and the resolver of
/// app-ids that `configuration/local.yaml` names. All of Dapr's components would take ten times as long. `zz_notag` refuses a build
/// without tags; it belongs to every build.
const COMPONENTS: [&str; 8] = [
    "bindings_smtp",
    "nameresolution_sqlite",
    "pubsub_kafka",
    "secretstores_local_env",
    "secretstores_local_file",
    "state_postgres",
    "state_redis",
    "zz_notag",
];

/// Paths of the programs.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Dapr {
    pub(crate) daprd: PathBuf,
    pub(crate) placement: PathBuf,
    pub(crate) scheduler: PathBuf,
}

pub(super) fn find(cache: &Path, say: fn(&str)) -> Result<Dapr> {
    if let Some(dapr) = installed() {
        return Ok(dapr);
    }
    let folder = cache.join(format!("dapr-{VERSION}-{}", fingerprint()));
    match Dapr::inside(&folder) {
        Some(dapr) => Ok(dapr),
        None => build(cache, &folder, say),
    }
}

/// `dapr init --slim` puts all three beside each other. Only daprd tells its version, so the others count only in its company.
fn installed() -> Option<Dapr> {
    let home = std::env::var_os("HOME").map(|home| PathBuf::from(home).join(".dapr/bin"));
    let on_path = command::installed("daprd").and_then(|daprd| daprd.parent().map(Path::to_path_buf));
    let mut found = on_path
        .into_iter()
        .chain(home)
        .filter_map(|folder| Dapr::inside(&folder));
    found.find(|dapr| {
        let said = command::output(Command::new(&dapr.daprd).arg("--version")).unwrap_or_default();
        command::version_in(&said).is_some_and(|version| version >= OLDEST)
    })
}

impl Dapr {
    fn inside(folder: &Path) -> Option<Dapr> {
        let program = |name| Some(folder.join(name)).filter(|path| command::is_program(path));
        Some(Dapr {
            daprd: program("daprd")?,
            placement: program("placement")?,
            scheduler: program("scheduler")?,
        })
    }
}

fn build(cache: &Path, folder: &Path, say: fn(&str)) -> Result<Dapr> {
    let go = go::find(cache, say)?;
    say(&format!(
        "building daprd, placement and scheduler {VERSION} and fetching what they are made of (once; some minutes)"
    ));
    let source = cache.join("dapr.src");
    files::remove_folder(&source)?;
    files::copy_folder(&downloaded(&go)?, &source)?;
    keep_components(&source.join("cmd/daprd/components"))?;
    let fresh = cache.join("dapr.new");
    files::remove_folder(&fresh)?;
    files::make_folder(&fresh)?;
    let mut build = in_source(&go, &source);
    build
        .args([
            "build",
            "-trimpath",
            "-buildvcs=false",
            "-tags",
            "allcomponents",
            "-ldflags",
        ])
        .arg(format!(
            "-s -w -X {MODULE}/pkg/buildinfo.version={VERSION} -X github.com/dapr/kit/logger.DaprVersion={VERSION}"
        ))
        .arg("-o")
        .arg(&fresh)
        .args(["./cmd/daprd", "./cmd/placement", "./cmd/scheduler"]);
    command::output(&mut build)?;
    std::fs::rename(&fresh, folder).map_err(Failure::file(folder))?;
    files::remove_folder(&source)?;
    Dapr::inside(folder)
        .ok_or_else(|| Failure::Missing(format!("the build of Dapr left no programs in {}", folder.display())))
}

/// Where Go keeps the module, after making sure that it is the one we know.
fn downloaded(go: &Path) -> Result<PathBuf> {
    let mut download = Command::new(go);
    download.args(["mod", "download", "-json", &format!("{MODULE}@v{VERSION}")]);
    let said = command::output(download.env("GOTOOLCHAIN", "auto").current_dir(std::env::temp_dir()))?;
    let told: serde_json::Value = serde_json::from_str(&said).unwrap_or_default();
    let text = |key: &str| told[key].as_str().unwrap_or_default().to_owned();
    if text("Sum") == SUM {
        return Ok(PathBuf::from(text("Dir")));
    }
    Err(Failure::Checksum {
        what: format!("{MODULE}@v{VERSION}"),
        found: text("Sum"),
        wanted: SUM.into(),
    })
}

fn keep_components(folder: &Path) -> Result<()> {
    for entry in std::fs::read_dir(folder).map_err(Failure::file(folder))? {
        let path = entry.map_err(Failure::file(folder))?.path();
        let name = path.file_stem().unwrap_or_default().to_string_lossy();
        if !COMPONENTS.contains(&name.as_ref()) {
            std::fs::remove_file(&path).map_err(Failure::file(&path))?;
        }
    }
    Ok(())
}

/// Go, with less claim to the processor than what else runs here, no C compiler, and the toolchain that Dapr asks for.
fn in_source(go: &Path, source: &Path) -> Command {
    let mut command = command::nice(go);
    command
        .current_dir(source)
        .env("CGO_ENABLED", "0")
        .env("GOTOOLCHAIN", "auto")
        .env("GOWORK", "off");
    command
}

/// Tells builds with other components apart.
fn fingerprint() -> String {
    use sha2::{Digest as _, Sha256};
    let digest = Sha256::digest(COMPONENTS.join(" "));
    digest.iter().take(4).map(|byte| format!("{byte:02x}")).collect()
}

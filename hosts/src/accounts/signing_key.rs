//! The one secret of an installation: 32 bytes in the data directory, made at the first start. Whoever reads them can sign in as anybody.

use std::{
    fmt,
    fs::{self, File, OpenOptions},
    io::{self, Read as _, Write as _},
    path::{Path, PathBuf},
};

use crate::keyed_hash::{BLOCK_BYTES, KeyedHash};

/// The file's name in the data directory.
pub const FILE_NAME: &str = "signing.key";

const KEY_BYTES: usize = 32;
const KIND: &str = "punctual-signing-key/";
const FORMAT: &str = "1 ";
const MAX_FILE_BYTES: u64 = 1024;

/// The secret. It never leaves this type: what needs a key gets one derived for its purpose.
pub struct SigningKey([u8; KEY_BYTES]);

/// What a derived key is for. Keys of different purposes say nothing about each other.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Purpose {
    /// Signs tokens.
    Token,
    /// Turns an e-mail address into the name of its account's record.
    Email,
    /// Signs the cursors of lists and sockets.
    Cursor,
}

impl Purpose {
    /// Changing a label makes everything derived with it void: all tokens, all cursors, or every account's name.
    fn label(self) -> &'static [u8] {
        match self {
            Self::Token => b"punctual/token/1",
            Self::Email => b"punctual/email/1",
            Self::Cursor => b"punctual/cursor/1",
        }
    }
}

/// Why there is no signing key. Every one of them ends the start of the server.
#[derive(Debug, thiserror::Error)]
pub enum SigningKeyError {
    /// The file system refused.
    #[error("the signing key {} cannot be {doing}: {source}", path.display())]
    Io {
        /// The key's file.
        path: PathBuf,
        /// What was tried.
        doing: &'static str,
        /// What the system said.
        source: io::Error,
    },
    /// Others than the owner may read it.
    #[error(
        "the signing key {0} is open to other users of this machine (mode {mode:04o}); close it with: chmod 600 {0}",
        path.display()
    )]
    Exposed {
        /// The key's file.
        path: PathBuf,
        /// Its permissions.
        mode: u32,
    },
    /// The file is something else, or damaged.
    #[error("{} is not a signing key; restore it from a backup (a new one would sign everybody out and lose every account)", .0.display())]
    Malformed(PathBuf),
    /// There are accounts, and none of them can be found without the key they were named by.
    #[error(
        "the signing key {} is missing, and the accounts in the database beside it are lost without it: restore it from a backup, or, to begin \
        anew without them, move the database away as well",
        .0.display()
    )]
    Missing(PathBuf),
    /// There are accounts, and they are those of another key.
    #[error(
        "the signing key {} is not the one that the accounts in the database beside it belong to: nobody would find theirs. Restore the one they were made with",
        .0.display()
    )]
    Foreign(PathBuf),
    /// A later release wrote it.
    #[error("the signing key {} was written by a newer version of Punctual", .0.display())]
    Newer(PathBuf),
}

impl SigningKey {
    /// A key from its bytes, for tests and for runtimes that keep it elsewhere.
    #[must_use]
    pub const fn from_bytes(bytes: [u8; KEY_BYTES]) -> Self {
        Self(bytes)
    }

    /// The key in `data_dir`, where there has to be one: a new one would lead to none of the accounts that are there.
    ///
    /// # Errors
    /// When it is not there, cannot be read, is readable by others than its owner, or is not a key this release understands.
    pub fn load(data_dir: &Path) -> Result<Self, SigningKeyError> {
        let path = data_dir.join(FILE_NAME);
        Self::read(&path)?.ok_or(SigningKeyError::Missing(path))
    }

    /// A key as a secret store holds it: 64 hexadecimal digits, or the content of a key's file. `None` when it is something else.
    #[must_use]
    pub fn from_secret(text: &str) -> Option<Self> {
        let text = text.trim();
        let hex = text
            .strip_prefix(KIND)
            .and_then(|rest| rest.strip_prefix(FORMAT))
            .unwrap_or(text);
        super::hex::decode(hex).map(Self)
    }

    /// The key in `data_dir`, made from `fresh` (32 random bytes) when there is none yet.
    ///
    /// Several servers may start at once: the first file written wins and all use it. It appears whole or not at all.
    ///
    /// # Errors
    /// When the file cannot be read or made, is readable by others than its owner, or is not a key this release understands.
    pub fn load_or_create(data_dir: &Path, fresh: [u8; KEY_BYTES]) -> Result<Self, SigningKeyError> {
        let path = data_dir.join(FILE_NAME);
        if let Some(key) = Self::read(&path)? {
            return Ok(key);
        }
        Self(fresh)
            .create(data_dir, &path)
            .map_err(|source| SigningKeyError::Io {
                path: path.clone(),
                doing: "created",
                source,
            })?;
        // Read back rather than trusted: another server may have been first.
        Self::read(&path)?.ok_or_else(|| SigningKeyError::Io {
            path,
            doing: "read",
            source: io::ErrorKind::NotFound.into(),
        })
    }

    /// A key for one purpose: HMAC-SHA256 of the purpose's label under this key (RFC 5869's expand step, one block).
    #[must_use]
    pub fn derive(&self, purpose: Purpose) -> KeyedHash {
        KeyedHash::new(&padded(&self.subkey(purpose.label())))
    }

    /// Says which key it is, and nothing of it.
    pub(super) fn fingerprint(&self) -> String {
        super::hex::encode(&self.subkey(b"punctual/fingerprint/1"))
    }

    fn subkey(&self, label: &[u8]) -> [u8; KEY_BYTES] {
        KeyedHash::new(&padded(&self.0)).tag(&[label, &[1]])
    }

    fn read(path: &Path) -> Result<Option<Self>, SigningKeyError> {
        let unreadable = |source| SigningKeyError::Io {
            path: path.to_owned(),
            doing: "read",
            source,
        };
        let file = match File::open(path) {
            Ok(file) => file,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(unreadable(error)),
        };
        refuse_exposed(&file, path)?;
        let mut text = Vec::new();
        file.take(MAX_FILE_BYTES).read_to_end(&mut text).map_err(unreadable)?;
        Self::parse(&text, path).map(Some)
    }

    fn parse(text: &[u8], path: &Path) -> Result<Self, SigningKeyError> {
        let malformed = || SigningKeyError::Malformed(path.to_owned());
        let text = std::str::from_utf8(text).map_err(|_| malformed())?;
        let versioned = text.strip_prefix(KIND).ok_or_else(malformed)?;
        let hex = versioned
            .strip_prefix(FORMAT)
            .ok_or_else(|| SigningKeyError::Newer(path.to_owned()))?;
        super::hex::decode(hex.trim_end()).map(Self).ok_or_else(malformed)
    }

    /// Writes a temporary file to the disk and links it under its name, which fails (well) when the name is taken.
    fn create(&self, data_dir: &Path, path: &Path) -> io::Result<()> {
        // A name nobody else picks, yet the same for the same key: a one-way function of it.
        let nonce = super::hex::encode(&self.subkey(b"punctual/temporary-name/1"));
        let temporary = data_dir.join(format!(".{FILE_NAME}.{}", &nonce[..16]));
        let written =
            write_private(&temporary, &format!("{KIND}{FORMAT}{}\n", super::hex::encode(&self.0))).and_then(|()| {
                match fs::hard_link(&temporary, path) {
                    Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Ok(()),
                    other => other,
                }
            });
        let removed = fs::remove_file(&temporary);
        written.and(removed)?;
        sync_directory(data_dir)
    }
}

impl fmt::Debug for SigningKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SigningKey(…)")
    }
}

fn padded(key: &[u8; KEY_BYTES]) -> [u8; BLOCK_BYTES] {
    let mut block = [0; BLOCK_BYTES];
    block[..KEY_BYTES].copy_from_slice(key);
    block
}

fn write_private(path: &Path, text: &str) -> io::Result<()> {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut file = options.open(path)?;
    file.write_all(text.as_bytes())?;
    file.sync_all()
}

#[cfg(unix)]
fn refuse_exposed(file: &File, path: &Path) -> Result<(), SigningKeyError> {
    use std::os::unix::fs::PermissionsExt as _;

    let metadata = file.metadata().map_err(|source| SigningKeyError::Io {
        path: path.to_owned(),
        doing: "read",
        source,
    })?;
    let mode = metadata.permissions().mode() & 0o7777;
    if mode & 0o077 == 0 {
        Ok(())
    } else {
        Err(SigningKeyError::Exposed {
            path: path.to_owned(),
            mode,
        })
    }
}

/// Elsewhere the data directory's access list is inherited, and there is no mode to check.
#[cfg(not(unix))]
fn refuse_exposed(_: &File, _: &Path) -> Result<(), SigningKeyError> {
    Ok(())
}

#[cfg(unix)]
fn sync_directory(directory: &Path) -> io::Result<()> {
    File::open(directory)?.sync_all()
}

#[cfg(not(unix))]
fn sync_directory(_: &Path) -> io::Result<()> {
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn same(a: &SigningKey, b: &SigningKey) -> bool {
        a.0 == b.0
    }

    #[test]
    fn a_secret_is_the_digits_alone_or_what_the_file_would_hold() {
        let digits = super::super::hex::encode(&[7; 32]);
        for text in [
            digits.clone(),
            format!("{digits}\n"),
            format!("punctual-signing-key/1 {digits}\n"),
        ] {
            assert!(
                SigningKey::from_secret(&text).is_some_and(|key| same(&key, &SigningKey([7; 32]))),
                "{text}"
            );
        }
        for text in ["", "7", "punctual-signing-key/2 7"] {
            assert!(SigningKey::from_secret(text).is_none(), "{text}");
        }
    }

    #[test]
    fn the_key_is_made_once_and_found_again() {
        let dir = tempfile::tempdir().unwrap();
        let made = SigningKey::load_or_create(dir.path(), [1; 32]).unwrap();
        let found = SigningKey::load_or_create(dir.path(), [2; 32]).unwrap();
        assert!(same(&made, &SigningKey([1; 32])) && same(&made, &found));
        let names: Vec<_> = fs::read_dir(dir.path())
            .unwrap()
            .map(|entry| entry.unwrap().file_name())
            .collect();
        assert_eq!(names, [FILE_NAME], "nothing temporary is left");
    }

    #[test]
    fn servers_that_start_together_use_the_same_key() {
        let dir = tempfile::tempdir().unwrap();
        let keys: Vec<_> = std::thread::scope(|scope| {
            let starts: Vec<_> = (0..8)
                .map(|n| {
                    scope.spawn({
                        let dir = dir.path();
                        move || SigningKey::load_or_create(dir, [n; 32]).unwrap()
                    })
                })
                .collect();
            starts.into_iter().map(|start| start.join().unwrap()).collect()
        });
        assert!(keys.iter().all(|key| same(key, &keys[0])));
    }

    #[cfg(unix)]
    #[test]
    fn a_key_others_can_read_is_refused_and_a_new_one_is_owner_only() {
        use std::os::unix::fs::PermissionsExt as _;

        let dir = tempfile::tempdir().unwrap();
        SigningKey::load_or_create(dir.path(), [1; 32]).unwrap();
        let path = dir.path().join(FILE_NAME);
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        for mode in [0o640, 0o604, 0o620] {
            fs::set_permissions(&path, fs::Permissions::from_mode(mode)).unwrap();
            let error = SigningKey::load_or_create(dir.path(), [1; 32]).unwrap_err();
            assert!(error.to_string().contains("chmod 600"), "{error}");
        }
    }

    #[test]
    fn a_damaged_or_newer_key_is_never_replaced() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join(FILE_NAME);
        for (content, newer) in [
            ("", false),
            ("punctual-signing-key/1 00ff", false),
            ("punctual-signing-key/2 something", true),
        ] {
            let _ = fs::remove_file(&path);
            write_private(&path, content).unwrap();
            let error = SigningKey::load_or_create(dir.path(), [1; 32]).unwrap_err();
            assert_eq!(matches!(error, SigningKeyError::Newer(_)), newer, "{error}");
            assert_eq!(fs::read_to_string(&path).unwrap(), content);
        }
    }

    #[test]
    fn a_missing_data_directory_is_an_error_that_names_the_file() {
        let dir = tempfile::tempdir().unwrap();
        let error = SigningKey::load_or_create(&dir.path().join("absent"), [1; 32]).unwrap_err();
        assert!(error.to_string().contains(FILE_NAME), "{error}");
    }

    #[test]
    fn where_a_key_has_to_be_none_is_made() {
        let dir = tempfile::tempdir().unwrap();
        let error = SigningKey::load(dir.path()).unwrap_err();
        assert!(matches!(error, SigningKeyError::Missing(_)), "{error}");
        assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 0);
        let made = SigningKey::load_or_create(dir.path(), [1; 32]).unwrap();
        assert!(same(&made, &SigningKey::load(dir.path()).unwrap()));
    }

    #[test]
    fn purposes_have_keys_of_their_own() {
        let key = SigningKey::from_bytes([3; 32]);
        let tags = [Purpose::Token, Purpose::Email, Purpose::Cursor].map(|purpose| key.derive(purpose).tag(&[b"x"]));
        assert!(tags[0] != tags[1] && tags[1] != tags[2] && tags[0] != tags[2]);
        assert_eq!(
            tags[0],
            SigningKey::from_bytes([3; 32]).derive(Purpose::Token).tag(&[b"x"])
        );
        assert_eq!(format!("{key:?}"), "SigningKey(…)");
    }
}

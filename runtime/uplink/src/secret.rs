//! Passwords and keys: read from files that others cannot read, never from the environment.
//!
//! They are read again for each connection, so that a renewed one is taken without a restart.

use std::fs::File;
use std::io::Read;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use thiserror::Error;

/// Largest secret, bytes: a private key with its chain.
const BYTES_MAX: u64 = 64 << 10;

/// Where a secret is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Secret {
    /// In the folder that systemd gives to the service (`LoadCredential=`), under this name.
    Credential(String),
    /// In this file.
    File(PathBuf),
}

/// A secret cannot be used.
#[derive(Debug, Error)]
pub enum SecretError {
    /// It is given by name and there is no folder of credentials.
    #[error(
        "credential {0:?}: $CREDENTIALS_DIRECTORY is not set; add LoadCredential={0}:… to the unit \
         or name a file"
    )]
    NoFolder(String),
    /// The name is a path.
    #[error("credential {0:?} is not a file name")]
    Name(String),
    /// The file cannot be read.
    #[error("{}: cannot read it", path.display())]
    Io {
        /// The file.
        path: PathBuf,
        /// What the system says.
        #[source]
        source: std::io::Error,
    },
    /// Others may read it.
    #[error("{path}: others may read it (mode {mode:o}); run: chmod o-rwx {path}", path = path.display())]
    Exposed {
        /// The file.
        path: PathBuf,
        /// Its permissions.
        mode: u32,
    },
    /// It is too large or no text.
    #[error("{}: not a text of at most {BYTES_MAX} bytes", path.display())]
    NoText {
        /// The file.
        path: PathBuf,
    },
}

impl Secret {
    /// Reads it; `folder` is where credentials are. One line break at the end is not part of it.
    pub fn read(&self, folder: Option<&Path>) -> Result<String, SecretError> {
        let path = self.path(folder)?;
        let io = |source| SecretError::Io { path: path.clone(), source };
        let file = File::open(&path).map_err(io)?;
        let mode = file.metadata().map_err(io)?.mode() & 0o7777;
        if mode & 0o007 != 0 {
            return Err(SecretError::Exposed { path, mode });
        }
        let mut bytes = Vec::new();
        file.take(BYTES_MAX + 1).read_to_end(&mut bytes).map_err(io)?;
        let text = String::from_utf8(bytes).ok().filter(|text| text.len() as u64 <= BYTES_MAX);
        let mut text = text.ok_or(SecretError::NoText { path })?;
        if text.ends_with('\n') {
            text.pop();
        }

        Ok(text)
    }

    fn path(&self, folder: Option<&Path>) -> Result<PathBuf, SecretError> {
        match (self, folder) {
            (Self::File(path), _) => Ok(path.clone()),
            (Self::Credential(name), _) if name.contains('/') || name.starts_with('.') => {
                Err(SecretError::Name(name.clone()))
            }
            (Self::Credential(name), Some(folder)) => Ok(folder.join(name)),
            (Self::Credential(name), None) => Err(SecretError::NoFolder(name.clone())),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write;
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    fn file(folder: &Path, text: &[u8], mode: u32) -> PathBuf {
        let path = folder.join("password");
        let mut file = File::create(&path).unwrap();
        file.write_all(text).unwrap();
        file.set_permissions(std::fs::Permissions::from_mode(mode)).unwrap();
        path
    }

    #[test]
    fn a_secret_is_read_from_a_file_or_by_its_name() {
        let folder = tempfile::tempdir().unwrap();
        let path = file(folder.path(), b"open sesame\n", 0o640);

        assert_eq!(Secret::File(path).read(None).unwrap(), "open sesame");
        let named = Secret::Credential("password".into());
        assert_eq!(named.read(Some(folder.path())).unwrap(), "open sesame");
    }

    #[test]
    fn a_file_that_others_may_read_is_refused_with_the_remedy() {
        let folder = tempfile::tempdir().unwrap();
        for mode in [0o644, 0o604, 0o602, 0o601] {
            let path = file(folder.path(), b"x", mode);
            let remedy = format!("(mode {mode:o}); run: chmod o-rwx {}", path.display());
            let refused = Secret::File(path).read(None).unwrap_err().to_string();
            assert!(refused.ends_with(&remedy), "{refused}");
        }
    }

    #[test]
    fn a_missing_folder_a_path_as_name_and_endless_bytes_are_refused() {
        let folder = tempfile::tempdir().unwrap();
        let named = |name: &str| Secret::Credential(name.into());

        assert!(matches!(named("key").read(None), Err(SecretError::NoFolder(_))));
        for name in ["../key", ".", "..", "/etc/shadow"] {
            assert!(matches!(named(name).read(Some(folder.path())), Err(SecretError::Name(_))));
        }
        assert!(matches!(
            Secret::File("/dev/zero".into()).read(None),
            Err(SecretError::Exposed { .. })
        ));
        let large = file(folder.path(), &vec![b'x'; 70_000], 0o600);
        assert!(matches!(Secret::File(large).read(None), Err(SecretError::NoText { .. })));
    }
}

//! TLS 1.2 and 1.3 by rustls with ring, from files in PEM.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use rustls::crypto::ring;
use rustls::{ClientConfig, RootCertStore};
use rustls_pki_types::pem::PemObject;
use rustls_pki_types::{CertificateDer, PrivateKeyDer, pem};
use thiserror::Error;

use crate::config::{Identity, Tls};
use crate::secret::SecretError;

/// What seals the connection cannot be used.
#[derive(Debug, Error)]
pub(crate) enum TlsError {
    /// A file of certificates cannot be read.
    #[error("{}: no certificates in PEM can be read", path.display())]
    Pem {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        #[source]
        source: pem::Error,
    },
    /// A file holds none.
    #[error("{}: it holds no certificate", path.display())]
    None {
        /// The file.
        path: PathBuf,
    },
    /// The private key cannot be read.
    #[error("the private key cannot be used")]
    Secret(#[source] SecretError),
    /// The private key is none.
    #[error("the private key is not one in PEM")]
    Key(#[source] pem::Error),
    /// A certificate, or the pair of certificate and key, is not accepted.
    #[error("{}: cannot be used", path.display())]
    Refused {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        #[source]
        source: rustls::Error,
    },
}

/// Reads the files and makes what a connection needs. Credentials given by name are in `folder`.
pub(crate) fn client(tls: &Tls, folder: Option<&Path>) -> Result<Arc<ClientConfig>, TlsError> {
    let mut roots = RootCertStore::empty();
    let path = &tls.authorities;
    for authority in certificates(path)? {
        let refused = |source| TlsError::Refused { path: path.clone(), source };
        roots.add(authority).map_err(refused)?;
    }
    let builder = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .expect("ring serves TLS 1.2 and 1.3")
        .with_root_certificates(roots);
    let config = match &tls.client {
        None => builder.with_no_client_auth(),
        Some(identity) => {
            let key = key(identity, folder)?;
            let path = &identity.certificate;
            builder
                .with_client_auth_cert(certificates(path)?, key)
                .map_err(|source| TlsError::Refused { path: path.clone(), source })?
        }
    };

    Ok(Arc::new(config))
}

fn certificates(path: &Path) -> Result<Vec<CertificateDer<'static>>, TlsError> {
    let unreadable = |source| TlsError::Pem { path: path.to_owned(), source };
    let certificates = CertificateDer::pem_file_iter(path)
        .and_then(Iterator::collect::<Result<Vec<_>, _>>)
        .map_err(unreadable)?;
    if certificates.is_empty() {
        return Err(TlsError::None { path: path.to_owned() });
    }

    Ok(certificates)
}

fn key(identity: &Identity, folder: Option<&Path>) -> Result<PrivateKeyDer<'static>, TlsError> {
    let text = identity.key.read(folder).map_err(TlsError::Secret)?;

    PrivateKeyDer::from_pem_slice(text.as_bytes()).map_err(TlsError::Key)
}

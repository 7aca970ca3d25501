//! Model packages on disk or in the program: a card and the files that it vouches for.
//!
//! ```text
//! card.toml     the card; names every other file with its SHA-256
//! model.onnx    the network
//! golden/       tiles that the package is tried on, PNG
//! ```
//!
//! **Invariant:** a [`Package`] holds the bytes that were verified; nothing is read twice. Files
//! in the folder that the card does not name (cached engine plans) are not looked at.

use std::collections::BTreeMap;
use std::path::Path;

use contract::{CardError, Digest, ModelCard};
use thiserror::Error;

mod folder;
mod name;

/// Name of the card in its package.
pub const CARD_FILE: &str = "card.toml";
/// Name of the network in its package.
pub const MODEL_FILE: &str = "model.onnx";

/// Bytes of a card at most: a card with 64 classes and 64 files has about 20 kB.
pub const CARD_BYTES_MAX: u64 = 1 << 20;
/// Bytes of any other file at most: a ViT-H network in f32 has 2.6 GB and is not for this box;
/// 1 GiB holds a ViT-L.
pub const FILE_BYTES_MAX: u64 = 1 << 30;
/// Files of a package at most.
pub const FILES_MAX: usize = 256;

/// A verified model package.
#[derive(Clone, Debug)]
pub struct Package {
    card: ModelCard,
    card_digest: Digest,
    files: BTreeMap<String, Vec<u8>>,
}

/// Why a package is refused.
#[derive(Debug, Error)]
pub enum PackageError {
    /// A file that must be there cannot be read.
    #[error("{file} of the model package {package} cannot be read; copy the package again, whole")]
    Read {
        /// Where the package is.
        package: String,
        /// The file, by its path in the package.
        file: String,
        /// Why.
        #[source]
        source: std::io::Error,
    },
    /// A file is larger than any good one.
    #[error(
        "{file} of the model package {package} is larger than {bytes_max} bytes; it is no file of a model package"
    )]
    TooLarge {
        /// Where the package is.
        package: String,
        /// The file, by its path in the package.
        file: String,
        /// The bound.
        bytes_max: u64,
    },
    /// The card is not UTF-8 text.
    #[error(
        "{CARD_FILE} of the model package {package} is no UTF-8 text; copy the package again, whole"
    )]
    Encoding {
        /// Where the package is.
        package: String,
        /// Where the text breaks off.
        #[source]
        source: std::string::FromUtf8Error,
    },
    /// The card is refused.
    #[error(
        "{CARD_FILE} of the model package {package} is refused; correct it or take a package for this version of Margay"
    )]
    Card {
        /// Where the package is.
        package: String,
        /// Why.
        #[source]
        source: CardError,
    },
    /// The card names a file outside of the package, or in a way that no package does.
    #[error(
        "files of the model package {package} names {file:?}: {reason}; a file has a plain relative path in its package"
    )]
    Name {
        /// Where the package is.
        package: String,
        /// The name as the card has it.
        file: String,
        /// What is wrong with it.
        reason: &'static str,
    },
    /// The card names more files than a package has.
    #[error("files of the model package {package} names {count} files, more than {FILES_MAX}")]
    TooManyFiles {
        /// Where the package is.
        package: String,
        /// Files named.
        count: usize,
    },
    /// The bytes are not those that the card vouches for.
    #[error(
        "{file} of the model package {package} has the SHA-256 {found}, and files of its card says {expected}; the file is damaged or was exchanged: copy the package again"
    )]
    Damaged {
        /// Where the package is.
        package: String,
        /// The file, by its path in the package.
        file: String,
        /// Digest by the card.
        expected: Digest,
        /// Digest of the bytes.
        found: Digest,
    },
}

/// Reads and verifies the package in the folder `dir`.
pub fn load(dir: &Path) -> Result<Package, PackageError> {
    verify(&dir.display().to_string(), |file, bytes_max| folder::read(dir, file, bytes_max))
}

/// Verifies a package whose files, by their path in the package, lie in memory: one that was built
/// into the program.
pub fn load_embedded(files: &[(&str, &[u8])]) -> Result<Package, PackageError> {
    verify("that is built in", |name, bytes_max| {
        let (_, bytes) = files
            .iter()
            .find(|(present, _)| *present == name)
            .ok_or_else(|| FileError::Read(std::io::ErrorKind::NotFound.into()))?;
        let fits = u64::try_from(bytes.len()).is_ok_and(|length| length <= bytes_max);
        if fits { Ok(bytes.to_vec()) } else { Err(FileError::TooLarge) }
    })
}

impl Package {
    /// The card.
    pub fn card(&self) -> &ModelCard {
        &self.card
    }

    /// SHA-256 of `card.toml`.
    pub fn card_digest(&self) -> Digest {
        self.card_digest
    }

    /// The verified bytes of the file at `path` in the package.
    pub fn file(&self, path: &str) -> Option<&[u8]> {
        self.files.get(path).map(Vec::as_slice)
    }

    /// The network, an ONNX file.
    ///
    /// # Panics
    /// Never: a checked card names `model.onnx`.
    pub fn model_bytes(&self) -> &[u8] {
        self.file(MODEL_FILE).expect("a checked card names model.onnx, and all it names was read")
    }
}

/// Why one file of a package was not had.
enum FileError {
    Read(std::io::Error),
    TooLarge,
}

fn verify(
    package: &str,
    read: impl Fn(&str, u64) -> Result<Vec<u8>, FileError>,
) -> Result<Package, PackageError> {
    let read = |file: &str, bytes_max: u64| {
        read(file, bytes_max).map_err(|error| {
            let (package, file) = (package.to_owned(), file.to_owned());
            match error {
                FileError::Read(source) => PackageError::Read { package, file, source },
                FileError::TooLarge => PackageError::TooLarge { package, file, bytes_max },
            }
        })
    };
    let card_bytes = read(CARD_FILE, CARD_BYTES_MAX)?;
    let card_digest = Digest::of(&card_bytes);
    let card = parse_card(package, card_bytes)?;

    let mut files = BTreeMap::new();
    for (file, expected) in &card.files {
        let bytes = read(file, FILE_BYTES_MAX)?;
        check_digest(package, file, *expected, &bytes)?;
        files.insert(file.clone(), bytes);
    }
    Ok(Package { card, card_digest, files })
}

fn parse_card(package: &str, bytes: Vec<u8>) -> Result<ModelCard, PackageError> {
    let package = package.to_owned();
    let text = match String::from_utf8(bytes) {
        Ok(text) => text,
        Err(source) => return Err(PackageError::Encoding { package, source }),
    };
    let card = match ModelCard::parse(&text) {
        Ok(card) => card,
        Err(source) => return Err(PackageError::Card { package, source }),
    };
    if card.files.len() > FILES_MAX {
        return Err(PackageError::TooManyFiles { package, count: card.files.len() });
    }
    // All names are judged before the first file is opened.
    for file in card.files.keys() {
        if let Some(reason) = name::fault(file) {
            return Err(PackageError::Name { package, file: file.clone(), reason });
        }
    }
    Ok(card)
}

fn check_digest(
    package: &str,
    file: &str,
    expected: Digest,
    bytes: &[u8],
) -> Result<(), PackageError> {
    let found = Digest::of(bytes);
    if found == expected {
        return Ok(());
    }
    Err(PackageError::Damaged { package: package.into(), file: file.into(), expected, found })
}

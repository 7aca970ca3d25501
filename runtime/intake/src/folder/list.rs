//! What lies in a folder right now.
//!
//! **Invariant:** nothing outside the folder is named: a link is followed to a file inside it, and to
//! nothing else. Depth and count are bounded.

use std::fs::{self, DirEntry};
use std::io;
use std::path::{Path, PathBuf};

use thiserror::Error;

use super::{Entry, Stamp};

/// How much of a folder is listed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Bounds {
    /// Folders below the watched one; what lies deeper is not looked at.
    pub depth: u32,
    /// Files and folders in all.
    pub entries: usize,
}

impl Default for Bounds {
    /// Year, month, case and slide; the tiles of a slide beside a year's slides, 30 MB of paths.
    fn default() -> Self {
        Self { depth: 4, entries: 200_000 }
    }
}

/// Why a folder gives no listing. What was known of its files stays known.
#[derive(Debug, Error)]
pub enum ListError {
    /// The folder cannot be read: the share is away, or the rights are.
    #[error("{}: the folder cannot be read; is the share mounted, may it be read?", path.display())]
    Unreachable {
        /// The folder.
        path: PathBuf,
        /// What the system says.
        #[source]
        source: io::Error,
    },
    /// There is more in it than is watched.
    #[error("{}: more than {entries} files; move those that are done elsewhere", path.display())]
    TooMany {
        /// The folder.
        path: PathBuf,
        /// Entries at most.
        entries: usize,
    },
}

/// What a folder shows.
#[derive(Debug, Default)]
pub struct Listing {
    /// Its files, in the order of their paths.
    pub files: Vec<Entry>,
    /// Folders inside it that cannot be read.
    pub unread: Vec<PathBuf>,
}

/// Lists the files in `root` and in its folders.
pub fn list(root: &Path, bounds: Bounds) -> Result<Listing, ListError> {
    let unreachable = |source| ListError::Unreachable { path: root.into(), source };
    let real = fs::canonicalize(root).map_err(unreachable)?;
    let mut walk = Walk { real, listing: Listing::default(), left: bounds.entries };
    let mut folders = vec![(root.to_path_buf(), 0)];
    while let Some((folder, depth)) = folders.pop() {
        match walk.folder(&folder) {
            Ok(_) if walk.left == 0 => {
                return Err(ListError::TooMany { path: root.into(), entries: bounds.entries });
            }
            Ok(inner) if depth < bounds.depth => {
                folders.extend(inner.into_iter().map(|inner| (inner, depth + 1)));
            }
            Ok(_) => {}
            Err(source) if depth == 0 => return Err(unreachable(source)),
            // Moved away since its parent was read.
            Err(source) if source.kind() == io::ErrorKind::NotFound => {}
            Err(_) => walk.listing.unread.push(folder),
        }
    }
    walk.listing.files.sort_unstable_by(|a, b| a.path.cmp(&b.path));
    walk.listing.unread.sort_unstable();
    Ok(walk.listing)
}

struct Walk {
    /// The watched folder without links.
    real: PathBuf,
    listing: Listing,
    /// Entries that may still come.
    left: usize,
}

impl Walk {
    /// Notes the files of one folder and gives its folders; stops when no entry is left.
    fn folder(&mut self, folder: &Path) -> io::Result<Vec<PathBuf>> {
        let mut inner = Vec::new();
        for entry in fs::read_dir(folder)? {
            let entry = entry?;
            if self.left == 0 {
                break;
            }
            self.left -= 1;
            if self.entry(&entry)? {
                inner.push(entry.path());
            }
        }
        Ok(inner)
    }

    /// Notes an entry if it is a file; says whether it is a folder.
    fn entry(&mut self, entry: &DirEntry) -> io::Result<bool> {
        let path = entry.path();
        let kind = match entry.file_type() {
            Ok(kind) => kind,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(false),
            Err(error) => return Err(error),
        };
        if kind.is_dir() {
            return Ok(true);
        }
        if kind.is_symlink() && !self.leads_inside(&path) {
            return Ok(false);
        }
        match fs::metadata(&path) {
            Ok(metadata) if metadata.is_file() => {
                self.listing.files.push(Entry { path, stamp: Stamp::of(&metadata) });
                Ok(false)
            }
            // A pipe, a socket, a link to a folder; or gone since.
            Ok(_) => Ok(false),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(false),
            Err(error) => Err(error),
        }
    }

    fn leads_inside(&self, link: &Path) -> bool {
        fs::canonicalize(link).is_ok_and(|target| target.starts_with(&self.real))
    }
}

#[cfg(test)]
mod tests {
    use std::ffi::OsStr;
    use std::os::unix::ffi::OsStrExt;
    use std::os::unix::fs::symlink;

    use super::*;

    #[test]
    fn files_are_listed_in_the_order_of_their_paths_with_length_and_time() {
        let folder = tempfile::tempdir().unwrap();
        make(folder.path(), &["b.svs", "a/c.svs", "a/b/d.svs"]);

        let listing = list(folder.path(), Bounds::default()).unwrap();

        assert_eq!(names(folder.path(), &listing), ["a/b/d.svs", "a/c.svs", "b.svs"]);
        assert!(listing.files.iter().all(|file| file.stamp.len == 1 && file.stamp.mtime_ms > 0));
    }

    #[test]
    fn a_name_that_is_no_text_is_listed() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join(OsStr::from_bytes(b"\xff\xfe.svs"));
        File::create(&path).unwrap();

        assert_eq!(list(folder.path(), Bounds::default()).unwrap().files[0].path, path);
    }

    #[test]
    fn links_are_followed_to_files_inside_alone() {
        let outside = tempfile::tempdir().unwrap();
        let folder = tempfile::tempdir().unwrap();
        make(outside.path(), &["secret"]);
        make(folder.path(), &["a.svs", "in/b.svs"]);
        let link = |target: &Path, name: &str| symlink(target, folder.path().join(name)).unwrap();
        link(&folder.path().join("a.svs"), "inside");
        link(&outside.path().join("secret"), "outside");
        link(outside.path(), "outside-folder");
        link(folder.path(), "circle");
        link(Path::new("nowhere"), "dangling");

        let listing = list(folder.path(), Bounds::default()).unwrap();

        assert_eq!(names(folder.path(), &listing), ["a.svs", "in/b.svs", "inside"]);
    }

    #[test]
    fn depth_and_count_are_bounded() {
        let folder = tempfile::tempdir().unwrap();
        make(folder.path(), &["a", "1/b", "1/2/c"]);
        let listed = |depth, entries| list(folder.path(), Bounds { depth, entries });

        assert_eq!(names(folder.path(), &listed(1, 100).unwrap()), ["1/b", "a"]);
        assert_eq!(listed(9, 6).unwrap().files.len(), 3);
        assert!(matches!(listed(9, 5), Err(ListError::TooMany { .. })));
    }

    #[test]
    fn a_folder_that_is_away_is_an_error_and_not_empty() {
        let error = list(Path::new("/nowhere/at/all"), Bounds::default()).unwrap_err();

        assert!(matches!(error, ListError::Unreachable { .. }), "{error}");
    }

    use std::fs::File;
    use std::io::Write;

    fn make(folder: &Path, names: &[&str]) {
        for name in names {
            let path = folder.join(name);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            File::create(path).unwrap().write_all(b"x").unwrap();
        }
    }

    fn names(folder: &Path, listing: &Listing) -> Vec<String> {
        let name = |file: &Entry| file.path.strip_prefix(folder).unwrap().display().to_string();
        listing.files.iter().map(name).collect()
    }
}

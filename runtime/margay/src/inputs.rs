//! Which images a command line names, and where the result of each goes.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, ensure};

/// Endings of files that a folder's listing takes for images, lower case. A file that is named
/// itself is read whatever it is called.
const ENDINGS: [&str; 6] = ["tif", "tiff", "svs", "jpg", "jpeg", "png"];

/// An image to be analysed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Input {
    /// The file.
    pub(crate) path: PathBuf,
    /// Name of its result folder: the file's stem, or its whole name where two stems are the same.
    pub(crate) folder: String,
}

/// The images among `named`, which are files and folders; a folder gives the images in it, sorted
/// by name, and not those of its sub-folders.
pub(crate) fn expand(named: &[PathBuf]) -> Result<Vec<Input>> {
    let mut paths = Vec::new();
    for path in named {
        if path.is_dir() {
            let inside = images_in(path)?;
            ensure!(
                !inside.is_empty(),
                "{} holds no image: files ending in {} are looked for",
                path.display(),
                ENDINGS.join(", ")
            );
            paths.extend(inside);
        } else {
            paths.push(path.clone());
        }
    }
    name_folders(paths)
}

fn images_in(folder: &Path) -> Result<Vec<PathBuf>> {
    let unreadable = || format!("the folder {} cannot be read", folder.display());
    let mut images = Vec::new();
    for entry in folder.read_dir().with_context(unreadable)? {
        let path = entry.with_context(unreadable)?.path();
        let ending = path.extension().map(|e| e.to_string_lossy().to_lowercase());
        if path.is_file() && ending.is_some_and(|e| ENDINGS.contains(&e.as_str())) {
            images.push(path);
        }
    }
    images.sort();
    Ok(images)
}

fn name_folders(paths: Vec<PathBuf>) -> Result<Vec<Input>> {
    let text = |part: Option<&std::ffi::OsStr>| part.map(|p| p.to_string_lossy().into_owned());
    let mut stems = BTreeMap::<String, usize>::new();
    for path in &paths {
        *stems.entry(text(path.file_stem()).unwrap_or_default()).or_default() += 1;
    }

    let mut taken = BTreeMap::new();
    let mut inputs = Vec::new();
    for path in paths {
        let stem = text(path.file_stem()).unwrap_or_default();
        let unique = stems.get(&stem) == Some(&1);
        let folder = if unique { stem } else { text(path.file_name()).unwrap_or_default() };
        ensure!(!folder.is_empty(), "{} names no file", path.display());
        if let Some(first) = taken.insert(folder.clone(), path.clone()) {
            anyhow::bail!(
                "{} and {} would both write their results into {folder}; analyse them with different --out folders",
                first.display(),
                path.display()
            );
        }
        inputs.push(Input { path, folder });
    }
    Ok(inputs)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn folders(paths: &[&str]) -> Vec<String> {
        let paths = paths.iter().map(PathBuf::from).collect();
        name_folders(paths).unwrap().into_iter().map(|input| input.folder).collect()
    }

    #[test]
    fn a_result_folder_has_the_name_of_its_image_without_the_ending() {
        assert_eq!(folders(&["a/x.tif", "a/y.z.svs"]), ["x", "y.z"]);
    }

    #[test]
    fn two_images_of_one_stem_keep_their_endings() {
        assert_eq!(folders(&["x.tif", "x.png"]), ["x.tif", "x.png"]);
    }

    #[test]
    fn two_images_of_one_name_are_refused() {
        let error = name_folders(vec!["a/x.tif".into(), "b/x.tif".into()]).unwrap_err();

        assert!(error.to_string().contains("a/x.tif and b/x.tif"), "{error}");
    }

    #[test]
    fn a_folder_gives_its_images_in_the_order_of_their_names() {
        let folder = tempfile::tempdir().unwrap();
        for name in ["b.PNG", "a.tif", "notes.txt"] {
            std::fs::File::create(folder.path().join(name)).unwrap();
        }

        let inputs = expand(&[folder.path().to_owned()]).unwrap();

        let names: Vec<_> = inputs.iter().map(|input| input.folder.as_str()).collect();
        assert_eq!(names, ["a", "b"]);
    }

    #[test]
    fn a_folder_without_images_is_refused() {
        let folder = tempfile::tempdir().unwrap();

        assert!(expand(&[folder.path().to_owned()]).is_err());
    }
}

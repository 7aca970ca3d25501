//! Which names a file of a package may have: plain relative paths that mean the same everywhere.

/// Bytes of a path at most: what an archive of any kind can carry.
const PATH_BYTES_MAX: usize = 100;
/// Folders below the package at most, and the file.
const PARTS_MAX: usize = 4;

/// What is wrong with `path`, if anything.
pub(super) fn fault(path: &str) -> Option<&'static str> {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"._-/".contains(&byte);
    if path.len() > PATH_BYTES_MAX {
        return Some("it is longer than 100 bytes");
    }
    if !path.bytes().all(plain) {
        return Some(
            "it has other characters than letters, digits, dot, hyphen, underscore, slash",
        );
    }
    if path.split('/').any(str::is_empty) {
        return Some("it is empty, absolute or has an empty part");
    }
    if path.split('/').any(|part| part.starts_with('.')) {
        return Some("a part of it begins with a dot");
    }
    if path.split('/').count() > PARTS_MAX {
        return Some("it lies more than 3 folders deep");
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn plain_relative_paths_pass() {
        for path in ["model.onnx", "golden/tile_1.png", "golden/a/b/c-2.PNG"] {
            assert_eq!(fault(path), None, "{path}");
        }
    }

    #[test]
    fn a_path_that_could_leave_the_package_is_refused() {
        let long = "a".repeat(101);
        let paths = [
            "",
            "/etc/passwd",
            "../x",
            "golden/../../x",
            "golden//x",
            "golden/",
            ".",
            "./x",
            "..",
            "a\\b",
            "C:x",
            "x\0",
            "tile ä",
            "a/b/c/d/e",
            ".hidden",
            &long,
        ];
        for path in paths {
            assert!(fault(path).is_some(), "{path:?}");
        }
    }
}

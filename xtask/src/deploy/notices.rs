//! The licences of the libraries that are linked into the program: they ask to be passed on with it.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};
use serde::Deserialize;

use crate::command::cargo;
use crate::house;

/// How the files are called that hold a licence or a notice.
const STARTS: [&str; 5] = ["LICENSE", "LICENCE", "COPYING", "NOTICE", "COPYRIGHT"];

#[derive(Deserialize)]
struct Metadata {
    packages: Vec<Package>,
    resolve: Resolve,
}

#[derive(Deserialize)]
struct Package {
    id: String,
    name: String,
    version: String,
    license: Option<String>,
    /// None for the crates of this repository.
    source: Option<String>,
    manifest_path: PathBuf,
}

#[derive(Deserialize)]
struct Resolve {
    nodes: Vec<Node>,
}

#[derive(Deserialize)]
struct Node {
    id: String,
    deps: Vec<Dependency>,
}

#[derive(Deserialize)]
struct Dependency {
    pkg: String,
    dep_kinds: Vec<Kind>,
}

#[derive(Deserialize)]
struct Kind {
    /// None where it is linked: neither of the tests nor of a build script.
    kind: Option<String>,
}

/// Writes them to `path`; a text that several share stands there once.
pub(super) fn write(path: &Path) -> Result<()> {
    let text = gather()?;
    let mut file =
        fs::File::create(path).with_context(|| format!("{} cannot be made", path.display()))?;
    file.write_all(text.as_bytes()).with_context(|| format!("{} cannot be written", path.display()))
}

fn gather() -> Result<String> {
    let target = format!("{}-unknown-linux-gnu", std::env::consts::ARCH);
    let arguments =
        ["metadata", "--format-version=1", "--locked", "--filter-platform", target.as_str()];
    let metadata: Metadata = serde_json::from_str(&cargo(&arguments).output()?)?;
    let linked = linked(&metadata.resolve, &metadata.packages)?;
    let mut page = vec!["Libraries that are part of margay, and their licences.\n".to_owned()];
    let mut texts: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for package in metadata.packages.iter().filter(|package| linked.contains(&package.id)) {
        if package.source.is_none() {
            continue;
        }
        let Some(license) = &package.license else {
            bail!("{} {} states no licence", package.name, package.version);
        };
        let name = format!("{} {}", package.name, package.version);
        page.push(format!("{name}: {license}"));
        for text in texts_of(package)? {
            texts.entry(text).or_default().push(name.clone());
        }
    }
    for (text, names) in texts {
        page.push(format!("\n{}\n{}\n\n{text}", "-".repeat(72), names.join(", ")));
    }
    page.push(String::new());
    Ok(page.join("\n"))
}

/// The packages that the program is linked from.
fn linked(resolve: &Resolve, packages: &[Package]) -> Result<BTreeSet<String>> {
    let program = packages.iter().find(|package| package.name == "margay");
    let program = program.context("there is no package margay")?;
    let nodes: BTreeMap<&str, &Node> =
        resolve.nodes.iter().map(|node| (node.id.as_str(), node)).collect();
    let mut found = BTreeSet::new();
    let mut open = vec![program.id.as_str()];
    while let Some(id) = open.pop() {
        if !found.insert(id.to_owned()) {
            continue;
        }
        let node = nodes.get(id).with_context(|| format!("{id} is not resolved"))?;
        let deps = node.deps.iter();
        let deps = deps.filter(|dep| dep.dep_kinds.iter().any(|kind| kind.kind.is_none()));
        open.extend(deps.map(|dep| dep.pkg.as_str()));
    }
    Ok(found)
}

/// The licence files beside a package's manifest; some packages have none, and only state it.
fn texts_of(package: &Package) -> Result<Vec<String>> {
    let folder = package.manifest_path.parent().context("a manifest lies in a folder")?;
    let mut texts = Vec::new();
    for entry in house::read_folder(folder)? {
        let entry = entry?;
        let name = entry.file_name().to_string_lossy().to_uppercase();
        if entry.file_type()?.is_file() && STARTS.iter().any(|start| name.starts_with(start)) {
            let text = fs::read(entry.path())
                .with_context(|| format!("{} cannot be read", entry.path().display()))?;
            texts.push(String::from_utf8_lossy(&text).trim_end().to_owned());
        }
    }
    texts.sort();
    Ok(texts)
}

//! The models of a run: those that are built in, or packages that the command line names.

use std::path::PathBuf;

use anyhow::{Context, Result, bail};
use contract::Kind;
use engine::{Network, Package, Threads, package};

/// Files of a built-in package, by their path in it.
macro_rules! built_in {
    ($package:literal: $($file:literal),+) => {
        &[$(($file, include_bytes!(concat!("../../../deploy/models/", $package, "/", $file)))),+]
    };
}

type Files = &'static [(&'static str, &'static [u8])];

const NUCLEI: Files = built_in!("nuclei-lite": "card.toml", "model.onnx", "golden/tile.png");
const TISSUE: Files = built_in!("tissue-lite": "card.toml", "model.onnx", "golden/tile.png");

/// Loads the packages in `folders`; none means the built-in ones.
pub(crate) fn load(folders: &[PathBuf], threads: Threads) -> Result<pipeline::Models> {
    let mut packages = Vec::new();
    for folder in folders {
        packages.push(package::load(folder)?);
    }
    if folders.is_empty() {
        packages.push(package::load_embedded(NUCLEI).context("a fault of this build")?);
        packages.push(package::load_embedded(TISSUE).context("a fault of this build")?);
    }

    let mut nuclei = None;
    let mut tissue = None;
    for package in &packages {
        let place = match package.card().kind {
            Kind::Nuclei => &mut nuclei,
            Kind::Tissue => &mut tissue,
            Kind::Classifier => bail!(
                "{} is a classifier, which this version does not run; name a nuclei or tissue package",
                title(package)
            ),
        };
        let network = Network::on_cpu(package, threads)?;
        if place.replace(network).is_some() {
            bail!(
                "{} is a second model of kind {:?}; name one of each kind",
                title(package),
                package.card().kind
            );
        }
    }
    let nuclei =
        nuclei.context("no --model is a nuclei package; name one beside the tissue package")?;
    Ok(pipeline::Models::new(nuclei, tissue)?)
}

fn title(package: &Package) -> String {
    format!("{} {}", package.card().name, package.card().version)
}

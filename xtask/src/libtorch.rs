//! libtorch out of PyTorch's Python package, with no more than training on a CPU needs.
//!
//! burn 0.22 stands on tch 0.22, which wants libtorch 2.9. The package is built for CUDA, so the
//! two CUDA libraries that `libtorch_cpu.so` is linked with come along; no GPU is needed.

use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};

use crate::command::program;
use crate::house::target;

const PACKAGES: [&str; 3] =
    ["torch==2.9.1", "nvidia-cuda-runtime-cu12==12.8.90", "nvidia-cuda-cupti-cu12==12.8.90"];

/// Unpacks the wheels of a folder into another: headers, and the libraries that are linked.
const UNPACK: &str = r#"
import os, sys, zipfile
wheels, home = sys.argv[1:3]
libraries = {"libc10.so", "libtorch_cpu.so", "libgomp.so.1", "libcudart.so.12", "libcupti.so.12"}
for wheel in sorted(os.listdir(wheels)):
    with zipfile.ZipFile(os.path.join(wheels, wheel)) as z:
        for name in z.namelist():
            base = os.path.basename(name)
            if base in libraries:
                to = os.path.join(home, "lib", base)
            elif name.startswith("torch/include/") and base:
                to = os.path.join(home, name.removeprefix("torch/"))
            else:
                continue
            os.makedirs(os.path.dirname(to), exist_ok=True)
            with z.open(name) as source, open(to, "wb") as copy:
                while part := source.read(1 << 24):
                    copy.write(part)
"#;

/// Fetches libtorch, if it is not there yet; gives its folder.
pub(crate) fn fetch() -> Result<PathBuf> {
    let home = target().join("libtorch");
    let marker = home.join("lib/libtorch.so");
    if marker.exists() {
        return Ok(home);
    }
    let wheels = target().join("libtorch-wheels");
    fs::create_dir_all(&wheels).with_context(|| format!("{} cannot be made", wheels.display()))?;
    let place = wheels.to_string_lossy().into_owned();
    let mut download = vec!["-m", "pip", "download", "--no-deps", "--dest", &place];
    download.extend(PACKAGES);
    let python = Path::new("python3");
    program(python, &download).succeed().context("the packages of libtorch cannot be fetched")?;
    program(python, &["-c", UNPACK, &place, &home.to_string_lossy()]).succeed()?;
    empty_library(&marker)?;
    fs::remove_dir_all(&wheels)
        .with_context(|| format!("{} cannot be removed", wheels.display()))?;
    Ok(home)
}

/// The linker asks for `libtorch.so`, which holds nothing that the CPU path uses.
fn empty_library(path: &Path) -> Result<()> {
    let source = path.with_extension("c");
    let mut file = fs::File::create(&source)
        .with_context(|| format!("{} cannot be written", source.display()))?;
    file.write_all(b"void margay_libtorch(void) {}\n")?;
    program(Path::new("cc"), &["-shared", "-o", &path.to_string_lossy(), &source.to_string_lossy()])
        .succeed()
        .context("a C compiler is needed")
}

/// How to build and run with it.
pub(crate) fn instructions(home: &Path) -> String {
    let home = home.display();
    format!(
        "libtorch 2.9.1 lies in {home}. Build and run the trainer on it with:\n\n  \
         export LIBTORCH={home} LIBTORCH_CXX11_ABI=1 LIBTORCH_BYPASS_VERSION_CHECK=1 \
         LD_LIBRARY_PATH={home}/lib\n  \
         cargo run --release -p margay-trainer --features libtorch -- --help"
    )
}

//! The machine: cores, memory, clock, GPU.

use std::path::Path;
use std::thread;
use std::time::{SystemTime, UNIX_EPOCH};

use super::{Finding, bad, good, note};

/// A clock before this is not set: this program is younger. 2026-01-01, Unix s.
const YOUNGEST_S: u64 = 1_767_225_600;

/// Memory below which a slide may not fit: the built-in models and one slide's overview.
const MEMORY_MIN: u64 = 1 << 30;

/// Looks at the machine.
pub(super) fn look() -> Vec<Finding> {
    vec![cores(), memory(), clock(), gpu(Path::new("/"))]
}

fn cores() -> Finding {
    match thread::available_parallelism() {
        Ok(cores) => good("cores", cores.to_string()),
        Err(error) => bad("cores", format!("not known ({error}); state [compute] threads")),
    }
}

fn memory() -> Finding {
    let text = std::fs::read_to_string("/proc/meminfo").unwrap_or_default();
    match available_bytes(&text) {
        Some(bytes) => {
            let says = format!("{:.1} GiB available", bytes as f64 / f64::from(1 << 30));
            if bytes < MEMORY_MIN {
                note("memory", format!("{says}; a whole slide needs about 1 GiB"))
            } else {
                good("memory", says)
            }
        }
        None => note("memory", "not known: /proc/meminfo cannot be read".into()),
    }
}

fn available_bytes(meminfo: &str) -> Option<u64> {
    let line = meminfo.lines().find_map(|line| line.strip_prefix("MemAvailable:"))?;
    let kib: u64 = line.trim().strip_suffix("kB")?.trim().parse().ok()?;
    Some(kib << 10)
}

#[expect(clippy::disallowed_methods, reason = "a program's shell reads the clock")]
fn clock() -> Finding {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_secs();
    if now < YOUNGEST_S {
        return bad(
            "clock",
            "it is not set; results would bear a wrong time: set up time sync".into(),
        );
    }
    good("clock", "it is set".into())
}

/// Whether there is an NVIDIA GPU with a driver, on the file system at `root`.
fn gpu(root: &Path) -> Finding {
    let has_driver = root.join("dev/nvidiactl").exists() || root.join("dev/nvhost-gpu").exists();
    if has_driver {
        let says = "an NVIDIA driver is here; this version computes on the CPU";
        return note("gpu", says.into());
    }
    good("gpu", "none; the CPU computes".into())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::doctor::Grade;

    #[test]
    fn the_available_memory_is_read_from_the_kernels_table() {
        let table = "MemTotal:       24000000 kB\nMemAvailable:   1000 kB\n";

        assert_eq!(available_bytes(table), Some(1_024_000));
        assert_eq!(available_bytes("MemTotal: 3 kB\n"), None);
    }

    #[test]
    fn a_driver_is_seen_by_its_device() {
        let root = tempfile::tempdir().unwrap();
        assert_eq!(gpu(root.path()).grade, Grade::Good);

        std::fs::create_dir(root.path().join("dev")).unwrap();
        std::fs::File::create(root.path().join("dev/nvidiactl")).unwrap();

        assert_eq!(gpu(root.path()).grade, Grade::Note);
    }
}

//! What the kernel says of the machine. What cannot be read is absent.

use std::path::Path;

use contract::message::{Memory, Temperature};

/// Sensors that are reported, at most.
const SENSORS_MAX: usize = 32;

/// The machine's memory, from `proc/meminfo` below `root` (`/` on a box).
pub fn memory(root: &Path) -> Option<Memory> {
    let text = std::fs::read_to_string(root.join("proc/meminfo")).ok()?;
    let bytes = |name: &str| {
        let line = text.lines().find_map(|line| line.strip_prefix(name))?;
        let kib: u64 = line.trim_start_matches(':').split_whitespace().next()?.parse().ok()?;
        kib.checked_mul(1024)
    };

    Some(Memory { available_bytes: bytes("MemAvailable")?, total_bytes: bytes("MemTotal")? })
}

/// The thermal zones that can be read, from `sys/class/thermal` below `root`, by their numbers.
pub fn temperatures(root: &Path) -> Vec<Temperature> {
    let zones = root.join("sys/class/thermal");

    (0..SENSORS_MAX).filter_map(|n| zone(&zones.join(format!("thermal_zone{n}")))).collect()
}

fn zone(folder: &Path) -> Option<Temperature> {
    let read = |name| std::fs::read_to_string(folder.join(name)).ok();
    let millis: i32 = read("temp")?.trim().parse().ok()?;

    Some(Temperature { sensor: read("type")?.trim().to_owned(), celsius: f64::from(millis) / 1e3 })
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use super::*;

    fn write(path: &Path, text: &str) {
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::File::create(path).unwrap().write_all(text.as_bytes()).unwrap();
    }

    #[test]
    fn memory_and_sensors_are_read_as_the_kernel_writes_them() {
        let root = tempfile::tempdir().unwrap();
        let meminfo = "MemTotal:       16000 kB\nMemFree: 1 kB\nMemAvailable:    4000 kB\n";
        write(&root.path().join("proc/meminfo"), meminfo);
        let zone = root.path().join("sys/class/thermal/thermal_zone1");
        write(&zone.join("type"), "gpu-thermal\n");
        write(&zone.join("temp"), "51500\n");

        let memory = memory(root.path()).unwrap();
        assert_eq!((memory.total_bytes, memory.available_bytes), (16_384_000, 4_096_000));
        let hot = Temperature { sensor: "gpu-thermal".into(), celsius: 51.5 };
        assert_eq!(temperatures(root.path()), [hot]);
    }

    #[test]
    fn what_cannot_be_read_is_absent() {
        let root = tempfile::tempdir().unwrap();
        write(&root.path().join("proc/meminfo"), "MemTotal: many kB\n");

        assert_eq!(memory(root.path()), None);
        assert_eq!(temperatures(root.path()), []);
    }
}

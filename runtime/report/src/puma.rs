//! The two files of the PUMA challenge on Grand Challenge.
//!
//! - `melanoma-10-class-nuclei-segmentation.json` or `melanoma-3-class-…`: "Multiple polygons"
//!   (`components/schemas.py` of grand-challenge.org, `additionalProperties` false): one polygon a
//!   nucleus, *not* closed (the evaluator takes the mean of the vertices for the centre), in
//!   pixels, z = 0.5.
//! - the tissue mask: 8 bits at the image's size; 0 background, 1 stroma, 2 blood vessel,
//!   3 tumour, 4 epidermis, 5 necrosis; resolution and `SMinSampleValue`, `SMaxSampleValue` as tags.

use std::fmt::Write as _;
use std::io::Write;
use std::path::{Path, PathBuf};

use contract::{Class, Nucleus, Role, Size, TissueMap, UNLABELLED};
use thiserror::Error;

use crate::atomic::{Pending, WriteError};
use crate::labels::write_bytes;
use crate::tiled_tiff::Layout;
use crate::{NucleusError, checked, decimal};

mod names;

pub use names::Track;

/// Why a challenge file was not written.
#[derive(Debug, Error)]
pub enum PumaError {
    /// The file cannot be written.
    #[error("the challenge file cannot be written")]
    File(#[source] WriteError),
    /// A nucleus cannot be written.
    #[error("a nucleus cannot be written into the challenge file")]
    Nucleus(#[source] NucleusError),
}

/// The nuclei file, being written one by one, in constant memory.
#[derive(Debug)]
pub struct PumaNuclei {
    path: PathBuf,
    pending: Pending,
    names: Vec<&'static str>,
    text: String,
    count: u64,
}

impl PumaNuclei {
    /// Begins the file in `folder`, under the name that the challenge gives to the track of
    /// `classes` ([`Track::of`]).
    pub fn create(folder: &Path, classes: &[Class]) -> Result<Self, PumaError> {
        let track = Track::of(classes);
        let path = folder.join(track.file_name());
        let pending = Pending::create(&path).map_err(PumaError::File)?;
        let names = classes.iter().map(|class| track.name(class)).collect();
        let mut file = Self { path, pending, names, text: String::new(), count: 0 };
        file.text.push_str(
            r#"{"type":"Multiple polygons","version":{"major":1,"minor":0},"polygons":["#,
        );
        file.write_out()?;
        Ok(file)
    }

    /// The file.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Appends one nucleus.
    pub fn push(&mut self, nucleus: &Nucleus) -> Result<(), PumaError> {
        checked::check(nucleus, self.names.len()).map_err(PumaError::Nucleus)?;

        let text = &mut self.text;
        text.push_str(if self.count == 0 { "\n" } else { ",\n" });
        write!(text, r#"{{"name":"{}","seed_point":"#, self.names[nucleus.class])
            .expect("a string takes any text");
        push_point(text, nucleus.centroid);
        text.push_str(r#","path_points":["#);
        for (at, &vertex) in nucleus.polygon.iter().enumerate() {
            text.push_str(if at == 0 { "" } else { "," });
            push_point(text, vertex);
        }
        let probability = (f64::from(nucleus.probability.clamp(0.0, 1.0)) * 1e4).round() / 1e4;
        write!(text, r#"],"sub_type":"","groups":[],"probability":{probability}}}"#)
            .expect("a string takes any text");
        self.count += 1;
        self.write_out()
    }

    /// Completes the file and puts it in place.
    pub fn finish(mut self) -> Result<(), PumaError> {
        self.text.push_str("\n]}\n");
        self.write_out()?;
        self.pending.commit().map_err(PumaError::File)
    }

    fn write_out(&mut self) -> Result<(), PumaError> {
        let written = self.pending.write_all(self.text.as_bytes());
        self.text.clear();
        written.map_err(|source| PumaError::File(self.pending.failed(source)))
    }
}

/// Writes the tissue mask of an image of `size` to `path`.
pub fn write_tissue(
    path: &Path,
    size: Size,
    map: &TissueMap,
    classes: &[Class],
) -> Result<(), PumaError> {
    let mut labels = [names::BACKGROUND; 256];
    for (label, class) in labels[..usize::from(UNLABELLED)].iter_mut().zip(classes) {
        *label = names::tissue_label(class);
    }
    let um_per_px = map.mpp.um_per_px() / map.px_per_cell;
    let layout = Layout {
        size,
        // The map's own resolution where the image's is beyond belief.
        mpp: contract::Mpp::new(um_per_px).unwrap_or(map.mpp),
        sample_bytes: 1,
        description: names::TISSUE_LEGEND.into(),
    };
    write_bytes(path, layout, |column, row| {
        labels[usize::from(map.class_at(column as f64 + 0.5, row as f64 + 0.5))]
    })
    .map_err(PumaError::File)
}

fn push_point(text: &mut String, point: contract::Point) {
    text.push('[');
    decimal::push(text, f64::from(point.x));
    text.push(',');
    decimal::push(text, f64::from(point.y));
    text.push_str(",0.5]");
}

/// What a role is called in the track of three classes.
fn three_class_name(role: Role) -> &'static str {
    match role {
        Role::Tumour => "nuclei_tumor",
        Role::Til => "nuclei_lymphocyte",
        Role::Stroma | Role::Other | Role::Background => "nuclei_other",
    }
}

#[cfg(test)]
mod tests;

//! Figures of merit for nuclei and tissue, as pure functions on plain data.
//!
//! Each figure stands with its definition, its source in the literature and what it is when there
//! is nothing in the truth or nothing in the prediction. **Invariant:** a figure that is not
//! defined is `None`, never 0, 1 or NaN, except where a published rule says otherwise ([`puma`]);
//! an average is over the defined figures. **Never:** this crate knows no network and no clock, and
//! only [`score`] reads files.
//!
//! | question | figures |
//! |---|---|
//! | are the masks right? | [`dice`] |
//! | are the nuclei outlined one by one? | [`aji`], [`panoptic`], both from [`Overlaps`] |
//! | are the nuclei found and named? | [`detection`] |
//! | what would the PUMA challenge say? | [`puma`] |
//! | what is a file, or a folder of them, worth? | [`score`] |

#![forbid(unsafe_code)]

pub mod aji;
mod assignment;
pub mod detection;
pub mod dice;
mod labels;
mod mean;
mod neighbours;
mod overlap;
pub mod panoptic;
pub mod puma;
pub mod score;
mod segmentation;
mod summary;
mod table;

pub use labels::{ClassMask, LabelCountError, LabelMap, SizeMismatch};
pub use mean::mean_of_defined;
pub use overlap::{Instance, Overlap, Overlaps};
pub use segmentation::{SegmentationScore, SegmentationTotals};
pub use summary::{Measure, Row, Summary};

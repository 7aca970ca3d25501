//! Which pages of a TIFF are the slide's levels, and which come with it.
//!
//! SVS: tiled pages are levels, stripped ones thumbnail, label and macro.
//! OME-TIFF: the first image that is no label, and the `SubIFDs` below it.
//! Other TIFFs: the first page, and every page that says it is a reduced one.

use contract::Size;

use crate::aperio;
use crate::fault::{Fault, damaged};
use crate::format::{Format, TiffMarks, refuse_unread_tiff};
use crate::ome;
use crate::orientation::Orientation;
use crate::resolution::{Claim, um_per_px};
use crate::tiff::{Chain, Directory, Grid, Page, SEGMENTS_MAX, Tag, Tiff, grid, stored_size};

/// Levels of a pyramid at most: each is smaller than the one before, mostly by half.
const LEVELS_MAX: usize = 64;
/// Bytes of an XMP packet at most; a larger one is not looked into.
const XMP_BYTES_MAX: usize = 1 << 20;
/// Bit of `NewSubfileType` that says "a reduced version of another page".
const REDUCED: u64 = 1;

/// A picture that comes with a slide: named, never decoded unasked, since a label may
/// show a patient's name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Associated {
    /// `thumbnail`, `label`, `macro`, OME's name of it, or `page N`.
    pub name: String,
    /// Stored size.
    pub size: Size,
}

/// A slide's levels and what is said about it.
#[derive(Debug)]
pub(crate) struct Pyramid {
    pub(crate) format: Format,
    /// Level 0 first; at least one.
    pub(crate) pages: Vec<Page>,
    pub(crate) associated: Vec<Associated>,
    pub(crate) claims: Vec<Claim>,
    pub(crate) orientation: Orientation,
}

/// The directories of a pyramid, before their pages are laid out.
struct Plan {
    levels: Vec<Directory>,
    associated: Vec<Associated>,
    claims: Vec<Claim>,
    /// Channels that are announced outside the tags.
    channels: u64,
}

impl Pyramid {
    /// Reads the pyramid of `tiff`.
    pub(crate) fn read(tiff: &Tiff) -> Result<Self, Fault> {
        let chain = tiff.directories()?;
        let first = &chain.main[0];
        let description = first.text(tiff, Tag::IMAGE_DESCRIPTION)?.unwrap_or_default();
        refuse_unread_tiff(&TiffMarks {
            hamamatsu: first.has(Tag::NDPI_FORMAT),
            description: &description,
            // A packet that cannot be read, or is huge, marks nothing.
            xmp: &first.blob(tiff, Tag::XMP, XMP_BYTES_MAX).ok().flatten().unwrap_or_default(),
        })?;

        let (format, mut plan) = if aperio::is_aperio(&description) {
            (Format::Svs, svs(tiff, chain, &description)?)
        } else if ome::is_ome(&description) {
            (Format::OmeTiff, ome_tiff(tiff, chain, &description)?)
        } else {
            (Format::Tiff, generic(tiff, chain)?)
        };
        let base = &plan.levels[0];
        plan.claims.extend(resolution(tiff, base)?);
        let orientation = orientation(tiff, base)?;
        let pages = pages(tiff, &plan.levels)?;
        if plan.channels > pages[0].samples() as u64 {
            let reason = format!(
                "the OME-XML announces {} channels, and a page has {}",
                plan.channels,
                pages[0].samples()
            );
            return Err(Fault::Unsupported(reason));
        }
        let Plan { associated, claims, .. } = plan;
        Ok(Self { format, pages, associated, claims, orientation })
    }
}

fn pages(tiff: &Tiff, levels: &[Directory]) -> Result<Vec<Page>, Fault> {
    if levels.len() > LEVELS_MAX {
        return Err(damaged(format!("there are more than {LEVELS_MAX} levels")));
    }
    let mut segments = 0;
    let mut pages = Vec::with_capacity(levels.len());
    for directory in levels {
        let page = Page::new(tiff, directory)?;
        segments += page.segments();
        if segments > SEGMENTS_MAX {
            return Err(damaged(format!("the levels have more than {SEGMENTS_MAX} tiles")));
        }
        pages.push(page);
    }
    Ok(pages)
}

fn svs(tiff: &Tiff, chain: Chain<'_>, description: &str) -> Result<Plan, Fault> {
    let mut levels: Vec<Directory> = Vec::new();
    let mut associated = Vec::new();
    for (index, directory) in chain.main.into_iter().enumerate() {
        let size = stored_size(tiff, &directory)?;
        let is_level = match levels.first() {
            None => true,
            Some(base) => {
                grid(&directory) == Grid::Tiles && is_reduced(size, stored_size(tiff, base)?)
            }
        };
        if is_level {
            levels.push(directory);
        } else {
            let name = svs_name(tiff, &directory, index)?;
            associated.push(Associated { name, size });
        }
    }
    let claims = aperio::resolution(description).into_iter().collect();
    Ok(Plan { levels, associated, claims, channels: 0 })
}

/// What a page of an SVS that is no level shows.
fn svs_name(tiff: &Tiff, directory: &Directory, index: usize) -> Result<String, Fault> {
    let description = directory.text(tiff, Tag::IMAGE_DESCRIPTION)?.unwrap_or_default();
    let subfile = directory.number(tiff, Tag::NEW_SUBFILE_TYPE)?;
    let name = match (aperio::associated_name(&description), subfile, index) {
        (Some(name), _, _) => name,
        (None, Some(1), _) => "label",
        (None, Some(9), _) => "macro",
        (None, _, 1) => "thumbnail",
        (None, _, _) => return Ok(page_name(index)),
    };
    Ok(name.into())
}

fn ome_tiff(tiff: &Tiff, mut chain: Chain<'_>, description: &str) -> Result<Plan, Fault> {
    let images = ome::images(description)?;
    let (slide, others) = images.split_first().expect("at least one image, or an error");

    let mut associated = Vec::new();
    for (index, image) in others.iter().enumerate() {
        // An image that names a page that is not there has nothing to show.
        if let Some(directory) = at(&chain, image.page) {
            let name =
                if image.name.is_empty() { page_name(index + 1) } else { image.name.clone() };
            associated.push(Associated { name, size: stored_size(tiff, directory)? });
        }
    }

    let page = slide.page;
    if at(&chain, page).is_none() {
        let pages = chain.main.len();
        return Err(damaged(format!("the OME-XML names page {page}, and there are {pages}")));
    }
    let base = chain.main.swap_remove(page as usize);
    let below = chain.below(&base)?;
    let levels = sorted(tiff, base, below)?;
    let claims = slide.resolution.clone().into_iter().collect();
    Ok(Plan { levels, associated, claims, channels: slide.channels })
}

fn at<'a>(chain: &'a Chain<'_>, page: u64) -> Option<&'a Directory> {
    chain.main.get(usize::try_from(page).ok()?)
}

fn generic(tiff: &Tiff, mut chain: Chain<'_>) -> Result<Plan, Fault> {
    let others = chain.main.split_off(1);
    let base = chain.main.pop().expect("the first page was not split off");
    let base_size = stored_size(tiff, &base)?;
    let mut reduced = chain.below(&base)?;
    let mut associated = Vec::new();
    for (index, directory) in others.into_iter().enumerate() {
        let size = stored_size(tiff, &directory)?;
        let subfile = directory.number(tiff, Tag::NEW_SUBFILE_TYPE)?.unwrap_or_default();
        if subfile & REDUCED != 0 && is_reduced(size, base_size) {
            reduced.push(directory);
        } else {
            associated.push(Associated { name: page_name(index + 1), size });
        }
    }
    let levels = sorted(tiff, base, reduced)?;
    Ok(Plan { levels, associated, claims: Vec::new(), channels: 0 })
}

fn page_name(index: usize) -> String {
    format!("page {index}")
}

/// The base and those of `reduced` that are smaller versions of it, the largest first.
fn sorted(tiff: &Tiff, base: Directory, reduced: Vec<Directory>) -> Result<Vec<Directory>, Fault> {
    let base_size = stored_size(tiff, &base)?;
    let mut sized = Vec::new();
    for directory in reduced {
        let size = stored_size(tiff, &directory)?;
        if is_reduced(size, base_size) {
            sized.push((size.width, directory));
        }
    }
    sized.sort_by_key(|(width, _)| std::cmp::Reverse(*width));
    Ok(std::iter::once(base).chain(sized.into_iter().map(|(_, directory)| directory)).collect())
}

/// Whether `size` is `base` made smaller, to a pixel or a hundredth.
fn is_reduced(size: Size, base: Size) -> bool {
    let scale = base.height as f64 / size.height as f64;
    let width = base.width as f64 / scale;
    size.width < base.width
        && size.height < base.height
        && (width - size.width as f64).abs() <= 1.0 + 0.01 * width
}

fn orientation(tiff: &Tiff, directory: &Directory) -> Result<Orientation, Fault> {
    match directory.number(tiff, Tag::ORIENTATION)? {
        // 0 is no value of the standard; those who write it mean "not known".
        None | Some(0) => Ok(Orientation::UPRIGHT),
        Some(value) => Orientation::new(value)
            .ok_or_else(|| damaged(format!("Orientation is {value}, not 1 to 8"))),
    }
}

/// `XResolution` and `YResolution`; the unit is the inch where none is given (TIFF 6.0).
fn resolution(tiff: &Tiff, directory: &Directory) -> Result<Option<Claim>, Fault> {
    let x = directory.quotient(tiff, Tag::X_RESOLUTION)?;
    let y = directory.quotient(tiff, Tag::Y_RESOLUTION)?;
    let unit_um = match directory.number(tiff, Tag::RESOLUTION_UNIT)? {
        None | Some(2) => 25_400.0,
        Some(3) => 10_000.0,
        // 1 means that only the ratio of the axes is known.
        Some(_) => return Ok(None),
    };
    let (Some(x), Some(y)) = (x, y) else { return Ok(None) };
    Ok(Some(Claim {
        field: "XResolution × YResolution",
        x_um: um_per_px(x, unit_um),
        y_um: um_per_px(y, unit_um),
    }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_smaller_version_has_the_same_shape_to_a_pixel_or_a_hundredth() {
        let base = Size::new(10_000, 5_000);
        for (width, height, reduced) in [
            (5_000, 2_500, true),
            (625, 312, true),
            (625, 313, true),
            (3_333, 1_667, true),
            (10_000, 5_000, false),
            (20_000, 10_000, false),
            (1_280, 431, false),
            (500, 500, false),
        ] {
            assert_eq!(is_reduced(Size::new(width, height), base), reduced, "{width} × {height}");
        }
    }
}

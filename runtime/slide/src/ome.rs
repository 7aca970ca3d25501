//! OME-XML: which page is the slide, what it is called, and how large a pixel is.
//!
//! OME model 2016-06, `Image/Pixels/TiffData`. A DTD is refused by the parser,
//! and with it every entity (billion laughs).

use roxmltree::{Document, Node, ParsingOptions};

use crate::fault::{Fault, damaged};
use crate::resolution::Claim;

/// XML nodes at most: a slide's OME-XML has tens, a plate's has thousands.
const NODES_MAX: u32 = 1 << 18;
/// Elements that stand in one another at most: OME's deepest path has twelve, and the
/// parser calls itself for each.
const DEPTH_MAX: usize = 64;
/// Images that come with a slide and are not it.
const ASSOCIATED_NAMES: [&str; 4] = ["label", "macro", "overview", "thumbnail"];

/// One `Image` element.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct OmeImage {
    /// Its `Name`, or nothing.
    pub(crate) name: String,
    /// Its first page: an index into the file's IFD chain.
    pub(crate) page: u64,
    /// Channels that it announces.
    pub(crate) channels: u64,
    /// What it says of the resolution.
    pub(crate) resolution: Option<Claim>,
}

/// Whether `description` is OME-XML.
pub(crate) fn is_ome(description: &str) -> bool {
    let text = description.trim_start_matches('\u{feff}').trim_start();
    text.starts_with('<') && text.contains("<OME")
}

/// The images of `description`; the slide comes first.
pub(crate) fn images(description: &str) -> Result<Vec<OmeImage>, Fault> {
    let text = description.trim_start_matches('\u{feff}').trim();
    if depth(text) > DEPTH_MAX {
        return Err(damaged("the OME-XML in ImageDescription stands too deep in itself"));
    }
    let options = ParsingOptions { nodes_limit: NODES_MAX, ..ParsingOptions::default() };
    let document = Document::parse_with_options(text, options)
        .map_err(|error| damaged(format!("the OME-XML in ImageDescription is unsound: {error}")))?;

    let mut images = Vec::new();
    for node in children(document.root_element(), "Image") {
        images.push(image(node)?);
    }
    // A stable sort: the first image that is not an associated one leads.
    images.sort_by_key(|image| ASSOCIATED_NAMES.contains(&image.name.to_lowercase().as_str()));
    if images.is_empty() {
        return Err(damaged("the OME-XML in ImageDescription names no Image"));
    }
    Ok(images)
}

/// An upper bound of how deep elements stand in one another.
fn depth(text: &str) -> usize {
    let (mut now, mut deepest) = (0_usize, 0);
    let bytes = text.as_bytes();
    for (at, pair) in bytes.windows(2).enumerate() {
        match pair {
            b"</" | b"/>" => now = now.saturating_sub(1),
            [b'<', next] if !matches!(next, b'?' | b'!') && at + 2 < bytes.len() => {
                now += 1;
                deepest = deepest.max(now);
            }
            _ => {}
        }
    }
    deepest
}

fn children<'a, 'input>(
    node: Node<'a, 'input>,
    name: &'static str,
) -> impl Iterator<Item = Node<'a, 'input>> {
    node.children().filter(move |child| child.tag_name().name() == name)
}

fn image(node: Node<'_, '_>) -> Result<OmeImage, Fault> {
    let Some(pixels) = children(node, "Pixels").next() else {
        return Err(damaged("an Image of the OME-XML has no Pixels"));
    };
    Ok(OmeImage {
        name: node.attribute("Name").unwrap_or_default().to_owned(),
        page: first_page(pixels)?,
        channels: number(pixels, "SizeC")?.unwrap_or(1),
        resolution: resolution(pixels),
    })
}

/// The page of the first plane; the pages of one image must lie in one file.
fn first_page(pixels: Node<'_, '_>) -> Result<u64, Fault> {
    let mut files = children(pixels, "TiffData")
        .flat_map(|data| children(data, "UUID"))
        .filter_map(|uuid| uuid.attribute("FileName"));
    if let Some(first) = files.next()
        && files.any(|other| other != first)
    {
        let reason = "the OME-XML in ImageDescription spreads the image over several files";
        return Err(Fault::Unsupported(reason.into()));
    }

    let mut first = None;
    for data in children(pixels, "TiffData") {
        let plane = ["FirstC", "FirstZ", "FirstT"]
            .map(|index| number(data, index).map(Option::unwrap_or_default));
        let page = number(data, "IFD")?.unwrap_or_default();
        if plane.into_iter().collect::<Result<Vec<_>, _>>()?.iter().all(|&index| index == 0) {
            return Ok(page);
        }
        first = first.or(Some(page));
    }
    Ok(first.unwrap_or_default())
}

fn number(node: Node<'_, '_>, name: &str) -> Result<Option<u64>, Fault> {
    let Some(text) = node.attribute(name) else { return Ok(None) };
    let wrong = || damaged(format!("{name} of the OME-XML is {text:?}, not a number"));
    text.trim().parse().map(Some).map_err(|_| wrong())
}

fn resolution(pixels: Node<'_, '_>) -> Option<Claim> {
    Some(Claim {
        field: "PhysicalSize in the OME-XML",
        x_um: length_um(pixels, "PhysicalSizeX", "PhysicalSizeXUnit")?,
        y_um: length_um(pixels, "PhysicalSizeY", "PhysicalSizeYUnit")?,
    })
}

/// A length with its unit; OME's default unit is the micrometre.
fn length_um(pixels: Node<'_, '_>, name: &str, unit: &str) -> Option<f64> {
    let value: f64 = pixels.attribute(name)?.trim().parse().ok()?;
    // The micro sign and the Greek letter are two characters.
    let um = match pixels.attribute(unit).unwrap_or("\u{b5}m") {
        "\u{b5}m" | "\u{3bc}m" | "um" => 1.0,
        "pm" => 1e-6,
        "\u{c5}" => 1e-4,
        "nm" => 1e-3,
        "mm" => 1e3,
        "cm" => 1e4,
        "m" => 1e6,
        "in" => 25_400.0,
        _ => return None,
    };
    Some(value * um)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn xml(pixels: &str) -> String {
        format!(
            "<?xml version=\"1.0\"?><!-- a comment --><OME xmlns=\"http://ome\">\
             <Image Name=\"Label\"><Pixels SizeC=\"3\"><TiffData IFD=\"1\"/></Pixels></Image>\
             <Image Name=\"scan\"><Pixels SizeC=\"3\" {pixels}><TiffData IFD=\"2\" FirstC=\"0\"/>\
             </Pixels></Image></OME>"
        )
    }

    #[test]
    fn the_slide_is_the_first_image_that_is_no_label() {
        let images = images(&xml("")).unwrap();

        assert_eq!((images[0].name.as_str(), images[0].page), ("scan", 2));
        assert_eq!((images[1].name.as_str(), images[1].page), ("Label", 1));
    }

    #[test]
    fn a_pixel_is_measured_in_every_unit() {
        let cases = [
            ("PhysicalSizeX=\"0.25\" PhysicalSizeY=\"0.25\"", Some(0.25)),
            (
                "PhysicalSizeX=\"250\" PhysicalSizeXUnit=\"nm\" PhysicalSizeY=\"250\" PhysicalSizeYUnit=\"nm\"",
                Some(0.25),
            ),
            (
                "PhysicalSizeX=\"0.0005\" PhysicalSizeXUnit=\"mm\" PhysicalSizeY=\"0.5\" PhysicalSizeYUnit=\"\u{3bc}m\"",
                Some(0.5),
            ),
            ("PhysicalSizeX=\"1\" PhysicalSizeXUnit=\"pixel\" PhysicalSizeY=\"1\"", None),
            ("PhysicalSizeX=\"0.25\"", None),
            ("PhysicalSizeX=\"wide\" PhysicalSizeY=\"0.25\"", None),
        ];
        for (attributes, expected) in cases {
            let found = images(&xml(attributes)).unwrap()[0].resolution.as_ref().map(|c| c.x_um);
            let same = match (found, expected) {
                (Some(found), Some(expected)) => (found - expected).abs() < 1e-12,
                (found, expected) => found == expected,
            };
            assert!(same, "{attributes}: {found:?}");
        }
    }

    #[test]
    fn a_dtd_is_refused() {
        let text = format!("<!DOCTYPE OME [<!ENTITY a \"b\">]>{}", xml("").split_off(21));

        let fault = images(&text);

        assert!(matches!(fault, Err(Fault::Damaged(ref why)) if why.contains("DTD")), "{fault:?}");
    }

    #[test]
    fn an_image_in_several_files_is_refused() {
        let text = "<OME><Image><Pixels><TiffData IFD=\"0\"><UUID FileName=\"a.tif\"/></TiffData>\
                    <TiffData IFD=\"0\"><UUID FileName=\"b.tif\"/></TiffData></Pixels></Image></OME>";

        assert!(matches!(images(text), Err(Fault::Unsupported(_))));
        assert!(images(&text.replace("b.tif", "a.tif")).is_ok());
    }

    #[test]
    fn unsound_xml_is_refused_and_depth_does_not_exhaust_the_stack() {
        let deep = format!("<OME>{}", "<a>".repeat(1_000_000));
        for text in [
            deep.as_str(),
            "<OME",
            "<OME></OME>",
            "<OME><Image/></OME>",
            "<OME><Image><Pixels SizeC=\"x\"/></Image></OME>",
        ] {
            assert!(images(text).is_err(), "{}", &text[..text.len().min(60)]);
        }
    }
}

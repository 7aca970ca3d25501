//! Which format a file is in, by its first bytes and its tags, never by its name alone.
//!
//! Formats that are known and not read are refused by their name, so that the
//! operator learns that the file is sound and what to export instead.

use std::ffi::OsStr;
use std::fmt;
use std::path::Path;

use crate::fault::Fault;

/// Bytes at the start of a file that tell its format: DICOM's mark is at 128, and
/// iSyntax opens with an XML header.
pub(crate) const HEAD_BYTES: usize = 1024;

/// A format that is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Format {
    /// Aperio SVS: a TIFF whose description starts with "Aperio".
    Svs,
    /// OME-TIFF: a TIFF whose description is OME-XML.
    OmeTiff,
    /// Any other TIFF or `BigTIFF`.
    Tiff,
    /// JPEG.
    Jpeg,
    /// PNG.
    Png,
}

impl fmt::Display for Format {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Svs => "Aperio SVS",
            Self::OmeTiff => "OME-TIFF",
            Self::Tiff => "TIFF",
            Self::Jpeg => "JPEG",
            Self::Png => "PNG",
        })
    }
}

/// What the first bytes of a file announce.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Signature {
    Png,
    Jpeg,
    Tiff,
}

/// The signature at the start of `head`, if it is a known one.
pub(crate) fn signature(head: &[u8]) -> Option<Signature> {
    match head {
        [0x89, b'P', b'N', b'G', 0x0d, 0x0a, 0x1a, 0x0a, ..] => Some(Signature::Png),
        [0xff, 0xd8, 0xff, ..] => Some(Signature::Jpeg),
        [b'I', b'I', 42 | 43, 0, ..] | [b'M', b'M', 0, 42 | 43, ..] => Some(Signature::Tiff),
        _ => None,
    }
}

/// Refuses the formats that are known and not read, as far as bytes outside tags tell.
///
/// MRXS and VSI are stubs beside a folder: the stub is a sound JPEG or TIFF
/// that is not the slide, so here the name decides.
pub(crate) fn refuse_unread(name: &Path, head: &[u8]) -> Result<(), Fault> {
    let extension = name.extension().map(OsStr::to_ascii_lowercase);
    let named = |wanted: &str| extension.as_ref().is_some_and(|e| e == wanted);

    let format = if named("mrxs") {
        "MIRAX (MRXS)"
    } else if named("vsi") {
        "Olympus VSI"
    } else if head.starts_with(b"ZISRAWFILE") {
        "Zeiss CZI"
    } else if head.get(128..132) == Some(b"DICM") {
        "DICOM"
    } else if named("isyntax") || contains(head, b"DPUfsImport") {
        "Philips iSyntax"
    } else {
        return Ok(());
    };
    Err(Fault::Unread(format))
}

/// The TIFF formats that are known and not read, by what only they have.
pub(crate) struct TiffMarks<'a> {
    /// Whether tag 65420 is there.
    pub(crate) hamamatsu: bool,
    /// `ImageDescription` of the first page.
    pub(crate) description: &'a str,
    /// The XMP packet (tag 700) of the first page.
    pub(crate) xmp: &'a [u8],
}

/// Refuses the TIFFs that are known and not read.
pub(crate) fn refuse_unread_tiff(marks: &TiffMarks<'_>) -> Result<(), Fault> {
    let format = if marks.hamamatsu {
        "Hamamatsu NDPI"
    } else if marks.description.contains("http://www.leica-microsystems.com/scn") {
        "Leica SCN"
    } else if contains(marks.xmp, b"<iScan") || marks.description.contains("<iScan") {
        "Ventana BIF"
    } else {
        return Ok(());
    };
    Err(Fault::Unread(format))
}

fn contains(bytes: &[u8], wanted: &[u8]) -> bool {
    bytes.windows(wanted.len()).any(|window| window == wanted)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_format_that_is_known_and_not_read_is_refused_by_its_name() {
        let mut dicom = vec![0; 132];
        dicom[128..].copy_from_slice(b"DICM");
        let cases: [(&str, &[u8], &str); 5] = [
            ("a.mrxs", b"\xff\xd8\xff\xe0", "MIRAX (MRXS)"),
            ("a.VSI", b"II*\0", "Olympus VSI"),
            ("a", b"ZISRAWFILE\0\0", "Zeiss CZI"),
            ("a", &dicom, "DICOM"),
            ("a", b"<DataObject ObjectType=\"DPUfsImport\">", "Philips iSyntax"),
        ];
        for (name, head, expected) in cases {
            let fault = refuse_unread(Path::new(name), head);
            assert!(matches!(fault, Err(Fault::Unread(found)) if found == expected), "{fault:?}");
        }
        assert!(refuse_unread(Path::new("a.svs"), b"II*\0").is_ok());
    }

    #[test]
    fn a_tiff_of_a_scanner_that_is_not_read_is_refused_by_its_name() {
        let scn = "<scn xmlns=\"http://www.leica-microsystems.com/scn/2010/10/01\">";
        let marks = |hamamatsu, description, xmp| TiffMarks { hamamatsu, description, xmp };

        for (marks, expected) in [
            (marks(true, "", b"".as_slice()), "Hamamatsu NDPI"),
            (marks(false, scn, b""), "Leica SCN"),
            (marks(false, "", b"<EncodeInfo><iScan Mode=\"1\"/>"), "Ventana BIF"),
        ] {
            let fault = refuse_unread_tiff(&marks);
            assert!(matches!(fault, Err(Fault::Unread(found)) if found == expected), "{fault:?}");
        }
        assert!(refuse_unread_tiff(&marks(false, "Aperio", b"")).is_ok());
    }
}

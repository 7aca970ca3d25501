//! The tags that are read, with their names for the errors that name them.

/// A tag: its number in the file and its name in the standard.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Tag {
    /// Number.
    pub(crate) number: u16,
    /// Name.
    pub(crate) name: &'static str,
}

macro_rules! tags {
    ($($constant:ident = $number:literal $name:literal;)+) => {
        impl Tag {
            $(
                #[doc = concat!("`", $name, "`")]
                pub(crate) const $constant: Self = Self { number: $number, name: $name };
            )+
        }
    };
}

tags! {
    NEW_SUBFILE_TYPE = 254 "NewSubfileType";
    IMAGE_WIDTH = 256 "ImageWidth";
    IMAGE_LENGTH = 257 "ImageLength";
    BITS_PER_SAMPLE = 258 "BitsPerSample";
    COMPRESSION = 259 "Compression";
    PHOTOMETRIC = 262 "PhotometricInterpretation";
    FILL_ORDER = 266 "FillOrder";
    IMAGE_DESCRIPTION = 270 "ImageDescription";
    STRIP_OFFSETS = 273 "StripOffsets";
    ORIENTATION = 274 "Orientation";
    SAMPLES_PER_PIXEL = 277 "SamplesPerPixel";
    ROWS_PER_STRIP = 278 "RowsPerStrip";
    STRIP_BYTE_COUNTS = 279 "StripByteCounts";
    X_RESOLUTION = 282 "XResolution";
    Y_RESOLUTION = 283 "YResolution";
    PLANAR_CONFIGURATION = 284 "PlanarConfiguration";
    RESOLUTION_UNIT = 296 "ResolutionUnit";
    PREDICTOR = 317 "Predictor";
    COLOR_MAP = 320 "ColorMap";
    TILE_WIDTH = 322 "TileWidth";
    TILE_LENGTH = 323 "TileLength";
    TILE_OFFSETS = 324 "TileOffsets";
    TILE_BYTE_COUNTS = 325 "TileByteCounts";
    SUB_IFDS = 330 "SubIFDs";
    EXTRA_SAMPLES = 338 "ExtraSamples";
    SAMPLE_FORMAT = 339 "SampleFormat";
    JPEG_TABLES = 347 "JPEGTables";
    XMP = 700 "XMP";
    // Hamamatsu's own: every page of an NDPI has it.
    NDPI_FORMAT = 65420 "NDPI format flag";
}

"""Makes the fixtures and goldens of `parity.rs`.

    python openslide_parity.py SCANNER_FILES

SCANNER_FILES is the folder with OpenSlide's and large_image's test files. Needs
openslide-bin, openslide-python, tifffile, imagecodecs, numpy, Pillow.

Fixtures (`data/`) are cut from `cmu-1-small-region.svs` (CC0): the SVS keeps the
scanner's own JPEG tiles, the others hold its pixels under other encodings.
Goldens (`golden/`) are regions of fixtures and of SCANNER_FILES:

    <file>@<level>-<x>-<y>-<width>-<height>-<exact|lossy>.png

in upright pixels of the level, as OpenSlide reads them; where OpenSlide does not
read the file, as tifffile or Pillow do. Nothing here uses the reader under test.
"""

import pathlib
import sys

import imagecodecs
import numpy as np
import openslide
import tifffile
from PIL import Image, ImageOps

HERE = pathlib.Path(__file__).parent
DATA, GOLDEN = HERE / "data", HERE / "golden"
SOURCE = pathlib.Path(sys.argv[1])
APERIO = "Aperio Image Library v11.2.1 \r\n"


def golden(name, level, x, y, pixels, kind):
    height, width = pixels.shape[:2]
    path = GOLDEN / f"{name}@{level}-{x}-{y}-{width}-{height}-{kind}.png"
    Image.fromarray(np.ascontiguousarray(pixels)).save(path, optimize=True)


def by_openslide(path, level, x, y, width, height, kind):
    """A region as OpenSlide reads it; transparent is white."""
    slide = openslide.OpenSlide(path)
    # OpenSlide takes the corner in level-0 pixels.
    scale = slide.level_downsamples[level]
    corner = (round(x * scale), round(y * scale))
    region = slide.read_region(corner, level, (width, height))
    white = Image.new("RGBA", region.size, "white")
    pixels = np.asarray(Image.alpha_composite(white, region).convert("RGB"))
    golden(path.name, level, x, y, pixels, kind)


def cut_svs(source):
    """The scanner's own tiles of rows 4 to 5, columns 3 to 4, under a new head."""
    with tifffile.TiffFile(source) as tiff:
        page = tiff.pages[0]
        across = -(-page.imagewidth // page.tilewidth)
        tiles = []
        for row in (4, 5):
            for column in (3, 4):
                index = row * across + column
                tiff.filehandle.seek(page.dataoffsets[index])
                tiles.append(tiff.filehandle.read(page.databytecounts[index]))
        tables = page.jpegtables
    with tifffile.TiffWriter(DATA / "jpeg.svs") as out:
        out.write(
            iter(tiles), shape=(470, 460, 3), dtype="uint8", tile=(240, 240), photometric="rgb",
            compression="jpeg", compressionargs={"outcolorspace": "rgb"}, jpegtables=tables,
            metadata=None, software=False,
            description=APERIO + "460x470 (240x240) JPEG/RGB Q=30|AppMag = 20|MPP = 0,4990",
        )
        small = np.full((16, 24, 3), 200, "uint8")
        for name, subfile in (("16x24 -> 16x24 - ", 0), ("label 24x16", 1), ("macro 24x16", 9)):
            out.write(
                small, photometric="rgb", subfiletype=subfile, metadata=None, software=False,
                compression="lzw", description=APERIO.replace("\r", "") + name,
            )


def write(name, data, **options):
    options = {"metadata": None, "software": False, "resolution": (20000, 20000),
               "resolutionunit": "CENTIMETER", **options}
    big, order = options.pop("bigtiff", False), options.pop("byteorder", "<")
    with tifffile.TiffWriter(DATA / name, bigtiff=big, byteorder=order) as out:
        out.write(data, **options)


def jpeg2000(pixels, compression, name):
    """2 × 2 tiles of 64²: 33005 with the codestream's colour transform, 33003 without."""
    tiles = []
    for y in (0, 64):
        for x in (0, 64):
            tile = np.ascontiguousarray(pixels[y:y + 64, x:x + 64])
            if compression == 33003:
                tile = np.asarray(Image.fromarray(tile).convert("YCbCr"))
            tiles.append(imagecodecs.jpeg2k_encode(
                tile, codecformat="j2k", mct=compression == 33005, reversible=True, level=0))
    with tifffile.TiffWriter(DATA / name) as out:
        out.write(
            iter(tiles), shape=(128, 128, 3), dtype="uint8", tile=(64, 64), photometric="rgb",
            compression=compression, metadata=None, software=False,
            description=APERIO + "128x128 (64x64) J2K|AppMag = 40|MPP = 0.2500",
        )


def ome(name, levels, **options):
    with tifffile.TiffWriter(DATA / name, ome=True, bigtiff=options.pop("bigtiff", False)) as out:
        out.write(
            levels[0], subifds=len(levels) - 1, photometric="rgb", tile=(64, 64),
            metadata={"axes": options.pop("axes", "YXS"), "PhysicalSizeX": 250.0,
                      "PhysicalSizeXUnit": "nm", "PhysicalSizeY": 0.25,
                      "PhysicalSizeYUnit": "\u00b5m"},
            software=False, **options)
        for level in levels[1:]:
            out.write(level, subfiletype=1, photometric="rgb", tile=(64, 64), metadata=None,
                      software=False, **options)


def fixtures():
    source = SOURCE / "cmu-1-small-region.svs"
    cut_svs(source)
    by_openslide(DATA / "jpeg.svs", 0, 190, 180, 96, 96, "lossy")
    by_openslide(DATA / "jpeg.svs", 0, 380, 390, 80, 80, "lossy")

    slide = openslide.OpenSlide(source)
    pixels = np.asarray(slide.read_region((900, 1000), 0, (128, 128)).convert("RGB"))
    crop = np.ascontiguousarray(pixels[:80, :96])
    for compression in (33003, 33005):
        name = f"jpeg2000-{compression}.svs"
        jpeg2000(pixels, compression, name)
        by_openslide(DATA / name, 0, 30, 20, 90, 80, "exact" if compression == 33005 else "lossy")

    rgb = {"photometric": "rgb"}
    for name, options in {
        "strips-raw.tif": {},
        "strips-packbits.tif": {"compression": "packbits", "rowsperstrip": 7},
        "strips-lzw.tif": {"compression": "lzw", "predictor": 2, "rowsperstrip": 13},
        "tiles-deflate-planar-big-endian.tif": {
            "compression": "adobe_deflate", "predictor": 2, "tile": (32, 48),
            "planarconfig": "separate", "byteorder": ">"},
        "tiles-zstd-bigtiff.tif": {"compression": "zstd", "tile": (48, 32), "bigtiff": True},
    }.items():
        data = crop
        if options.get("planarconfig") == "separate":
            data = np.ascontiguousarray(np.moveaxis(crop, -1, 0))
        write(name, data, **rgb, **options)
        golden(name, 0, 0, 0, crop, "exact")

    wide = crop.astype("uint16") * 257
    wide += (np.arange(96, dtype="uint16")[None, :, None] % 200)
    rounded = np.clip(np.rint(wide / 257.0), 0, 255).astype("uint8")
    wide = np.where(wide < 257, 65535, wide).astype("uint16")
    rounded = np.clip(np.rint(wide / 257.0), 0, 255).astype("uint8")
    for name, order, extra in (("16-bit-deflate.tif", "<", {"compression": "adobe_deflate", "predictor": 2}),
                               ("16-bit-big-endian.tif", ">", {"compression": "lzw", "tile": (32, 32)})):
        write(name, wide, **rgb, byteorder=order, **extra)
        golden(name, 0, 0, 0, rounded, "exact")

    grey = crop[..., 1]
    write("grey.tif", grey, photometric="minisblack", compression="zlib", tile=(32, 32))
    golden("grey.tif", 0, 0, 0, np.repeat(grey[..., None], 3, 2), "exact")
    write("grey-inverted.tif", 255 - grey, photometric="miniswhite", compression="zlib")
    golden("grey-inverted.tif", 0, 0, 0, np.repeat(grey[..., None], 3, 2), "exact")

    palette = Image.fromarray(crop).quantize(200)
    colours = np.zeros((3, 256), "uint16")
    entries = np.asarray(palette.getpalette(), "uint16").reshape(-1, 3).T * 257
    colours[:, :entries.shape[1]] = entries
    write("palette.tif", np.asarray(palette), photometric="palette", colormap=colours,
          compression="lzw")
    golden("palette.tif", 0, 0, 0, np.asarray(palette.convert("RGB")), "exact")

    alpha = np.broadcast_to((np.arange(96) * 255 // 95).astype("uint8"), (80, 96))
    rgba = np.dstack([crop, alpha])
    write("rgba.tif", rgba, **rgb, extrasamples=["unassalpha"], compression="lzw", predictor=2)
    over = crop / 255.0 * (alpha[..., None] / 255.0) + 1.0 - alpha[..., None] / 255.0
    golden("rgba.tif", 0, 0, 0, np.rint(over * 255.0).astype("uint8"), "lossy")

    half = np.asarray(Image.fromarray(pixels).resize((64, 64), Image.Resampling.BOX))
    ome("jpeg.ome.tif", [pixels, half], compression="jpeg",
        compressionargs={"level": 85, "subsampling": (2, 2)})
    with tifffile.TiffFile(DATA / "jpeg.ome.tif") as tiff:
        levels = tiff.series[0].levels
        golden("jpeg.ome.tif", 0, 20, 30, levels[0].asarray()[30:120, 20:128], "lossy")
        golden("jpeg.ome.tif", 1, 5, 0, levels[1].asarray()[:60, 5:], "lossy")
    ome("deflate-bigtiff.ome.tif", [pixels[:80, :96], half[:40, :48]], compression="zlib",
        bigtiff=True)
    golden("deflate-bigtiff.ome.tif", 0, 0, 0, pixels[:80, :96], "exact")
    golden("deflate-bigtiff.ome.tif", 1, 3, 4, half[4:40, 3:48], "exact")

    for name, options in {"rgb.png": {}, "rgb.jpg": {"quality": 90}}.items():
        Image.fromarray(crop).save(DATA / name, dpi=(101600, 101600) if name == "rgb.png" else (50000, 50000), **options)
        golden(name, 0, 0, 0, np.asarray(Image.open(DATA / name)),
               "exact" if name == "rgb.png" else "lossy")
    small = Image.fromarray(crop[:24, :32])
    for orientation in range(1, 9):
        name = f"orientation-{orientation}.tif"
        # extratags: code, type (3 is SHORT), count, value, write once
        write(name, crop[:24, :32], **rgb, compression="lzw", tile=(16, 16),
              extratags=[(274, 3, 1, orientation, True)])
        exif = Image.Exif()
        exif[274] = orientation
        small.info["exif"] = exif.tobytes()
        upright = ImageOps.exif_transpose(with_orientation(small, orientation))
        golden(name, 0, 0, 0, np.asarray(upright), "exact")
    exif = Image.Exif()
    exif[274] = 6
    small.save(DATA / "orientation-6.jpg", exif=exif, quality=90, dpi=(50000, 50000))
    turned = ImageOps.exif_transpose(Image.open(DATA / "orientation-6.jpg"))
    golden("orientation-6.jpg", 0, 0, 0, np.asarray(turned), "lossy")


def with_orientation(image, orientation):
    image = image.copy()
    image.getexif()[274] = orientation
    return image


def scanner_files():
    by_openslide(SOURCE / "cmu-1-small-region.svs", 0, 1010, 1400, 96, 96, "lossy")
    by_openslide(SOURCE / "cmu-1-small-region.svs", 0, 2140, 2880, 80, 80, "lossy")
    by_openslide(SOURCE / "tcga-jpeg2000.svs", 0, 2000, 1500, 96, 96, "lossy")
    by_openslide(SOURCE / "tcga-jpeg2000.svs", 0, 4380, 3500, 60, 60, "lossy")
    # This level's downsample is no integer, for which OpenSlide interpolates.
    with tifffile.TiffFile(SOURCE / "tcga-jpeg2000.svs") as tiff:
        level = tiff.pages[2].asarray()[700:764, 1000:1064]
        golden("tcga-jpeg2000.svs", 1, 1000, 700, level, "lossy")
    for level in range(5):
        by_openslide(SOURCE / "pyramid-zstd.tiff", level, 500, 250, 90, 60, "exact")
    by_openslide(SOURCE / "rgba.tiff", 0, 460, 470, 96, 96, "lossy")
    by_openslide(SOURCE / "rgba.tiff", 1, 200, 200, 96, 96, "lossy")

    name = "he-ome-jpeg-tiled.tif"
    whole = tifffile.imread(SOURCE / name)
    golden(name, 0, 700, 800, whole[800:896, 700:796], "lossy")
    golden(name, 0, 1300, 1400, whole[1400:1484, 1300:1380], "lossy")

    for orientation in range(1, 9):
        name = f"test_orient{orientation}.tif"
        grey = tifffile.imread(SOURCE / name)
        upright = np.asarray(ImageOps.exif_transpose(
            with_orientation(Image.fromarray(grey), orientation)))
        golden(name, 0, 0, 0, np.repeat(upright[..., None], 3, 2), "lossy")


if __name__ == "__main__":
    for folder in (DATA, GOLDEN):
        folder.mkdir(exist_ok=True)
    fixtures()
    scanner_files()

"""Makes the seed corpus: one small image of each format and codec.

    python seeds.py

Needs tifffile, imagecodecs, numpy, Pillow.
"""

import io
import pathlib

import numpy as np
import tifffile
from PIL import Image

OUT = pathlib.Path(__file__).parent / "corpus" / "open"
PIXELS = np.arange(24 * 20 * 3, dtype="uint32").reshape(24, 20, 3).astype("uint8")
APERIO = "Aperio Image Library v1\r\n20x24 (16x16)|AppMag = 40|MPP = 0.25"


def tiff(name, data=PIXELS, big=False, order="<", **options):
    options = {"metadata": None, "software": False, "photometric": "rgb", **options}
    with tifffile.TiffWriter(OUT / name, bigtiff=big, byteorder=order) as out:
        out.write(data, **options)


OUT.mkdir(parents=True, exist_ok=True)
tiff("strips-raw", rowsperstrip=5)
tiff("strips-packbits", compression="packbits")
tiff("tiles-lzw", compression="lzw", predictor=2, tile=(16, 16))
tiff("tiles-deflate-16-bit", PIXELS.astype("uint16") * 257, order=">", compression="zlib",
     predictor=2, tile=(16, 16))
tiff("tiles-zstd-bigtiff", big=True, compression="zstd", tile=(16, 16))
tiff("tiles-jpeg", compression="jpeg", tile=(16, 16), description=APERIO)
tiff("tiles-jpeg2000", compression="aperio_jp2000_rgb", tile=(16, 16), description=APERIO)
tiff("planes", np.ascontiguousarray(np.moveaxis(PIXELS, -1, 0)), planarconfig="separate")
tiff("grey", PIXELS[..., 0], photometric="miniswhite")
tiff("palette", PIXELS[..., 0], photometric="palette",
     colormap=np.arange(768, dtype="uint16").reshape(3, 256))
with tifffile.TiffWriter(OUT / "ome-subifd", ome=True) as out:
    options = {"photometric": "rgb", "compression": "zlib", "tile": (16, 16), "software": False}
    out.write(PIXELS, subifds=1, metadata={"PhysicalSizeX": 0.25, "PhysicalSizeY": 0.25},
              **options)
    out.write(np.ascontiguousarray(PIXELS[::2, ::2]), subfiletype=1, metadata=None, **options)
for name in ("png", "jpeg"):
    stream = io.BytesIO()
    Image.fromarray(PIXELS).save(stream, name)
    (OUT / name).write_bytes(stream.getvalue())

"""Makes the seed corpora: short conversations at the tile socket, and manifests.

    python seeds.py

Needs nothing but the standard library.
"""

import hashlib
import json
import pathlib
import struct

HERE = pathlib.Path(__file__).parent
JPEG = (HERE / "../../slide/tests/data/rgb.jpg").read_bytes()
HELLO = {"protocol": "margay-tile", "version": 1, "client": "seed"}


def frame(kind, body):
    if isinstance(body, dict):
        body = json.dumps(body).encode()
    return struct.pack("<IB", 1 + len(body), kind) + body


def hello(**changes):
    return frame(1, {**HELLO, **changes})


def begin(slide="S", **changes):
    return frame(2, {"slide": slide, "width_px": 192, "height_px": 160, "mpp": 0.25, **changes})


def tile(x=0, y=0, handle=1, size=(2, 1), data=b"\xff\0\0\0\xff\0", mpp=0.25, level=0, encoding=2):
    header = struct.pack("<IIIIIdBB2x", handle, x, y, *size, mpp, level, encoding)
    return frame(3, header + hashlib.sha256(data).digest() + data)


def end(tiles, handle=1, accept=False):
    return frame(4, {"handle": handle, "tiles": tiles, "accept_missing": accept})


PING = frame(5, {"token": 7})
CONVERSATIONS = {
    "a-slide": (255, [hello(), PING, begin(), tile(), tile(2), end(2)]),
    "in-pieces-of-a-byte": (1, [hello(), begin(), tile(), end(1)]),
    "a-jpeg": (64, [hello(), begin(), tile(96, 80, size=(96, 80), data=JPEG, encoding=1), end(1)]),
    "without-a-credit": (9, [hello(), begin(), *(tile(2 * i) for i in range(9))]),
    "every-refusal": (30, [
        hello(), begin(), tile(handle=9), tile(1 << 31), tile(size=(0, 0)), tile(mpp=0.5),
        tile(level=1), tile(encoding=7), tile(size=(3, 1)), tile(encoding=1), begin(mpp=9.0),
        begin("a/b"), begin(width_px=0), end(1, 5), end(1), tile(), end(1),
    ]),
    "many-slides": (77, [hello(), *(begin(f"S-{i}") for i in range(20)), end(0), begin("T")]),
    "another-version": (8, [hello(version=2)]),
    "twice-hello": (8, [hello(), hello()]),
    "no-hello": (8, [PING]),
    "not-our-protocol": (5, [b"GET / HTTP/1.1\r\nHost: box\r\n\r\n"]),
}
FILE = {"file": "a/S-1.svs", "bytes": 3, "sha256": hashlib.sha256(b"abc").hexdigest()}
MANIFESTS = {
    "slides": {"format": 1, "files": [FILE, {**FILE, "file": "b.svs"}]},
    "tiles": {
        "format": 1,
        "slide": {"slide": "S", "width_px": 8, "height_px": 8, "mpp": 0.25},
        "tiles": [{**FILE, "file": f"{x}_0.jpg", "x": x, "y": 0} for x in (0, 4)],
    },
}

for target in ("frames", "manifest"):
    (HERE / "corpus" / target).mkdir(parents=True, exist_ok=True)
for name, (piece, frames) in CONVERSATIONS.items():
    (HERE / "corpus/frames" / name).write_bytes(bytes([piece]) + b"".join(frames))
for name, manifest in MANIFESTS.items():
    (HERE / "corpus/manifest" / name).write_text(json.dumps(manifest))

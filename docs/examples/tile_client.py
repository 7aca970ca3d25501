"""Sends the JPEG tiles of one slide to a Margay box. Standard library only.

    python3 tile_client.py ADDRESS SLIDE WIDTH_PX HEIGHT_PX UM_PER_PX TILES

ADDRESS is HOST:PORT or unix:PATH. TILES is a folder of files named x_y.jpg (first column and row of
the tile in level-0 pixels), or a text file with a line "x y path" for each tile.

Exit codes: 0 the box has every tile; 1 it refused some, or the slide; 2 usage; 3 the line is lost for
good. The protocol is written down in docs/tile-protocol.md.
"""

import hashlib
import json
import pathlib
import socket
import struct
import sys
import time

HELLO, SLIDE_BEGIN, TILE, SLIDE_END = 0x01, 0x02, 0x03, 0x04
WELCOME, SLIDE_OPEN, ACK, REFUSE, CREDIT, SLIDE_ENDED, PONG, GOODBYE = range(0x81, 0x89)

JPEG = 1
ATTEMPTS = 5
# The same bytes may be taken later.
TRY_AGAIN = {"no_credit", "no_room", "failed"}


class Refused(Exception):
    """The box does not take the slide."""


class Line:
    """Frames over a socket: u32 length, u8 kind, body; little endian."""

    def __init__(self, address):
        if address.startswith("unix:"):
            self.socket = socket.socket(socket.AF_UNIX)
            self.socket.connect(address[5:])
        else:
            host, port = address.rsplit(":", 1)
            self.socket = socket.create_connection((host, int(port)))
        self.file = self.socket.makefile("rb")

    def send(self, kind, body):
        if isinstance(body, dict):
            body = json.dumps(body).encode()
        self.socket.sendall(struct.pack("<IB", 1 + len(body), kind) + body)

    def receive(self):
        length, kind = struct.unpack("<IB", self.exactly(5))
        body = json.loads(self.exactly(length - 1))
        if kind == GOODBYE:
            raise Refused(f"goodbye ({body['code']}): {body['reason']}; {body['remedy']}")
        return kind, body

    def exactly(self, count):
        data = self.file.read(count)
        if len(data) < count:
            raise ConnectionError("the box hung up")
        return data

    def close(self):
        self.file.close()
        self.socket.close()


def jpeg_size(data):
    """Columns and rows, from the start-of-frame segment."""
    at = 2
    while data[at] == 0xFF:
        marker, length = data[at + 1], struct.unpack(">H", data[at + 2:at + 4])[0]
        if 0xC0 <= marker <= 0xCF and marker not in (0xC4, 0xC8, 0xCC):
            height, width = struct.unpack(">HH", data[at + 5:at + 9])
            return width, height
        at += 2 + length
    raise ValueError("no start-of-frame segment")


def list_tiles(where):
    """(x, y, path) of each tile, row by row."""
    where = pathlib.Path(where)
    if where.is_dir():
        tiles = [(*map(int, path.stem.split("_")), path) for path in where.glob("*_*.jpg")]
    else:
        lines = [line.split(maxsplit=2) for line in where.read_text().splitlines() if line.strip()]
        tiles = [(int(x), int(y), where.parent / path) for x, y, path in lines]
    return sorted(tiles, key=lambda tile: (tile[1], tile[0]))


def open_slide(line, slide):
    """Says hello and begins the slide: credits, handle, and what the box has."""
    line.send(HELLO, {"protocol": "margay-tile", "version": 1, "client": "tile_client.py 1"})
    _, welcome = line.receive()
    line.send(SLIDE_BEGIN, slide)
    held, more = {}, True
    while more:
        kind, page = line.receive()
        if kind == REFUSE:
            raise Refused(f"{page['code']}: {page['reason']}; {page['remedy']}")
        held.update({(tile["x"], tile["y"]): tile["sha256"] for tile in page["tiles"]})
        more = page["more"]
    return welcome["credits"], page["handle"], held


def send_tile(line, handle, mpp, x, y, data):
    width, height = jpeg_size(data)
    header = struct.pack("<IIIIIdBB2x", handle, x, y, width, height, mpp, 0, JPEG)
    line.send(TILE, header + hashlib.sha256(data).digest() + data)


def send_slide(line, slide, tiles):
    """Sends what the box does not have, and ends the slide; returns the counts."""
    credits, handle, held = open_slide(line, slide)
    count = {"stored": 0, "duplicate": 0, "refused": 0}
    queue, on_the_way = list(reversed(tiles)), {}
    while queue or on_the_way:
        while queue and credits > 0:
            x, y, path = queue.pop()
            data = path.read_bytes()
            if held.get((x, y)) == hashlib.sha256(data).hexdigest():
                count["duplicate"] += 1
                continue
            send_tile(line, handle, slide["mpp"], x, y, data)
            on_the_way[x, y] = path
            credits -= 1
        if not on_the_way:
            # Either all is answered, or the box holds its credits back.
            if not queue:
                break
        kind, body = line.receive()
        if kind == CREDIT:
            credits += body["credits"]
        elif kind == ACK:
            del on_the_way[body["x"], body["y"]]
            count[body["kept"]] += 1
        elif kind == REFUSE:
            place = body["about"]["tile"]
            path = on_the_way.pop((place["x"], place["y"]))
            if body["code"] in TRY_AGAIN:
                queue.insert(0, (place["x"], place["y"], path))
            else:
                count["refused"] += 1
                print(f"{path}: {body['code']}: {body['reason']}; {body['remedy']}", file=sys.stderr)

    line.send(SLIDE_END, {"handle": handle, "tiles": len(tiles), "accept_missing": count["refused"] > 0})
    while True:
        kind, body = line.receive()
        if kind == SLIDE_ENDED:
            return {**count, "held": body["tiles"], "missing": body["missing"]}
        if kind == REFUSE:
            raise Refused(f"{body['code']}: {body['reason']}; {body['remedy']}")


def main():
    if len(sys.argv) != 7:
        print(__doc__, file=sys.stderr)
        return 2
    address, name, width, height, mpp, where = sys.argv[1:]
    slide = {"slide": name, "width_px": int(width), "height_px": int(height), "mpp": float(mpp)}
    tiles = list_tiles(where)
    for attempt in range(ATTEMPTS):
        try:
            line = Line(address)
            try:
                count = send_slide(line, slide, tiles)
            finally:
                line.close()
        except Refused as refused:
            print(refused, file=sys.stderr)
            return 1
        except OSError as error:
            # What the box has acknowledged it keeps; the next attempt sends the rest.
            print(f"the line is lost: {error}", file=sys.stderr)
            time.sleep(attempt)
            continue
        print("stored {stored}, duplicate {duplicate}, refused {refused}; "
              "the box has {held}, misses {missing}".format(**count))
        return 1 if count["missing"] or count["refused"] else 0
    return 3


if __name__ == "__main__":
    sys.exit(main())

"""Cuts the bundled sample tile out of PUMA's metastatic ROI 094 (CC0, Zenodo 15050523).

usage: make_tile.py ROI.tif NUCLEI.geojson

Writes tile.png (256 x 256 px, 0.23 um/px) and tile.json beside this script: the nuclei that lie
wholly inside, with the number of pixels whose centre lies in the outline (even-odd rule, ray
casting in numpy; independent of the rasteriser under test).
Made with Python 3.11, numpy 2.4, OpenCV 5.0.
"""

import json
import pathlib
import sys

import cv2
import numpy as np

LEFT, TOP, EDGE = 608, 768, 256


def pixels_inside(ring):
    centres = np.arange(EDGE) + 0.5
    x, y = np.meshgrid(centres, centres)
    inside = np.zeros((EDGE, EDGE), bool)
    for (x0, y0), (x1, y1) in zip(ring, ring[1:] + ring[:1]):
        if y0 == y1:
            continue
        crosses = (y0 > y) != (y1 > y)
        inside ^= crosses & (x < x0 + (y - y0) * (x1 - x0) / (y1 - y0))
    return int(inside.sum())


def main(roi, geojson):
    here = pathlib.Path(__file__).parent
    image = cv2.imread(roi)[TOP : TOP + EDGE, LEFT : LEFT + EDGE]
    cv2.imwrite(str(here / "tile.png"), image, [cv2.IMWRITE_PNG_COMPRESSION, 9])
    document = json.load(open(geojson))
    nuclei = []
    for feature in document.get("features", document) if isinstance(document, dict) else document:
        if feature["geometry"]["type"] != "Polygon":
            continue
        ring = [[x - LEFT, y - TOP] for x, y in feature["geometry"]["coordinates"][0][:-1]]
        if all(0 <= value <= EDGE for point in ring for value in point):
            name = feature["properties"]["classification"]["name"].removeprefix("nuclei_")
            nuclei.append({"class": name, "pixels": pixels_inside(ring), "ring": ring})
    lines = ",\n".join(json.dumps(nucleus, separators=(",", ":")) for nucleus in nuclei)
    (here / "tile.json").write_text(f"[\n{lines}\n]\n")


main(*sys.argv[1:])

"""Reads what `margay analyze` wrote for the bundled tile with independent programs, and holds the files against each other.

Environment: MARGAY, the program. Needs: numpy, tifffile, imagecodecs, jsonschema, pillow.
"""

import json
import os
import pathlib
import subprocess
import tempfile

import jsonschema
import numpy as np
import tifffile
from PIL import Image

ROOT = pathlib.Path(__file__).resolve().parents[2]
IMAGE = ROOT / "tests/data/puma-metastatic-094.tif"
SIDE = 1024


def main():
    with tempfile.TemporaryDirectory() as folder:
        subprocess.run(
            [os.environ["MARGAY"], "analyze", IMAGE, "--out", folder, "--format", "puma,geojson-gz"],
            check=True, stdout=subprocess.DEVNULL,
        )
        out = pathlib.Path(folder) / IMAGE.stem
        report = json.loads((out / "report.json").read_text())
        jsonschema.validate(report, json.loads((ROOT / "runtime/contract/schemas/report.schema.json").read_text()))
        nuclei = json.loads((out / "nuclei.geojson").read_text())["features"]
        check_nuclei(nuclei, tifffile.imread(out / "nuclei-labels.tif"), report)
        check_tissue(out, report)
        check_puma(out, nuclei)
        assert Image.open(out / "overlay.png").size[0] >= SIDE
        print(f"{len(nuclei)} nuclei: report, GeoJSON, label maps and Grand Challenge files agree")


def check_nuclei(nuclei, labels, report):
    assert labels.shape == (SIDE, SIDE) and labels.dtype == np.uint32, (labels.shape, labels.dtype)
    found = np.unique(labels[labels > 0])
    assert len(found) == len(nuclei) == sum(c["count"] for c in report["nuclei"]), (len(found), len(nuclei))
    assert found[-1] == len(nuclei), "the ids are not 1 to n"

    areas = np.bincount(labels.ravel())
    mpp = report["image"]["mpp"]
    for number, feature in enumerate(nuclei, 1):
        ring = np.array(feature["geometry"]["coordinates"][0])
        assert feature["properties"]["objectType"] == "detection"
        assert (ring[0] == ring[-1]).all() and len(ring) >= 4
        drawn = painted_area(ring)
        # A polygon that is thinned to evenly spaced vertices cuts corners: a few pixels a nucleus.
        assert abs(drawn - areas[number]) <= 4 + 0.1 * areas[number], (number, drawn, areas[number])
        named = {k.lower(): v for k, v in feature["properties"]["measurements"].items()}
        area_um2 = next(v for k, v in named.items() if "area" in k)
        assert abs(area_um2 - drawn * mpp * mpp) <= 2 + 0.15 * area_um2, (number, area_um2, drawn)


def painted_area(ring):
    x, y = ring[:, 0], ring[:, 1]
    return abs(np.sum(x[:-1] * y[1:] - x[1:] * y[:-1])) / 2


def check_tissue(out, report):
    tissue = tifffile.imread(out / "tissue-labels.tif")
    shares = {i: float((tissue == i).mean()) for i in range(len(report["tissue"]))}
    for index, area in enumerate(report["tissue"]):
        assert abs(area["fraction"] - shares[index]) < 0.03, (area, shares)
    for feature in json.loads((out / "tissue.geojson").read_text())["features"]:
        assert feature["properties"]["objectType"] == "annotation"


def check_puma(out, nuclei):
    polygons = json.loads(next(out.glob("melanoma-*-class-nuclei-segmentation.json")).read_text())
    assert polygons["type"] == "Multiple polygons" and polygons["version"] == {"major": 1, "minor": 0}
    assert len(polygons["polygons"]) == len(nuclei)
    allowed = {"name", "type", "seed_point", "path_points", "sub_type", "groups", "probability"}
    for polygon in polygons["polygons"]:
        assert set(polygon) <= allowed and {"seed_point", "path_points", "sub_type", "groups"} <= set(polygon)
    mask = tifffile.imread(out / "images/melanoma-tissue-mask-segmentation/tissue.tif")
    assert mask.shape == (SIDE, SIDE) and mask.max() <= 5


main()

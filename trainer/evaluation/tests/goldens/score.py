"""Golden figures of `score`, file by file and over all, from the definitions.

Run: python score.py
writes results/NAME.json, a made-up result (`puma_nuclei.perturbed`) for each of excerpts/NAME.geojson in
Grand Challenge's layout, and score.json, the figures of these against the excerpts in track 1 and at
0.23 µm/px. Counts and matching are those of the programs beside this one; here are the names, the centres
of area and the pixels.
"""
import json
import pathlib

import numpy as np

import detection
import instances
import puma_nuclei

HERE = pathlib.Path(__file__).parent
MPP = 0.23
RADII = {"15 px": 15.0, "3 µm": 3.0 / MPP}
KEPT = {"nuclei_tumor": "nuclei_tumor", "nuclei_lymphocyte": "nuclei_lymphocyte",
        "nuclei_plasma_cell": "nuclei_lymphocyte"}


def track_1(nuclei):
    return [[KEPT.get(name, "nuclei_other"), score, points] for name, score, points in nuclei]


def centre(points):
    """Centre of area of a polygon, by triangles with its first vertex."""
    p = np.array(points)
    a, b = p - p[0], np.roll(p, -1, axis=0) - p[0]
    cross = a[:, 0] * b[:, 1] - b[:, 0] * a[:, 1]
    return p[0] + ((a + b) * cross[:, None]).sum(0) / (3 * cross.sum())


def paint(nuclei, width, height):
    """Pixels whose centre has an odd number of crossings at it or left of it."""
    labels = np.zeros((height, width), np.int64)
    columns = np.arange(width) + 0.5
    for label, (_, _, points) in enumerate(nuclei, 1):
        top, bottom = min(p[1] for p in points), max(p[1] for p in points)
        for row in range(max(0, int(top) - 1), min(height, int(bottom) + 2)):
            y, odd = row + 0.5, np.zeros(width, bool)
            for a, b in zip(points, points[1:] + points[:1]):
                upper, lower = (a, b) if a[1] <= b[1] else (b, a)
                if upper[1] <= y < lower[1]:
                    odd ^= columns >= upper[0] + (y - upper[1]) * ((lower[0] - upper[0]) / (lower[1] - upper[1]))
            labels[row, odd] = label
    return labels


def outlines(truth, predicted):
    points = [p for _, _, ring in truth + predicted for p in ring]
    width, height = (int(np.ceil(max(p[axis] for p in points))) for axis in (0, 1))
    found = instances.figures(paint(truth, width, height), paint(predicted, width, height))
    index = lambda pair: pair[0] / pair[1]
    panoptic = found["panoptic"]
    return [found["dice"], index(found["aji"]), index(found["aji_plus"]), panoptic["dq"], panoptic["sq"], panoptic["pq"]]


def dots(nuclei, names):
    return [[*map(float, centre(points)), names.index(name)] for name, _, points in nuclei]


def f1(tp, fp, fn):
    return 2 * tp / (2 * tp + fp + fn) if tp + fp + fn else None


def within(pairs, names, radius):
    """Of one set: for each class and for all, F1 by the three rules."""
    detection.RADIUS, detection.CLASSES = radius, len(names)
    cases, greedy = [], np.zeros((len(names) + 1, 3), int)
    for truth, predicted in pairs:
        t, p = dots(truth, names), dots(predicted, names)
        of = lambda nuclei, k: [d[:2] for d in nuclei if k in (d[2], None)]
        greedy += [detection.greedy(of(t, k), of(p, k), radius) for k in [*range(len(names)), None]]
        at = [np.array([d[:2] for d in nuclei]) for nuclei in (t, p)]
        cases.append({"truth": t, "predicted": p, "published": detection.published(*at), "near": detection.within(*at)})
    published, near = (detection.totals(cases, rule) for rule in ("published", "near"))
    of_class = [[f1(*map(int, greedy[k])), published["f_c"][k], near["f_c"][k]] for k in range(len(names))]
    return {"classes": of_class, "all": [f1(*map(int, greedy[-1])), published["f_d"], near["f_d"]]}


def figures(pairs):
    files = [puma_nuclei.score_file(truth, predicted) for truth, predicted in pairs]
    puma = puma_nuclei.score_set(files)
    names = sorted({n[0] for pair in pairs for nuclei in pair for n in nuclei})
    return {
        "macro": puma["macro"],
        "micro": sum(file["micro"][2] for file in files) / len(files),
        "classes": puma["classes"],
        "names": names,
        "within": {radius: within(pairs, names, px) for radius, px in RADII.items()},
        "outlines": np.mean([outlines(*pair) for pair in pairs], axis=0).tolist(),
    }


def result_of(truth):
    """`perturbed`, as a file of the platform; scores are the evaluation's own field."""
    predicted = puma_nuclei.perturbed(truth)
    polygons = [{"name": name, "score": score, "path_points": [[x, y, 0.5] for x, y in points]}
                for name, score, points in predicted]
    return predicted, {"type": "Multiple polygons", "version": {"major": 1, "minor": 0}, "polygons": polygons}


def main():
    pairs = {}
    (HERE / "results").mkdir(exist_ok=True)
    for path in sorted((HERE / "excerpts").glob("*.geojson")):
        truth = puma_nuclei.read(json.loads(path.read_text()))
        predicted, written = result_of(truth)
        # Two decimals, as files have; the figures are of what the file says.
        written = json.loads(json.dumps(written), parse_float=lambda text: round(float(text), 2))
        puma_nuclei.write(HERE / "results" / f"{path.stem}.json", written)
        predicted = [[p["name"], p["score"], [v[:2] for v in p["path_points"]]] for p in written["polygons"]]
        pairs[path.stem] = (track_1(truth), track_1(predicted))
    puma_nuclei.write(HERE / "score.json", {"images": {name: figures([pair]) for name, pair in pairs.items()},
                                            "all": figures(list(pairs.values()))})


if __name__ == "__main__":
    main()

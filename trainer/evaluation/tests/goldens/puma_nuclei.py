"""Golden figures of the PUMA challenge's nuclei, from its definition, with NumPy in float64.

Run: python puma_nuclei.py FOLDER_OF_PUMA_GEOJSON
writes puma_nuclei.json (random cases), puma_real.json (figures of all files of the folder and of the
excerpts, under `perturbed`) and excerpts/*.geojson (the first nuclei of some files, and those of
several parts).
"""
import json
import math
import pathlib
import sys

import numpy as np

HERE = pathlib.Path(__file__).parent
EXCERPTS = {"training_set_metastatic_roi_094": 70, "training_set_primary_roi_004": 60, "training_set_primary_roi_034": 50}


def centroid(points):
    return np.mean(np.array(points), axis=0)


def features(nuclei):
    return [(name, score, centroid(points)) for name, score, points in nuclei if len(points) >= 3]


def match(truth, predicted, trap=None):
    """Class names of the pairs; `truth` and `predicted` are lists of features.

    `trap` is a mistake that a reader of the definition may make; it serves to find cases that show it.
    """
    free, pairs = list(predicted), []
    for name, _, at in truth:
        candidates = []
        for index, (other, score, there) in enumerate(free):
            distance = np.linalg.norm(at - there)
            if trap == "plain norm":
                distance = math.sqrt(float((at - there)[0]) ** 2 + float((at - there)[1]) ** 2)
            if other == name and distance < 15:
                candidates.append((0 if trap == "no score" else -score, 0 if trap == "no distance" else distance, index))
        if candidates:
            chosen = min(candidates)[2]
            # The first of the class that lies exactly where the chosen one lies goes.
            gone = next(i for i, f in enumerate(free) if f[0] == name and np.array_equal(f[2], free[chosen][2]))
            del free[chosen if trap == "chosen goes" else gone]
            pairs.append(name)
    return pairs


def prf(tp, fp, fn):
    precision = tp / (tp + fp) if tp + fp > 0 else 0
    recall = tp / (tp + fn) if tp + fn > 0 else 0
    f1 = 2 * precision * recall / (precision + recall) if precision + recall > 0 else 0
    return precision, recall, f1


def numbers(values):
    return [None if math.isnan(v) else float(v) for v in values]


def score_file(truth, predicted):
    truth, predicted = features(truth), features(predicted)
    pairs = match(truth, predicted)
    classes = {}
    for name in sorted({f[0] for f in truth} | {f[0] for f in predicted}):
        tp = pairs.count(name)
        classes[name] = (tp, sum(f[0] == name for f in predicted) - tp, sum(f[0] == name for f in truth) - tp)
    total = [sum(c[i] for c in classes.values()) for i in range(3)]
    f1s = [prf(*counts)[2] for counts in classes.values()]
    macro = np.mean(f1s) if f1s else float("nan")
    return {"classes": classes, "micro": numbers(prf(*total)), "macro": numbers([macro])[0]}


def score_set(files):
    sums, pooled, holding = {}, {}, {}
    for file in files:
        for name, counts in file["classes"].items():
            sums[name] = sums.get(name, 0) + np.float64(prf(*counts)[2])
            pooled[name] = [a + b for a, b in zip(pooled.get(name, [0, 0, 0]), counts)]
            holding[name] = holding.get(name, 0) + (counts[0] + counts[2] > 0)
    official = {name: total / len(files) for name, total in sums.items()}
    macro = np.mean(list(official.values())) if official else float("nan")
    return {"classes": [[name, float(value), pooled[name], holding[name]] for name, value in official.items()],
            "macro": numbers([macro])[0]}


TRAPS = ["plain norm", "no score", "no distance", "chosen goes"]


def falls_for(trap, case):
    truth, predicted = features(case[0]), features(case[1])
    return sorted(match(truth, predicted)) != sorted(match(truth, predicted, trap))


def mirrored_case(rng):
    """Two predictions whose distances to the first truth are equal but for their last bit; the second truth
    reaches the one of them alone."""
    at = lambda x, y: [[x - 1, y], [x + 1, y + 3], [x, y - 3]]
    x, y = (rng.integers(150, 600, 2) / 7).tolist()
    a, b = (rng.integers(55, 68) / 7, rng.integers(8, 20) / 7)
    outward = 12 / math.sqrt(2)
    truth = [at(x, y), at(x + a + outward, y + b - outward)]
    predicted = [at(x + a, y + b), at(x + b, y + a)]
    nuclei = lambda polygons: [["nuclei_a", 1.0, points] for points in polygons]
    return nuclei(truth), nuclei(predicted)


def chosen_cases(rng):
    """Cases that show each trap, and some more."""
    cases = [random_case(rng) for _ in range(6)]
    for trap in TRAPS:
        found = 0
        while found < 4:
            case = mirrored_case(rng) if trap == "plain norm" else random_case(rng)
            if falls_for(trap, case):
                cases.append(case)
                found += 1
    return cases


def random_case(rng):
    """Nuclei on a coarse lattice, so that distances, centroids and scores tie."""
    names = ["nuclei_a", "nuclei_b"]

    def nuclei(count, scores):
        out = []
        for _ in range(count):
            x, y = (rng.integers(0, (13, 4)) * 5).tolist()
            corners = [[x - 1, y], [x + 1, y], [x, y + 3], [x, y - 3]][: int(rng.integers(2, 5))]
            if rng.random() < 0.5:
                corners = [[cx + float(rng.integers(0, 8)) / 7, cy] for cx, cy in corners]
            out.append([names[int(rng.integers(0, 2))], float(rng.choice(scores)), corners])
        return out

    return nuclei(int(rng.integers(0, 13)), [1.0]), nuclei(int(rng.integers(0, 16)), [0.25, 0.5, 1.0])


def outline(geometry):
    """Exterior ring; of several parts that of the largest, the first of equals."""
    if geometry["type"] == "Polygon":
        return geometry["coordinates"][0]

    def area(ring):
        return abs(sum(a[0] * b[1] - b[0] * a[1] for a, b in zip(ring, ring[1:] + ring[:1]))) / 2

    return max((part[0] for part in geometry["coordinates"]), key=area)


def read(collection):
    return [[f["properties"]["classification"]["name"], 1.0, outline(f["geometry"])] for f in collection["features"]]


def perturbed(nuclei):
    """A made-up prediction: moved, dropped, relabelled, scored, doubled. The tests do the same."""
    out = []
    for i, (name, _, points) in enumerate(nuclei):
        if i % 11 == 3:
            continue
        dx, dy = (i * 37 % 61 - 30) * 0.37, (i * 53 % 59 - 29) * 0.29
        name = nuclei[(i + 1) % len(nuclei)][0] if i % 13 == 5 else name
        moved = [[x + dx, y + dy] for x, y in points]
        out.append([name, (i * 29 % 17) / 16, moved])
        if i % 17 == 2:
            out.append([name, (i * 31 % 13) / 16, moved])
    return out


def score_collection(collection):
    nuclei = read(collection)
    scored = perturbed(nuclei)
    unscored = [[name, 1.0, points] for name, _, points in scored]
    return {"scored": score_file(nuclei, scored), "unscored": score_file(nuclei, unscored)}


def excerpt(collection, count):
    kept = [f for i, f in enumerate(collection["features"]) if i < count or f["geometry"]["type"] == "MultiPolygon"]
    fields = [{"type": "Feature", "geometry": f["geometry"],
               "properties": {"classification": {"name": f["properties"]["classification"]["name"]}}} for f in kept]
    return {"type": "FeatureCollection", "features": fields}


def write(path, value):
    path.write_text(json.dumps(value, separators=(",", ":")) + "\n")


def score_all(collections):
    scores = {name: score_collection(c) for name, c in sorted(collections.items())}
    sets = {kind: score_set([s[kind] for s in scores.values()]) for kind in ("scored", "unscored")}
    return {"files": scores, "sets": sets}


def main(folder):
    rng = np.random.default_rng(3)
    cases = []
    for truth, predicted in chosen_cases(rng):
        cases.append({"truth": truth, "predicted": predicted, **score_file(truth, predicted)})
    write(HERE / "puma_nuclei.json", {"cases": cases, "set": score_set(cases)})

    stem = lambda path: path.name.removesuffix("_nuclei.geojson")
    real = {stem(path): json.loads(path.read_text()) for path in sorted(folder.glob("*.geojson"))}
    cut = {name: excerpt(real[name], count) for name, count in EXCERPTS.items()}
    for name, collection in cut.items():
        write(HERE / "excerpts" / f"{name}.geojson", collection)
    write(HERE / "puma_real.json", {"excerpts": score_all(cut), "all": score_all(real)})

    values = lambda n: [(k * k * 7919 % 10007) / 10007 for k in range(1, n + 1)]
    lengths = [1, 2, 7, 8, 9, 10, 15, 16, 17, 127, 128, 129, 130, 136, 200, 256, 257, 300, 1000]
    write(HERE / "means.json", [[n, float(np.mean(values(n)))] for n in lengths])


if __name__ == "__main__":
    main(pathlib.Path(sys.argv[1]))

"""Golden counts of detection by distance, from the definitions.

MCSpatNet (Abousamra et al. 2021): truths in raster order take the nearest free prediction below the
radius. HoVer-Net (Graham et al. 2019): assignment by SciPy, over all pairs (published) or with pairs
beyond the radius made as costly as no pair. Run: python detection.py > detection.json
"""
import json

import numpy as np
from scipy.optimize import linear_sum_assignment

RADIUS, CLASSES, CASES = 12.0, 3, 14


def greedy(truth, predicted, radius):
    free, hits = list(range(len(predicted))), 0
    for x, y in sorted(truth, key=lambda p: (p[1], p[0])):
        near = [(float(np.sqrt((x - predicted[j][0]) ** 2 + (y - predicted[j][1]) ** 2)), j) for j in free]
        near = [pair for pair in near if pair[0] < radius]
        if near:
            free.remove(min(near)[1])
            hits += 1
    return [hits, len(predicted) - hits, len(truth) - hits]


def distances(truth, predicted):
    return np.sqrt(((truth[:, None] - predicted[None]) ** 2).sum(-1))


def published(truth, predicted):
    d = distances(truth, predicted)
    return [[int(i), int(j)] for i, j in zip(*linear_sum_assignment(d)) if d[i, j] <= RADIUS]


def within(truth, predicted):
    d = distances(truth, predicted)
    costs = np.where(d <= RADIUS, d, 1e6)
    return [[int(i), int(j)] for i, j in zip(*linear_sum_assignment(costs)) if d[i, j] <= RADIUS]


def totals(cases, pairing):
    """Counts over all images: [tp, fp, fn] of the detection, five counts a class, F_c."""
    found = spurious = missed = agreed = 0
    classes = [[0] * 5 for _ in range(CLASSES)]
    for case in cases:
        truth, predicted, pairs = case["truth"], case["predicted"], case[pairing]
        for i, j in pairs:
            t, p = truth[i][2], predicted[j][2]
            found, agreed = found + 1, agreed + (t == p)
            for k in range(CLASSES):
                classes[k][0] += t == k and p == k
                classes[k][1] += t != k and p == k
                classes[k][2] += t == k and p != k
        for j, dot in enumerate(predicted):
            if j not in [pair[1] for pair in pairs]:
                spurious, classes[dot[2]][3] = spurious + 1, classes[dot[2]][3] + 1
        for i, dot in enumerate(truth):
            if i not in [pair[0] for pair in pairs]:
                missed, classes[dot[2]][4] = missed + 1, classes[dot[2]][4] + 1
    f_c = [2 * a / (2 * a + 2 * fp + 2 * fn + s + m) for a, fp, fn, s, m in classes]
    return {"detection": [found, spurious, missed], "f_d": 2 * found / (2 * found + spurious + missed),
            "classes": classes, "f_c": f_c, "accuracy": agreed / found}


def main():
    rng, cases = np.random.default_rng(7), []
    for case in range(CASES):
        side = 90 if case % 2 else 200
        truth = np.round(rng.uniform(0, side, (int(rng.integers(3, 40)), 2)), 2)
        keep = rng.random(len(truth)) < 0.85
        moved = np.round(truth[keep] + rng.normal(0, 5, (int(keep.sum()), 2)), 2)
        predicted = np.concatenate([moved, np.round(rng.uniform(0, side, (int(rng.integers(1, 8)), 2)), 2)])
        predicted = predicted[rng.permutation(len(predicted))]
        t, p = rng.integers(0, CLASSES, len(truth)), rng.integers(0, CLASSES, len(predicted))
        cases.append({
            "truth": [[*map(float, xy), int(k)] for xy, k in zip(truth, t)],
            "predicted": [[*map(float, xy), int(k)] for xy, k in zip(predicted, p)],
            "greedy": greedy(truth.tolist(), predicted.tolist(), RADIUS),
            "greedy_classes": [greedy(truth[t == k].tolist(), predicted[p == k].tolist(), RADIUS)
                               for k in range(CLASSES)],
            "published": published(truth, predicted),
            "within": within(truth, predicted),
        })
    print(json.dumps({"radius": RADIUS, "classes": CLASSES, "cases": cases,
                      "totals": {name: totals(cases, name) for name in ("published", "within")}},
                     separators=(",", ":")))


if __name__ == "__main__":
    main()

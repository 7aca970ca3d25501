"""Golden figures of instance segmentation, from their definitions.

Dice 1945; AJI: Kumar et al. 2017, algorithm 1; AJI+: Graham et al. 2019; PQ: Kirillov et al. 2019.
Every nucleus is a Boolean mask and every pair is compared: slow, and independent of the code under
test. Run: python instances.py > instances.json
"""
import json

import numpy as np
from scipy.optimize import linear_sum_assignment

SIDE, CLASSES, CASES = 30, 3, 16


def disks(rng, count):
    """Random disks, later ones over earlier ones; labels with gaps and not in raster order."""
    labels = np.zeros((SIDE, SIDE), np.int64)
    y, x = np.mgrid[:SIDE, :SIDE]
    for label in rng.permutation(np.arange(1, count + 1) * 3):
        cy, cx, r = rng.uniform(0, SIDE), rng.uniform(0, SIDE), rng.uniform(1.5, 5.5)
        labels[(y - cy) ** 2 + (x - cx) ** 2 <= r * r] = label
    return labels


def perturbed(rng, truth):
    """Moves, merges, drops and invents nuclei."""
    predicted = np.zeros_like(truth)
    for label in np.unique(truth[truth > 0]):
        if rng.random() < 0.15:
            continue
        dy, dx = rng.integers(-2, 3, 2)
        moved = np.roll(truth == label, (dy, dx), (0, 1))
        predicted[moved] = label + (0 if rng.random() < 0.8 else 3) + 100
    for label in range(500, 500 + rng.integers(0, 3)):
        y, x = rng.integers(0, SIDE - 4, 2)
        predicted[y:y + 4, x:x + 4] = label
    return predicted


def figures(truth, predicted):
    t_ids, p_ids = [i for i in np.unique(truth) if i], [i for i in np.unique(predicted) if i]
    t_masks, p_masks = [truth == i for i in t_ids], [predicted == i for i in p_ids]
    inter = np.array([[int((t & p).sum()) for p in p_masks] for t in t_masks]).reshape(len(t_ids), len(p_ids))
    union = np.array([[int((t | p).sum()) for p in p_masks] for t in t_masks]).reshape(len(t_ids), len(p_ids))

    def aggregate(pairs):
        c = sum(int(inter[i, j]) for i, j in pairs)
        u = sum(int(union[i, j]) for i, j in pairs)
        u += sum(int(m.sum()) for i, m in enumerate(t_masks) if i not in {i for i, _ in pairs})
        u += sum(int(m.sum()) for j, m in enumerate(p_masks) if j not in {j for _, j in pairs})
        return [c, u]

    greedy, unique = [], []
    if len(t_ids) and len(p_ids):
        iou = inter / union
        greedy = [(i, int(iou[i].argmax())) for i in range(len(t_ids)) if iou[i].max() > 0]
        rows, columns = linear_sum_assignment(iou, maximize=True)
        unique = [(i, j) for i, j in zip(rows, columns) if inter[i, j] > 0]

    def panoptic(rows, columns):
        tp, iou_sum = 0, 0.0
        for i in rows:
            for j in columns:
                if inter[i, j] / union[i, j] > 0.5:
                    tp, iou_sum = tp + 1, iou_sum + float(inter[i, j] / union[i, j])
        fp, fn = len(columns) - tp, len(rows) - tp
        half = tp + 0.5 * fp + 0.5 * fn
        pq = iou_sum / half if half else None
        return {"tp": tp, "fp": fp, "fn": fn, "iou_sum": iou_sum, "pq": pq,
                "dq": tp / half if half else None, "sq": iou_sum / tp if tp else None}

    both, total = int(((truth > 0) & (predicted > 0)).sum()), int((truth > 0).sum() + (predicted > 0).sum())
    class_of = lambda label: int(label) // 3 % CLASSES
    by_class = [panoptic([i for i, l in enumerate(t_ids) if class_of(l) == k],
                         [j for j, l in enumerate(p_ids) if class_of(l) == k]) for k in range(CLASSES)]
    return {"dice": 2 * both / total if total else None, "aji": aggregate(greedy), "aji_plus": aggregate(unique),
            "panoptic": panoptic(range(len(t_ids)), range(len(p_ids))), "classes": by_class}


def runs(labels):
    """Run lengths of the flattened map: [label, length, …]."""
    flat, out = labels.ravel().tolist(), []
    for value in flat:
        if out and out[-2] == value:
            out[-1] += 1
        else:
            out += [value, 1]
    return out


def mean(values):
    values = [v for v in values if v is not None]
    total = 0.0
    for v in values:
        total += v
    return total / len(values) if values else None


def main():
    rng, cases = np.random.default_rng(20), []
    for case in range(CASES):
        truth = disks(rng, int(rng.integers(2, 14)))
        predicted = perturbed(rng, truth)
        if case == CASES - 2:
            predicted[:] = 0
        if case == CASES - 1:
            truth[:] = 0
        cases.append({"truth": runs(truth), "predicted": runs(predicted), **figures(truth, predicted)})
    present = [[c["pq"] if c["tp"] + c["fn"] else None for c in case["classes"]] for case in cases]
    print(json.dumps({"side": SIDE, "classes": CLASSES, "cases": cases,
                      "mpq": mean([mean(image) for image in present]),
                      "class_pq": [mean([image[k] for image in present]) for k in range(CLASSES)]},
                     separators=(",", ":")))


if __name__ == "__main__":
    main()

"""Golden figures of the PUMA challenge's tissue, from its definition, with Pillow and NumPy.

Run: python puma_tissue.py > puma_tissue.json
"""
import json

import numpy as np
from PIL import Image

EPS = 0.00001
SIZES = [1, 2, 3, 7, 100, 333, 500, 512, 777, 1000, 1023, 1024, 1025, 1365, 1500, 2047, 2048, 3000, 5000, 5120]


def resized(mask):
    return np.array(Image.fromarray(mask).resize((1024, 1024), Image.NEAREST))


def counts(truth, predicted, label):
    t, p = truth == label, predicted == label
    return int((t & p).sum()), int(t.sum()), int(p.sum())


def image_dice(truth, predicted):
    scores = []
    for label in range(1, 6):
        i, a, b = counts(truth, predicted, label)
        scores.append(1.0 if a + b == 0 else (2 * i + EPS) / (a + b + EPS))
    total = 0.0
    for score in scores:
        total += score
    return scores + [total / 5]


def micro_dice(pairs):
    truth = np.concatenate([t for t, _ in pairs])
    predicted = np.concatenate([p for _, p in pairs])
    scores = []
    for label in range(1, 6):
        i, a, b = counts(truth, predicted, label)
        scores.append(0.0 if i == 0 else (2 * i + EPS) / (a + b + EPS))
    return scores + [float(np.mean(scores))]


def blocks(rng, width, height, labels):
    """A mask of rectangles."""
    mask = np.zeros((height, width), np.uint8)
    for _ in range(12):
        x, y = rng.integers(0, width), rng.integers(0, height)
        w, h = rng.integers(1, width + 1), rng.integers(1, height + 1)
        mask[y:y + h, x:x + w] = rng.choice(labels)
    return mask


def digest(values):
    total = 0
    for value in values:
        total = (total * 31 + int(value)) % 2**32
    return total


def main():
    rng, cases, pairs = np.random.default_rng(11), [], []
    shapes = [((40, 30), (40, 30)), ((37, 53), (31, 29)), ((1, 1), (2, 3)), ((64, 20), (20, 64)), ((33, 33), (33, 33))]
    for n, (truth_size, predicted_size) in enumerate(shapes):
        labels = [0, 1, 2, 3, 4] if n != 1 else [0, 1, 3]
        truth = blocks(rng, *truth_size, labels)
        predicted = blocks(rng, *predicted_size, labels)
        if n in (0, 4):
            predicted = np.where(rng.random(truth.shape) < 0.8, truth, predicted).astype(np.uint8)
        pairs.append((resized(truth), resized(predicted)))
        text = lambda mask: ["".join(map(str, row)) for row in mask.tolist()]
        cases.append({"truth": text(truth), "predicted": text(predicted), "dice": image_dice(*pairs[-1])})
    means = []
    for k in range(6):
        total = 0
        for case in cases:
            total += case["dice"][k]
        means.append(total / len(cases))
    sizes = []
    for n in SIZES:
        row = (np.arange(n) % 251).astype(np.uint8)
        sizes.append([n, digest(resized(row[None, :])[0]), digest(resized(row[:, None])[:, 0])])
    print(json.dumps({"cases": cases, "micro": micro_dice(pairs), "mean_of_images": means, "sizes": sizes},
                     separators=(",", ":")))


main()

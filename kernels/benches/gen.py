"""Synthetic maps like those of a HoVer-Net, for the post-processing bench and its goldens.

Usage: gen.py FOLDER [NUCLEI ...]     (default: 600 2000)
Writes FOLDER/NUCLEI/{np,h,v,tp,truth}.npy, 1024 x 1024: np, h, v float32; tp float32 [5, 1024, 1024], class
probabilities; truth int32, the instances that the maps were made from. Seed 0, so the files are the same
on every run of the same numpy and scipy. Needs numpy, scipy.
"""
import os
import sys

import numpy as np
from scipy import ndimage as ndi

CLASSES = 5


def draw_nucleus(rng, centre, radius):
    """The pixels of a wobbly ellipse: rows, columns (slices) and a mask."""
    cy, cx = centre
    squeeze, angle = 0.6 + 0.4 * rng.random(), rng.random() * np.pi
    reach = int(radius * 1.4) + 3
    rows = slice(max(0, int(cy) - reach), int(cy) + reach + 1)
    columns = slice(max(0, int(cx) - reach), int(cx) + reach + 1)
    return rows, columns, squeeze, angle


def offsets(mask):
    """Offsets from the centre of mass, normalised to [-1, 1] on either side, as HoVer-Net learns them."""
    out = []
    for places in np.nonzero(mask)[::-1]:
        d = places - places.mean()
        low, high = d < 0, d > 0
        if low.any():
            d[low] /= -d.min()
        if high.any():
            d[high] /= d.max()
        out.append(d)
    return out


def generate(count, size=1024, seed=0, noise=0.05, clump=0.35):
    """np, h, v, tp [CLASSES, size, size], truth."""
    rng = np.random.default_rng(seed)
    mean_radius = 11.0 if count <= 800 else 7.5
    truth = np.zeros((size, size), np.int32)
    hv = np.zeros((2, size, size), np.float32)
    kinds = np.zeros((size, size), np.int32)
    centres, made, tries = [], 0, 0
    while made < count and tries < count * 60:
        tries += 1
        if centres and rng.random() < clump:
            y, x, r = centres[rng.integers(len(centres))]
            turn, far = rng.random() * 2 * np.pi, r + mean_radius * (0.75 + 0.35 * rng.random())
            cy, cx = y + far * np.sin(turn), x + far * np.cos(turn)
            if not (2 < cy < size - 3 and 2 < cx < size - 3):
                continue
        else:
            cy, cx = rng.random(2) * (size - 6) + 3
        radius = max(3.5, rng.normal(mean_radius, mean_radius * 0.2))
        rows, columns, squeeze, angle = draw_nucleus(rng, (cy, cx), radius)
        free = truth[rows, columns]
        yy, xx = np.mgrid[rows.start:rows.start + free.shape[0], columns.start:columns.start + free.shape[1]]
        dy, dx = yy - cy, xx - cx
        u = (dx * np.cos(angle) + dy * np.sin(angle)) / radius
        v = (-dx * np.sin(angle) + dy * np.cos(angle)) / (radius * squeeze)
        around = np.arctan2(v, u)
        rim = 1 + 0.08 * np.sin(3 * around + rng.random() * 6) + 0.05 * np.sin(5 * around + rng.random() * 6)
        inside = u * u + v * v < rim * rim
        mask = inside & (free == 0)
        if mask.sum() < 0.7 * inside.sum() or mask.sum() < 25:
            continue
        parts, n = ndi.label(mask)
        if n > 1:
            sizes = np.bincount(parts.ravel())
            sizes[0] = 0
            mask = parts == sizes.argmax()
        made += 1
        truth[rows, columns][mask] = made
        for axis, values in enumerate(offsets(mask)):
            hv[axis, rows, columns][mask] = values
        kind = np.full(mask.sum(), rng.integers(CLASSES))
        flipped = rng.random(mask.sum()) < 0.12
        kind[flipped] = rng.integers(0, CLASSES, flipped.sum())
        kinds[rows, columns][mask] = kind
        centres.append((cy, cx, radius))
    blur = ndi.gaussian_filter
    normal = lambda *shape: rng.normal(0, 1, shape).astype(np.float32)
    prob = blur((truth > 0).astype(np.float32), 1.0) + blur(normal(size, size), 2) * 3.2 * noise
    hv = blur(hv, (0, 0.8, 0.8)) + blur(normal(2, size, size), (0, 1.5, 1.5)) * noise * 2
    tp = np.full((CLASSES, size, size), 0.4 / (CLASSES - 1), np.float32)
    np.put_along_axis(tp, kinds[None], np.float32(0.6), axis=0)
    return np.clip(prob, 0, 1).astype(np.float32), hv[0].copy(), hv[1].copy(), tp, truth


def write(folder, maps):
    os.makedirs(folder, exist_ok=True)
    for name, values in zip(("np", "h", "v", "tp", "truth"), maps):
        np.save(f"{folder}/{name}.npy", values)


if __name__ == "__main__":
    for count in [int(n) for n in sys.argv[2:]] or [600, 2000]:
        write(f"{sys.argv[1]}/{count}", generate(count))

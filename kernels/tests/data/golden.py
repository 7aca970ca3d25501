"""Goldens of the kernels, made by independent implementations (scikit-image, scipy, OpenCV, numpy).

Usage: golden.py FOLDER_OF_BENCHES     (for gen.py and published_steps.py)
Writes .npy files beside this script, and versions.txt: what they were made with. Only u1, <u2 and <f4 arrays.
"""
import os
import sys

import cv2
import numpy as np
import scipy
import skimage
from scipy import ndimage as ndi
from skimage.morphology import reconstruction
from skimage.segmentation import watershed

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, sys.argv[1])
from gen import generate  # noqa: E402
from published_steps import drop_small, instance_map  # noqa: E402


def save(name, values, kind):
    np.save(f"{HERE}/{name}.npy", np.ascontiguousarray(values).astype(kind))


def hover():
    """A 256 x 256 cut of a synthetic tile in 8 bits, and the published chain on it."""
    prob, h, v, _, _ = generate(400, size=512, seed=11, noise=0.1, clump=0.5)
    cut = np.s_[128:384, 128:384]
    np8 = np.round(prob[cut] * 255)
    h8, v8 = (np.round((np.clip(m[cut], -1.25, 1.25) + 1.25) * 100) for m in (h, v))
    save("hover_np", np8, "u1")
    save("hover_h", h8, "u1")
    save("hover_v", v8, "u1")
    f = np.float32
    maps = [(np8 / f(255)).astype(f), (h8 / f(100) - f(1.25)).astype(f), (v8 / f(100) - f(1.25)).astype(f)]
    save("hover_instances", instance_map(*maps), "<u2")


def distance():
    """Distance maps of overlapping discs in 8 bits, and the distance chain in floating point on them."""
    rng = np.random.default_rng(3)
    size = 128
    yy, xx = np.mgrid[:size, :size]
    d = np.zeros((size, size))
    for _ in range(60):
        cy, cx, r = *(rng.random(2) * size), 4 + 6 * rng.random()
        d = np.maximum(d, 1 - np.hypot(yy - cy, xx - cx) / r)
    np8 = np.round(np.clip(ndi.gaussian_filter((d > 0).astype(float), 0.7), 0, 1) * 255)
    d8 = np.round(np.clip(ndi.gaussian_filter(d, 0.7) + rng.normal(0, 0.01, d.shape), 0, 1) * 255)
    save("distance_np", np8, "u1")
    save("distance_dist", d8, "u1")
    inside = drop_small(ndi.label(np8 / 255 >= 0.5)[0], 20) > 0
    s = cv2.GaussianBlur((d8 / 255).astype(np.float32), (0, 0), 1.4)
    height = np.floor(np.maximum(s, 0) * np.float32(50000) + np.float32(0.5)).astype(np.int64)
    under = np.where(inside, height, 0)
    rec = reconstruction(np.maximum(under - 6000, 0), under)
    marker = (under - rec >= 50) & inside & (height >= 15000)
    marker = ndi.label(marker, np.ones((3, 3)))[0]
    save("distance_instances", drop_small(watershed(-height, markers=marker, mask=inside), 20), "<u2")


def masks():
    """Labels, filled holes, openings and distances of a random mask."""
    rng = np.random.default_rng(5)
    mask = ndi.gaussian_filter(rng.normal(size=(90, 150)), 1.5) > 0.02
    save("mask", mask, "u1")
    save("mask_label4", ndi.label(mask)[0], "<u2")
    save("mask_label8", ndi.label(mask, np.ones((3, 3)))[0], "<u2")
    save("mask_filled", ndi.binary_fill_holes(mask), "u1")
    for n in (3, 5):
        ellipse = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (n, n))
        save(f"mask_open{n}", cv2.morphologyEx(mask.astype(np.uint8), cv2.MORPH_OPEN, ellipse), "u1")
    save("mask_distance", np.round(ndi.distance_transform_edt(~mask) ** 2), "<u2")


def filters():
    """Sobel gradients and Gaussian smoothing, computed in f64 where OpenCV can."""
    rng = np.random.default_rng(7)
    image = rng.integers(0, 256, (40, 70)).astype(np.uint8)
    save("filter_input", image, "u1")
    f = (image / np.float32(255)).astype(np.float32)
    for n in (3, 11, 21, 31):
        for name, order in (("h", (1, 0)), ("v", (0, 1))):
            save(f"filter_sobel{n}{name}", cv2.Sobel(f, cv2.CV_64F, *order, ksize=n) * 4.0 ** -(n - 1), "<f4")
    for sigma in (0.7, 1.4, 5.0):
        save(f"filter_gauss{sigma}", cv2.GaussianBlur(f, (0, 0), sigma), "<f4")


def colours():
    """Grey levels, focus and stains of a synthetic H&E patch."""
    rng = np.random.default_rng(9)
    share = np.clip(ndi.gaussian_filter(rng.normal(size=(96, 128)), 2) * 6 + 0.5, 0, 1)
    strength = np.clip(1.2 + ndi.gaussian_filter(rng.normal(size=(96, 128)), 1) * 2, 0.05, 3)
    h, e = np.array([0.65, 0.70, 0.29]), np.array([0.07, 0.99, 0.11])
    od = strength[..., None] * (share[..., None] * h / np.linalg.norm(h) + (1 - share[..., None]) * e / np.linalg.norm(e))
    rgb = np.clip(np.round(256 * np.exp(-od) - 1), 0, 255).astype(np.uint8)
    save("colour_rgb", rgb, "u1")
    grey = cv2.cvtColor(rgb, cv2.COLOR_RGB2GRAY)
    save("colour_grey", grey, "u1")
    lap = lambda g: ndi.convolve(g.astype(np.float64), [[0, 1, 0], [1, -4, 1], [0, 1, 0]], mode="mirror")
    blurred = cv2.GaussianBlur(grey.astype(np.float32), (0, 0), 1.5)
    save("colour_focus", [lap(grey).var() / lap(blurred).var()], "<f4")
    save("colour_mean_od", (-np.log10(np.maximum(rgb.reshape(-1, 3), 1) / 255)).mean(0), "<f4")
    od = -np.log((rgb.reshape(-1, 3) + 1.0) / 256)
    od = od[(od > 0.15).all(1)]
    _, vectors = np.linalg.eigh(np.cov(od, rowvar=False))
    vectors = vectors[:, [2, 1]]
    vectors = vectors * np.where(vectors.sum(0) < 0, -1, 1)
    angles = np.arctan2(od @ vectors[:, 1], od @ vectors[:, 0])
    fan = [vectors @ [np.cos(a), np.sin(a)] for a in np.percentile(angles, [1, 99])]
    save("colour_stains", sorted((f / np.linalg.norm(f) for f in fan), key=lambda f: -f[0]), "<f4")


if __name__ == "__main__":
    hover(), distance(), masks(), filters(), colours()
    with open(f"{HERE}/versions.txt", "w") as f:
        f.write(f"numpy {np.__version__}\nscipy {scipy.__version__}\nopencv {cv2.__version__}\nscikit-image {skimage.__version__}\n")

"""The published HoVer-Net post-processing (Graham et al. 2019, `post_proc.py`), timed on one thread.

Written anew from the published steps; calls numpy, scipy, OpenCV and scikit-image with the published
parameters (0.25 um/px).
Usage: published_steps.py FOLDER [RUNS]
Reads FOLDER/{np,h,v,tp}.npy (gen.py), writes FOLDER/instances.npy (int32), prints one line of JSON: thread CPU
milliseconds, minimum and median over the runs, of the instance map, of the work per instance (box,
moments, contour, class vote) and of both together; and the same for a tuned version of the work per
instance, which looks at each instance's box only.
"""
import json
import sys
import time

import cv2
import numpy as np
import scipy
import skimage
from scipy import ndimage as ndi
from skimage.segmentation import watershed

cv2.setNumThreads(1)


def drop_small(labels, least):
    keep = np.bincount(labels.ravel()) >= least
    keep[0] = False
    return labels * keep[labels]


def unit_range(a):
    return cv2.normalize(a, None, 0, 1, cv2.NORM_MINMAX, cv2.CV_32F)


def instance_map(prob, h, v, ksize=21, least=10):
    """Returns the instance map. ksize 21, least 10 at 0.25 um/px; 11 and 3 at 0.5."""
    inside = (prob >= 0.5).astype(np.int32)
    inside = ndi.label(inside)[0]
    inside = (drop_small(inside, 10) > 0).astype(np.int32)
    h, v = unit_range(h), unit_range(v)
    gh = cv2.Sobel(h, cv2.CV_64F, 1, 0, ksize=ksize)
    gv = cv2.Sobel(v, cv2.CV_64F, 0, 1, ksize=ksize)
    gh, gv = 1 - unit_range(gh), 1 - unit_range(gv)
    edge = np.maximum(np.maximum(gh, gv) - (1 - inside), 0)
    dist = -cv2.GaussianBlur((1.0 - edge) * inside, (3, 3), 0)
    marker = (inside > 0) & ~(edge >= 0.4)
    marker = ndi.binary_fill_holes(marker).astype(np.uint8)
    marker = cv2.morphologyEx(marker, cv2.MORPH_OPEN, cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (5, 5)))
    marker = drop_small(ndi.label(marker)[0], least)
    return watershed(dist, markers=marker, mask=inside)


def instances(out, classes):
    """The work per instance the published way: the mask of every id is built over the whole image."""
    found = {}
    for i in np.unique(out)[1:]:
        mask = out == i
        rows, cols = np.flatnonzero(mask.any(1)), np.flatnonzero(mask.any(0))
        y0, y1, x0, x1 = rows[0], rows[-1] + 1, cols[0], cols[-1] + 1
        crop = mask[y0:y1, x0:x1].astype(np.uint8)
        m = cv2.moments(crop)
        contour = cv2.findContours(crop, cv2.RETR_TREE, cv2.CHAIN_APPROX_SIMPLE)[0][0].reshape(-1, 2)
        if len(contour) >= 3:
            centre = (m["m10"] / m["m00"] + x0, m["m01"] / m["m00"] + y0)
            found[i] = dict(box=(y0, y1, x0, x1), centre=centre, contour=contour + (x0, y0))
    for i, cell in found.items():
        y0, y1, x0, x1 = cell["box"]
        mask = out[y0:y1, x0:x1] == i
        kinds, counts = np.unique(classes[y0:y1, x0:x1][mask], return_counts=True)
        order = np.argsort(-counts, kind="stable")
        win = order[1] if kinds[order[0]] == 0 and len(order) > 1 else order[0]
        cell["class"], cell["prob"] = int(kinds[win]), counts[win] / (mask.sum() + 1e-6)
    return found


def instances_tuned(out, classes):
    """The same results from the boxes of find_objects: what a tuned Python pipeline does."""
    found = {}
    for i, box in enumerate(ndi.find_objects(out), 1):
        if box is None:
            continue
        mask = (out[box] == i).astype(np.uint8)
        m = cv2.moments(mask, True)
        contour = cv2.findContours(mask, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_SIMPLE)[0][0]
        counts = np.bincount(classes[box][mask > 0], minlength=2)
        win = counts.argmax()
        if win == 0 and counts[1:].any():
            win = 1 + counts[1:].argmax()
        found[i] = (m["m10"] / m["m00"], m["m01"] / m["m00"], contour, int(win))
    return found


def timed(work, runs):
    laps = []
    for _ in range(runs):
        start = time.thread_time()
        result = work()
        laps.append((time.thread_time() - start) * 1e3)
    return result, laps


def summary(laps):
    return dict(min=round(min(laps), 2), median=round(float(np.median(laps)), 2))


def main():
    folder, runs = sys.argv[1], int(sys.argv[2]) if len(sys.argv) > 2 else 7
    prob, h, v, tp = (np.load(f"{folder}/{name}.npy") for name in ("np", "h", "v", "tp"))
    classes = tp.argmax(0) + 1  # 0 is background in the published class map
    instance_map(prob, h, v)  # warm up
    out, maps_ms = timed(lambda: instance_map(prob, h, v), runs)
    found, each_ms = timed(lambda: instances(out, classes), runs)
    _, tuned_ms = timed(lambda: instances_tuned(out, classes), runs)
    np.save(f"{folder}/instances.npy", out.astype(np.int32))
    both = lambda each: [a + b for a, b in zip(maps_ms, each)]
    print(json.dumps(dict(
        nuclei=len(found), runs=runs, clock="thread CPU",
        instance_map_ms=summary(maps_ms), per_instance_ms=summary(each_ms), total_ms=summary(both(each_ms)),
        tuned_per_instance_ms=summary(tuned_ms), tuned_total_ms=summary(both(tuned_ms)),
        versions=dict(numpy=np.__version__, scipy=scipy.__version__, opencv=cv2.__version__, skimage=skimage.__version__),
    )))


if __name__ == "__main__":
    main()

"""Targets of one labelled patch, from their definitions, with numpy and scipy.

Usage: targets.py LABELS.png OUT.png

Writes a 16-bit grey PNG of four maps below each other: h, then v, as round((value + 1) * 30000);
the squared distance to the edge in px, exact; the distance over the greatest of the nucleus as
round(value * 60000).
"""

import sys

import numpy as np
from PIL import Image
from scipy import ndimage

labels = np.array(Image.open(sys.argv[1])).astype(np.int64)
h, v, dist = (np.zeros(labels.shape) for _ in range(3))
squared = np.zeros(labels.shape, np.int64)
for number in np.unique(labels[labels > 0]):
    own = labels == number
    rows, columns = np.nonzero(own)
    for target, place in ((h, columns), (v, rows)):
        offset = place - place.mean()
        reach = np.where(offset < 0, -offset.min(), offset.max())
        target[own] = np.divide(offset, reach, out=np.zeros_like(offset), where=reach > 0)
    # A frame of what is not the nucleus: the image's border is an edge.
    distance = ndimage.distance_transform_edt(np.pad(own, 1))[1:-1, 1:-1]
    squared[own] = np.rint(distance[own] ** 2).astype(np.int64)
    dist[own] = distance[own] / distance[own].max()

maps = [np.rint((h + 1) * 30000), np.rint((v + 1) * 30000), squared, np.rint(dist * 60000)]
Image.fromarray(np.vstack(maps).astype(np.uint16)).save(sys.argv[2])
print("numpy", np.__version__, "deepest px²", squared.max())

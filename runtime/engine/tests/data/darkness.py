"""Writes the packages `darkness` (nuclei) and `pallor` (tissue) beside this file.

Both are small networks with weights set by hand, so that tests run on something that is a real
ONNX graph, finds real things on H&E and can be judged by eye:

- `darkness`, 0.5 um/px: a pixel is nucleus where the smoothed haematoxylin-like darkness is high,
  and higher than around it; the distance map is the nucleus probability smoothed once more;
  classes by darkness (lymphocyte: darkest, tumour: paler) and redness (other). A branch that is pooled by 4
  gives the surroundings, so that where a window begins would show if it were not kept to the grid.
- `pallor`, 2 um/px: glass, stroma (pink) and tumour (purple and dark) by smoothed colour.

`darkness_by_onnxruntime.f32` is what onnxruntime makes of the image in `pattern`: np, dist and tp
one after the other, little-endian.

Run: python darkness.py     (onnx 1.23.2 and onnxruntime 1.32.0 wrote the committed files)
"""

import hashlib
import pathlib

import numpy as np
import onnx
import onnxruntime
from onnx import TensorProto, helper, numpy_helper

HERE = pathlib.Path(__file__).parent
MEAN = [0.70, 0.55, 0.68]
STD = [0.20, 0.22, 0.18]
OPSET = 17


def gaussian(edge, sigma):
    at = np.arange(edge) - edge // 2
    line = np.exp(-0.5 * (at / sigma) ** 2)
    kernel = np.outer(line, line)
    return (kernel / kernel.sum()).astype(np.float32)


class Graph:
    def __init__(self):
        self.nodes, self.weights = [], []

    def weight(self, name, values):
        values = np.asarray(values)
        self.weights.append(numpy_helper.from_array(values, name))
        return name

    def add(self, op, inputs, output, **attributes):
        self.nodes.append(helper.make_node(op, inputs, [output], name=output, **attributes))
        return output

    def conv(self, source, output, weight, bias, group=1):
        weight = np.asarray(weight, np.float32)
        edge = weight.shape[2]
        inputs = [source, self.weight(output + ".w", weight)]
        inputs.append(self.weight(output + ".b", np.asarray(bias, np.float32)))
        return self.add(
            "Conv", inputs, output, kernel_shape=[edge, edge], pads=[edge // 2] * 4, group=group
        )

    def model(self, outputs):
        shape = lambda channels: ["batch", channels, "height", "width"]
        graph = helper.make_graph(
            self.nodes,
            "by hand",
            [helper.make_tensor_value_info("image", TensorProto.FLOAT, shape(3))],
            [helper.make_tensor_value_info(n, TensorProto.FLOAT, shape(c)) for n, c in outputs],
            self.weights,
        )
        model = helper.make_model(
            graph, opset_imports=[helper.make_opsetid("", OPSET)], producer_name="darkness.py"
        )
        model.ir_version = 8
        onnx.checker.check_model(model)
        return model


def colours(graph):
    """Adds `absorbance`: 1 - value of each channel, from the normalised input."""
    weight = -np.diag(STD).reshape(3, 3, 1, 1)
    return graph.conv("image", "absorbance", weight, [1 - m for m in MEAN])


def surroundings(graph, source, channels, edge):
    """Adds the mean colour around each pixel, at a quarter of the size and back."""
    pooled = graph.add("AveragePool", [source], "pooled", kernel_shape=[4, 4], strides=[4, 4])
    blur = np.tile(gaussian(edge, edge / 4), (channels, 1, 1, 1))
    blurred = graph.conv(pooled, "pooled_blurred", blur, [0] * channels, group=channels)
    scales = graph.weight("scales", np.array([1, 1, 4, 4], np.float32))
    return graph.add(
        "Resize", [blurred, "", scales], "around", mode="nearest", nearest_mode="floor",
        coordinate_transformation_mode="asymmetric",
    )


def darkness():
    graph = Graph()
    absorbance = colours(graph)
    # Haematoxylin takes red; eosin takes green only.
    dark = graph.conv(absorbance, "dark", np.array([1.0, 0.25, 0.0]).reshape(1, 3, 1, 1), [0])
    smooth = graph.conv(dark, "smooth", gaussian(5, 1.2)[None, None], [0])
    wide = graph.conv(dark, "wide", gaussian(15, 5.0)[None, None], [0])
    both = graph.add("Concat", [smooth, wide], "both", axis=1)
    # Dark, and darker than around it: 18 (smooth - 0.9) + 60 (smooth - wide - 0.05).
    weight = np.array([78.0, -60.0]).reshape(1, 2, 1, 1)
    logit = graph.conv(both, "logit", weight, [-18 * 0.9 - 60 * 0.05])
    np_map = graph.add("Sigmoid", [logit], "np")
    graph.conv(np_map, "dist", gaussian(7, 2.0)[None, None], [0])

    around = surroundings(graph, absorbance, 3, 3)
    scores = graph.add("Concat", [smooth, around], "scores", axis=1)
    # Rows: tumour, lymphocyte, other. Columns: own darkness, red, green, blue around.
    weight = np.array([[0, 2, 0, 0], [24, 0, 0, 0], [-4, 0, 4, 0]], np.float32)
    logits = graph.conv(scores, "logits", weight.reshape(3, 4, 1, 1), [0.0, -23.0, -1.0])
    graph.add("Softmax", [logits], "tp", axis=1)
    return graph.model([("np", 1), ("dist", 1), ("tp", 3)])


def pallor():
    graph = Graph()
    around = surroundings(graph, colours(graph), 3, 5)
    # Rows: glass, stroma, tumour. Columns: red, green, blue around.
    weight = np.array([[-20, -20, 0], [-10, 10, 0], [9, 4, 0]], np.float32)
    logits = graph.conv(around, "logits", weight.reshape(3, 3, 1, 1), [5.0, 0.0, -5.0])
    graph.add("Softmax", [logits], "tp", axis=1)
    return graph.model([("tp", 3)])


HEAD = """\
format = 1
name = "{name}"
version = "1.0.0"
release = 1
kind = "{kind}"
description = "Weights set by hand, for tests: {what}."
research_use_only = true
labels = "weak"
mpp = {mpp}
training_data = []
evaluation = []
golden = []

[window]
size_px = {size}
margin_px = {margin}
multiple_px = 4

[input]
tensor = "image"
mean = {mean}
std = {std}
"""

DARKNESS = """
[outputs]
np = { tensor = "np", channels = 1 }
dist = { tensor = "dist", channels = 1 }
tp = { tensor = "tp", channels = 3 }

[[classes]]
name = "tumour"
role = "tumour"
colour = [200, 40, 40]

[[classes]]
name = "lymphocyte"
role = "til"
colour = [40, 60, 200]

[[classes]]
name = "other"
role = "other"
colour = [120, 120, 120]

[postprocessing]
chain = "distance"
np_threshold = 0.5
smoothing_sigma_px = 1.4
dome_height = 0.08
marker_floor = 0.3
nucleus_area_min_um2 = 8.0
"""

PALLOR = """
[outputs]
tp = { tensor = "tp", channels = 3 }

[[classes]]
name = "glass"
role = "background"
colour = [240, 240, 240]

[[classes]]
name = "stroma"
role = "stroma"
colour = [230, 150, 170]

[[classes]]
name = "tumour"
role = "tumour"
colour = [150, 60, 150]

[postprocessing]
chain = "windows"
glass_class = "glass"
glass_grey_min = 220.0
"""


def write(model, body, **head):
    folder = HERE / head["name"]
    folder.mkdir(exist_ok=True)
    data = model.SerializeToString(deterministic=True)
    (folder / "model.onnx").write_bytes(data)
    digest = hashlib.sha256(data).hexdigest()
    text = HEAD.format(mean=MEAN, std=STD, **head) + body
    (folder / "card.toml").write_text(text + f'\n[files]\n"model.onnx" = "{digest}"\n')


write(darkness(), DARKNESS, name="darkness", kind="nuclei", mpp=0.5, size=256, margin=32,
      what="a nucleus is what is dark")
write(pallor(), PALLOR, name="pallor", kind="tissue", mpp=2.0, size=64, margin=16,
      what="tissue is what has colour")


def pattern(width, height):
    """Values of -2 to 2 that any language can make: a 32-bit linear congruential generator."""
    state, values = 1, []
    for _ in range(3 * width * height):
        state = (state * 1664525 + 1013904223) % 2**32
        values.append((state >> 16) / 65536 * 4 - 2)
    return np.array(values, np.float32).reshape(1, 3, height, width)


session = onnxruntime.InferenceSession(str(HERE / "darkness/model.onnx"))
maps = session.run(["np", "dist", "tp"], {"image": pattern(48, 40)})
golden = np.concatenate([m.ravel() for m in maps]).astype("<f4")
(HERE / "darkness_by_onnxruntime.f32").write_bytes(golden.tobytes())

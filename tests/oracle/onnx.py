"""Runs the shipped networks in onnxruntime and compares with what our engine says of the same input.

Environment: MARGAY_MAPS, the example `maps` of crate `engine`, which writes a package's maps of its golden tile as raw f32.
Needs: numpy, onnxruntime, pillow.
"""

import os
import pathlib
import subprocess
import tempfile
import tomllib

import numpy as np
import onnxruntime
from PIL import Image

ROOT = pathlib.Path(__file__).resolve().parents[2]
# Sums of f32 in another order; values lie between 0 and 1.
TOLERANCE = 1e-3


def main():
    for package in sorted((ROOT / "deploy/models").iterdir()):
        card = tomllib.loads((package / "card.toml").read_text())
        tile = np.asarray(Image.open(package / card["golden"][0]["image"]).convert("RGB"), np.float32)
        mean, std = (np.array(card["input"][key], np.float32) for key in ("mean", "std"))
        image = ((tile / 255 - mean) / std).transpose(2, 0, 1)[None].astype(np.float32)
        assert all(side % card["window"]["multiple_px"] == 0 for side in image.shape[2:]), image.shape
        outputs = [card["outputs"][name]["tensor"] for name in ("np", "hv", "dist", "tp") if name in card["outputs"]]
        session = onnxruntime.InferenceSession(package / "model.onnx", providers=["CPUExecutionProvider"])
        expected = np.concatenate([m.ravel() for m in session.run(outputs, {card["input"]["tensor"]: image})])
        with tempfile.NamedTemporaryFile() as file:
            subprocess.run([os.environ["MARGAY_MAPS"], package, file.name], check=True)
            found = np.fromfile(file.name, np.float32)
        assert found.shape == expected.shape, (found.shape, expected.shape)
        difference = float(np.abs(found - expected).max())
        assert difference <= TOLERANCE, difference
        print(f"{card['name']}: greatest difference to onnxruntime {difference:.1e} over {found.size} values")


main()

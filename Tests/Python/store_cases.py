"""Sets of images made by numpy, and what a store of them must give back."""
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

import numpy as np

from format_snippets import run

PROGRAM = sys.argv[1]
FOLDER = Path(tempfile.mkdtemp(prefix="store-cases-"))
TYPES = ["bool", "uint8", "uint16", "uint32", "uint64", "int8", "int16", "int32", "int64", "float16", "float32", "float64"]
KINDS = {"file": "", "lmdb": ".lmdb", "hdf5": ".h5", "npz": ".npz", "packedbit": ".bits", "sharded": ".shards"}


def imagestore(*arguments):
    subprocess.run([PROGRAM, *map(str, arguments)], check=True, capture_output=True, text=True)


def refusal(*arguments):
    """The one line with which the program refuses."""
    outcome = subprocess.run([PROGRAM, *map(str, arguments)], capture_output=True, text=True)
    lines = outcome.stderr.splitlines()
    assert outcome.returncode == 1 and len(lines) == 1, f"{arguments}: {outcome}"
    return lines[0]


@dataclass
class Case:
    name: str
    images: list
    labels: np.ndarray
    columns: dict
    class_names: list

    def save(self):
        """The case as an archive of numpy's, from which the program makes stores."""
        path = FOLDER / f"{self.name}.npz"
        entries = {f"ix-{i:06}": image for i, image in enumerate(self.images)}
        columns = {}
        for name, values in self.columns.items():
            if isinstance(values, list):
                columns[f"offsets/{called(name)}"] = np.cumsum([0, *map(len, values)])
                values = np.frombuffer(b"".join(values), np.uint8)
            columns[f"columns/{called(name)}"] = values
        np.savez(path, **entries, labels=self.labels, **columns, class_names=np.array(self.class_names))
        return path

    @property
    def is_mixed(self):
        return len({image.shape for image in self.images}) > 1

    def check(self, kind, path, layout=None):
        """Reads a store by the snippets and compares everything."""
        where = f"{self.name} in {Path(path).name}"
        found = read(kind, path, self.is_mixed or layout == "perImage")
        assert len(found["images"]) == len(self.images), f"{where}: {len(found['images'])} images"
        for i, (image, expected) in enumerate(zip(found["images"], self.images)):
            same = image.dtype == expected.dtype and image.shape == expected.shape
            assert same, f"{where}: image {i} is {image.dtype}{image.shape}, not {expected.dtype}{expected.shape}"
            # Pillow's true is a byte of 255.
            bits = np.where(image, True, False) if image.dtype == bool else np.ascontiguousarray(image)
            assert bits.tobytes() == expected.tobytes(), f"{where}: image {i} has other samples"
        assert np.array_equal(found["labels"], self.labels), f"{where}: other labels"
        assert list(found["class_names"]) == self.class_names, f"{where}: class names {found['class_names']}"
        assert set(found["columns"]) == set(self.columns), f"{where}: columns {set(found['columns'])}"
        for name, expected in self.columns.items():
            values = found["columns"][name]
            if kind == "sharded" and not isinstance(expected, list) and expected.dtype.kind == "U":
                values = [text.decode() for text in run("sharded-bytes", str(path), column=called(name))["values"]]
            if isinstance(expected, list) and kind != "file":
                snippet = {"packedbit": "bits"}.get(kind, kind) + "-bytes"
                values = run(snippet, str(path), column=name if kind == "lmdb" else called(name))["values"]
            elif not isinstance(expected, list):
                values, expected = np.asarray(values).tolist(), expected.tolist()
            assert values == expected, f"{where}: column {name} has other values"


def read(kind, path, is_single=False):
    name = {"file": "files", "lmdb": "lmdb-single" if is_single else "lmdb-blocks", "npz": "npz", "packedbit": "bits",
            "sharded": "sharded",
            "hdf5": "hdf5-mixed" if is_single else "hdf5"}[kind]
    prefix = {"file": "files", "packedbit": "bits"}.get(kind, kind)
    return {**run(name, str(path)), **run(f"{prefix}-annotations", str(path))}


def called(name):
    """A column as a path has it, by Python's own quoting."""
    return name.replace("/", quote("/", safe="")) if name not in (".", "..") else "%2E" + name[1:]


def samples(random, dtype, shape):
    """Samples of all bits, so that nothing but the same bytes is the same."""
    dtype = np.dtype(dtype)
    if dtype == bool:
        return random.integers(0, 2, shape).astype(bool)
    bits = random.integers(0, 256, (*shape, dtype.itemsize), dtype=np.uint8)
    return bits.reshape(-1).view(dtype).reshape(shape)


def make(name, dtype, shapes, seed=1):
    random = np.random.default_rng(seed)
    count = len(shapes)
    labels = random.integers(-(1 << 62), 1 << 62, count)
    labels[: count // 2] %= 3
    columns = {
        "number": random.integers(-(1 << 62), 1 << 62, count),
        "weight": np.concatenate([[0.1, -1e300, 5e-324], random.standard_normal(count - 3)]),
        "file name": np.array(["", 'a,"b"', "zwei\nZeilen", *(f"caf\u00e9 {i} \u732b" for i in range(count - 3))]),
        "box": random.integers(-(1 << 62), 1 << 62, (count, 4)),
        "a/b": np.concatenate([[[0.1, -1e300, 5e-324]], random.standard_normal((count - 1, 3))]),
        "..": [random.bytes(int(size)) for size in random.integers(0, 40, count)],
        "label": random.integers(0, 9, count),
    }
    return Case(name, [samples(random, dtype, shape) for shape in shapes], labels, columns, ["cat", "dog", "\u00f8l"])


def holds(kind, dtype, shape, is_mixed=False):
    channels = shape[2] if len(shape) > 2 else 1
    if kind == "packedbit":
        return dtype == "bool" and channels == 1 and not is_mixed
    if kind == "file":
        return dtype in ("uint8", "uint16") and channels <= 4 or dtype == "bool" and channels == 1
    return True


# Why a kind refuses what it does not hold.
REASON = {"file": "a PNG cannot hold", "packedbit": "mask"}

# Layouts and options that change the bytes.
OPTIONS = {
    "file": [(), ("--layout", "flat"), ("--compression", "small")],
    "lmdb": [(), ("--layout", "perImage")],
    "hdf5": [(), ("--compression", "fast"), ("--compression", "small")],
    "npz": [(), ("--compression", "fast"), ("--compression", "none")],
    "packedbit": [(), ("--layout", "columns")],
    "sharded": [(), ("--shard-size", "2KB")],
}

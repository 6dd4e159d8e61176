"""Checks that plain Python reads what the program writes, and the program what Python writes.

    python3 check_stores.py PATH_OF_IMAGESTORE FOLDER_IN_CIFAR_10S_LAYOUT

Needs numpy, h5py, lmdb and Pillow. The oracle is pickle.load of the batches.
"""
import csv
import pickle
import subprocess
import sys
import tempfile
from pathlib import Path

import h5py
import lmdb
import numpy as np
from PIL import Image

from format_snippets import run

program, batches = sys.argv[1], Path(sys.argv[2])
folder = Path(tempfile.mkdtemp(prefix="check-stores-"))


def imagestore(*arguments):
    return subprocess.run([program, *map(str, arguments)], check=True, capture_output=True, text=True).stdout


def batch(name):
    with open(batches / name, "rb") as file:
        return pickle.load(file, encoding="bytes")


parts = [batch(f"data_batch_{i}") for i in range(1, 6)] + [batch("test_batch")]
data = np.concatenate([part[b"data"] for part in parts])
images = data.reshape(-1, 3, 32, 32).transpose(0, 2, 3, 1)
labels = np.concatenate([part[b"labels"] for part in parts])
masks = images.mean(-1) > 127


# What the program writes, each read as Docs/Formats.md says.

def read(snippet):
    def reader(path):
        found = run(snippet, str(path))
        return np.stack(found["images"]), found["labels"]
    return reader


def check(name, reader, expected, *options):
    path = folder / name
    imagestore("convert", batches, path, "--quiet", *options)
    found, found_labels = reader(path)
    assert np.array_equal(found, expected), f"{name}: other pixels"
    assert np.array_equal(found_labels, labels), f"{name}: other labels"
    print(f"{name}: {len(found)} images read by Python")


check("pngs", read("files"), images)
check("flat", read("files"), images, "--layout", "flat")
check("masks-as-pngs", read("files"), masks, "--threshold", 127)
check("a.h5", read("hdf5"), images)
check("compressed.h5", read("hdf5"), images, "--compression", "fast")
check("a.npz", read("npz"), images)
check("stored.npz", read("npz"), images, "--compression", "none")
check("blocks.lmdb", read("lmdb-blocks"), images)
check("per-image.lmdb", read("lmdb-single"), images, "--layout", "perImage")
check("a.bits", read("bits"), masks, "--threshold", 127)
check("columns.bits", read("bits"), masks, "--threshold", 127, "--layout", "columns")


# The same stores once they have been edited, and images removed.
changed = labels.copy()
changed[[3, 300]] = [7, 0]
boxes = np.arange(4 * len(labels)).reshape(-1, 4)
np.save(folder / "boxes.npy", boxes)
kept = np.delete(np.arange(len(labels)), [0, 5, len(labels) - 1])
for name, kind, expected in [
    ("pngs", "files", images), ("a.h5", "hdf5", images), ("a.npz", "npz", images), ("blocks.lmdb", "lmdb-blocks", images),
    ("per-image.lmdb", "lmdb-single", images), ("a.bits", "bits", masks),
]:
    path = folder / name
    imagestore("edit", path, "--set", "3=7", "--set", "300=0", "--column", f"box={folder / 'boxes.npy'}", "--drop-column", "filename",
               "--rename-class", "sea=ocean", "--quiet")
    for indices in [np.arange(len(labels)), kept]:
        if len(indices) < len(labels):
            imagestore("remove", path, "--indices", f"0,5,{len(labels) - 1}", "--quiet")
        found, found_labels = read(kind)(path)
        assert np.array_equal(found, expected[indices]) and np.array_equal(found_labels, changed[indices]), f"{name} is edited wrongly"
        about = run(f"{'lmdb' if 'lmdb' in kind else kind}-annotations", str(path))
        names = [name.decode() if isinstance(name, bytes) else str(name) for name in about["class_names"]]
        assert names[3] == "ocean" and sorted(about["columns"]) == ["box"], f"{name}: other names or columns"
        assert np.array_equal(about["columns"]["box"], boxes[indices]), f"{name}: other boxes"
    imagestore("verify", path, "--quiet")
    print(f"{name}: edits and removals read by Python")


# What Python writes.

class CIFAR_Image:
    """The value of the tutorial's LMDB."""

    def __init__(self, image, label):
        self.channels, self.size = image.shape[2], image.shape[:2]
        self.image, self.label = image.tobytes(), label


def write_numbered(path):
    path.mkdir()
    for i, image in enumerate(images):
        Image.fromarray(image).save(path / f"{i}.png")
    with open(path / f"{len(images)}.csv", "w") as file:
        csv.writer(file, delimiter=" ", quotechar="|").writerows([label] for label in labels)


def write_hdf5(path):
    with h5py.File(path, "w") as file:
        file.create_dataset("images", images.shape, h5py.h5t.STD_U8BE, data=images)
        file.create_dataset("meta", labels.shape, h5py.h5t.STD_U8BE, data=labels)


def write_npz(path):
    np.savez_compressed(path, x_train=images[:300], y_train=labels[:300], x_test=images[300:], y_test=labels[300:])


def write_lmdb(path):
    with lmdb.open(str(path), map_size=1 << 28) as environment, environment.begin(write=True) as transaction:
        for i, (image, label) in enumerate(zip(images, labels)):
            transaction.put(f"{i:08}".encode(), pickle.dumps(CIFAR_Image(image, label)))


for name, write in [
    ("numbered", write_numbered), ("tutorial.h5", write_hdf5), ("keras.npz", write_npz), ("pickled.lmdb", write_lmdb),
]:
    path = folder / name
    write(path)
    converted = folder / f"from-{name}.npz"
    imagestore("convert", path, converted, "--quiet")
    found, found_labels = read("npz")(converted)
    assert np.array_equal(found, images) and np.array_equal(found_labels, labels), f"{name} is read wrongly"
    print(f"{name}: {len(found)} images of Python's read by imagestore")

# What else Python writes for each image is a column.
count = 40
further = {
    "bbox": np.arange(4 * count).reshape(count, 4).astype("i2"), "score": np.linspace(0, 1, count).astype("f4"),
    "factors": (np.arange(2 * count) / 8).reshape(count, 2).astype("f8"), "labels": (np.arange(3 * count) % 2).reshape(count, 3),
}
np.savez(folder / "further.npz", images=images[:count], **further, text=np.array([f"{i}" for i in range(count)]))
with h5py.File(folder / "further.h5", "w") as file:
    file["images"], file["text"] = images[:count], [f"{i}" for i in range(count)]
    for name, values in further.items():
        file[name] = values


def hdf5_columns(path):
    with h5py.File(path) as file:
        return {name: values.asstr()[:] if values.dtype.kind in "SO" else values[:] for name, values in file["columns"].items()}


def npz_columns(path):
    archive = np.load(path)
    return {name[8:]: archive[name] for name in archive.files if name.startswith("columns/")}


read_columns = {"hdf5": hdf5_columns, "npz": npz_columns}
for name in ["further.npz", "further.h5"]:
    for kind, suffix in [("npz", ".npz"), ("hdf5", ".h5")]:
        converted = folder / f"{name}{suffix}"
        imagestore("convert", folder / name, converted, "--quiet")
        imagestore("verify", converted, "--against", folder / name, "--quiet")
        columns = read_columns[kind](converted)
        assert sorted(columns) == sorted([*further, "text"]), columns.keys()
        assert all(np.array_equal(columns[key], values) for key, values in further.items()), f"{name}: other columns"
        assert list(columns["text"]) == [f"{i}" for i in range(count)]
    print(f"{name}: {len(columns)} columns of Python's read by imagestore")

for axis, order in [("rows", "big"), ("columns", "little")]:
    packed = np.packbits(masks, axis=1 if axis == "rows" else 2, bitorder=order)
    np.save(folder / "bare.npy", packed)
    packed.tofile(folder / "bare.bin")
    for name in ["bare.npy", "bare.bin"]:
        converted = folder / f"from-{axis}-{name}.npz"
        imagestore("convert", folder / name, converted, "--shape", "32x32", "--axis", axis, "--bit-order", order)
        archive = np.load(converted)
        found = np.stack([archive[key] for key in archive.files if key.startswith("ix-")])
        assert np.array_equal(found, masks), f"{name} is read wrongly"
    print(f"bare bits along {axis}: {len(found)} masks of Python's read by imagestore")

imagestore("split", batches, "--folds", 5, "--output", folder / "folds")
folds = [np.load(folder / "folds" / f"fold-{i}-validation.npy") for i in range(5)]
assert np.array_equal(np.sort(np.concatenate(folds)), np.arange(len(images))), "folds do not cover the set"
print("folds: read by Python")

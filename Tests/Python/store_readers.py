"""Reads the six stores by numpy, h5py, lmdb and Pillow, as Docs/Formats.md says, whether they have labels and class names or not."""
import csv
import io
import json
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import unquote

import h5py
import lmdb
import numpy as np
from PIL import Image


@dataclass
class Store:
    images: list
    labels: list = None
    class_names: list = None
    columns: dict = field(default_factory=dict)


def read(kind, path):
    store = READERS[kind](Path(path))
    store.labels = None if store.labels is None else [int(label) for label in store.labels]
    store.class_names = None if store.class_names is None else [str(name) for name in store.class_names]
    store.columns = {name: list(values) for name, values in store.columns.items()}
    return store


def read_files(path):
    with open(path / "labels.csv", newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    images = [np.array(Image.open(path / row["file"])) for row in rows]
    # Pillow has gray of 16 bits as integers of 32, and a byte of 255 for true.
    images = [image.astype(np.uint16) if image.dtype == np.int32 else image for image in images]
    images = [np.where(image, True, False) if image.dtype == bool else image for image in images]
    state = json.loads((path / "store.json").read_text(encoding="utf-8"))
    labels = [row["label"] for row in rows]
    columns = {unquote(name): [row[name] for row in rows] for name in rows[0] if name not in ("file", "label")}
    names = state["states"][0].get("classNames", state.get("classNames"))
    return Store(images, labels if all(labels) else None, names, columns)


def read_lmdb(path):
    with lmdb.open(str(path), readonly=True, lock=False) as environment, environment.begin() as transaction:
        records = {bytes(key).decode(): np.load(io.BytesIO(value)) for key, value in transaction.cursor()}

    def values(prefix):
        found = [value for key, value in records.items() if key.startswith(prefix)]
        return np.concatenate(found) if found else None

    blocks = values("images/")
    images = list(blocks) if blocks is not None else [value for key, value in records.items() if key.isdigit()]
    names = {key[8:-13] for key in records if key.startswith("columns/")}
    return Store(images, values("labels/"), records.get("class_names"), {name: values(f"columns/{name}/") for name in names})


def read_hdf5(path):
    with h5py.File(path) as file:
        images = file["images"]
        images = [images[name][()] for name in sorted(images)] if isinstance(images, h5py.Group) else list(images[:])
        columns = {unquote(name): values.asstr()[:] if values.dtype.kind in "SO" else values[:]
                   for name, values in file.get("columns", {}).items()}
        names = [name.decode() for name in file.attrs["class_names"]] if "class_names" in file.attrs else None
        return Store(images, file["labels"][:] if "labels" in file else None, names, columns)


def read_npz(path):
    with np.load(path) as archive:
        entries = {name: archive[name] for name in archive.files}
    images = [value for name, value in entries.items() if name.startswith("ix-")]
    columns = {unquote(name[8:]): value for name, value in entries.items() if name.startswith("columns/")}
    return Store(images, entries.get("labels"), entries.get("class_names"), columns)


def read_bits(path):
    packed, about = np.load(path / "masks.npy"), json.loads((path / "format.json").read_text(encoding="utf-8"))
    axis, size = (1, about["height"]) if about["axis"] == "rows" else (2, about["width"])
    images = np.unpackbits(packed, axis=axis, count=size).view(bool)
    labels = np.load(path / "labels.npy") if (path / "labels.npy").exists() else None
    columns = {unquote(file.stem): np.load(file) for file in (path / "columns").glob("*.npy")}
    return Store(list(images), labels, about.get("classNames"), columns)


def read_sharded(path):
    about = json.loads((path / "manifest.json").read_text(encoding="utf-8"))
    index = np.load(path / about["index"]["name"])
    images = []
    for shard in about["shards"]:
        images += read_npz(path / "shards" / shard["name"]).images
    columns = {}
    for column in about["columns"]:
        name = next(name[8:] for name in index.files if name.startswith("columns/") and unquote(name[8:]) == column["name"])
        values = index[f"columns/{name}"]
        if column["kind"] in ("string", "bytes"):
            ends = index[f"offsets/{name}"]
            values = [values[a:b].tobytes() for a, b in zip(ends, ends[1:])]
            values = [value.decode() for value in values] if column["kind"] == "string" else values
        columns[column["name"]] = values
    return Store(images, index["labels"] if about["hasLabels"] else None, about["classNames"], columns)


READERS = {"file": read_files, "lmdb": read_lmdb, "hdf5": read_hdf5, "npz": read_npz, "packedbit": read_bits,
           "sharded": read_sharded}

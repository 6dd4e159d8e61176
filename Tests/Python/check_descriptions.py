"""Applies every description to files as others write them, converts to each of the six stores, and compares with what numpy had.

    python3 check_descriptions.py PATH_OF_IMAGESTORE

The sources are made by numpy, h5py, lmdb and Pillow, the results are read by them. A store that cannot hold the images refuses them by
name. Needs numpy, h5py, lmdb and Pillow.
"""
import os
import shutil
import subprocess
import tempfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np

import described_sources
import store_readers
from store_cases import KINDS, PROGRAM, REASON, holds

FOLDER = Path(tempfile.mkdtemp(prefix="descriptions-"))


def convert(source, destination):
    arguments = [PROGRAM, "convert", source.path, destination, "--quiet", *source.options]
    return subprocess.run(list(map(str, arguments)), capture_output=True, text=True)


def same(found, expected):
    """Whether images are the same to the bit; one channel has two dimensions."""
    expected = np.asarray(expected)
    expected = expected[..., 0] if expected.ndim == 3 and expected.shape[2] == 1 else expected
    expected = expected.astype(expected.dtype.newbyteorder("="))
    return (found.dtype, found.shape) == (expected.dtype, expected.shape) and found.tobytes() == expected.tobytes()


def check(numbered):
    number, source = numbered
    written = refused = 0
    image = np.asarray(source.images[0])
    for kind, suffix in KINDS.items():
        is_held = holds(kind, str(image.dtype), image.shape, source.is_mixed)
        # One in ten is enough to see that it is refused; colors of 16 bits Pillow does not read from PNG.
        if not is_held and number % 10 or kind == "file" and source.is_deep:
            continue
        path = FOLDER / f"{number}{suffix}"
        where = f"{source.name} ({' '.join(map(str, source.options))}) as {kind}"
        outcome = convert(source, path)
        if not is_held:
            assert outcome.returncode == 1 and REASON[kind] in outcome.stderr and not path.exists(), f"{where}: {outcome}"
            refused += 1
            continue
        assert outcome.returncode == 0 and not outcome.stderr, f"{where}: {outcome}"
        store = store_readers.read(kind, path)
        assert len(store.images) == len(source.images), f"{where}: {len(store.images)} images"
        for index, (found, expected) in enumerate(zip(store.images, source.images)):
            assert same(found, expected), f"{where}: image {index} is {found.dtype}{found.shape} or has other samples"
        labels = None if source.labels is None else [int(label) for label in source.labels]
        assert store.labels == labels, f"{where}: labels {store.labels}, not {labels}"
        assert store.class_names == source.class_names, f"{where}: class names {store.class_names}"
        for name, values in source.columns.items():
            found = [type(value)(text) for value, text in zip(values, store.columns[name])]
            assert found == list(values), f"{where}: the column {name} is {found}"
        assert set(store.columns) == set(source.columns), f"{where}: columns {sorted(store.columns)}"
        written += 1
    return written, refused


# Threads wait for processes.
sources = described_sources.make(FOLDER / "sources")
with ThreadPoolExecutor(os.cpu_count()) as pool:
    counts = list(pool.map(check, enumerate(sources)))
print(f"{len(sources)} sources: {sum(count[0] for count in counts)} stores as described, "
      f"{sum(count[1] for count in counts)} refused by name")
shutil.rmtree(FOLDER)

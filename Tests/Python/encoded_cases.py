"""Images that Pillow encoded, which stores with the layout `encoded` keep to the byte."""
import csv
import io
from pathlib import Path

import numpy as np
from PIL import Image

from format_snippets import run
from store_cases import FOLDER, refusal

SUFFIXES = {"file": "", "lmdb": ".lmdb", "hdf5": ".h5", "npz": ".npz", "sharded": ".shards"}


def pictures(count, formats):
    """Encoded images: sizes, channels, depths and palettes of all sorts, some of them less than a page."""
    random = np.random.default_rng(3)
    for i in range(count):
        height, width = 1 + i * 37 % 90, 1 + i * 53 % 110
        shape = [(height, width), (height, width, 3), (height, width, 4), (height, width)][i % 4]
        samples = random.integers(0, 65536 if i % 8 == 3 else 256, shape)
        image = Image.fromarray(samples.astype(np.uint16 if i % 8 == 3 else np.uint8))
        if i % 12 == 5:
            image = image.convert("P")
        kind = formats[i % len(formats)]
        if kind == "JPEG":
            image = image.convert("L" if image.mode in ("L", "I;16") else "RGB")
        file = io.BytesIO()
        image.save(file, kind)
        yield kind, file.getvalue()


def folder(name, files):
    """A folder of them with a table of labels and a column."""
    path = FOLDER / name
    path.mkdir()
    with open(path / "labels.csv", "w", newline="", encoding="utf-8") as table:
        rows = csv.writer(table)
        rows.writerow(["file", "label", "note"])
        for i, (kind, file) in enumerate(files):
            image = f"picture {i:03}.{'png' if kind == 'PNG' else 'jpg'}"
            (path / image).write_bytes(file)
            rows.writerow([image, i * 7 % 5, f"no. {i}"])
    return path


def read(kind, path):
    if kind != "file":
        found = run(f"{kind}-encoded", str(path))
        labels = found["labels"] if kind != "sharded" else run("sharded", str(path))["labels"]
        return [bytes(file) for file in found["files"]], found["images"], list(labels)
    found = run("files", str(path))
    files = [Path(path, row["file"]) for row in found["rows"]]
    for i, file in enumerate(files):
        head = file.read_bytes()[:3]
        assert file.suffix == (".jpg" if head == b"\xff\xd8\xff" else ".png"), file
        assert file.stem == str(i) and file.parent.name == f"{i // 1000:05}", file
    return [file.read_bytes() for file in files], found["images"], found["labels"]


def check_encoded(imagestore):
    formats = ["PNG"]
    jpeg = folder("one jpeg", list(pictures(1, ["JPEG"])))
    try:
        imagestore("convert", jpeg, FOLDER / "one.lmdb", "--layout", "encoded", "--quiet")
        formats = ["JPEG", "PNG", "JPEG"]
    except Exception:
        assert "JPEG" in refusal("convert", jpeg, FOLDER / "one.lmdb", "--layout", "encoded", "--quiet")
    files = list(pictures(60, formats))
    more = list(pictures(90, formats))[60:]
    source, rest = folder("pictures", files), folder("more pictures", more)
    expected = [file for _, file in files + more]
    labels = [i * 7 % 5 for i in range(60)] + [i * 7 % 5 for i in range(30)]
    stores = []
    for kind, suffix in SUFFIXES.items():
        path = FOLDER / f"pictures-{kind}{suffix}"
        imagestore("convert", source, path, "--layout", "encoded", "--quiet")
        imagestore("convert", rest, path, "--append", "--quiet")
        imagestore("verify", path)
        stores.append(path)
    for first, second in zip(stores, stores[1:] + stores[:1]):
        kind = next(kind for kind in SUFFIXES if second.stem.endswith(kind))
        path = FOLDER / f"again-{kind}{SUFFIXES[kind]}"
        imagestore("convert", first, path, "--layout", "encoded", "--quiet")
        for store in (second, path):
            bytes_, images, found = read(kind, store)
            assert bytes_ == expected, f"{store}: other bytes"
            assert found == labels, f"{store}: other labels"
            for image, file in zip(images, expected):
                assert np.array_equal(image, np.array(Image.open(io.BytesIO(file)))), f"{store}: other pixels"
        pixels = FOLDER / f"pixels-{kind}.npz"
        imagestore("convert", path, pixels, "--quiet")
        archive = np.load(pixels)
        for i, file in enumerate(expected):
            image = Image.open(io.BytesIO(file))
            image = np.array(image.convert("RGB") if image.mode == "P" else image)
            assert np.array_equal(archive[f"ix-{i:06}"], image), f"{pixels}: image {i}"
        imagestore("export", path, 1, FOLDER / f"one-{kind}.png")
        assert (FOLDER / f"one-{kind}.png").read_bytes() == expected[1], f"{path}: export"
    print(f"{len(expected)} images of {' and '.join(sorted(set(formats)))} kept to the byte in {len(stores)} kinds of stores")

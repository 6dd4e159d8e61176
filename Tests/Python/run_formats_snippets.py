"""Checks that the Python printed in Docs/Formats.md opens what the program writes.

    python3 run_formats_snippets.py PATH_OF_IMAGESTORE

Needs numpy, h5py, lmdb and Pillow. The oracle is what numpy made.
"""
import shutil

import numpy as np

from encoded_cases import check_encoded
from format_snippets import check_all_used, run, snippets
from store_cases import FOLDER, KINDS, OPTIONS, REASON, TYPES, holds, imagestore, make, refusal

COUNT = 40


def shapes(channels, count=COUNT):
    return [(13, 9) if channels == 1 else (13, 9, channels)] * count


def mixed(channels, count=COUNT):
    sizes = [(1 + i * 7 % 23, 1 + i * 5 % 17) for i in range(count)]
    return [size if channels == 1 else (*size, channels) for size in sizes]


written = refused = 0
for dtype in TYPES:
    for channels in (1, 3):
        for form in (shapes, mixed):
            case = make(f"{dtype}-{channels}-{form.__name__}", dtype, form(channels))
            source = case.save()
            for kind, suffix in KINDS.items():
                # All types once; every layout with bytes and the widest.
                options = OPTIONS[kind] if dtype in ("bool", "uint8", "float64") else OPTIONS[kind][:1]
                for number, option in enumerate(options):
                    path = FOLDER / f"{case.name}-{number}{suffix}"
                    arguments = ("convert", source, path, "--to", kind, "--quiet", *option)
                    if not holds(kind, dtype, case.images[0].shape, case.is_mixed):
                        line = refusal(*arguments)
                        assert REASON[kind] in line, line
                        refused += 1
                        continue
                    if kind == "file" and dtype == "uint16" and channels == 3:
                        continue  # Pillow reduces these; the tests of PNGCodec have them.
                    imagestore(*arguments)
                    case.check(kind, path, option[1] if option else None)
                    written += 1
print(f"{written} stores read by the snippets, {refused} refused by name")

# Blocks of more than one value, and one image of them.
case = make("blocks", "uint8", [(32, 32, 3)] * 700)
path = FOLDER / "blocks.lmdb"
imagestore("convert", case.save(), path, "--first", 300, "--quiet")
rest = make("rest", "uint8", [(32, 32, 3)] * 400, seed=2)
imagestore("convert", rest.save(), path, "--append", "--quiet")
images = run("lmdb-blocks", str(path))["images"]
assert np.array_equal(images, case.images[:300] + rest.images), "an appended store differs"
for index in (0, 84, 85, 299, 300, 301, 699):
    assert np.array_equal(run("lmdb-one", str(path), index=index)["image"], images[index]), f"image {index}"
print("one image of a store in blocks read by its key")

path = FOLDER / "blocks.shards"
imagestore("convert", FOLDER / "blocks.npz", path, "--first", 300, "--shard-size", "100KB", "--quiet")
imagestore("convert", FOLDER / "rest.npz", path, "--append", "--shard-size", "1MB", "--quiet")
images = run("sharded", str(path))["images"]
assert np.array_equal(images, case.images[:300] + rest.images), "an appended data set differs"
for index in (0, 30, 31, 299, 300, 301, 699):
    assert np.array_equal(run("sharded-one", str(path), index=index)["image"], images[index]), f"image {index}"
print("one image of a data set in shards read by its place")

check_encoded(imagestore)
check_all_used()
print(f"all {len(snippets)} snippets of Docs/Formats.md run")
shutil.rmtree(FOLDER)

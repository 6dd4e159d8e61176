"""Reads the PNGs that the tests of the codec wrote, with Pillow and with a plain decoder:

    IMAGE_STORES_PYTHON=python3 swift test --filter otherDecodersReadTheFiles

Next to each `.png` are its pixels (`.raw`, in the machine's byte order) and their format (`.txt`).
"""
import pathlib
import sys

import numpy as np
from PIL import Image

sys.path.insert(0, str(pathlib.Path(__file__).parent.parent / "Fixtures"))
import make_png_fixtures

files = sorted(pathlib.Path(sys.argv[1]).glob("*.png"))
if not files:
    raise SystemExit(f"no files in {sys.argv[1]}")
for path in files:
    *shape, kind = path.with_suffix(".txt").read_text().split()
    expected = np.fromfile(path.with_suffix(".raw"), kind).reshape([int(size) for size in shape])
    plain = make_png_fixtures.decode(path.read_bytes())
    if plain.dtype != expected.dtype or not np.array_equal(plain, expected):
        raise SystemExit(f"{path}: the plain decoder reads other pixels")
    image = Image.open(path)
    image.load()
    # Pillow reads 16-bit samples of several channels as 8 bits.
    if kind == "uint16" and expected.shape[2] > 1:
        continue
    pixels = np.asarray(image)
    if not np.array_equal(pixels.reshape(expected.shape), expected):
        raise SystemExit(f"{path}: Pillow reads other pixels")
print(f"{len(files)} files read")

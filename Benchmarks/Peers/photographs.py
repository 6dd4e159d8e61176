"""Makes photographs of nobody's: scenes of slopes, edges, textures and grain with about the bytes per pixel that photographs have.

    python3 photographs.py FOLDER [--count 1000] [--width 500] [--height 375]

JPEGs near that size, quality 90 to 95, most 4:2:0, one of fifty progressive.
"""
import argparse
import pathlib

import numpy as np
from PIL import Image

parser = argparse.ArgumentParser()
parser.add_argument("folder", type=pathlib.Path)
parser.add_argument("--count", type=int, default=1000)
parser.add_argument("--width", type=int, default=500)
parser.add_argument("--height", type=int, default=375)
arguments = parser.parse_args()
rng = np.random.default_rng(11)


def octave(height, width, size):
    """Noise of one scale, interpolated."""
    small = rng.normal(0, 1, (height // size + 3, width // size + 3)).astype("f4")
    image = Image.fromarray(small).resize(((width // size + 3) * size, (height // size + 3) * size), Image.BICUBIC)
    return np.asarray(image)[:height, :width]


def scene(height, width):
    light = sum(octave(height, width, size) * size**0.55 for size in (4, 8, 16, 32, 64, 128)) * 7
    color = [octave(height, width, 64) * 20 + octave(height, width, 16) * 5 for _ in range(3)]
    y, x = np.mgrid[:height, :width]
    for _ in range(rng.integers(3, 12)):
        cy, cx, r = rng.integers(0, height), rng.integers(0, width), rng.integers(10, 120)
        inside = (y - cy) ** 2 + ((x - cx) * rng.uniform(0.5, 2)) ** 2 < r * r
        light = light + inside * rng.uniform(-70, 70)
    pixels = np.stack([128 + light + c for c in color], -1) + rng.normal(0, rng.uniform(3, 10), (height, width, 1))
    return Image.fromarray(np.clip(pixels, 0, 255).astype("u1"))


arguments.folder.mkdir(parents=True, exist_ok=True)
total = pixels = 0
for index in range(arguments.count):
    height, width = (arguments.height, arguments.width) if index % 3 else (arguments.width, arguments.height)
    vary = arguments.height * 60 // 375
    height, width = height + int(rng.integers(-vary, vary + 1)), width + int(rng.integers(-vary, vary + 1))
    path = arguments.folder / f"{index:05}.jpg"
    scene(height, width).save(path, quality=int(rng.integers(90, 96)), subsampling=0 if index % 5 == 0 else 2, progressive=index % 50 == 0)
    total, pixels = total + path.stat().st_size, pixels + height * width
print(f"{arguments.count} photographs, {total / arguments.count / 1e3:.0f} KB mean, {8 * total / pixels:.2f} bits per pixel")

#!/usr/bin/env python3
"""Draw a small set of images in ten classes and write it as CIFAR-10's python version is written.

    python3 make_cifar_fixture.py [FOLDER] [--sheet SHEET.png]

writes data_batch_1 to 5, test_batch and batches.meta, 60 images each, to FOLDER (by default the
resource that `imagestore demo` shows). Deterministic: the same arguments give the same bytes. Needs
numpy, and Pillow for the sheet.

The pickles have the opcodes that cPickle of Python 2 wrote for the genuine batches (protocol 2): byte
strings, numpy.core names, memo entries only for what is referenced twice, lists in runs of 1000.
"""
import argparse
import struct
from pathlib import Path

import numpy as np

CLASSES = ["sun", "house", "tree", "sea", "mountain", "fence", "flower", "wheel", "bricks", "road"]
SCALE = 3  # drawn at three times the size, then averaged: soft edges
SIDE = 32 * SCALE
Y, X = np.mgrid[0:SIDE, 0:SIDE] / SIDE


# --- Drawing -----------------------------------------------------------------------------------------

def noise(rng, roughness=0.55, first=2):
    """Value noise of several octaves, about 1/f like photographs, roughly within -1...1."""
    total, weight, cells = np.zeros((SIDE, SIDE)), 1.0, first
    while cells <= 48:
        grid = rng.random((cells + 2, cells + 2)) * 2 - 1
        y, x = Y * cells + rng.random(), X * cells + rng.random()
        i, j = y.astype(int), x.astype(int)
        v, u = y - i, x - j
        v, u = v * v * (3 - 2 * v), u * u * (3 - 2 * u)
        total += weight * ((grid[i, j] * (1 - u) + grid[i, j + 1] * u) * (1 - v)
                           + (grid[i + 1, j] * (1 - u) + grid[i + 1, j + 1] * u) * v)
        weight *= roughness
        cells *= 2
    return total


def colour(rng, r, g, b, spread=0.09):
    shift = (rng.random() - 0.5) * 2 * spread
    return np.clip(np.array([r, g, b]) + shift + (rng.random(3) - 0.5) * 2 * spread, 0, 1)


def fill(rng, rgb, contrast=0.12):
    """A surface: one colour, mostly grey texture, a little coloured."""
    texture = noise(rng)[..., None] * contrast
    tint = np.stack([noise(rng, 0.4) for _ in range(3)], -1) * contrast * 0.25
    return rgb + texture + tint


def blend(image, surface, mask):
    mask = np.clip(mask, 0, 1)[..., None]
    return image * (1 - mask) + surface * mask


def edge(distance, softness=0.012):
    """1 for negative distances, 0 for positive ones."""
    return np.clip(0.5 - distance / softness, 0, 1)


def sky(rng, top, bottom):
    t = np.clip(Y * (0.9 + 0.3 * rng.random()), 0, 1)[..., None]
    return fill(rng, colour(rng, *top), 0.05) * (1 - t) + fill(rng, colour(rng, *bottom), 0.05) * t


def day(rng):
    return sky(rng, (0.35, 0.55, 0.85), (0.75, 0.85, 0.95))


def ground(rng, image, level, rgb):
    line = level + 0.02 * noise(rng)
    return blend(image, fill(rng, colour(rng, *rgb), 0.15), edge(line - Y, 0.03))


def uniform(rng, low, high):
    return low + (high - low) * rng.random()


def sun(rng):
    image = sky(rng, (0.35, 0.25, 0.45), (0.95, 0.55, 0.25))
    r = uniform(rng, 0.12, 0.22)
    d = np.hypot(X - uniform(rng, 0.3, 0.7), Y - uniform(rng, 0.3, 0.6))
    image = blend(image, colour(rng, 1, 0.8, 0.4), 0.7 * np.exp(-np.maximum(d - r, 0) * 7))
    image = blend(image, fill(rng, colour(rng, 1, 0.93, 0.65, 0.04), 0.03), edge(d - r))
    return ground(rng, image, uniform(rng, 0.78, 0.9), (0.2, 0.13, 0.15))


def house(rng):
    image = ground(rng, day(rng), uniform(rng, 0.72, 0.82), (0.35, 0.5, 0.25))
    x, w, top, base = uniform(rng, 0.4, 0.6), uniform(rng, 0.2, 0.28), uniform(rng, 0.42, 0.5), uniform(rng, 0.8, 0.88)
    wall = np.maximum(abs(X - x) - w, np.maximum(top - Y, Y - base))
    image = blend(image, fill(rng, colour(rng, 0.8, 0.72, 0.6), 0.07), edge(wall))
    roof = np.maximum(abs(X - x) - (Y - top + 0.25) * (w + 0.06) / 0.25, Y - top)
    image = blend(image, fill(rng, colour(rng, 0.62, 0.2, 0.15), 0.1), edge(roof))
    door = np.maximum(abs(X - x + w * 0.4) - 0.045, np.maximum(base - 0.22 - Y, Y - base))
    window = np.maximum(abs(X - x - w * 0.4), abs(Y - (top + base) / 2)) - 0.055
    return blend(image, colour(rng, 0.2, 0.15, 0.15, 0.05), edge(np.minimum(door, window)))


def tree(rng):
    image = ground(rng, day(rng), uniform(rng, 0.75, 0.85), (0.45, 0.55, 0.25))
    x, y, r = uniform(rng, 0.38, 0.62), uniform(rng, 0.34, 0.42), uniform(rng, 0.24, 0.32)
    trunk = np.maximum(abs(X - x) - 0.045, np.maximum(y - Y, Y - 0.9))
    image = blend(image, fill(rng, colour(rng, 0.35, 0.23, 0.13, 0.04), 0.1), edge(trunk))
    crown = np.hypot(X - x, (Y - y) * 1.05) - r - 0.05 * noise(rng, 0.7, 6)
    leaves = fill(rng, colour(rng, 0.15, 0.38, 0.12, 0.05), 0.05) + 0.1 * noise(rng, 0.9, 8)[..., None]
    return blend(image, leaves - 0.25 * (Y - y)[..., None], edge(crown))


def sea(rng):
    image = sky(rng, (0.5, 0.65, 0.85), (0.85, 0.88, 0.9))
    horizon = uniform(rng, 0.25, 0.45)
    depth = np.maximum(Y - horizon, 0.003)
    wave = np.sin(uniform(rng, 6, 9) / (depth + 0.12) * 2 + 2.5 * noise(rng) + 6 * rng.random())
    water = fill(rng, colour(rng, 0.08, 0.35, 0.55, 0.06), 0.06) + 0.11 * wave[..., None] * (0.4 + depth[..., None])
    foam = np.clip(wave - 0.82, 0, 1) * 3 * depth
    return blend(blend(image, water, edge(horizon - Y)), np.ones(3) * 0.95, foam)


def mountain(rng):
    image = day(rng)
    for level, rgb in [(uniform(rng, 0.3, 0.4), (0.5, 0.52, 0.6)), (uniform(rng, 0.15, 0.25), (0.36, 0.34, 0.36))]:
        x = uniform(rng, 0.25, 0.75)
        ridge = level + abs(X - x) * uniform(rng, 0.9, 1.3) + 0.06 * noise(rng, 0.6, 4)
        rock = fill(rng, colour(rng, *rgb, 0.05), 0.14) - 0.12 * np.tanh((X - x) * 8)[..., None]
        rock = blend(rock, fill(rng, np.ones(3) * 0.95, 0.06), edge(Y - level - 0.18 - 0.06 * noise(rng, 0.7, 6), 0.04))
        image = blend(image, rock, edge(ridge - Y))
    return ground(rng, image, uniform(rng, 0.85, 0.93), (0.2, 0.32, 0.18))


def fence(rng):
    image = ground(rng, day(rng), uniform(rng, 0.5, 0.7), (0.3, 0.5, 0.2))
    pitch, top = uniform(rng, 0.15, 0.2), uniform(rng, 0.18, 0.3)
    phase = (X + rng.random() + 0.01 * noise(rng)) / pitch
    across = abs(phase - np.floor(phase) - 0.5) * pitch
    slat = np.maximum(across - pitch * 0.33, top + across * 0.9 - Y)
    rails = np.minimum(abs(Y - top - 0.2), abs(Y - top - 0.5)) - 0.035
    wood = fill(rng, colour(rng, 0.72, 0.6, 0.45, 0.12), 0.09)
    image = blend(image, wood * 0.75, edge(rails))
    return blend(image, wood + 0.08 * np.cos(across / pitch * 6)[..., None], edge(slat))


def flower(rng):
    image = fill(rng, colour(rng, 0.2, 0.42, 0.15), 0.2)
    x, y, r, n = uniform(rng, 0.4, 0.6), uniform(rng, 0.4, 0.6), uniform(rng, 0.3, 0.4), 5 + int(rng.random() * 4)
    angle, d = np.arctan2(Y - y, X - x), np.hypot(X - x, Y - y)
    petal = d - r * (0.62 + 0.38 * abs(np.cos(angle * n / 2 + 6 * rng.random())))
    hue = [(0.9, 0.3, 0.55), (0.95, 0.9, 0.95), (0.95, 0.75, 0.2), (0.6, 0.35, 0.85)][int(rng.random() * 4)]
    image = blend(image, fill(rng, colour(rng, *hue, 0.05), 0.06) - 0.25 * (r - d)[..., None], edge(petal))
    return blend(image, fill(rng, colour(rng, 0.6, 0.4, 0.1, 0.06), 0.1), edge(d - r * 0.28))


def wheel(rng):
    image = fill(rng, colour(rng, 0.62, 0.62, 0.62, 0.15), 0.1)
    x, y, r = uniform(rng, 0.43, 0.57), uniform(rng, 0.43, 0.57), uniform(rng, 0.32, 0.42)
    d, angle = np.hypot(X - x, Y - y), np.arctan2(Y - y, X - x) + 6 * rng.random()
    image = blend(image, fill(rng, colour(rng, 0.12, 0.12, 0.13, 0.04), 0.06), edge(abs(d - r) - 0.07))
    n = 5 + int(rng.random() * 4)
    spoke = abs(np.sin(angle * n / 2)) * d * 2 / n - 0.016
    metal = fill(rng, colour(rng, 0.85, 0.86, 0.88, 0.05), 0.05)
    image = blend(image, metal, edge(np.maximum(spoke, d - r + 0.07)))
    return blend(image, metal * 0.9, edge(np.minimum(abs(d - r + 0.075) - 0.014, d - 0.075)))


def bricks(rng):
    h, w = uniform(rng, 0.13, 0.18), uniform(rng, 0.3, 0.42)
    y = (Y + rng.random()) / h
    row = np.floor(y).astype(int)
    x = (X + rng.random()) / w + (row % 2) * 0.5
    shade = rng.random((16, 16))[row % 16, np.floor(x).astype(int) % 16]
    joint = np.minimum((0.5 - abs(y - row - 0.5)) * h, (0.5 - abs(x - np.floor(x) - 0.5)) * w) - 0.018
    wall = fill(rng, colour(rng, 0.62, 0.27, 0.2, 0.08), 0.1) + (shade[..., None] - 0.5) * 0.22
    mortar = fill(rng, colour(rng, 0.75, 0.72, 0.68, 0.06), 0.06)
    return blend(mortar, wall, edge(-joint)) * (0.85 + 0.3 * (1 - Y))[..., None]


def road(rng):
    horizon, x = uniform(rng, 0.28, 0.42), uniform(rng, 0.35, 0.65)
    image = ground(rng, day(rng), horizon, (0.48, 0.5, 0.28))
    depth = np.maximum(Y - horizon, 1e-3)
    centre = x + (0.5 - x) * depth + 0.1 * (rng.random() - 0.5) * depth
    image = blend(image, fill(rng, colour(rng, 0.3, 0.3, 0.32, 0.06), 0.07),
                  edge(np.maximum(abs(X - centre) - 0.62 * depth - 0.015, horizon - Y)))
    dash = np.sin(1.6 / (depth + 0.05) * uniform(rng, 1.6, 2.4) + 6 * rng.random())
    line = np.maximum(abs(X - centre) - 0.05 * depth, horizon - Y) + np.where(dash > -0.3, 0, 1)
    return blend(image, np.array([0.95, 0.93, 0.8]), edge(line))


DRAW = [sun, house, tree, sea, mountain, fence, flower, wheel, bricks, road]


def draw(rng, label):
    """A 32x32x3 uint8 image: the scene in some light, seen by a camera with a little noise."""
    image = DRAW[label](rng)
    if rng.random() < 0.5:
        image = image[:, ::-1]
    image = image.reshape(32, SCALE, 32, SCALE, 3).mean(axis=(1, 3))
    image = (image - 0.5) * uniform(rng, 0.85, 1.1) + 0.5 + uniform(rng, -0.06, 0.06)
    grain = rng.random((32, 32, 3)) + rng.random((32, 32, 3)) - 1
    return np.clip(image * 255 + grain * 5 + 0.5, 0, 255).astype(np.uint8)


# --- Writing, opcode by opcode -----------------------------------------------------------------------

class Writer:
    def __init__(self):
        self.bytes = bytearray(b"\x80\x02")
        self.entries = 0

    def memoized(self, code):
        self.bytes += code
        self.entries += 1
        self.bytes += bytes([0x71, self.entries]) if self.entries < 256 else b"r" + struct.pack("<I", self.entries)

    @staticmethod
    def text(string):
        encoded = string.encode("ascii")
        return b"U" + bytes([len(encoded)]) + encoded

    @staticmethod
    def number(n):
        if 0 <= n < 1 << 8:
            return b"K" + bytes([n])
        return b"M" + struct.pack("<H", n) if 0 <= n < 1 << 16 else b"J" + struct.pack("<i", n)

    def begin(self):
        self.memoized(b"}")
        self.bytes += b"("

    def end(self):
        self.bytes += b"u."
        return bytes(self.bytes)

    def list(self, items, write):
        self.memoized(b"]")
        for start in range(0, len(items), 1000):
            self.bytes += b"("
            for item in items[start:start + 1000]:
                write(item)
            self.bytes += b"e"

    def texts(self, items):
        self.list(items, lambda item: self.memoized(self.text(item)))

    def numbers(self, items):
        def write(item):
            self.bytes += self.number(item)
        self.list(items, write)

    def array(self, array):
        self.memoized(b"cnumpy.core.multiarray\n_reconstruct\n")
        self.memoized(b"cnumpy\nndarray\n")
        self.memoized(self.number(0) + b"\x85" + self.text("b") + b"\x87R")
        self.bytes += b"(" + self.number(1) + self.number(array.shape[0]) + self.number(array.shape[1]) + b"\x86"
        self.memoized(b"cnumpy\ndtype\n")
        self.memoized(self.text("u1") + self.number(0) + self.number(1) + b"\x87R")
        self.bytes += b"(" + self.number(3) + self.text("|") + b"NNN" + 2 * self.number(-1) + self.number(0) + b"tb"
        self.bytes += b"\x89T" + struct.pack("<i", array.nbytes) + array.tobytes() + b"tb"


def batch(title, labels, planes, names):
    w = Writer()
    w.begin()
    w.memoized(w.text("batch_label"))
    w.memoized(w.text(title))
    w.memoized(w.text("labels"))
    w.numbers(labels)
    w.memoized(w.text("data"))
    w.array(planes)
    w.memoized(w.text("filenames"))
    w.texts(names)
    return w.end()


def meta(count):
    w = Writer()
    w.begin()
    w.memoized(w.text("num_cases_per_batch"))
    w.bytes += w.number(count)
    w.memoized(w.text("label_names"))
    w.texts(CLASSES)
    w.memoized(w.text("num_vis"))
    w.bytes += w.number(3072)
    return w.end()


def main():
    parser = argparse.ArgumentParser()
    root = Path(__file__).resolve().parents[2]
    parser.add_argument("folder", nargs="?", type=Path, default=root / "Sources/imagestore/Resources/cifar-10-demo")
    parser.add_argument("--sheet", type=Path, help="also write all images as one PNG, a row a class")
    arguments = parser.parse_args()
    folder, count = arguments.folder, 60
    folder.mkdir(parents=True, exist_ok=True)
    rng = np.random.Generator(np.random.PCG64(10))
    shown = []
    for number in range(1, 7):
        labels = [i % 10 for i in range(count)]
        for i in range(count - 1, 0, -1):
            j = int(rng.random() * (i + 1))
            labels[i], labels[j] = labels[j], labels[i]
        images = np.stack([draw(rng, label) for label in labels])
        shown += list(zip(labels, images))
        planes = images.transpose(0, 3, 1, 2).reshape(count, 3072)
        part, title = (f"data_batch_{number}", f"training batch {number} of 5")
        if number == 6:
            part, title = "test_batch", "testing batch 1 of 1"
        names = [f"{CLASSES[label]}_s_{number * 1000 + i:06}.png" for i, label in enumerate(labels)]
        (folder / part).write_bytes(batch(title, labels, planes, names))
    (folder / "batches.meta").write_bytes(meta(count))
    if arguments.sheet:
        from PIL import Image
        rows = [np.concatenate([image for label, image in shown if label == row][:24], 1) for row in range(10)]
        Image.fromarray(np.concatenate(rows)).resize((24 * 64, 640), 0).save(arguments.sheet)


if __name__ == "__main__":
    main()

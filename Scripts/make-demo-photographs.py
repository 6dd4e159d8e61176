#!/usr/bin/env python3
"""Makes the pictures that `imagestore demo --photographs` shows: landscapes that a program painted, as JPEGs in class folders.

    Scripts/make-demo-photographs.py FOLDER

They have three sizes, and one is gray. Needs numpy and Pillow.
"""
import sys
from pathlib import Path

import numpy as np
from PIL import Image

SIZES = [(240, 320), (320, 240), (270, 360)]


def noise(rng, height, width, cells):
    """Smooth noise from 0 to 1."""
    total = np.zeros((height, width))
    for octave in range(5):
        count = cells * 2**octave
        grid = Image.fromarray(rng.random((count + 1, count + 1)).astype(np.float32))
        total += np.asarray(grid.resize((width, height), Image.BICUBIC)) / 2**octave
    return (total - total.min()) / (total.max() - total.min())


def sky(rng, height, width, top, bottom):
    fall = np.linspace(0, 1, height)[:, None, None]
    picture = np.array(top) * (1 - fall) + np.array(bottom) * fall + np.zeros((height, width, 3))
    clouds = np.clip(noise(rng, height, width, 3) * 2 - 1, 0, 1)[..., None]
    return picture * (1 - 0.6 * clouds) + 245 * 0.6 * clouds


def ridge(rng, width, level, rough):
    steps = noise(rng, 2, width, 4)[0]
    return level + rough * (steps - 0.5)


def hills(rng, height, width):
    picture = sky(rng, height, width, (90, 140, 210), (225, 225, 235))
    rows = np.arange(height)[:, None]
    for layer in range(4):
        edge = ridge(rng, width, height * (0.45 + 0.14 * layer), height * 0.25)
        color = np.array((110 - 22 * layer, 140 - 12 * layer, 120 - 28 * layer))
        shade = 0.75 + 0.5 * noise(rng, height, width, 12)[..., None]
        picture = np.where((rows > edge)[..., None], color * shade, picture)
    return picture


def sea(rng, height, width):
    picture = sky(rng, height, width, (60, 110, 190), (250, 205, 160))
    horizon = int(height * (0.45 + 0.1 * rng.random()))
    rows, columns = np.mgrid[0:height, 0:width]
    sun = np.exp(-((rows - horizon * 0.7) ** 2 + (columns - width * rng.uniform(0.3, 0.7)) ** 2) / (2 * (height * 0.05) ** 2))
    picture += sun[..., None] * np.array((120, 90, 30))
    depth = np.clip((rows - horizon) / (height - horizon), 0.001, 1)
    waves = np.sin(60 * np.sqrt(depth) * (1 + 0.3 * noise(rng, height, width, 8)) + columns * 0.02)
    water = np.array((30, 80, 120)) + 35 * (waves * (0.3 + depth))[..., None] + 60 * (1 - depth)[..., None]
    return np.where((rows > horizon)[..., None], water, picture)


def town(rng, height, width):
    picture = sky(rng, height, width, (18, 22, 50), (150, 90, 90)) * 0.8
    column = 0
    while column < width:
        wide = int(rng.integers(18, 46))
        top = int(height * rng.uniform(0.25, 0.75))
        tone = rng.uniform(18, 60)
        picture[top:, column : column + wide] = np.array((tone, tone, tone * 1.3))
        for row in range(top + 5, height - 8, 10):
            for place in range(column + 4, min(column + wide, width) - 6, 9):
                if rng.random() < 0.45:
                    picture[row : row + 5, place : place + 4] = (250, 215, 130)
        column += wide
    return picture


folder = Path(sys.argv[1])
for label, (name, paint) in enumerate([("hills", hills), ("sea", sea), ("town", town)]):
    (folder / name).mkdir(parents=True, exist_ok=True)
    for number, (height, width) in enumerate(SIZES):
        rng = np.random.default_rng(100 * label + number)
        pixels = paint(rng, height, width) + rng.normal(0, 4, (height, width, 1))
        picture = Image.fromarray(np.clip(pixels, 0, 255).astype(np.uint8))
        if (name, number) == ("sea", 2):
            picture = picture.convert("L")
        picture.save(folder / name / f"{name}{number}.jpg", quality=82, optimize=True)

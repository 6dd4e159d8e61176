"""Checks that the code of the README, Docs and the articles is the code that is compiled and run.

    python3 check_code_blocks.py FOLDER_IN_CIFAR_10S_LAYOUT

Every block of Swift is, except for blank lines, imports and indentation, in Tools/Snippets, in the example store or in Examples.
The blocks of Python in "Coming from Python" and "Recipes" are run one after another, and the lines of both are counted. Those in
the guides of stores are in Docs/Formats.md, whose Python is run by run_formats_snippets.py, with `path` for the name of a store. Needs
numpy, h5py, lmdb and Pillow.
"""
import csv
import glob
import io
import json
import math
import os
import pickle
import re
import sys
import tempfile
from pathlib import Path

import h5py
import lmdb
import numpy as np
from PIL import Image

ROOT = Path(__file__).resolve().parents[2]
PAGES = [ROOT / "README.md", *sorted(ROOT.glob("Docs/*.md")), *sorted(ROOT.glob("Sources/*/*.docc/*.md"))]
SOURCES = [file for pattern in ("Tools/Snippets/*.swift", "Tests/ImageStoreTestingTests/*.swift", "Examples/*/Package.swift", "Examples/*/Sources/*/*.swift")
           for file in ROOT.glob(pattern)]


def lines(text):
    stripped = (line.strip() for line in text.splitlines())
    return [line for line in stripped if line and not line.startswith("import ")]


def blocks(page, language):
    return re.findall(rf"```{language}\n(.*?)```", page.read_text(encoding="utf-8"), re.S)


compiled = ["\n".join(["", *lines(source.read_text(encoding="utf-8")), ""]) for source in SOURCES]
count = 0
for page in PAGES:
    for block in blocks(page, "swift"):
        code = "\n".join(["", *lines(block), ""])
        assert any(code in source for source in compiled), f"{page.name}: this is not compiled anywhere:\n{block}"
        count += 1
assert count >= 20, f"only {count} blocks of Swift found"
print(f"{count} blocks of Swift are compiled and run")

# The name that each guide has for its store.
GUIDES = {"LMDBStore": "train.lmdb", "HDF5Store": "train.h5", "NPZStore": "test.npz", "FileStore": "pngs", "PackedBitStore": "masks.bits", "ShardedStore": "train"}
formats = [block.replace("str(path)", "path") for block in blocks(ROOT / "Docs/Formats.md", "python")]
for guide, name in GUIDES.items():
    for block in blocks(ROOT / f"Sources/{guide}/{guide}.docc/{guide}.md", "python"):
        code = re.sub(rf'f?"{re.escape(name)}/', 'f"{path}/', block).replace(f'"{name}"', "path")
        assert code in formats, f"{guide}: this is not in Docs/Formats.md:\n{code}"
print(f"the Python of {len(GUIDES)} guides is that of Docs/Formats.md")

codes = {code for source in ROOT.glob("Sources/**/*.swift") for code in re.findall(r'Code\(rawValue: "(\w+)"\)', source.read_text(encoding="utf-8"))}
rows = re.findall(r"^\| `(\w+)` \|", (ROOT / "Sources/ImageStoreCore/ImageStoreCore.docc/Troubleshooting.md").read_text(encoding="utf-8"), re.M)
assert sorted(rows) == sorted(codes), f"Troubleshooting has {rows}, and the code {sorted(codes)}"
print(f"Troubleshooting has all {len(codes)} codes of errors")

# Pages that have each task in both languages, with a table of the lines.
NUMBERS = {10: "ten", 12: "twelve"}


def tasks_of(name):
    """The tasks of a page and their Python, once the table has been compared with the lines."""
    page = ROOT / f"Sources/ImageStoreCore/ImageStoreCore.docc/{name}.md"
    python, swift = blocks(page, "python"), blocks(page, "swift")
    rows = re.findall(r"^\| (.+?) \| (\d+) \| (\d+) \|$", page.read_text(encoding="utf-8"), re.M)
    tasks = re.findall(r"^## (?!Overview)(.+)$", page.read_text(encoding="utf-8"), re.M)
    counted = [(task, len(p.splitlines()), len(s.splitlines())) for task, p, s in zip(tasks, python, swift, strict=True)]
    counted.append((f"all {NUMBERS[len(counted)]}", sum(row[1] for row in counted), sum(row[2] for row in counted)))
    assert [(task, int(p), int(s)) for task, p, s in rows] == counted, f"{name}: the table should say {counted}"
    print(f"{name}: {len(python)} blocks of Python are run; lines: Python {counted[-1][1]}, Swift {counted[-1][2]}")
    return list(zip(tasks, python, strict=True))


def run(tasks, folder, batches, **more):
    """Runs the Python of a page's tasks, one after another, in a folder with CIFAR-10's batches."""
    os.chdir(folder)
    os.symlink(batches, "cifar-10-batches-py")
    variables = dict(
        csv=csv, glob=glob, io=io, json=json, math=math, os=os, pickle=pickle, h5py=h5py, lmdb=lmdb, np=np, Image=Image,
        step=lambda *batch: None, **more)
    for task, block in tasks:
        exec(compile(block, task, "exec"), variables)
    os.chdir(ROOT)
    return variables


batches = Path(sys.argv[1]).resolve()
masks = np.random.default_rng(1).integers(0, 2, (20, 1080, 1920)).astype(bool)
with tempfile.TemporaryDirectory() as folder:
    os.mkdir(f"{folder}/masks.bits")
    np.save(f"{folder}/masks.bits/masks.npy", np.packbits(masks, axis=1))
    glyphs = [np.full((28, 28), i, np.uint8) for i in range(20)]
    variables = run(tasks_of("ComingFromPython"), folder, batches, glyphs=glyphs)
    assert np.array_equal(variables["crops"], masks[[17, 4, 9], 555:811, 777:1033])
with tempfile.TemporaryDirectory() as folder:
    for i in range(8):
        os.makedirs(f"{folder}/photographs/{i % 2}", exist_ok=True)
        Image.fromarray(np.full((60 + 5 * i, 90 - 3 * i, 3), 9 * i, np.uint8)).save(f"{folder}/photographs/{i % 2}/{i}.png")
    variables = run(
        tasks_of("Recipes"), folder, batches, frames=lambda: ((np.full((8, 8), i, np.uint8), i / 10) for i in range(50)))
    assert variables["one"].shape == (32, 32, 3) and variables["png"](3).startswith(b"\x89PNG")
    assert len(variables["merged_images"]) == 36 and len(variables["boxes"]) == 20

"""Checks that the code of the README, Docs and the articles is the code that is compiled and run.

    python3 check_code_blocks.py FOLDER_IN_CIFAR_10S_LAYOUT

Every block of Swift stands, but for blank lines, imports and indentation, in Tools/Snippets, in the example store or in Examples.
The blocks of Python in "Coming from Python" are run one after another, and the lines of both are counted. Needs numpy,
h5py, lmdb and Pillow.
"""
import csv
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

page = ROOT / "Sources/ImageStoreCore/ImageStoreCore.docc/ComingFromPython.md"
python, swift = blocks(page, "python"), blocks(page, "swift")
rows = re.findall(r"^\| (.+?) \| (\d+) \| (\d+) \|$", page.read_text(encoding="utf-8"), re.M)
tasks = re.findall(r"^## (?!Overview)(.+)$", page.read_text(encoding="utf-8"), re.M)
counted = [(task, len(p.splitlines()), len(s.splitlines())) for task, p, s in zip(tasks, python, swift, strict=True)]
counted.append(("all ten", sum(row[1] for row in counted), sum(row[2] for row in counted)))
assert [(task, int(p), int(s)) for task, p, s in rows] == counted, f"the table should say {counted}"

batches = Path(sys.argv[1]).resolve()
masks = np.random.default_rng(1).integers(0, 2, (20, 1080, 1920)).astype(bool)
with tempfile.TemporaryDirectory() as folder:
    os.chdir(folder)
    os.symlink(batches, "cifar-10-batches-py")
    os.mkdir("masks.bits")
    np.save("masks.bits/masks.npy", np.packbits(masks, axis=1))
    variables = dict(
        csv=csv, os=os, pickle=pickle, h5py=h5py, lmdb=lmdb, np=np, Image=Image, step=lambda *batch: None,
        glyphs=[np.full((28, 28), i, np.uint8) for i in range(20)])
    for task, block in zip(tasks, python):
        exec(compile(block, task, "exec"), variables)
    assert np.array_equal(variables["crops"], masks[[17, 4, 9], 555:811, 777:1033])
    os.chdir(ROOT)
print(f"{len(python)} blocks of Python run; lines: Python {counted[-1][1]}, Swift {counted[-1][2]}")

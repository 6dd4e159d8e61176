"""Writes folders of PNGs as Python users do: python3 make_file_fixtures.py  (Pillow, numpy).

Pixel (row, column, channel) of image i is (37 i + 11 row + 5 column + 71 channel) mod 256 everywhere; the
label of image i is (3 i + 1) mod 4.
"""
import csv
import shutil
from pathlib import Path

import numpy as np
from PIL import Image

out = Path(__file__).parent / "files"
shutil.rmtree(out, ignore_errors=True)
row, column, channel = np.ogrid[:5, :8, :3]
images = [((37 * i + 11 * row + 5 * column + 71 * channel) % 256).astype(np.uint8) for i in range(6)]
labels = [(3 * i + 1) % 4 for i in range(6)]


def folder(name):
    path = out / name
    path.mkdir(parents=True)
    return path


def tutorial_csv(path, values):
    with open(path, "w", newline="") as file:
        writer = csv.writer(file, delimiter=" ", quotechar="|", quoting=csv.QUOTE_MINIMAL)
        for value in values:
            writer.writerow([value])


many = folder("many")
for i, image in enumerate(images):
    Image.fromarray(image).save(many / f"{i}.png")
tutorial_csv(many / "6.csv", labels)

single = folder("single")
for i, image in enumerate(images[:3]):
    Image.fromarray(image).save(single / f"{i}.png")
    tutorial_csv(single / f"{i}.csv", labels[i : i + 1])

# As torchvision.datasets.ImageFolder reads it: classes by sorted name, images by sorted path.
classes = folder("classes")
for i, image in enumerate(images):
    place = classes / f"class {labels[i]}"
    place = place / "more" if i >= 4 else place
    place.mkdir(parents=True, exist_ok=True)
    Image.fromarray(image).save(place / f"picture-{i}.png")
(classes / ".thumbnails").mkdir()
(classes / "class 0" / "notes.txt").write_text("not an image\n")

# A labels.csv of pandas: LF, a quoted name with a comma, columns of each kind, its own order.
table = folder("table")
lines = ["score,file,name,label,count"]
for i, image in enumerate(images):
    Image.fromarray(image).save(table / f"im {i},a.png")
    lines.append(f'{i / 4},"im {i},a.png","n ""{i}""\u00e9",{labels[i]},{i - 2}')
(table / "labels.csv").write_text("\n".join(lines) + "\n", encoding="utf-8-sig")

# What one folder may mix: gray, 16 bits, one bit, a palette, transparency.
mixed = folder("mixed")
gray = images[0][..., 0]
Image.fromarray(gray).save(mixed / "a-gray.png")
Image.fromarray(gray.astype(np.uint16) * 257).save(mixed / "b-gray16.png")
Image.fromarray(gray > 100).save(mixed / "c-bits.png")
Image.fromarray(images[0]).quantize(256).convert("P").save(mixed / "d-palette.png")
Image.fromarray(np.dstack([images[0], 255 - gray])).save(mixed / "e-alpha.png")

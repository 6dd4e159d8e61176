"""Makes odd JPEGs and what they must decode to, by Pillow, for the tests of JPEGCodec.

    python3 make_jpegs.py FOLDER

Writes NAME.jpg, NAME.raw (its pixels as they are stored) and, if it says how it is to be turned, NAME.up (upright), and a line
of index.tsv for each: name, height, width, channels, orientation, and what is right: `same`, `damaged` (an error, or what can be decoded),
`odd` (whole, and the library has something to say) or `refused`. Needs numpy and Pillow.
"""
import io
import pathlib
import random
import struct
import sys

import numpy as np
from PIL import Image, ImageFile, ImageOps

out = pathlib.Path(sys.argv[1])
rng = np.random.default_rng(7)
random.seed(7)
lines = []


def picture(height, width, channels=3):
    """Slopes, edges and noise."""
    y, x = np.mgrid[:height, :width]
    planes = []
    for channel in range(channels):
        plane = 127 + 90 * np.sin(x / (5.0 + 3 * channel) + channel) * np.cos(y / (7.0 + channel))
        plane += 60 * ((x // 9 + y // 11 + channel) % 2) - 30 + rng.normal(0, 12, (height, width))
        planes.append(plane)
    pixels = np.clip(np.stack(planes, -1), 0, 255).astype("u1")
    return Image.fromarray(pixels[..., 0] if channels == 1 else pixels, {1: "L", 3: "RGB", 4: "CMYK"}[channels])


def encoded(image, **options):
    options.setdefault("quality", 90)
    file = io.BytesIO()
    image.save(file, "JPEG", **options)
    return file.getvalue()


def add(name, file, right="same"):
    (out / f"{name}.jpg").write_bytes(file)
    height, width, channels, orientation = 0, 0, 0, 1
    if right != "refused":
        ImageFile.LOAD_TRUNCATED_IMAGES = right == "damaged"
        image = Image.open(io.BytesIO(file))
        orientation = image.getexif().get(0x0112, 1)
        if orientation not in range(1, 9):
            orientation = 1
        upright = ImageOps.exif_transpose(image) if orientation != 1 else image
        image, upright = [i if i.mode == "L" else i.convert("RGB") for i in (image, upright)]
        pixels = np.asarray(image)
        height, width = pixels.shape[:2]
        channels = 1 if pixels.ndim == 2 else 3
        (out / f"{name}.raw").write_bytes(pixels.tobytes())
        if orientation != 1:
            (out / f"{name}.up").write_bytes(np.asarray(upright).tobytes())
        ImageFile.LOAD_TRUNCATED_IMAGES = False
    lines.append("\t".join(map(str, [name, height, width, channels, orientation, right])))


def segments(file):
    """The segments before the pixels as [(marker, start, end)]."""
    at, found = 2, []
    while True:
        marker, length = file[at + 1], struct.unpack(">H", file[at + 2 : at + 4])[0]
        found.append((marker, at, at + 2 + length))
        if marker == 0xDA:
            return found
        at += 2 + length


def segment(file, *markers):
    return next((start, end) for marker, start, end in segments(file) if marker in markers)


def frame(file, height=None, width=None, sampling=None, marker=None, precision=None):
    """Another frame header."""
    start, _ = segment(file, 0xC0, 0xC1, 0xC2)
    file = bytearray(file)
    if height is not None:
        file[start + 5 : start + 7] = struct.pack(">H", height)
    if width is not None:
        file[start + 7 : start + 9] = struct.pack(">H", width)
    if sampling is not None:
        file[start + 11] = sampling
    if marker is not None:
        file[start + 1] = marker
    if precision is not None:
        file[start + 4] = precision
    return bytes(file)


def with_segment(file, marker, payload):
    return file[:2] + bytes([0xFF, marker]) + struct.pack(">H", len(payload) + 2) + payload + file[2:]


def without(file, marker):
    start, end = segment(file, marker)
    return file[:start] + file[end:]


def exif(orientation, little=True, kind=3, count=1, tag=0x0112, before=0):
    o = "<" if little else ">"
    value = struct.pack(o + {1: "Bxxx", 3: "Hxx", 4: "I"}[kind], orientation)
    entries = struct.pack(o + "HHI4s", 0x010F, 2, 4, b"abc\0") * before
    entries += struct.pack(o + "HHI", tag, kind, count) + value
    return b"Exif\0\0" + (b"II" if little else b"MM") + struct.pack(o + "HIH", 42, 8, before + 1) + entries + bytes(4)


# Every subsampling that Pillow writes, by sizes around those of blocks.
sizes = [(1, 1), (1, 2), (2, 1), (3, 3), (7, 5), (8, 8), (9, 17), (16, 16), (17, 15), (33, 31), (40, 70), (2, 97), (64, 48), (18, 1)]
for sampling in (0, 1, 2):
    for height, width in sizes:
        add(f"rgb-{sampling}-{height}x{width}", encoded(picture(height, width), subsampling=sampling))
        add(
            f"progressive-{sampling}-{height}x{width}",
            encoded(picture(height, width), subsampling=sampling, progressive=True, quality=random.randrange(1, 101)))
for height, width in sizes:
    add(f"gray-{height}x{width}", encoded(picture(height, width, 1)))
    add(f"gray-progressive-{height}x{width}", encoded(picture(height, width, 1), progressive=True))
    add(f"inks-{height}x{width}", encoded(picture(height, width, 4)))
# The blocks of 4:2:2 are those of 4:4:0 in another arrangement, and those of 4:2:0 those of 4:1:1 and of 1:4.
for index, (height, width) in enumerate([(8, 16), (24, 48), (37, 61), (64, 33), (80, 80), (5, 90)]):
    file = encoded(picture(height, width), subsampling=1)
    add(f"440-{index}", frame(file, height=(width + 15) // 16 * 16 - index, width=(height + 7) // 8 * 8 - index % 3, sampling=0x12))
    file = encoded(picture(height, width), subsampling=2)
    across, down = (width + 15) // 16, (height + 15) // 16
    add(f"411-{index}", frame(file, height=8 * down - index, width=32 * across - 3 * index, sampling=0x41))
    add(f"141-{index}", frame(file, height=32 * down - index, width=8 * across - index, sampling=0x14))
# Inks as YCCK, by what Adobe's marker says.
for index, (height, width) in enumerate([(1, 1), (19, 23), (48, 40)]):
    file = bytearray(encoded(picture(height, width, 4), progressive=index == 2))
    start, end = segment(bytes(file), 0xEE)
    file[end - 1] = 2
    add(f"ycck-{index}", bytes(file))
    add(f"inks-unmarked-{index}", without(bytes(file), 0xEE))
# RGB as it is, by Adobe's marker and by the names of the components.
for index, (height, width) in enumerate([(1, 1), (13, 29), (32, 50)]):
    file = without(encoded(picture(height, width), subsampling=0), 0xE0)
    add(f"rgb-marked-{index}", with_segment(file, 0xEE, b"Adobe" + struct.pack(">HHHB", 100, 0, 0, 0)))
    named = bytearray(file)
    start, end = segment(file, 0xC0)
    for k, letter in enumerate(b"RGB"):
        named[start + 10 + 3 * k] = letter
    start, end = segment(file, 0xDA)
    for k, letter in enumerate(b"RGB"):
        named[start + 5 + 2 * k] = letter
    add(f"rgb-named-{index}", bytes(named))
for quality in [1, 2, 5, 10, 25, 50, 75, 85, 95, 99, 100]:
    add(f"quality-{quality}", encoded(picture(45, 51), quality=quality, subsampling=quality % 3, optimize=quality % 2 == 0))
for blocks in (1, 2, 3, 7):
    add(f"restart-{blocks}", encoded(picture(50, 66), restart_marker_blocks=blocks, progressive=blocks == 3))
    add(f"restart-rows-{blocks}", encoded(picture(50, 66), restart_marker_rows=blocks, subsampling=0))
# Exif both ways, of gray and color, and broken.
for orientation in range(1, 9):
    for little in (True, False):
        channels = 1 if orientation % 3 == 0 else 3
        file = encoded(picture(37, 52, channels), progressive=little and orientation > 5)
        data = exif(orientation, little, kind=4 if orientation == 4 else 3, before=orientation % 3)
        add(f"exif-{orientation}-{'II' if little else 'MM'}", with_segment(file, 0xE1, data))
plain = encoded(picture(21, 34))
whole = exif(6)
broken = {
    "short": whole[:12], "empty": b"Exif\0\0", "order": whole.replace(b"II", b"IX"), "far": whole[:10] + b"\xff\xff\xff\x7f" + whole[14:],
    "zero": exif(0), "nine": exif(9), "cut": whole[:20], "none": exif(6, tag=0x0113), "xmp": b"http://ns.adobe.com/xap/1.0/\0<x/>",
}
for name, data in broken.items():
    (out / f"broken-exif-{name}.jpg").write_bytes(with_segment(plain, 0xE1, data))
    (out / f"broken-exif-{name}.raw").write_bytes(np.asarray(Image.open(io.BytesIO(plain)).convert("RGB")).tobytes())
    lines.append("\t".join([f"broken-exif-{name}", "21", "34", "3", "1", "same"]))
# Bytes around the image.
add("trailing", plain + b"something else" * 100)
add("trailing-jpeg", plain + plain)
add("comment", with_segment(with_segment(plain, 0xFE, b"a comment"), 0xED, bytes(60000)))
add("profile", encoded(picture(20, 20), icc_profile=bytes(150_000)))
add("fill", plain[:2] + b"\xff" * 9 + plain[2:])
start, end = segment(plain, 0xDB)
add("garbage", plain[:start] + b"garbage" + plain[start:], "odd")
add("garbage-end", plain[:-2] + b"\x01\x02\x03" + plain[-2:], "odd")
add("adobe-unknown", with_segment(without(plain, 0xE0), 0xEE, b"Adobe" + struct.pack(">HHHB", 100, 0, 0, 7)), "odd")
for share in (20, 50, 90):
    photo = encoded(picture(96, 80), subsampling=2)
    add(f"truncated-{share}", photo[: len(photo) * share // 100], "damaged")
    photo = encoded(picture(96, 80), progressive=True)
    add(f"truncated-progressive-{share}", photo[: len(photo) * share // 100], "damaged")
add("unended", plain[:-2], "damaged")
# What is not decoded.
add("bits-12", frame(plain, precision=12), "refused")
add("lossless", frame(plain, marker=0xC3), "refused")
add("hierarchical", frame(plain, marker=0xC5), "refused")
add("no-height", frame(plain, height=0), "refused")
add("no-width", frame(plain, width=0), "refused")
add("too-wide", frame(plain, width=65501), "refused")
add("claims", frame(plain, width=60000, height=60000), "refused")
add("two-components", frame(plain, marker=0xC0).replace(b"\xff\xd8", b"\xff\xd8", 1)[: segment(plain, 0xC0)[0] + 9] + b"\x02" + plain[segment(plain, 0xC0)[0] + 10 :], "refused")
# The widest and highest.
for channels in (1, 3):
    add(f"widest-{channels}", encoded(picture(2, 65500, channels), quality=40))
    add(f"highest-{channels}", encoded(picture(65500, 2, channels), quality=40, progressive=channels == 1))
(out / "index.tsv").write_text("\n".join(lines) + "\n")
print(len(lines))

"""Bitmaps of glyphs, 300x300 bytes of 0 and 1 each, in our archives beside np.savez_compressed: sizes and processor time.

    glyphs.py IMAGESTORE FOLDER [COUNT]     IMAGESTORE is the command, built for release; 25,000 glyphs unless told otherwise

A letter is drawn in 1,000 ways (size, place, outline); the glyphs are these, turned and shifted.
"""
import os, resource, subprocess, sys, time
from pathlib import Path
import numpy as np
from PIL import Image, ImageDraw, ImageFont

SIDE = 300


def drawings(rng, count=1000):
    for _ in range(count):
        picture = Image.new("L", (SIDE, SIDE))
        font = ImageFont.load_default(int(rng.integers(120, 260)))
        ImageDraw.Draw(picture).text((SIDE // 2, SIDE // 2), chr(rng.integers(33, 127)), 255, font, anchor="mm",
                                     stroke_width=int(rng.integers(0, 6)))
        yield picture


def glyphs(count):
    rng = np.random.default_rng(3)
    drawn = list(drawings(rng))
    result = np.zeros((count, SIDE, SIDE), np.uint8)
    for i in range(count):
        turned = drawn[i % len(drawn)].rotate(float(rng.uniform(-20, 20)), Image.Resampling.BILINEAR)
        result[i] = np.roll(np.asarray(turned) > 127, rng.integers(-20, 21, size=2), (0, 1))
    return result


def measured(title, run, path):
    """Runs something and prints the size of its file, and the processor's time with that of processes it starts."""
    used = lambda: sum(sum(resource.getrusage(who)[:2]) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    before = used()
    run()
    seconds = used() - before
    print(f"{title:34} {path.stat().st_size:>12,} bytes  {seconds:7.1f} s of the processor")
    return path.stat().st_size


def main():
    command, folder = Path(sys.argv[1]).resolve(), Path(sys.argv[2])
    count = int(sys.argv[3]) if len(sys.argv) > 3 else 25_000
    source, theirs, ours = folder / "glyphs.npz", folder / "numpy.npz", folder / "ours.npz"
    images = glyphs(count)
    print(f"{count} glyphs of {images[0].nbytes:,} bytes, {images.nbytes / 1e9:.2f} GB")
    np.savez(source, images=images)
    entries = {f"ix-{i:06}": images[i] for i in range(count)}
    peer = measured("np.savez_compressed", lambda: np.savez_compressed(theirs, **entries), theirs)
    for level in ["small", "fast"]:
        convert = [command, "convert", source, ours, "--compression", level, "--replace", "--quiet"]
        size = measured(f"imagestore convert, {level}", lambda: subprocess.run(convert, check=True), ours)
        print(f"  {size / peer:.3f} of numpy's size")
    with np.load(ours) as archive:
        for i in range(0, count, max(1, count // 100)):
            assert (archive[f"ix-{i:06}"] == images[i]).all(), i
    for path in (source, theirs, ours):
        os.remove(path)


main()

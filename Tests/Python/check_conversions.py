"""Converts between all pairs of stores and compares pixels, labels, columns and class names with numpy's.

    python3 check_conversions.py PATH_OF_IMAGESTORE

Masks through all 36 pairs, since packed bits hold nothing else; bytes, 16-bit and floating-point
images through the pairs that hold them, and refused by name by the others. Needs numpy, h5py, lmdb and Pillow.
"""
import shutil

from store_cases import FOLDER, KINDS, REASON, holds, imagestore, make, refusal

CASES = [
    make("masks", "bool", [(21, 13)] * 30),
    make("colors", "uint8", [(32, 32, 3)] * 200),
    make("deep", "uint16", [(5, 7)] * 20),
    make("floats", "float32", [(6, 4, 2)] * 20),
    make("sizes", "uint8", [(1 + i % 9, 1 + i % 7, 3) for i in range(40)]),
]

for case in CASES:
    source = case.save()
    pairs = refused = 0
    for first, first_suffix in KINDS.items():
        start = FOLDER / f"{case.name}-{first}{first_suffix}"
        shape = case.images[0].shape
        dtype = str(case.images[0].dtype)
        if not holds(first, dtype, shape):
            continue
        imagestore("convert", source, start, "--to", first, "--quiet")
        for second, suffix in KINDS.items():
            path = FOLDER / f"{case.name}-{first}-{second}{suffix}"
            if not holds(second, dtype, shape):
                line = refusal("convert", start, path, "--to", second, "--quiet")
                assert REASON[second] in line and not path.exists(), line
                refused += 1
                continue
            imagestore("convert", start, path, "--to", second, "--quiet")
            case.check(second, path)
            imagestore("verify", path, "--against", start)
            pairs += 1
    assert case.name != "masks" or pairs == 36
    print(f"{case.name}: {pairs} conversions exact, {refused} refused by name")
shutil.rmtree(FOLDER)

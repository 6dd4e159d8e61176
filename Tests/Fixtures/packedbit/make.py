"""Writes the fixtures of packed masks: python3 make.py  (numpy 1.24 or later).

Three masks of 11x21; the pixel at (mask i, row y, column x) is (x * x + 3 * y + 5 * i) % 7 < 3.
"""
from pathlib import Path
import numpy as np

out = Path(__file__).parent
i, y, x = np.ogrid[:3, :11, :21]
masks = (x * x + 3 * y + 5 * i) % 7 < 3
np.save(out / "rows-big.npy", np.packbits(masks, axis=1))
np.save(out / "rows-little.npy", np.packbits(masks, axis=1, bitorder="little"))
np.save(out / "columns-big.npy", np.packbits(masks, axis=2))
np.save(out / "columns-little.npy", np.packbits(masks, axis=2, bitorder="little"))
np.packbits(masks, axis=1).tofile(out / "rows-big.bin")
np.packbits(masks, axis=2, bitorder="little").tofile(out / "columns-little.bin")
np.save(out / "fortran-rows-big.npy", np.packbits(np.asfortranarray(masks), axis=1))
np.save(out / "labels.npy", np.array([[7], [8], [9]], "u1"))

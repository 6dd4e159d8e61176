"""Writes the .npy fixtures: python3 make_npy.py  (numpy 1.24 or later)."""
from pathlib import Path
import numpy as np
from numpy.lib import format as npy

out = Path(__file__).parent / "npy"
out.mkdir(exist_ok=True)

ramp = np.arange(2 * 3 * 4 * 3)
save = lambda name, array: np.save(out / name, array)
save("u1.npy", ramp.astype("u1").reshape(2, 3, 4, 3))
save("u1-fortran.npy", np.asfortranarray(ramp.astype("u1").reshape(2, 3, 4, 3)))
save("u2-big.npy", (ramp * 300).astype(">u2").reshape(2, 3, 4, 3))
save("f4-big-fortran.npy", np.asfortranarray((ramp / 4).astype(">f4").reshape(2, 3, 4, 3)))
save("f2.npy", (ramp / 4).astype("<f2").reshape(6, 12))
save("b1.npy", (ramp % 2 == 1).reshape(6, 12))
save("i8.npy", np.array([0, -1, 2**62, -(2**63)]))
save("u4-big-column.npy", np.array([[7], [2**32 - 1], [0]], ">u4"))
save("u8-large.npy", np.array([1, 2**63], "u8"))
save("f8.npy", np.array([0.1, -0.0, 1e308, np.inf]))
save("U.npy", np.array(["a", "", "\u00e9t\u00e9 \U0001F600", "plain text"]))
save("U-big.npy", np.array(["a", "\u00e9"]).astype(">U3"))
save("S.npy", np.array([b"abc", b"", b"d"]))
save("empty.npy", np.zeros((0, 28, 28), "u1"))
save("records.npy", np.zeros(3, [("x", "<f4"), ("y", "<i2")]))
np.save(out / "objects.npy", np.array([{}, None], object), allow_pickle=True)
save("complex.npy", np.zeros(2, "c8"))
for version in [(2, 0), (3, 0)]:
    with open(out / f"v{version[0]}.npy", "wb") as file:
        npy.write_array(file, ramp.astype("u1").reshape(6, 12), version=version)

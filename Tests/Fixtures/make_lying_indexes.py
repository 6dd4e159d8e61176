"""Encoded stores whose indexes are wrong: make_lying_indexes.py STORE.h5 STORE.npz STORE.lmdb FOLDER.

Copies each store many times, each time with one thing changed by h5py, zipfile or liblmdb, and prints a line each: the name of
the copy and what is to become of it, in words that EncodedLayoutTests knows.

  open I    opening says what is wrong with image I, or of "-" names no image
  read I    the others are read as they were, image I is refused
  verify    all are read as they were, and verify finds something
  found     something finds it, and what is read is as it was
  same      all are as they were
"""
import io
import shutil
import sys
import zipfile
from pathlib import Path

import h5py
import lmdb
import numpy as np

HDF5, NPZ, LMDB, OUT = map(Path, sys.argv[1:])
BIG = 2**63 - 1


def changed(values, place, value):
    """A copy with one value changed: a value, or a function of the one before."""
    values = values.copy()
    values[place] = value(values[place]) if callable(value) else value
    return values


# What may be wrong with shapes, (N,4) as NPZ and LMDB have them, of images that are PNGs and differ in every side.
SHAPES = {
    "no height": ("open 1", lambda s: changed(s, (1, 0), 0)),
    "no channels": ("open 2", lambda s: changed(s, (2, 2), 0)),
    "huge": ("open 3", lambda s: changed(s, (3, slice(0, 3)), 2**32 - 1)),
    "10 GB": ("read 3", lambda s: changed(s, (3, slice(0, 3)), (60000, 60000, 3))),
    "higher": ("read 2", lambda s: changed(s, (2, 0), lambda n: n + 1)),
    "lower": ("read 2", lambda s: changed(s, (2, 0), lambda n: n - 1)),
    "turned": ("read 3", lambda s: changed(s, (3, slice(0, 2)), lambda n: n[::-1])),
    "channels": ("read 3", lambda s: changed(s, (3, 2), lambda n: n % 4 + 1)),
    "another's": ("read 4", lambda s: changed(s, 4, s[2])),
    "pixels": ("open 4", lambda s: changed(s, (4, 3), lambda k: k & 0xFF)),
    "element type": ("open 1", lambda s: changed(s, (1, 3), lambda k: k | 0xFF)),
    "other element type": ("read 1", lambda s: changed(s, (1, 3), lambda k: k & 0xFFFF00 | 2)),
    "codec": ("verify", lambda s: changed(s, (5, 3), lambda k: k & 0xFF00FF | 0x200)),
    "unknown codec": ("verify", lambda s: changed(s, (5, 3), lambda k: k & 0xFF00FF | 0x900)),
    "orientation": ("verify", lambda s: changed(s, (0, 3), lambda k: k | 6 << 16)),
    "no orientation": ("open 0", lambda s: changed(s, (0, 3), lambda k: k | 9 << 16)),
    "high bits": ("open 0", lambda s: changed(s, (0, 3), lambda k: k | 1 << 24)),
    "fewer": ("open -", lambda s: s[:-1]),
    "more": ("open -", lambda s: np.concatenate([s, s[:1]])),
    "none": ("open -", lambda s: s[:0]),
    "flat": ("open -", lambda s: s.reshape(-1)),
    "three columns": ("open -", lambda s: s[:, :3].copy()),
    "wide": ("open -", lambda s: s.astype("<u8")),
    "signed": ("open -", lambda s: s.astype("<i4")),
    "floats": ("open -", lambda s: s.astype("<f4")),
    "big endian": ("open -", lambda s: s.astype(">u4")),
    "Fortran": ("open -", np.asfortranarray),
    "text": ("open -", lambda s: s.astype("<U10")),
}


def npy(array):
    file = io.BytesIO()
    np.save(file, array)
    return file.getvalue()


def say(path, fate):
    print(path.name, fate, sep="\t")


def hdf5_cases():
    def replaced(name, change, **options):
        def apply(file):
            values = change(file[name][()])
            del file[name]
            file.create_dataset(name, data=values, **options)
        return apply

    def removed(name):
        return lambda file: file.__delitem__(name)

    def group(name):
        def apply(file):
            del file[name]
            file.create_group(name)
        return apply

    def offsets(place, value):
        return replaced("offsets", lambda o: changed(o, place, value))

    with h5py.File(HDF5) as file:
        begins = file["offsets"][()]
    yield "offset falls", "open 2", offsets(3, begins[2] - 5)
    yield "image without bytes", "open 2", offsets(3, begins[2])
    yield "offset moves on", "read 3", offsets(3, lambda o: o + 7)
    yield "offset moves back", "read 2 3", offsets(3, lambda o: o - 7)
    yield "offset beyond the end", "open 2", offsets(3, begins[-1] + 1)
    yield "last beyond the end", "open -", offsets(-1, lambda o: o + 1)
    yield "last before the end", "open -", offsets(-1, lambda o: o - 1)
    yield "first is not zero", "open -", offsets(0, 1)
    yield "negative offset", "open 2", offsets(3, -1)
    yield "least offset", "open 2", offsets(3, -BIG - 1)
    yield "greatest offset", "open 2", offsets(3, BIG)
    yield "offsets: one more", "open -", replaced("offsets", lambda o: np.append(o, o[-1]))
    yield "offsets: one fewer", "open -", replaced("offsets", lambda o: o[:-1])
    yield "offsets: none", "open -", replaced("offsets", lambda o: o[:0])
    yield "offsets: floats", "open -", replaced("offsets", lambda o: o.astype("f8"))
    yield "offsets: text", "open -", replaced("offsets", lambda o: o.astype("S9"))
    yield "offsets: short", "same", replaced("offsets", lambda o: o.astype("u4"))
    yield "offsets: big endian", "same", replaced("offsets", lambda o: o.astype(">i8"))
    yield "offsets: compressed", "same", replaced(
        "offsets", lambda o: o, chunks=(2,), compression="gzip", shuffle=True)
    for name in ("offsets", "shapes", "kinds"):
        yield f"{name} are missing", "open -", removed(name)
        yield f"{name} are a group", "open -", group(name)
    yield "shapes: of four", "open -", replaced("shapes", lambda s: np.c_[s, s[:, :1]])
    yield "shapes: floats", "open -", replaced("shapes", lambda s: s.astype("f4"))
    yield "kinds: fewer", "open -", replaced("kinds", lambda k: k[:-1])
    yield "kinds: more", "open -", replaced("kinds", lambda k: np.append(k, k[0]))
    for name, (fate, change) in SHAPES.items():
        if fate == "open -":
            continue
        whole = lambda file: np.c_[file["shapes"][()], file["kinds"][()]]
        def apply(file, change=change):
            values = change(whole(file))
            for key, part in ("shapes", values[:, :3]), ("kinds", values[:, 3]):
                del file[key]
                file.create_dataset(key, data=part.copy())
        yield f"shapes: {name}", fate, apply
    yield "negative height", "open 1", replaced("shapes", lambda s: changed(s, (1, 0), -1))
    yield "greatest sides", "open 1", replaced("shapes", lambda s: changed(s, 1, BIG))
    yield "negative kind", "open 1", replaced("kinds", lambda k: changed(k, 1, -1))
    yield "kind of 33 bits", "open 1", replaced("kinds", lambda k: changed(k, 1, lambda k: k | 1 << 32))
    yield "encoded: fewer bytes", "open -", replaced("encoded", lambda e: e[:-1])
    yield "encoded: more bytes", "open -", replaced("encoded", lambda e: np.append(e, e[:1]))
    yield "encoded: none", "open -", replaced("encoded", lambda e: e[:0])
    yield "encoded is missing", "open -", removed("encoded")
    yield "encoded is a group", "open -", group("encoded")
    yield "encoded: wide", "open -", replaced("encoded", lambda e: e.astype("u2"))
    yield "encoded: of two axes", "open -", replaced("encoded", lambda e: e[:, None])
    yield "encoded: compressed", "same", replaced("encoded", lambda e: e, chunks=(100,), compression="gzip")
    yield "encoded: changed", "read 1", replaced(
        "encoded", lambda e: changed(e, slice(begins[1] + 60, begins[1] + 70), lambda n: n ^ 0xFF))
    yield "encoded: zeros", "read 1", replaced("encoded", lambda e: changed(e, slice(begins[1], begins[2]), 0))
    yield "checksums are missing", "verify", removed("checksums")
    for change in (lambda c: c[:-1], lambda c: c[:0], lambda c: c ^ 1):
        yield f"checksums {change(np.arange(6)).tolist()}", "found", replaced("checksums", change)


for number, (name, fate, apply) in enumerate(hdf5_cases()):
    path = OUT / f"{number:03} {name}.h5"
    shutil.copy(HDF5, path)
    with h5py.File(path, "r+") as file:
        apply(file)
    say(path, fate)


def npz_cases():
    def entry(name, change):
        return lambda entries: {key: change(value) if key == name else value for key, value in entries.items()}

    def renamed(name, other):
        return lambda entries: {other if key == name else key: value for key, value in entries.items()}

    def without(name):
        return lambda entries: {key: value for key, value in entries.items() if key != name}

    yield "only written again", "same", lambda entries: entries
    yield "in another order", "same", lambda entries: dict(reversed(entries.items()))
    yield "shapes are missing", "open -", without("shapes.npy")
    yield "shapes: nothing", "open -", entry("shapes.npy", lambda s: b"")
    yield "shapes: cut short", "open -", entry("shapes.npy", lambda s: s[:-1])
    yield "shapes: no array", "open -", entry("shapes.npy", lambda s: b"shapes")
    yield "shapes: of objects", "open -", entry("shapes.npy", lambda s: npy(np.array([None])))
    for name, (fate, change) in SHAPES.items():
        change_npy = lambda s, change=change: npy(change(np.load(io.BytesIO(s))))
        yield f"shapes: {name}", fate, entry("shapes.npy", change_npy)
    yield "an image is missing", "open -", without("ix-000003.png")
    yield "the last image is missing", "open -", without("ix-000005.png")
    yield "one image more", "open -", lambda entries: {**entries, "ix-000006.png": entries["ix-000000.png"]}
    yield "one image twice", "open -", lambda entries: {**entries, "ix-000002.jpg": entries["ix-000003.png"]}
    yield "another's name", "same", renamed("ix-000002.png", "ix-000002.jpg")
    yield "an array", "open -", renamed("ix-000002.png", "ix-000002.npy")
    yield "an image: nothing", "read 2", entry("ix-000002.png", lambda e: b"")
    yield "an image: cut short", "read 2", entry("ix-000002.png", lambda e: e[:-20])
    yield "an image: another", "read 2", lambda entries: {**entries, "ix-000002.png": entries["ix-000003.png"]}
    yield "an image: no image", "read 2", entry("ix-000002.png", lambda e: b"GIF89a" + e)


with zipfile.ZipFile(NPZ) as archive:
    entries = {name: archive.read(name) for name in archive.namelist()}
for number, (name, fate, change) in enumerate(npz_cases()):
    for method in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
        path = OUT / f"{number:03} {name} {method}.npz"
        with zipfile.ZipFile(path, "w", method) as archive:
            for key, value in change(entries).items():
                archive.writestr(key, value)
            # A mark without a checksum of the directory is believed.
            archive.comment = b"swift-image-stores encoded"
        say(path, fate)


def lmdb_cases():
    def value(key, change):
        def apply(transaction):
            transaction.put(key, change(bytes(transaction.get(key))))
        return apply

    def without(key):
        return lambda transaction: transaction.delete(key)

    shapes = b"shapes/%012d" % 0
    yield "shapes are missing", "open -", without(shapes)
    yield "shapes: nothing", "open -", value(shapes, lambda s: b"")
    yield "shapes: cut short", "open -", value(shapes, lambda s: s[:-1])
    yield "shapes: no array", "open -", value(shapes, lambda s: b"shapes" * 20)
    yield "shapes: from 1 on", "open -", lambda transaction: (
        transaction.put(b"shapes/%012d" % 1, bytes(transaction.get(shapes))), transaction.delete(shapes))
    for name, (fate, change) in SHAPES.items():
        change_npy = lambda s, change=change: npy(change(np.load(io.BytesIO(s))))
        yield f"shapes: {name}", fate, value(shapes, change_npy)
    yield "an image is missing", "open 3", without(b"00000003")
    yield "the last image is missing", "open 5", without(b"00000005")
    yield "image past the count", "same", lambda transaction: transaction.put(b"00000006", b"anything")
    yield "an image: nothing", "open -", value(b"00000002", lambda e: b"")
    yield "an image: cut short", "read 2", value(b"00000002", lambda e: e[:-20])
    yield "an image: in a leaf", "read 2", value(b"00000002", lambda e: e[:30])
    yield "an image: longer", "verify", value(b"00000002", lambda e: e + bytes(9000))
    yield "an image: no image", "read 2", value(b"00000002", lambda e: b"GIF89a" + e)
    yield "a block", "open -", lambda transaction: transaction.put(b"images/%012d" % 0, npy(np.zeros((6, 50, 50), "u1")))
    yield "metadata: more", "open 6", value(b"metadata", lambda m: npy(np.array([2, 7])) + m[-16:])
    yield "metadata: fewer", "open -", value(b"metadata", lambda m: npy(np.array([2, 5])) + m[-16:])
    yield "metadata: pixels", "open 0", value(b"metadata", lambda m: npy(np.array([1, 6])) + m[-16:])
    yield "metadata: later", "open -", value(b"metadata", lambda m: npy(np.array([3, 6])) + m[-16:])


for number, (name, fate, apply) in enumerate(lmdb_cases()):
    path = OUT / f"{number:03} {name}.lmdb"
    shutil.copytree(LMDB, path)
    with lmdb.open(str(path), map_size=1 << 24) as environment, environment.begin(write=True) as transaction:
        apply(transaction)
    say(path, fate)

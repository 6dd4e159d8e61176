"""Writes the HDF5 fixtures: python3 make_hdf5_fixtures.py  (h5py 3, numpy 2).

Every good file has the images of `ramp`: ten of 6x5 with three channels, or with fewer dimensions if stated;
sample i of all is (7 i + i // 13) % 251, a quarter of it for floats, odd for bools; label i is 3 i % 7.
`hdf5/good.tsv` says how each is to be opened and what it must be read as:
file, images, labels ("-" for none given), shape as N H W C, element type, whether it has labels.
`hdf5/bad.tsv` lists files that must be refused: file, images, error code, words the error must have.
"""
from pathlib import Path
import h5py
import numpy as np

OUT = Path(__file__).parent / "hdf5"
OUT.mkdir(exist_ok=True)
N, H, W, C = 10, 6, 5, 3
GOOD, BAD = [], []


def ramp(dtype, shape=(N, H, W, C)):
    i = np.arange(int(np.prod(shape)))
    values = (7 * i + i // 13) % 251
    kind = np.dtype(dtype).kind
    if kind == "b":
        values = values % 2 == 1
    elif kind == "f":
        values = values / 4
    elif np.dtype(dtype).itemsize == 1 and kind == "i":
        values = values % 128
    return values.astype(dtype).reshape(shape)


def labels(dtype="i8", count=N):
    return (3 * np.arange(count) % 7).astype(dtype)


def good(name, images="-", label_name="-", shape=(N, H, W, C), dtype="uint8", has_labels=True, **options):
    GOOD.append((name, images, label_name, " ".join(map(str, shape)), dtype, "yes" if has_labels else "no"))
    return h5py.File(OUT / name, "w", **options)


def bad(name, code, words, images="-"):
    BAD.append((name, images, code, words))
    return h5py.File(OUT / name, "w")


def one(name, dtype="uint8", data=None, numpy_type=None, shape=(N, H, W, C), file={}, **dataset):
    with good(name, dtype=dtype, shape=shape, **file) as f:
        f.create_dataset("images", data=ramp(numpy_type or dtype) if data is None else data, **dataset)
        f.create_dataset("labels", data=labels())


# Element types in both byte orders.
for dtype in ["bool", "uint8", "uint16", "uint32", "uint64", "int8", "int16", "int32", "int64", "float16", "float32", "float64"]:
    one(f"{dtype}.h5", dtype)
    if np.dtype(dtype).itemsize > 1:
        one(f"{dtype}-big.h5", dtype, numpy_type=np.dtype(dtype).newbyteorder(">"))
with good("u8be.h5") as f:  # the tutorial's type
    f.create_dataset("images", (N, H, W, C), h5py.h5t.STD_U8BE, data=ramp("u1"))
    f.create_dataset("meta", (N,), h5py.h5t.STD_U8BE, data=labels("u1"))

# Shapes and labels.
with good("gray.h5", shape=(N, H, W, 1)) as f:
    f["images"] = ramp("u1", (N, H, W)); f["labels"] = labels()
with good("single.h5", shape=(1, H, W, C)) as f:
    f["image"] = ramp("u1", (H, W, C)); f["meta"] = np.uint8(0)
with good("single-gray.h5", shape=(1, H, W, 1)) as f:
    f["image"] = ramp("u1", (H, W)); f["meta"] = np.uint8(0)
with good("scalar-label.h5", "photo", shape=(1, H, W, C)) as f:
    f["photo"] = ramp("u1", (H, W, C)); f["labels"] = np.int32(0)
with good("column-labels.h5") as f:
    f["images"] = ramp("u1"); f["labels"] = labels(">u4").reshape(-1, 1)
with good("unlabeled.h5", has_labels=False) as f:
    f["images"] = ramp("u1")
with good("xy.h5") as f:
    f["x"] = ramp("u1"); f["y"] = labels("u1")
with good("named.h5", "deep/er/x_train", "other/y") as f:
    f["deep/er/x_train"] = ramp("u1"); f["other/y"] = labels("i2"); f["deep/er/z"] = ramp("u1", (2, 2, 2, 2))
with good("soft.h5", "alias") as f:
    f["real"] = ramp("u1"); f["alias"] = h5py.SoftLink("/real"); f["labels"] = labels()
with good("chunked-labels.h5") as f:
    f["images"] = ramp("u1"); f.create_dataset("labels", data=labels("i4"), chunks=(3,), compression="gzip")
with good("float-labels.h5") as f:
    f["images"] = ramp("u1"); f["labels"] = labels("f4")

# Layouts.
one("user-block.h5", file={"userblock_size": 512})
one("user-block-chunked.h5", file={"userblock_size": 1024}, chunks=(4, H, W, C), compression="gzip")
one("user-block-v110.h5", file={"userblock_size": 512, "libver": ("v110", "v110")}, chunks=(4, H, W, C), compression="gzip")
one("chunked.h5", chunks=(3, H, W, C))
one("chunked-split.h5", chunks=(3, 4, 2, 2))
one("auto-chunked.h5", chunks=True, compression="gzip", shuffle=True, fletcher32=True)
for level in [0, 1, 4, 9]:
    one(f"gzip{level}.h5", chunks=(4, H, W, C), compression="gzip", compression_opts=level)
one("gzip-one.h5", chunks=(1, H, W, C), compression="gzip")
one("shuffle-i4.h5", "int32", chunks=(3, 5, W, C), compression="gzip", shuffle=True)
one("shuffle-f4-big.h5", "float32", numpy_type=">f4", chunks=(3, H, 3, C), compression="gzip", shuffle=True)
one("shuffle-alone.h5", "uint16", chunks=(3, H, W, C), shuffle=True)
one("fletcher.h5", chunks=(3, H, W, 2), fletcher32=True)
one("fletcher-gzip-f8.h5", "float64", chunks=(3, H, W, C), compression="gzip", fletcher32=True, shuffle=True)
one("scaleoffset.h5", "int32", chunks=(3, H, W, C), scaleoffset=0)
one("v110-fixed-array.h5", file={"libver": ("v110", "v110")}, chunks=(2, H, W, C), compression="gzip")
one("v110-extensible.h5", file={"libver": ("v110", "v110")}, chunks=(2, H, W, C), maxshape=(None, H, W, C), compression="gzip")
one("v110-btree2.h5", file={"libver": ("v110", "v110")}, chunks=(2, 3, W, C), maxshape=(None, None, W, C), compression="gzip")
one("v110-contiguous.h5", file={"libver": ("v110", "v110")})
with good("resizable.h5") as f:
    d = f.create_dataset("images", (0, H, W, C), "u1", maxshape=(None, None, W, C), chunks=(4, 4, W, C))
    d.resize(N, 0); d[...] = ramp("u1"); f["labels"] = labels()
with good("compact.h5", "images", shape=(N, H, W, C), dtype="uint16") as f:
    plist = h5py.h5p.create(h5py.h5p.DATASET_CREATE)
    plist.set_layout(h5py.h5d.COMPACT)
    plist.set_obj_track_times(False)
    space = h5py.h5s.create_simple((N, H, W, C))
    d = h5py.h5d.create(f.id, b"images", h5py.h5t.STD_U16BE, space, plist)
    d.write(h5py.h5s.ALL, h5py.h5s.ALL, ramp("u2")); f["labels"] = labels()
with good("raw-chunks.h5") as f:  # chunks that skipped their filters
    d = f.create_dataset("images", (N, H, W, C), "u1", chunks=(1, H, W, C), compression="gzip")
    for i in range(N):
        if i % 2: d.id.write_direct_chunk((i, 0, 0, 0), ramp("u1")[i].tobytes(), filter_mask=1)
        else: d[i] = ramp("u1")[i]
    f["labels"] = labels()

# A dataset each.
with good("each.h5", shape=(N, H, W, C)) as f:
    for i in reversed(range(N)):
        f.create_dataset(f"images/{i:08}", data=ramp("u1")[i], **({"chunks": (H, W, C), "compression": "gzip"} if i % 3 == 1
                         else {"chunks": (2, 2, 2)} if i % 3 == 2 else {}))
    f["labels"] = labels()

with good("each-odd.h5", dtype="uint16") as f:  # compact, swapped, scaled, in raw and in odd chunks
    r = ramp("u2")
    for i in range(N):
        if i % 5 == 0:
            plist = h5py.h5p.create(h5py.h5p.DATASET_CREATE)
            plist.set_layout(h5py.h5d.COMPACT); plist.set_obj_track_times(False)
            group = f.require_group("images")
            d = h5py.h5d.create(group.id, b"%02d" % i, h5py.h5t.STD_U16BE, h5py.h5s.create_simple((H, W, C)), plist)
            d.write(h5py.h5s.ALL, h5py.h5s.ALL, r[i])
        else:
            options = [{}, {"chunks": (4, 3, 2), "compression": "gzip", "shuffle": True}, {"chunks": (H, W, C)},
                       {"chunks": (H, W, C), "scaleoffset": 0}][i % 5 - 1]
            f.create_dataset(f"images/{i:02}", data=r[i].astype("<u2" if "scaleoffset" in options else ">u2"), **options)
    f["labels"] = labels()

# Columns and class names, with strings of every kind.
with good("columns.h5") as f:
    f["images"] = ramp("u1"); f["labels"] = labels()
    f["columns/size"] = np.arange(N) * 1.5
    f["columns/count"] = np.arange(N, dtype=">i2") - 5
    f["columns/name"] = [f"n\u00e4me {i}" for i in range(N)]
    f.create_dataset("columns/fixed", data=np.array([b"ab" * i for i in range(N)]))
    f.attrs["class_names"] = ["zero", "\u00e9in", "two"]

# Never written: every sample is the fill value. (Read apart from the others, which have the ramp.)
for name, options in [("unwritten", {}), ("unwritten-user-block", {"userblock_size": 512})]:
    with h5py.File(OUT / f"{name}.h5", "w", **options) as f:
        f.create_dataset("images", (N, H, W, C), ">u2", fillvalue=258)
with h5py.File(OUT / "partly-written.h5", "w") as f:
    d = f.create_dataset("images", (N, H, W, C), "u1", chunks=(2, H, W, C), fillvalue=9, compression="gzip")
    d[4:6] = ramp("u1")[4:6]
with h5py.File(OUT / "splits.h5", "w") as f:
    f["x_train"] = ramp("u1"); f["y_train"] = labels()
    f["x_test"] = ramp("u1")[:4]; f["y_test"] = labels()[:4]
with good("lzf.h5", has_labels=False) as f:
    f.create_dataset("images", data=ramp("u1"), compression="lzf")
with good("lzf-alone.h5") as f:
    f.create_dataset("x", data=ramp("u1"), compression="lzf"); f["y"] = labels()
with good("fewer-labels.h5", has_labels=False) as f:
    f["images"] = ramp("u1"); f["labels"] = labels()[:9]

# What must be refused.
with bad("external-link.h5", "unsupported", "another file") as f:
    f["images"] = h5py.ExternalLink("uint8.h5", "/images")
with bad("soft-external.h5", "corrupt", "libhdf5", "alias") as f:
    f["out"] = h5py.ExternalLink("uint8.h5", "/images"); f["alias"] = h5py.SoftLink("/out")
with bad("external-data.h5", "unsupported", "other files") as f:
    f.create_dataset("images", (N, H, W, C), "u1", external=[("uint8.h5", 2048, N * H * W * C)])
with bad("virtual.h5", "unsupported", "virtual") as f:
    space = h5py.h5s.create_simple((N, H, W, C))
    plist = h5py.h5p.create(h5py.h5p.DATASET_CREATE)
    plist.set_obj_track_times(False)
    plist.set_virtual(space, b"uint8.h5", b"images", space)
    h5py.h5d.create(f.id, b"images", h5py.h5t.STD_U8LE, space, plist)
with bad("dangling.h5", "corrupt", "libhdf5") as f:
    f["images"] = h5py.SoftLink("/nowhere")
with bad("complex64.h5", "unsupported", "complex") as f:
    f["images"] = np.zeros((2, 2, 2), "c8")
with bad("compound.h5", "unsupported", "a compound type of r, g") as f:
    f["images"] = np.zeros((2, 2, 2), [("r", "u1"), ("g", "u1")])
with bad("strings.h5", "unsupported", "text") as f:
    f["images"] = np.array([[b"a"]])
with bad("vector.h5", "unsupported", "shape") as f:
    f["images"] = ramp("u1", (900,))
with bad("five.h5", "unsupported", "shape") as f:
    f["images"] = ramp("u1", (2, 1, 6, 5, 3))
with bad("null.h5", "unsupported", "null") as f:
    f["images"] = h5py.Empty("u1")
with bad("named-type.h5", "unsupported", "neither") as f:
    f["images"] = np.dtype("u1")
with bad("several.h5", "notFound", "a (10, 6, 5, 3), b (10, 6, 5, 3), c (10,)") as f:
    f["a"] = ramp("u1"); f["b"] = ramp("u1"); f["c"] = labels()
with bad("nothing.h5", "notFound", "nothing") as f:
    pass
with bad("sparse.h5", "limitExceeded", "") as f:
    f.create_dataset("images", (2**40, 2**10, 2**9, 3), "u1", chunks=(1, 2**10, 2**9, 3))
with bad("sparse-contiguous.h5", "limitExceeded", "") as f:
    f.create_dataset("images", (2**30, 2**10, 2**9, 3), "u1")

for name, rows in [("good", GOOD), ("bad", BAD)]:
    (OUT / f"{name}.tsv").write_text("".join("\t".join(row) + "\n" for row in rows))
print(len(GOOD), "good and", len(BAD), "bad files,", sum(p.stat().st_size for p in OUT.iterdir()), "bytes")

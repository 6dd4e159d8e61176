"""Writes HDF5 files as other programs have them: python3 make_hdf5_found_fixtures.py  (h5py 3, numpy 2, Pillow).

The images of every file are those of `ramp` in make_hdf5_fixtures.py, ten of 6x5 with three channels unless said. `hdf5/found/found.tsv`
says how each is to be opened and what it must be read as: file, options ("-" for none), shape as N H W C, element type, labels and
class names with commas between them ("-" for none), words that the notes must have ("-" for none).
`hdf5/found/refused.tsv` lists what must be refused: file, options, error code, words the error must have.
`hdf5/found/lzf.h5` has the same bytes with and without the filter.
"""
import io
from pathlib import Path
import h5py
import numpy as np
from PIL import Image

OUT = Path(__file__).parent / "hdf5" / "found"
OUT.mkdir(parents=True, exist_ok=True)
N, H, W, C = 10, 6, 5, 3
FOUND, REFUSED = [], []


def ramp(dtype="u1", shape=(N, H, W, C)):
    i = np.arange(int(np.prod(shape)))
    values = (7 * i + i // 13) % 251
    kind = np.dtype(dtype).kind
    if kind == "b":
        values = values % 2 == 1
    elif kind == "f":
        values = values / 4
    return values.astype(dtype).reshape(shape)


def found(name, options="-", shape=(N, H, W, C), dtype="uint8", labels=None, classes=None, note="-", **file):
    text = lambda values: "-" if values is None else ",".join(map(str, values))
    FOUND.append((name, options, " ".join(map(str, shape)), dtype, text(labels), text(classes), note))
    return h5py.File(OUT / name, "a" if (OUT / name).exists() and name in {r[0] for r in FOUND[:-1]} else "w", **file)


def again(name, options, **rest):
    found(name, options, **rest).close()


def refused(name, options, code, words):
    REFUSED.append((name, options, code, words))


la = 3 * np.arange(N) % 7
im = ramp()
for old in OUT.iterdir():
    old.unlink()

# Groups with a dataset for each image.
many = ramp("u1", (12, H, W, C))
for name, stem in [("numbers.h5", ""), ("names.h5", "img_")]:
    with found(name, shape=(12, H, W, C), labels=range(12), note="order of the numbers") as f:
        for i in range(12): f[f"images/{stem}{i}"] = many[i]
        f["labels"] = np.arange(12)
with found("tracked.h5", shape=(12, H, W, C), labels=range(12), note="in which they were written", track_order=True) as f:
    group = f.create_group("images", track_order=True)
    for i in range(12): group[f"z{11 - i:02}"] = many[i]
    f["labels"] = np.arange(12)
with found("root-numbers.h5", shape=(12, H, W, C)) as f:
    for i in range(12): f[str(i)] = many[i]
again("root-numbers.h5", "images=/", shape=(12, H, W, C))
with found("root-names.h5", shape=(12, H, W, C)) as f:
    for i in range(12): f[f"img_{i}"] = many[i]
order = sorted(range(12), key=lambda i: (i % 2, i))
with found("classes.h5", shape=(12, H, W, C), labels=[0] * 6 + [1] * 6, classes=["cat", "dog"], note="are classes") as f:
    for place, i in enumerate(order): f[f"{['cat', 'dog'][i % 2]}/{place}.jpg"] = many[place]
with found("samples.h5", labels=la, note="time in each group") as f:
    for i in range(N):
        f[f"sample_{i}/image"] = im[i]; f[f"sample_{i}/label"] = la[i]; f[f"sample_{i}/time"] = 1.5
with found("attributes.h5", labels=la) as f:
    for i in range(N): f.create_dataset(f"images/{i:04}", data=im[i]).attrs["label"] = la[i]
with found("pairs-of-groups.h5", shape=(12, H, W, C), labels=range(12)) as f:
    for i in range(12):
        f[f"images/{i}"] = many[i]; f[f"labels/{i}"] = i
with found("columns-of-others.h5", labels=la, note="columns/notes (2,)") as f:
    f["images"] = im; f["labels"] = la; f["columns/size"] = np.arange(10.0); f["columns/notes"] = np.arange(2)
with found("attribute-of-images.h5", labels=la, note="the attribute mean of images") as f:
    f["images"] = im; f["labels"] = la; f["images"].attrs["mean"] = 0.5
with found("planes-each.h5", "dimensions=CHW") as f:
    for i in range(N): f.create_dataset(f"images/{i}", data=im[i].transpose(2, 0, 1), chunks=(2, 4, 5), compression="gzip")
refused("planes-each.h5", "-", "unsupported", "--dimensions CHW")

# Orders of axes.
for name, more in [("nchw.h5", {}), ("nchw-chunked.h5", dict(chunks=(4, 2, 3, 5), compression="gzip"))]:
    with found(name, "dimensions=NCHW", labels=la) as f:
        f.create_dataset("images", data=im.transpose(0, 3, 1, 2), **more); f["labels"] = la
    again(name, "shape=6x5x3", labels=la)
    refused(name, "-", "unsupported", "--dimensions NCHW")
    refused(name, "shape=6x5x1", "invalidArgument", "(10, 3, 6, 5)")
    refused(name, "dimensions=NCHW dtype=float32", "invalidArgument", "uint8")
with found("nchw-f4-big.h5", "dimensions=NCHW", dtype="float32") as f:
    f["images"] = ramp(">f4").transpose(0, 3, 1, 2)
for name, more in [("hwcn.h5", {}), ("hwcn-chunked.h5", dict(chunks=(2, 5, 2, 4), compression="lzf"))]:
    with found(name, "dimensions=HWCN", labels=la) as f:
        f.create_dataset("images", data=im.transpose(1, 2, 3, 0), **more); f["labels"] = la
    refused(name, "-", "unsupported", "--dimensions HWCN")
for name, more in [("nwh.h5", {}), ("nwh-chunked.h5", dict(chunks=(3, 2, 4), shuffle=True))]:
    with found(name, "dimensions=NWH", shape=(N, H, W, 1), dtype="uint16") as f:
        f.create_dataset("images", data=ramp("u2", (N, H, W)).transpose(0, 2, 1), **more)
for name, more in [("flat.h5", {}), ("flat-chunked.h5", dict(chunks=(3, 40), compression="gzip"))]:
    with found(name, "shape=6x5x3 dimensions=NHWC", labels=la) as f:
        f.create_dataset("images", data=im.reshape(N, -1), **more); f["labels"] = la
    refused(name, "-", "unsupported", "--shape HxWxC")
    refused(name, "shape=6x5x3", "unsupported", "--dimensions NHWC")
with found("volume.h5", shape=(N, H, W, 1), labels=la) as f:  # `image` of as many as there are labels
    f["image"] = ramp("u1", (N, H, W)); f["label"] = la

# MATLAB's files, whose axes are turned.
with found("matlab.h5", labels=la, note="MATLAB", userblock_size=512) as f:
    f["X"] = im.transpose(0, 3, 2, 1); f["y"] = (la + 0.0).reshape(1, -1)
with open(OUT / "matlab.h5", "r+b") as f:
    f.write(b"MATLAB 7.3 MAT-file, Platform: GLNXA64".ljust(124) + b"\x00\x02IM")
with found("matlab-attribute.h5", shape=(N, H, W, 1), note="MATLAB") as f:
    f.create_dataset("depths", data=ramp("u1", (N, H, W)).transpose(0, 2, 1)).attrs["MATLAB_class"] = np.bytes_("uint8")

# Parts of one set, of which no one is all of it.
with h5py.File(OUT / "parts.h5", "w") as f:
    f["images_0"] = im[:6]; f["images_1"] = im[6:]
refused("parts.h5", "-", "notFound", "images_0 (6, 6, 5, 3), images_1 (4, 6, 5, 3)")

# Labels of all kinds.
names = ["ant", "bee", "cat", "dog", "eel", "fox", "gnu"]
kinds = dict(onehot=np.eye(7)[la].astype("f4"), halves=la.astype("f2"), column=la[:, None], row=la[None], block=la.reshape(N, 1, 1, 1).astype("u1"),
             big=la.astype(">u8"), text=np.array([names[i].encode() for i in la]))
for kind, values in kinds.items():
    with found(f"labels-{kind}.h5", labels=la, classes=names if kind == "text" else None) as f:
        f["images"] = im; f["labels"] = values
    again(f"labels-{kind}.h5", "labels=labels", labels=la, classes=names if kind == "text" else None)
    again(f"labels-{kind}.h5", "labels=none")
with found("labels-enumeration.h5", labels=la, classes=names) as f:
    f["images"] = im
    f.create_dataset("labels", data=la.astype("u1"), dtype=h5py.enum_dtype({n: i for i, n in enumerate(names)}, "u1"))
with found("labels-masks.h5", note="labels, the shape (10, 6, 5): 30 values per image") as f:
    f["images"] = im; f["labels"] = ramp("u1", (N, H, W))
refused("labels-masks.h5", "labels=labels", "unsupported", "--labels none")
for i, (images, labels) in enumerate([("images", "targets"), ("imgs", "y"), ("data", "target"), ("X", "Y"), ("features", "classes"), ("x", "ans")]):
    with found(f"pair-{i}.h5", labels=la, note="other (4,)") as f:
        f[images] = im; f[labels] = la.astype("i2"); f["other"] = np.arange(4)
with found("names-of-classes.h5", labels=la, classes=names, note="the attribute made_by") as f:
    f["images"] = im; f["labels"] = la; f.attrs["made_by"] = "somebody"
    f.create_dataset("label_names", data=names, dtype=h5py.string_dtype())

with found("labels-empty.h5", note="labels, the dataset has no elements") as f:
    f["images"] = im; f["labels"] = h5py.Empty("i8")
with found("labels-elsewhere.h5", note="labels") as f:
    f["images"] = im; f["labels"] = h5py.ExternalLink("other.h5", "/y")

# Encoded images.
def png(a):
    file = io.BytesIO(); Image.fromarray(a).save(file, "PNG"); return np.frombuffer(file.getvalue(), "u1")
files = [png(a) for a in im]
with found("png-vlen.h5", labels=la) as f:
    d = f.create_dataset("X", (N,), h5py.vlen_dtype("u1"), chunks=(4,), maxshape=(None,))
    for i, b in enumerate(files): d[i] = b
    f["y"] = la
with found("png-opaque.h5") as f:
    for i, b in enumerate(files): f[f"photo_{i}"] = np.void(b.tobytes())
with found("png-each.h5") as f:
    for i, b in enumerate(files): f[f"frames/{i}.png"] = b
with found("png-bytes.h5") as f: f["images"] = np.array([b.tobytes() for b in files])
rows = np.stack([np.pad(b, (0, max(map(len, files)) - len(b))) for b in files])
with found("png-rows.h5") as f: f["observations/images/top"] = rows
with found("png-rows-chunked.h5") as f: f.create_dataset("images", data=rows, chunks=(3, 50), compression="gzip")
with h5py.File(OUT / "jpeg.h5", "w") as f: f["images"] = np.stack([np.frombuffer(b"\xff\xd8\xff\xe0" + bytes(60), "u1")] * 2)
refused("jpeg.h5", "-", "missingTrait", "JPEG")

# Packed bits.
m = ramp("bool", (N, 13, 20)); shape = (N, 13, 20, 1)
for name, packed, options, more in [
    ("bits-columns.h5", np.packbits(m, axis=-1), "axis=columns", {}),
    ("bits-rows.h5", np.packbits(m, axis=1), "axis=rows", {}),
    ("bits-little.h5", np.packbits(m, axis=-1, bitorder="little"), "axis=columns bit-order=little", {}),
    ("bits-flat.h5", np.packbits(m), "axis=flat", {}),
    ("bits-of-each.h5", np.packbits(m.reshape(N, -1), axis=-1), "axis=flat", {}),
    ("bits-chunked.h5", np.packbits(m, axis=-1), "axis=columns", dict(chunks=(3, 5, 2), compression="gzip")),
    ("bits-flat-chunked.h5", np.packbits(m), "axis=flat", dict(chunks=(100,), compression="gzip")),
    ("bits-one-channel.h5", np.packbits(m, axis=-1)[:, None], "axis=columns", {}),
]:
    with found(name, f"images=masks shape=13x20 {options}", shape=shape, dtype="bool") as f: f.create_dataset("masks", data=packed, **more)
refused("bits-columns.h5", "axis=columns", "invalidArgument", "--shape")
refused("bits-columns.h5", "shape=13x20 bit-order=big", "unusedOption", "--axis")
refused("bits-columns.h5", "shape=13x20x3 axis=columns", "unusedOption", "one channel")
refused("bits-columns.h5", "shape=13x28 axis=columns", "invalidArgument", "(10, 13, 3)")

# Packed bits that something next to them describes as such, and some that only look like packed bits.
def stated(name, packed, attributes={}, file={}, note="packed bits", **more):
    with found(name, "-", shape=shape, dtype="bool", note=note) as f:
        d = f.create_dataset("masks", data=packed, **more)
        d.attrs.update(attributes)
        for key, value in file.items(): f[key] = value


stated("stated-columns.h5", np.packbits(m, axis=-1), dict(shape=np.array(m.shape)))
stated("stated-rows.h5", np.packbits(m, axis=1), dict(height=13, width=20))
stated("stated-flat.h5", np.packbits(m), dict(original_shape=np.array(m.shape)))
stated("stated-little.h5", np.packbits(m, axis=-1, bitorder="little"), dict(mask_shape=np.array([13, 20]), bitorder="little"))
stated("stated-beside.h5", np.packbits(m.reshape(N, -1), axis=1), file=dict(shape=np.array(m.shape)), chunks=(3, 33), compression="gzip")
discs = np.stack([np.hypot(*np.mgrid[-20:20, -32 + i:32 + i]) < 17 + i for i in range(N)])
with h5py.File(OUT / "discs.h5", "w") as f: f["x"] = np.packbits(discs, axis=-1); f["masks"] = np.packbits(m, axis=-1)
refused("discs.h5", "images=x", "unsupported", "packed bits")
refused("discs.h5", "images=masks", "unsupported", "packed bits")

# PNGs one after another, by offsets or lengths.
flat = np.concatenate(files); ends = np.cumsum([len(b) for b in files])
with found("png-offsets.h5", labels=la, note="one after another") as f: f["encoded"] = flat; f["offsets"] = np.concatenate([[0], ends]); f["labels"] = la
with found("png-starts.h5") as f: f.create_dataset("set/data", data=flat, chunks=(500,), compression="gzip"); f["set/starts"] = np.concatenate([[0], ends[:-1]])
FOUND[-1] = (FOUND[-1][0], "images=set/data", *FOUND[-1][2:])
with found("png-lengths.h5") as f: f["images"] = flat; f["lengths"] = np.diff(ends, prepend=0)

# The same bytes with and without lzf: runs, noise, and what repeats at many distances.
r = np.random.default_rng(20)
with h5py.File(OUT / "lzf.h5", "w") as f:
    for i in range(36):
        size = int(r.integers(20, 70))
        a = r.integers(0, 2 + 3 ** (i % 6), (size, size)).astype("u1")
        if i % 3 == 1: a[size // 3:] = np.tile(a[:1 + i % 5], (size, 1))[: size - size // 3]
        if i % 3 == 2: a[:, 5:] = i
        f[f"plain/{i}"] = a
        f.create_dataset(f"packed/{i}", data=a, chunks=a.shape, compression="lzf", fletcher32=i % 2 == 1)

for name, rows in [("found", FOUND), ("refused", REFUSED)]:
    (OUT / f"{name}.tsv").write_text("".join("\t".join(row) + "\n" for row in rows))
print(len(FOUND), "found and", len(REFUSED), "refused;", sum(p.stat().st_size for p in OUT.iterdir()), "bytes")

# Splits, and labels of several numbers; FoundSplitTests has what they must be read as.
MORE = OUT.parent / "found-splits"
MORE.mkdir(exist_ok=True)
photo = ramp("u1", (4, 5))
with h5py.File(MORE / "classes.h5", "w") as f:
    for name in ["train/ant/0", "train/ant/1", "train/bee/2", "train/cat/3", "test/bee/0", "test/cat/1"]: f[name] = photo
with h5py.File(MORE / "text.h5", "w") as f:
    for split, words in [("train", ["ant", "cat", "bee"]), ("val", ["cat", "cat"])]:
        f[f"x_{split}"] = np.stack([photo] * len(words)); f[f"y_{split}"] = np.array([w.encode() for w in words])
    f["x_extra"] = np.stack([photo] * 2)
with h5py.File(MORE / "columns.h5", "w") as f:
    f["images"] = np.stack([photo] * 3); f["labels"] = np.array([[0, 1, 1], [0, 1, 0], [0, 0, 0]])

# What else has a value for each image; FurtherColumnTests has what it must be read as.
with h5py.File(MORE / "further.h5", "w") as f:
    n = 4
    f["images"] = np.stack([photo] * n); f["y"] = np.array([2, 0, 1, 2])
    f["age"] = np.array([0.5, 1, 2, 4], "f4"); f["age"].attrs["unit"] = "years"
    f["bbox"] = np.arange(16, dtype="i2").reshape(n, 4); f["half"] = np.array([[0.5, 1], [2, 3], [4, 5], [6, 7]], "f2")
    f["flags"] = np.array([[1, 0, 0], [0, 1, 1], [1, 1, 1], [0, 0, 0]], bool); f["row"] = np.arange(n)[None]
    f["record"] = ['{"a": 1}', "", "\u00e9", "[]"]
    d = f.create_dataset("blob", (n,), h5py.vlen_dtype("u1"))
    for i, b in enumerate([b"\0\1", b"", b"\xff\xd8", b"abc"]): d[i] = np.frombuffer(b, "u1")
    f["hash"] = np.array([b"\1\2\3", b"\0\0\0", b"\xff\0\0", b"abc"], "V3")
    f["code"] = np.array([b"ab", b"\xff", b"", b"c"], "S2")
    f["id"] = np.array([1, 2, 3, 1 << 62], "u8"); f["huge"] = np.array([1, 2, 3, 1 << 63], "u8")
    f["mean"] = np.arange(5); f["cube"] = np.zeros((n, 2, 2)); f["wide"] = np.zeros((n, 4097), "u1")
    f["meta/weight"] = np.arange(n) / 8; f["columns/size"] = np.arange(n); f["pairs"] = np.array([["a", "b"]] * n, "S1")
    f["complex"] = np.zeros(n, "c8"); f["100%"] = np.arange(n)
    f.create_dataset("packed", data=np.arange(n) * 3, chunks=(3,), compression="gzip")
    for i in range(n): f[f"masks/{i}"] = photo
    f.attrs["made_by"] = "somebody"
with h5py.File(MORE / "further-splits.h5", "w") as f:
    for split, n in [("train", 3), ("test", 2)]:
        f[f"{split}/images"] = np.stack([photo] * n); f[f"{split}/labels"] = np.arange(n)
        f[f"{split}/bbox"] = np.arange(4 * n).reshape(n, 4); f[f"weight_{split}"] = np.arange(n) / 2
    f["weight_val"] = np.arange(3) / 2

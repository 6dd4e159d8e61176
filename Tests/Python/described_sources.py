"""Files as other programs and people write them, each with what has to be said of it and what is then in it."""
import gzip
import io
import pickle
import struct
from dataclasses import dataclass, field
from itertools import product
from pathlib import Path

import h5py
import lmdb
import numpy as np
from PIL import Image

COUNT = 11
random = np.random.default_rng(23)
color = random.integers(0, 256, (COUNT, 9, 7, 3), np.uint8)
gray = random.integers(0, 256, (COUNT, 9, 7), np.uint8)
deep = random.integers(0, 1 << 16, (COUNT, 9, 7, 3), np.uint16)
masks = random.random((COUNT, 13, 20)) < 0.5
labels = random.integers(0, 4, COUNT)
names = ["owl", "ant", "\u00e6on", "Cat"]
texts = [names[label] for label in labels]
sorted_names = sorted(set(texts), key=lambda name: name.encode())
numbered = [sorted_names.index(text) for text in texts]
keys = [f"{i:08}" for i in range(COUNT)]


@dataclass
class Source:
    name: str
    path: Path
    options: tuple
    images: list
    labels: list = None
    class_names: list = None
    columns: dict = field(default_factory=dict)

    @property
    def is_mixed(self):
        return len({np.asarray(image).shape for image in self.images}) > 1

    @property
    def is_deep(self):
        image = np.asarray(self.images[0])
        return image.dtype.itemsize == 2 and image.dtype.kind == "u" and image.ndim == 3


class Sources:
    def __init__(self, folder):
        self.folder = Path(folder)
        self.all = []

    def path(self, suffix=""):
        folder = self.folder / str(len(list(self.folder.iterdir())) if self.folder.exists() else 0)
        folder.mkdir(parents=True)
        return folder / f"x{suffix}"

    def add(self, name, path, options, images, labels=None, class_names=None, /, **columns):
        self.all.append(Source(name, path, tuple(map(str, options)), images, labels, class_names, columns))


def npy_bytes(array):
    file = io.BytesIO()
    np.save(file, array)
    return file.getvalue()


def png(image, palette=None):
    picture = Image.fromarray(image)
    if palette is not None:
        picture = Image.fromarray(image, "P") if image.ndim == 2 else picture
        picture.putpalette(palette)
    file = io.BytesIO()
    picture.save(file, "PNG")
    return file.getvalue()


def save_npy(sources, array):
    path = sources.path(".npy")
    np.save(path, array)
    return path


def save_npz(sources, **arrays):
    path = sources.path(".npz")
    np.savez_compressed(path, **arrays)
    return path


def save_hdf5(sources, arrays, **options):
    path = sources.path(".h5")
    with h5py.File(path, "w") as file:
        for name, values in arrays.items():
            file.create_dataset(name, data=values, **(options if np.ndim(values) > 1 else {}))
    return path


def save_lmdb(sources, records, databases=None):
    path = sources.path(".lmdb")
    environment = lmdb.open(str(path), map_size=1 << 24, max_dbs=8)
    for name, items in {None: records, **(databases or {})}.items():
        database = None if name is None else environment.open_db(name.encode())
        with environment.begin(write=True, db=database) as transaction:
            for key, value in items:
                transaction.put(key.encode(), value)
    environment.close()
    return path


def save_folder(sources, files):
    root = sources.path()
    for name, contents in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(contents if isinstance(contents, bytes) else contents.encode())
    return root


def add_names(sources):
    """Images and labels by names, paths, prefixes, columns and in other files."""
    fruit = h5py.enum_dtype({"fig": 0, "lime": 1, "pear": 2, "date": 3}, "u1")
    arrays = {"a": color, "b": labels, "set/a": color[::-1], "set/b": labels[::-1]}
    path = save_hdf5(sources, arrays)
    columns = {"b": labels.tolist(), "set/b": labels[::-1].tolist()}
    sources.add("hdf5 names", path, ("--images", "a", "--labels", "b"), color, labels, **{"set/b": columns["set/b"]})
    sources.add("hdf5 paths", path, ("--images", "set/a", "--labels", "/set/b"), color[::-1], labels[::-1], b=columns["b"])
    sources.add("hdf5 no labels", path, ("--images", "a", "--labels", "none"), color, **columns)
    path = save_npz(sources, a=color, b=labels)
    sources.add("npz names", path, ("--images", "a", "--labels", "b"), color, labels)
    sources.add("npz no labels", path, ("--images", "a", "--labels", "none"), color, b=labels.tolist())
    records = [(f"pic-{key}", png(image)) for key, image in zip(keys, color)]
    records += [(f"cls-{key}", str(label).encode()) for key, label in zip(keys, labels)]
    paths = [f"pic-{key}" for key in keys]
    path = save_lmdb(sources, records)
    sources.add("lmdb prefixes", path, ("--images", "pic-", "--labels", "cls-"), color, labels, name=paths)
    sources.add("lmdb no labels", path, ("--images", "pic-", "--labels", "none"), color, name=paths)
    databases = {"one": [(key, png(image)) for key, image in zip(keys, color)],
                 "two": [(key, struct.pack("<i", label)) for key, label in zip(keys, labels)]}
    path = save_lmdb(sources, [], databases)
    sources.add("lmdb databases", path, ("--images", "one", "--labels", "two"), color, labels)

    files = {f"{i}.png": png(image) for i, image in enumerate(color)}
    rows = "".join(f"{i}.png;{texts[i]};{labels[i]}\n" for i in range(COUNT))
    path = save_folder(sources, {**files, "about.csv": "picture;kind;number\n" + rows})
    sources.add("csv columns", path, ("--images", "picture", "--labels", "kind"), color, numbered, sorted_names,
                number=labels.tolist())
    sources.add("csv column of numbers", path, ("--labels", "number"), color, labels, kind=texts)
    sources.add("csv no labels", path, ("--labels", "none"), color)

    images = save_npy(sources, color)
    elsewhere = [
        ("npy", save_npy(sources, labels.astype(">i4")), "", labels, None),
        ("npy of rows with one 1", save_npy(sources, np.eye(4)[labels]), "", labels, None),
        ("npy of texts", save_npy(sources, np.array(texts)), "", numbered, sorted_names),
        ("npz", save_npz(sources, labels=labels), "", labels, None),
        ("npz by name", save_npz(sources, p=labels, q=labels + 1), ":q", labels + 1, None),
        ("hdf5", save_hdf5(sources, {"y": labels.astype("f4")}), "", labels, None),
        ("hdf5 by path", save_hdf5(sources, {"g/p": labels, "g/q": labels + 1}), ":g/q", labels + 1, None),
    ]
    path = sources.path(".h5")
    with h5py.File(path, "w") as file:
        file.create_dataset("kinds", data=labels.astype("u1"), dtype=fruit)
    elsewhere.append(("hdf5 enumeration", path, ":kinds", labels, ["fig", "lime", "pear", "date"]))
    path = sources.path(".csv")
    path.write_text("n,kind\n" + "".join(f"{i},{text}\n" for i, text in enumerate(texts)), encoding="utf-8")
    elsewhere.append(("csv by column", path, ":kind", numbered, sorted_names))
    path = sources.path("-labels-idx1-ubyte.gz")
    path.write_bytes(gzip.compress(struct.pack(">BBBBI", 0, 0, 8, 1, COUNT) + labels.astype("u1").tobytes()))
    elsewhere.append(("idx", path, "", labels, None))
    for name, path, suffix, expected, class_names in elsewhere:
        sources.add(f"labels in {name}", images, ("--labels", f"{path}{suffix}"), color, expected, class_names)


def add_dimensions(sources):
    """Every order of axes in every format that holds arrays."""
    orders = {"NHWC": (0, 1, 2, 3), "NCHW": (0, 3, 1, 2), "NCWH": (0, 3, 2, 1), "HWCN": (1, 2, 3, 0), "CWHN": (3, 2, 1, 0)}
    for letters, axes in orders.items():
        turned = np.ascontiguousarray(color.transpose(axes))
        options = ("--dimensions", letters)
        sources.add(f"npy {letters}", save_npy(sources, turned), options, color)
        sources.add(f"npy in Fortran order {letters}", save_npy(sources, np.asfortranarray(turned)), options, color)
        sources.add(f"npz {letters}", save_npz(sources, images=turned, labels=labels), options, color, labels)
        chunks = tuple(max(1, extent // 2) for extent in turned.shape)
        for name, chosen in [("", {}), (" in chunks", {"chunks": chunks, "compression": "gzip"})]:
            path = save_hdf5(sources, {"images": turned, "labels": labels}, **chosen)
            sources.add(f"hdf5{name} {letters}", path, options, color, labels)
        path = sources.path(".bin")
        path.write_bytes(turned.tobytes())
        sources.add(f"bare {letters}", path, (*options, "--shape", "9x7x3"), color)
    for letters, axes in {"NHW": (0, 1, 2), "NWH": (0, 2, 1), "HWN": (1, 2, 0)}.items():
        turned = np.ascontiguousarray(gray.transpose(axes)).astype(">u2")
        options = ("--dimensions", letters)
        expected = gray.astype(np.uint16)
        sources.add(f"npy {letters}", save_npy(sources, turned), options, expected)
        sources.add(f"npz {letters}", save_npz(sources, images=turned, labels=labels), options, expected, labels)
        sources.add(f"hdf5 {letters}", save_hdf5(sources, {"images": turned, "labels": labels}), options, expected, labels)
    for letters, axes in {"HWC": (0, 1, 2), "CHW": (2, 0, 1), "CWH": (2, 1, 0)}.items():
        turned = [np.ascontiguousarray(image.transpose(axes)) for image in color]
        raw = save_lmdb(sources, [(key, image.tobytes()) for key, image in zip(keys, turned)])
        sources.add(f"lmdb of samples {letters}", raw, ("--shape", "9x7x3", "--dimensions", letters), color)
        arrays = save_lmdb(sources, [(key, npy_bytes(image)) for key, image in zip(keys, turned)])
        sources.add(f"lmdb of arrays {letters}", arrays, ("--dimensions", letters), color)
        pickles = save_lmdb(sources, [(key, pickle.dumps((image, int(label))))
                                      for key, image, label in zip(keys, turned, labels)])
        sources.add(f"lmdb of pickles {letters}", pickles, ("--dimensions", letters), color, labels)
        group = save_hdf5(sources, {"labels": labels, **{f"images/{i}": image for i, image in enumerate(turned)}})
        sources.add(f"hdf5 of a dataset per image {letters}", group, ("--dimensions", letters), color, labels)
        entries = save_npz(sources, labels=labels, **{f"image-{i}": image for i, image in enumerate(turned)})
        sources.add(f"npz of an array per image {letters}", entries, ("--dimensions", letters), color, labels,
                    name=[f"image-{i}" for i in range(COUNT)])
    flat = {"ND": color.reshape(COUNT, -1), "NHWC": color.reshape(COUNT, -1),
            "NCHW": color.transpose(0, 3, 1, 2).reshape(COUNT, -1)}
    for letters, rows in flat.items():
        options = ("--dimensions", letters, "--shape", "9x7x3")
        sources.add(f"npy of rows {letters}", save_npy(sources, rows), options, color)
        sources.add(f"npz of rows {letters}", save_npz(sources, x=rows, y=labels), options, color, labels)
        sources.add(f"hdf5 of rows {letters}", save_hdf5(sources, {"x": rows, "y": labels}), options, color, labels)


def add_types(sources):
    for name in ["bool", "uint8", "uint16", "int8", "int16", "int32", "int64", "float16", "float32", "float64"]:
        samples = (gray > 99).astype(name) if name == "bool" else gray.astype(np.int64).astype(name)
        path = sources.path(".bin")
        path.write_bytes(samples.tobytes())
        sources.add(f"bare {name}", path, ("--shape", "9x7", "--dtype", name), samples)
        path = save_lmdb(sources, [(key, image.tobytes()) for key, image in zip(keys, samples)])
        sources.add(f"lmdb of {name}", path, ("--shape", "9x7", "--dtype", name), samples)
        swapped = samples.astype(samples.dtype.newbyteorder(">"))
        path = save_hdf5(sources, {"images": swapped})
        sources.add(f"hdf5 of {name}", path, ("--dtype", name), samples)


def datum(image, label):
    """Caffe's record: planes of channels in the order they are given in."""
    def number(field, value):
        out = [field << 3]
        while value > 127:
            out.append(value & 127 | 128)
            value >>= 7
        return bytes(out + [value])

    planes = image.transpose(2, 0, 1).tobytes()
    length = number(0, len(planes))[1:]
    return (number(1, image.shape[2]) + number(2, image.shape[0]) + number(3, image.shape[1])
            + bytes([4 << 3 | 2]) + length + planes + number(5, int(label)))


def add_channels(sources):
    blue = np.ascontiguousarray(color[..., ::-1])
    for order, expected in {"bgr": color, "rgb": blue}.items():
        options = ("--channel-order", order)
        sources.add(f"npy {order}", save_npy(sources, blue), options, expected)
        sources.add(f"npz {order}", save_npz(sources, images=blue, labels=labels), options, expected, labels)
        sources.add(f"hdf5 {order}", save_hdf5(sources, {"images": blue, "labels": labels}), options, expected, labels)
        path = sources.path(".bin")
        path.write_bytes(blue.tobytes())
        sources.add(f"bare {order}", path, (*options, "--shape", "9x7x3"), expected)
        files = {f"{i}.png": png(image) for i, image in enumerate(blue)}
        sources.add(f"folder {order}", save_folder(sources, files), options, expected)
        path = save_lmdb(sources, [(key, image.tobytes()) for key, image in zip(keys, blue)])
        sources.add(f"lmdb {order}", path, (*options, "--shape", "9x7x3"), expected)
        path = save_lmdb(sources, [(key, datum(image, label)) for key, image, label in zip(keys, blue, labels)])
        sources.add(f"datum {order}", path, options, expected, labels)
        planes = np.ascontiguousarray(deep[..., ::-1].transpose(0, 3, 1, 2)).astype(">u2")
        path = save_hdf5(sources, {"images": planes, "labels": labels}, chunks=True, compression="lzf")
        options = (*options, "--dimensions", "NCHW")
        sources.add(f"hdf5 of planes {order}", path, options, deep if order == "bgr" else deep[..., ::-1], labels)


def add_palettes(sources):
    palette = np.arange(12, dtype=np.uint8).reshape(4, 3) * 20
    indices = gray % 4
    pictures = [png(image, palette.tobytes()) for image in indices]
    for choice, expected in {"indices": indices, "colors": palette[indices]}.items():
        options = ("--palette", choice)
        files = {f"{i}.png": picture for i, picture in enumerate(pictures)}
        sources.add(f"folder {choice}", save_folder(sources, files), options, expected)
        path = save_lmdb(sources, list(zip(keys, pictures)))
        sources.add(f"lmdb {choice}", path, options, expected)


def add_bits(sources):
    for axis, order in product(["rows", "columns", "flat"], ["big", "little"]):
        options = ("--shape", "13x20", "--axis", axis, "--bit-order", order)
        number = {"rows": 1, "columns": 2, "flat": None}[axis]
        packed = np.packbits(masks, axis=number, bitorder=order)
        path = sources.path(".bin")
        path.write_bytes(packed.tobytes())
        sources.add(f"bare bits {axis} {order}", path, options, masks)
        sources.add(f"npy bits {axis} {order}", save_npy(sources, packed), options, masks)
        path = save_npz(sources, bits=packed, labels=labels)
        sources.add(f"npz bits {axis} {order}", path, (*options, "--images", "bits"), masks, labels)
        path = save_hdf5(sources, {"bits": packed, "y": labels}, chunks=True, compression="gzip")
        sources.add(f"hdf5 bits {axis} {order}", path, (*options, "--images", "bits", "--labels", "y"), masks, labels)
        path = save_folder(sources, {"masks.npy": npy_bytes(packed), "labels.npy": npy_bytes(labels)})
        sources.add(f"folder of bits {axis} {order}", path, options, masks, labels)
    each = np.packbits(masks.reshape(COUNT, -1), axis=1)
    options = ("--shape", "13x20", "--axis", "flat")
    sources.add("npy of bits per mask", save_npy(sources, each), options, masks)
    sources.add("hdf5 of bits per mask", save_hdf5(sources, {"bits": each}), (*options, "--images", "bits"), masks)


def add_splits(sources):
    parts = {"train": slice(0, 5), "val": slice(5, 9), "test": slice(9, COUNT)}
    arrays = {f"{what}_{part}": values[of] for part, of in parts.items() for what, values in [("x", color), ("y", labels)]}
    grouped = {f"{part}/{what}": values[of] for part, of in {**parts, "spare": slice(0, 3)}.items()
               for what, values in [("images", color), ("labels", labels)]}
    stores = [("npz", save_npz(sources, **arrays)), ("hdf5", save_hdf5(sources, arrays)), ("hdf5 groups", save_hdf5(sources, grouped))]
    classes = {f"{part}/{texts[i]}/{i}.png": png(color[i]) for part, of in parts.items() for i in range(COUNT)[of]}
    folder = save_folder(sources, classes)
    for part, of in parts.items():
        for name, path in stores:
            sources.add(f"{name} {part}", path, ("--split", part), color[of], labels[of])
        # Classes have the same numbers in all splits; in one the images are sorted by them.
        order = sorted(range(COUNT)[of], key=lambda i: (numbered[i], i))
        sources.add(f"folder {part}", folder, ("--split", part), color[order], [numbered[i] for i in order], sorted_names,
                    name=[f"{part}/{texts[i]}/{i}.png" for i in order])
    for name, path in stores[:2]:
        sources.add(f"{name} all", path, (), color, labels)
        sources.add(f"{name} val by name", path, ("--images", "x_val", "--labels", "y_val"), color[5:9], labels[5:9])
    nested = {f"{'odd' if i % 2 else 'even'}/{texts[i]}/{i}.png": png(color[i]) for i in range(COUNT)}
    folder = save_folder(sources, nested)
    for depth in (1, 2):
        of = [("/".join(name.split("/")[:depth]), int(name.split("/")[2][:-4])) for name in nested]
        classes = sorted({name for name, _ in of}, key=lambda name: name.encode())
        order = sorted(nested, key=lambda name: (name.split("/")[:2], int(name.split("/")[2][:-4])))
        images = [color[int(name.split("/")[2][:-4])] for name in order]
        expected = [classes.index("/".join(name.split("/")[:depth])) for name in order]
        sources.add(f"classes {depth} deep", folder, ("--classes-at", depth), images, expected, classes, name=order)


def make(folder):
    sources = Sources(folder)
    for add in [add_names, add_dimensions, add_types, add_channels, add_palettes, add_bits, add_splits]:
        add(sources)
    return sources.all

"""Makes Tests/Fixtures/lmdb: small databases in every layout that Python users have.

Usage: python make_lmdb_fixtures.py    (numpy, lmdb and pillow are needed)

Image i has the sample (i * 37 + row * 11 + column * 7 + channel * 3) % 256 and the label (i * 3) % 10.
"""

import io
import pickle
import shutil
import struct
from pathlib import Path

import lmdb
import numpy as np
from PIL import Image

OUT = Path(__file__).parent / "lmdb"


def image(i, height=4, width=5, channels=3):
    r, c, k = np.ogrid[:height, :width, :channels]
    return ((i * 37 + r * 11 + c * 7 + k * 3) % 256).astype(np.uint8)


def label(i):
    return (i * 3) % 10


class CIFAR_Image:
    def __init__(self, image, label):
        self.channels = image.shape[2]
        self.size = image.shape[:2]
        self.image = image.tobytes()
        self.label = label


def varint(number):
    number &= (1 << 64) - 1
    out = b""
    while number > 127:
        out += bytes([number & 127 | 128])
        number >>= 7
    return out + bytes([number])


def field(number, wire, payload):
    return varint(number << 3 | wire) + payload


def sized(number, payload):
    return field(number, 2, varint(len(payload)) + payload)


def datum(pixels, label, **fields):
    height, width, channels = pixels.shape
    sizes = field(1, 0, varint(channels)) + field(2, 0, varint(height)) + field(3, 0, varint(width))
    order = [2, 1, 0] if channels == 3 else range(channels)
    planes = np.ascontiguousarray(pixels[..., list(order)].transpose(2, 0, 1))
    if "floats" in fields:
        values = planes.astype("<f4") / 4
        if fields["floats"] == "packed":
            data = sized(6, values.tobytes())
        else:
            data = b"".join(field(6, 5, struct.pack("<f", v)) for v in values.ravel())
    else:
        data = sized(4, planes.tobytes())
    return sizes + data + field(5, 0, varint(label))


def png(pixels):
    file = io.BytesIO()
    Image.fromarray(pixels).save(file, "PNG")
    return file.getvalue()


def npy(array):
    file = io.BytesIO()
    np.save(file, array)
    return file.getvalue()


def database(name, items, subdir=True, **options):
    path = OUT / name
    with lmdb.open(str(path), map_size=1 << 20, subdir=subdir, lock=False, max_dbs=2, **options) as env:
        with env.begin(write=True) as txn:
            for key, value in items:
                txn.put(key, value)
    return path


def key(i):
    return b"%08d" % i


def main():
    shutil.rmtree(OUT, ignore_errors=True)
    OUT.mkdir()
    some = range(3)
    database("pickled", ((key(i), pickle.dumps(CIFAR_Image(image(i), label(i)))) for i in some))
    database("pickled-protocol2",
             ((key(i), pickle.dumps(CIFAR_Image(image(i), np.int64(label(i))), 2)) for i in some))
    # Values on pages of their own.
    database("pickled-large",
             ((key(i), pickle.dumps(CIFAR_Image(image(i, 32, 32), label(i)))) for i in some))
    database("nosubdir.mdb", ((key(i), pickle.dumps(CIFAR_Image(image(i), label(i)))) for i in some),
             subdir=False)
    database("raw", ((key(i), image(i).tobytes()) for i in some))
    database("datum", ((b"%05d" % i, datum(image(i), label(i))) for i in some))
    database("datum-gray", ((b"%05d" % i, datum(image(i, channels=1), -label(i))) for i in some))
    database("datum-float", ((b"%05d" % i, datum(image(i), label(i), floats="single")) for i in some))
    database("datum-packed", ((b"%05d" % i, datum(image(i), label(i), floats="packed")) for i in some))
    database("datum-png", ((b"%08d_image.png" % i, sized(4, png(image(i))) + field(5, 0, varint(label(i)))
                            + field(7, 0, b"\x01")) for i in some))
    database("png", ((b"image%d" % i, png(image(i))) for i in some))
    database("npy", [(key(i), npy(image(i))) for i in some] + [(b"__keys__", b"a list of keys")])
    # Sizes that differ, a byte order and a memory order that have to be turned.
    database("npy-odd", [(key(0), npy(image(0, 6, 5).astype(">u2") * 256)),
                         (key(1), npy(np.asfortranarray(image(1).astype("<u2") * 256)))])
    database("empty", [])
    path = database("named", ())
    with lmdb.open(str(path), map_size=1 << 20, lock=False, max_dbs=2) as env:
        names = env.open_db(b"images")
        with env.begin(write=True) as txn:
            txn.put(key(0), image(0).tobytes(), db=names)
    for lock in OUT.rglob("*lock*"):
        lock.unlink()


if __name__ == "__main__":
    main()

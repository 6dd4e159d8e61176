"""Writes the .npz fixtures: python3 make_npz.py  (numpy 1.24 or later).

Every good archive holds the images `ramp(i)` below, 5 of them, with labels 0, 10, 20, 30, 40.
"""
import io
import struct
import zipfile
import zlib
from pathlib import Path
import numpy as np

out = Path(__file__).parent / "npz"
out.mkdir(exist_ok=True)
ramp = lambda i: ((np.arange(6 * 4 * 3).reshape(6, 4, 3) * 3 + i * 17) % 256).astype("u1")
images = np.stack([ramp(i) for i in range(5)])
labels = np.arange(5) * 10
named = {f"ix-{i:06}": image for i, image in enumerate(images)}

np.savez_compressed(out / "training", **named)
np.savez_compressed(out / "out-training", outputs=labels.astype("u1")[:, None])
np.savez(out / "stored", **named, labels=labels)
np.savez(out / "shuffled", labels=labels, **dict(reversed(list(named.items()))))
np.savez_compressed(out / "keras", x_train=images[:3], y_train=labels[:3].astype("u1")[:, None],
                    x_test=images[3:], y_test=labels[3:])
np.savez(out / "medmnist", train_images=images, train_labels=labels[:, None], val_images=images[:2],
         val_labels=labels[:2, None], test_images=images[:1], test_labels=labels[:1, None])
np.savez(out / "fortran", images=np.asfortranarray(images), labels=labels.astype(">i8"))
np.savez(out / "other-names", cat=images[0], dog=images[1], emu=images[2], y=labels[:3])
np.savez(out / "orders", **{f"ix-{i:06}": np.asfortranarray(image) if i % 2 else image
                            for i, image in enumerate(images)})
np.savez(out / "shapes", **{"ix-000000": images[0], "ix-000001": images[1].reshape(4, 6, 3)})
np.savez(out / "big-endian", **{f"ix-{i:06}": image.astype(">f4") for i, image in enumerate(images)})

npy = io.BytesIO()
np.save(npy, images[0])
npy = npy.getvalue()


class Unseekable(io.RawIOBase):
    """A pipe: zipfile writes sizes after the data."""

    def __init__(self, path): self.file = open(path, "wb")
    def writable(self): return True
    def write(self, data): return self.file.write(data)


with zipfile.ZipFile(Unseekable(out / "streamed.npz"), "w", zipfile.ZIP_DEFLATED) as archive:
    for i, image in enumerate(images):
        with archive.open(f"ix-{i:06}.npy", "w", force_zip64=i % 2 == 0) as file:
            np.save(file, image)
with zipfile.ZipFile(out / "comment.npz", "w") as archive:
    archive.writestr(zipfile.ZipInfo("ix-000000.npy"), npy)
    archive.comment = b"PK\x05\x06 is not the end" * 40
with zipfile.ZipFile(out / "bad-twice.npz", "w") as archive:
    archive.writestr(zipfile.ZipInfo("ix-000000.npy"), npy)
    archive.writestr(zipfile.ZipInfo("ix-000000.npy"), npy)
with zipfile.ZipFile(out / "bad-twice-labels.npz", "w") as archive:
    archive.writestr(zipfile.ZipInfo("labels.npy"), npy)
    archive.writestr(zipfile.ZipInfo("labels.npy"), npy)
for name, path in [("absolute", "/labels.npy"), ("parent", "../labels.npy"), ("backslash", "a\\b.npy")]:
    with zipfile.ZipFile(out / f"bad-{name}.npz", "w") as archive:
        info = zipfile.ZipInfo("placeholder"); info.filename = path
        archive.writestr(info, npy)
with zipfile.ZipFile(out / "bad-method.npz", "w", zipfile.ZIP_LZMA) as archive:
    archive.writestr(zipfile.ZipInfo("ix-000000.npy"), npy, compress_type=zipfile.ZIP_LZMA)
np.savez(out / "bad-objects", **{"ix-000000": np.array([{}], object)}, allow_pickle=True)


def archive(name, entries, count=None):
    """An archive from (name, method, crc, compressed size, size, flags, offset or None, local bytes)."""
    body = directory = b""
    for path, method, crc, compressed, size, flags, offset, data in entries:
        path = path.encode()
        offset = len(body) if offset is None else offset
        head = struct.pack("<HHHIIIIHH", 20, flags, method, 0x210000, crc, compressed, size, len(path), 0)
        if data is not None:
            body += b"PK\x03\x04" + head + path + data
        directory += (b"PK\x01\x02" + struct.pack("<H", 20) + head
                      + struct.pack("<HHHII", 0, 0, 0, 0, offset) + path)
    count = len(entries) if count is None else count
    end = b"PK\x05\x06" + struct.pack("<HHHHIIH", 0, 0, count, count, len(directory), len(body), 0)
    (out / name).write_bytes(body + directory + end)


crc, n = zlib.crc32(npy), len(npy)
good = lambda i: (f"ix-{i:06}.npy", 0, crc, n, n, 0, None, npy)
archive("plain.npz", [good(0)])
archive("bad-encrypted.npz", [("ix-000000.npy", 0, crc, n, n, 1, None, npy)])
archive("bad-crc.npz", [("ix-000000.npy", 0, crc ^ 1, n, n, 0, None, npy)])
archive("bad-stored-size.npz", [("ix-000000.npy", 0, crc, n, n + 1, 0, None, npy)])
archive("bad-bomb.npz", [("ix-000000.npy", 8, crc, 20, 1 << 31, 0, None, b"\0" * 20)])
archive("bad-beyond.npz", [("ix-000000.npy", 0, crc, n + 500, n + 500, 0, None, npy)])
archive("bad-count.npz", [good(0)], count=2)
archive("bad-overlap.npz", [good(0), ("ix-000001.npy", 0, crc, n, n, 0, 43, None)])
archive("bad-same-place.npz", [good(0), ("ix-000001.npy", 0, crc, n, n, 0, 0, None)])
raw = zlib.compressobj(6, zlib.DEFLATED, -15)
deflated = raw.compress(npy) + raw.flush()
archive("bad-inflates-to-more.npz", [("ix-000000.npy", 8, crc, len(deflated), n - 1, 0, None, deflated)])
archive("bad-inflates-to-less.npz", [("ix-000000.npy", 8, crc, len(deflated), n + 1, 0, None, deflated)])
archive("bad-short-array.npz", [("ix-000000.npy", 0, zlib.crc32(npy[:-1]), n - 1, n - 1, 0, None, npy[:-1])])
truth = npy.replace(b"|u1", b"|b1")
archive("truth.npz", [("ix-000000.npy", 0, zlib.crc32(truth), n, n, 0, None, truth)])
np.savez_compressed(out / "truth-deflated", **{"ix-000000": images[0].view(bool), "ix-000001": images[1].view(bool)})
np.savez(out / "truth-array", images=images.view(bool))
np.savez_compressed(out / "truth-array-deflated", images=images.view(bool))
(out / "bad-empty.npz").write_bytes(b"")
(out / "bad-no-zip.npz").write_bytes(npy)
with zipfile.ZipFile(out / "bad-no-arrays.npz", "w") as archive_: archive_.writestr(zipfile.ZipInfo("readme.txt"), "hello")

"""Opens HDF5 stores with h5py: python3 check_hdf5.py FILE ...  (h5py 3, numpy).

Prints a line for each part of each file: the shape and type of the images and the CRC-32 of their bytes, the
labels, the columns as JSON (bytes in hexadecimal digits), the class names. Fails if the labels are not one dataset under two names or
a checksum in the file is not that of its part.
"""
import json
import sys
import zlib
from urllib.parse import unquote
import h5py
import numpy as np


def crc(data):
    return zlib.crc32(np.ascontiguousarray(data).tobytes())


for path in sys.argv[1:]:
    with h5py.File(path, "r") as f:
        sums = f["checksums"][:]
        if isinstance(f["images"], h5py.Dataset):
            images = f["images"][:]
            assert f["images"].chunks is not None or f["images"].id.get_offset() > 0 or not len(images)
            print("images", *images.shape, images.dtype, crc(images))
        else:
            images = [f["images"][name][:] for name in f["images"]]
            print("images", *[f"{'x'.join(map(str, i.shape))}:{i.dtype}" for i in images],
                  zlib.crc32(b"".join(np.ascontiguousarray(i).tobytes() for i in images)))
        assert [crc(image) for image in images] == list(sums), "checksums of images"
        if "labels" in f:
            assert f["labels"] == f["meta"], "meta is labels"
            assert crc(f["labels"][:].astype("<i8")) == f["checksums"].attrs["labels"]
            print("labels", *f["labels"][:])
        for name in f.get("columns", {}):
            column = f["columns"][name]
            text = h5py.check_string_dtype(column.dtype) is not None
            values = list(column.asstr()[:]) if text else column[:].tolist()
            data = b"".join(v.encode() + b"\0" for v in values) if text else column[:].tobytes()
            assert zlib.crc32(data) == f["checksums"].attrs[f"columns/{name}"], name
            if name in f.get("offsets", {}):
                offsets = f["offsets"][name][:]
                assert crc(offsets.astype("<i8")) == f["checksums"].attrs[f"offsets/{name}"], name
                values = [column[a:b].tobytes().hex() for a, b in zip(offsets, offsets[1:])]
            print("column", json.dumps([unquote(name), values]))
        if "class_names" in f.attrs:
            names = [n.decode() for n in f.attrs["class_names"]]
            assert zlib.crc32(b"".join(n.encode() + b"\0" for n in names)) == f["checksums"].attrs["class_names"]
            print("classes", json.dumps(names))
        assert f.attrs["format_version"] == 1

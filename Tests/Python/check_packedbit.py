"""Opens packed masks in plain numpy: python3 check_packedbit.py STORE.bits [EXPECTED_MASKS.npy EXPECTED_LABELS.npy]"""
import json
import os
import sys
import zlib
import numpy

description = json.load(open(f"{sys.argv[1]}/format.json"))
axis = {"rows": 1, "columns": 2}[description["axis"]]
size = {1: description["height"], 2: description["width"]}[axis]
packed = numpy.load(f"{sys.argv[1]}/masks.npy", mmap_mode="r")
masks = numpy.unpackbits(packed, axis=axis, count=size, bitorder=description["bitOrder"])

assert masks.shape[1:] == (description["height"], description["width"]), "the size is another"
checksums = numpy.load(f"{sys.argv[1]}/checksums.npy")
assert [zlib.crc32(mask.tobytes()) for mask in packed] == checksums.tolist(), "a checksum is wrong"
if os.path.exists(f"{sys.argv[1]}/labels.npy"):
    assert len(numpy.load(f"{sys.argv[1]}/labels.npy")) == len(masks), "labels do not fit"
if len(sys.argv) > 2:
    assert numpy.array_equal(masks, numpy.load(sys.argv[2])), "pixels differ"
    assert numpy.array_equal(numpy.load(f"{sys.argv[1]}/labels.npy"), numpy.load(sys.argv[3])), "labels differ"
print(f"{sys.argv[1]}: {len(masks)} masks")

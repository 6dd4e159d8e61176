"""Opens an archive in plain numpy: python3 check_npz.py STORE.npz [EXPECTED_IMAGES.npy EXPECTED_LABELS.npy]"""
import sys
import zipfile
import numpy

archive = numpy.load(sys.argv[1])
names = sorted(name for name in archive.files if name.startswith("ix-"))
images = [archive[name] for name in names]
labels = archive["labels"] if "labels" in archive.files else None

assert zipfile.ZipFile(sys.argv[1]).testzip() is None, "a checksum is wrong"
assert [int(name[3:]) for name in names] == list(range(len(names))), "images are not numbered"
assert labels is None or len(labels) == len(images), "labels do not fit"
if len(sys.argv) > 2:
    expected = numpy.load(sys.argv[2])
    assert len(expected) == len(images), f"{len(images)} images, expected {len(expected)}"
    assert all(numpy.array_equal(*pair) for pair in zip(images, expected)), "pixels differ"
    assert numpy.array_equal(labels, numpy.load(sys.argv[3])), "labels differ"
print(f"{sys.argv[1]}: {len(images)} images")

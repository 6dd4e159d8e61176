"""Archives, and entries, of more than 4 GiB as numpy writes and reads them.

    large_archives.py check ARCHIVE COUNT    the last image of our archive, which is past 4 GiB, and its number of entries
    large_archives.py write ARCHIVE COUNT    np.savez of one array of more than 4 GiB

Images are those of Tools/LoaderRuns/SampleImages.swift.
"""
import sys, zipfile
from pathlib import Path
import numpy as np

SHAPE = (160, 144, 3)
WORDS = int(np.prod(SHAPE)) // 8


def images(first, last):
    """Images first..<last, word by word for all of them at once."""
    state = np.arange(first, last, dtype=np.uint64) * np.uint64(0x9E3779B97F4A7C15) | np.uint64(1)
    words = np.empty((WORDS, last - first), np.uint64)
    for place in range(WORDS):
        state ^= state << np.uint64(13)
        state ^= state >> np.uint64(7)
        state ^= state << np.uint64(17)
        words[place] = state & np.uint64(0x0F0F0F0F0F0F0F0F)
    return np.ascontiguousarray(words.T).view(np.uint8).reshape(last - first, *SHAPE)


def check(path, count):
    with zipfile.ZipFile(path) as archive:
        names = archive.namelist()
        last = archive.getinfo(f"ix-{count - 1:06}.npy")
        assert len(names) > 65_535 and last.header_offset > 2**32, (len(names), last.header_offset)
    with np.load(path) as archive:
        for index in [0, 1, count // 2, count - 2, count - 1]:
            assert (archive[f"ix-{index:06}"] == images(index, index + 1)[0]).all(), index
        assert (archive["labels"] == np.arange(count) % 10).all()
    print(f"  numpy opens it: {len(names)} entries, the last image at byte {last.header_offset}")


def write(path, count):
    array = path.with_suffix(".images.npy")
    memory = np.lib.format.open_memmap(array, "w+", np.uint8, (count, *SHAPE))
    for first in range(0, count, 5000):
        last = min(first + 5000, count)
        memory[first:last] = images(first, last)
    np.savez(path, images=memory, labels=np.arange(count) % 10)
    array.unlink()
    with zipfile.ZipFile(path) as archive:
        size = archive.getinfo("images.npy").file_size
    assert size > 2**32, size
    print(f"  np.savez wrote one entry of {size} bytes")


{"check": check, "write": write}[sys.argv[1]](Path(sys.argv[2]), int(sys.argv[3]))

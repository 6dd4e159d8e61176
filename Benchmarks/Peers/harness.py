"""What the peers share: the data, the clock, the record of a measurement."""
import json, os, shutil, statistics, time, uuid, zlib
from pathlib import Path
import numpy as np


class Data:
    """The images both sides work on: images.npy and labels.npy, made by prepare.py."""

    def __init__(self, folder, count):
        # Copied: a view of the map would not be memory of the process.
        self.images = np.array(np.load(folder / "images.npy", mmap_mode="r")[:count])
        self.labels = np.load(folder / "labels.npy")[:count]
        self.count = len(self.images)
        # The order of the shuffled work: the same on both sides, read from a file.
        order = np.load(folder / "order.npy")
        self.order = order[order < self.count]

    def batches(self, size=128):
        return [self.order[i:i + size] for i in range(0, self.count - size + 1, size)]


class Recorder:
    """Measures work by the clock: once if it takes long, else up to five times, and takes the median."""

    def __init__(self, output, round_number, only=None):
        self.output, self.round, self.only = output, round_number, only

    def wants(self, subject, work):
        return not self.only or any(part in f"{subject} {work}" for part in self.only)

    def measure(self, subject, work, count, run, prepare=lambda: None, checksum=None, path=None):
        if not self.wants(subject, work) or count == 0:
            return
        times = []
        while len(times) < 6:
            prepare()
            start = time.perf_counter()
            run()
            times.append(time.perf_counter() - start)
            if times[0] > VERY_LONG or sum(times[1:]) > LONG:
                break
        # The first of several warms up.
        seconds = statistics.median(times[1:] or times)
        record = dict(side="python", subject=subject, work=work, count=count, threads=1, round=self.round,
                      microseconds=seconds / count * 1e6)
        if checksum and self.round == 1:
            record["checksum"] = checksum()
        if path and Path(path).exists():
            record["bytes"], record["allocated"] = size_of(path)
        with open(self.output, "a") as f:
            f.write(json.dumps(record) + "\n")


# Runs after the first, which warms up, end once they have taken so many seconds; a first that takes more is the only one.
LONG, VERY_LONG = 0.5, 3.0


def checksum_of(arrays):
    """CRC-32 of the pixels of images, in the order they were delivered."""
    crc = 0
    for a in arrays:
        crc = zlib.crc32(np.ascontiguousarray(a), crc)
    return crc


def size_of(path):
    """Bytes as the sizes of files say, and as the disk keeps them."""
    path = Path(path)
    files = [p for p in path.rglob("*") if p.is_file()] if path.is_dir() else [path]
    stats = [p.stat() for p in files]
    return sum(s.st_size for s in stats), sum(s.st_blocks * 512 for s in stats)


def clear(path):
    """Puts what is at a path out of the way.

    Folders of many files are kept until the end of all measurements: for minutes after thousands of files were deleted,
    ext4 looks through their inodes one by one before it gives out another, and what is measured is that. All else is
    deleted: a virtual machine may have to ask its host for memory that no file has had before.
    """
    path = Path(path)
    if path.is_dir() and sum(1 for _ in path.rglob("*")) <= 100:
        shutil.rmtree(path)
    elif path.is_dir():
        trash = path.parent / "trash"
        trash.mkdir(exist_ok=True)
        path.rename(trash / uuid.uuid4().hex)
    elif path.exists():
        os.remove(path)


def synchronize(path):
    """fsync of a file."""
    descriptor = os.open(path, os.O_RDWR)
    os.fsync(descriptor)
    os.close(descriptor)

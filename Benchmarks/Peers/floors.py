"""Floors: what the machine takes for moving the same bytes with nothing around it."""
import os
import numpy as np
from harness import clear, checksum_of


def measure(data, work, recorder, arguments):
    n, images = data.count, data.images
    raw = work / f"{n}-floor.raw"
    out = np.empty_like(images)

    recorder.measure("memcpy", "read", n, lambda: np.copyto(out, images))

    def write_synced():
        with open(raw, "wb", buffering=0) as f:
            view = memoryview(images).cast("B")
            for i in range(0, len(view), 8 << 20):
                f.write(view[i:i + (8 << 20)])
            os.fsync(f.fileno())

    recorder.measure("write+fsync", "write", n, write_synced, lambda: clear(raw))

    def pread():
        descriptor = os.open(raw, os.O_RDONLY)
        view, done = memoryview(out).cast("B"), 0
        while done < len(view):
            done += os.preadv(descriptor, [view[done:done + (64 << 20)]], done)
        os.close(descriptor)

    if not raw.exists() and recorder.wants("pread", "read"):
        write_synced()
    recorder.measure("pread", "read", n, pread, checksum=lambda: checksum_of([out]))

    batches, batch = data.batches(), np.empty((128, *images.shape[1:]), np.uint8)

    def gather():
        for indices in batches:
            images[indices]

    def take():
        for indices in batches:
            np.take(images, indices, axis=0, out=batch)

    m = len(batches) * 128
    recorder.measure("numpy gather from RAM", "shuffled", m, gather,
                     checksum=lambda: checksum_of(images[i] for i in batches))
    recorder.measure("numpy take into a buffer", "shuffled", m, take)

"""Floors in numpy: what a gather from memory takes. Those of copying, reading and writing are measured on our side."""
import numpy as np
from harness import checksum_of


def measure(data, work, recorder, arguments):
    images = data.images
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

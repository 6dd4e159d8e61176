#!/usr/bin/env python3
"""Make the data both sides work on: images.npy, labels.npy and order.npy in a folder.

The images are those of the given folder in CIFAR-10's layout. If there are fewer than asked for, they are
repeated mirrored, shifted by up to two pixels and changed in brightness by up to 6 %, which keeps the statistics
that PNG and deflate see.
"""
import argparse, pickle
from pathlib import Path
import numpy as np


def main():
    a = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    a.add_argument("cifar", type=Path, help="a folder with data_batch_1 ... 5 and test_batch")
    a.add_argument("output", type=Path)
    a.add_argument("--count", type=int, default=100_000)
    a = a.parse_args()
    a.output.mkdir(parents=True, exist_ok=True)
    names = sorted(a.cifar.glob("data_batch_*")) + [a.cifar / "test_batch"]
    # The set is the package's own or the user's: files this trusts are not to be downloaded by it.
    batches = [pickle.load(open(name, "rb"), encoding="bytes") for name in names]
    base = np.concatenate([b[b"data"] for b in batches]).reshape(-1, 3, 32, 32).transpose(0, 2, 3, 1)
    base_labels = np.concatenate([b[b"labels"] for b in batches])
    rng = np.random.default_rng(10)
    images = np.empty((a.count, 32, 32, 3), np.uint8)
    labels = np.empty(a.count, np.int64)
    for i in range(a.count):
        image = base[i % len(base)]
        if i >= len(base):
            if rng.random() < 0.5:
                image = image[:, ::-1]
            image = np.roll(image, rng.integers(-2, 3, 2), (0, 1))
            image = np.clip(image * rng.uniform(0.94, 1.06), 0, 255).astype(np.uint8)
        images[i], labels[i] = image, base_labels[i % len(base)]
    np.save(a.output / "images.npy", images)
    np.save(a.output / "labels.npy", labels)
    np.save(a.output / "order.npy", rng.permutation(a.count).astype(np.int64))
    print(f"{a.output}: {a.count} images, {len(base)} of them as they were")


if __name__ == "__main__":
    main()

"""numpy's own files: .npz with an entry per image, packed bits with crops, and CIFAR-10's pickles."""
import pickle
import numpy as np
from harness import checksum_of, clear

# A tenth of a millisecond and more an image: what larger counts cost, 10,000 say.
MOST = 10_000
CROP, MASKS, HEIGHT, WIDTH = 256, 60, 1080, 1920


def measure(data, work, recorder, arguments):
    measure_npz(data, work, recorder)
    measure_bits(work, recorder)
    if arguments.cifar:
        measure_decode(arguments.cifar, recorder)


def measure_npz(data, work, recorder):
    n, images = data.count, data.images
    if n > MOST:
        return
    deflated, stored = work / f"{n}-numpy.npz", work / f"{n}-numpy-stored.npz"
    names = [f"ix-{i:06}" for i in range(n)]
    entries = lambda: {name: images[i] for i, name in enumerate(names)}

    def read(path):
        with np.load(path) as archive:
            return [archive[name] for name in names]

    recorder.measure("np.savez_compressed", "write", n, lambda: np.savez_compressed(deflated, **entries()),
                     lambda: clear(deflated), path=deflated)
    for path, save, name in ((deflated, np.savez_compressed, "np.savez_compressed"), (stored, np.savez, "np.savez")):
        if not path.exists() and recorder.wants(name, "read"):
            save(path, **entries())
    recorder.measure("np.savez_compressed", "read", n, lambda: read(deflated),
                     checksum=lambda: checksum_of(read(deflated)))
    recorder.measure("np.savez", "write", n, lambda: np.savez(stored, **entries()), lambda: clear(stored),
                     path=stored)
    recorder.measure("np.savez", "read", n, lambda: read(stored),
                     checksum=lambda: checksum_of(read(stored)))


def make_masks():
    """Blobs: each mask is a few discs, the same on both sides."""
    rng = np.random.default_rng(11)
    y, x = np.mgrid[:HEIGHT, :WIDTH]
    masks = np.zeros((MASKS, HEIGHT, WIDTH), np.uint8)
    for mask in masks:
        for _ in range(12):
            cy, cx, r = rng.integers(HEIGHT), rng.integers(WIDTH), rng.integers(20, 200)
            mask |= (((y - cy) ** 2 + (x - cx) ** 2) < r * r).astype(np.uint8)
    return masks


def crops():
    """The places of 2,000 crops: mask, row, column."""
    rng = np.random.default_rng(12)
    return np.stack([rng.integers(MASKS, size=2000), rng.integers(HEIGHT - CROP + 1, size=2000),
                     rng.integers(WIDTH - CROP + 1, size=2000)], axis=1)


def measure_bits(work, recorder):
    masks_path, packed_path, crops_path = work / "masks.npy", work / "masks-packed.npy", work / "crops.npy"
    if not masks_path.exists():
        masks = make_masks()
        np.save(packed_path, np.packbits(masks, axis=1))
        np.save(crops_path, crops())
        np.save(masks_path, masks)
    places = np.load(crops_path).tolist()
    masks, packed = np.load(masks_path, mmap_mode="r"), np.load(packed_path, mmap_mode="r")

    def recipe(i, y, x):
        # Rows of bytes that hold the crop, unpacked, then the rows of pixels within them.
        first, last = y // 8, (y + CROP + 7) // 8
        return np.unpackbits(packed[i, first:last, x:x + CROP], axis=0)[y - first * 8:y - first * 8 + CROP]

    recorder.measure("packbits recipe", "crop", len(places), lambda: [recipe(*place) for place in places],
                     checksum=lambda: checksum_of(recipe(*place) for place in places))
    copy = lambda i, y, x: np.array(masks[i, y:y + CROP, x:x + CROP])
    recorder.measure("byte memmap", "crop", len(places), lambda: [copy(*place) for place in places],
                     checksum=lambda: checksum_of(copy(*place) for place in places))


def measure_decode(folder, recorder):
    names = sorted(folder.glob("data_batch_*"))

    def decode():
        # Assigned to contiguous memory: a concatenation of transposed arrays would stay planar.
        parts = []
        for name in names:
            with open(name, "rb") as f:
                parts.append(pickle.load(f, encoding="bytes")[b"data"].reshape(-1, 3, 32, 32))
        images = np.empty((sum(map(len, parts)), 32, 32, 3), np.uint8)
        start = 0
        for part in parts:
            images[start:start + len(part)] = part.transpose(0, 2, 3, 1)
            start += len(part)
        return images

    recorder.measure("pickle + numpy", "decode CIFAR-10", len(decode()), decode,
                     checksum=lambda: checksum_of([decode()]))

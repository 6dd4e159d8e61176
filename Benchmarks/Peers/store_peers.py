"""LMDB and HDF5: as the tutorials use them, and as an expert would."""
import pickle
from pathlib import Path
import h5py, lmdb
import numpy as np
from harness import checksum_of, clear, synchronize


class CIFAR_Image:
    """The value class of the tutorials."""

    def __init__(self, image, label):
        self.channels, self.size = image.shape[2], image.shape[:2]
        self.image, self.label = image.tobytes(), label

    def get_image(self):
        return np.frombuffer(self.image, dtype=np.uint8).reshape(*self.size, self.channels)


def measure(data, work, recorder, arguments):
    measure_lmdb(data, work, recorder)
    measure_hdf5(data, work, recorder)


def measure_lmdb(data, work, recorder):
    n, images, labels, shape = data.count, data.images, data.labels, data.images.shape[1:]
    keys = [f"{i:08}".encode() for i in range(n)]

    def write(path, value):
        environment = lmdb.open(str(path), map_size=images.nbytes * 10)
        with environment.begin(write=True) as transaction:
            for i in range(n):
                transaction.put(keys[i], value(i))
        environment.close()

    def read(path, order, decode):
        environment = lmdb.open(str(path), readonly=True)
        with environment.begin(buffers=True) as transaction:
            result = [decode(transaction.get(keys[i])) for i in order]
        environment.close()
        return result

    def read_batches(path):
        environment = lmdb.open(str(path), readonly=True)
        batch = np.empty((128, *shape), np.uint8)
        with environment.begin(buffers=True) as transaction:
            for indices in data.batches():
                for slot, i in enumerate(indices.tolist()):
                    batch[slot] = np.frombuffer(transaction.get(keys[i]), np.uint8).reshape(shape)
        environment.close()

    unpickle = lambda value: pickle.loads(value).get_image()
    copy = lambda value: np.frombuffer(value, np.uint8).reshape(shape).copy()
    pickled, raw = work / f"{n}-pickled.lmdb", work / f"{n}-raw.lmdb"
    write_pickled = lambda: write(pickled, lambda i: pickle.dumps(CIFAR_Image(images[i], labels[i])))
    write_raw = lambda: write(raw, lambda i: images[i].tobytes())
    recorder.measure("lmdb + pickle", "write", n if n <= 10_000 else 0, write_pickled, lambda: clear(pickled), path=pickled)
    recorder.measure("lmdb raw bytes", "write", n, write_raw, lambda: clear(raw), path=raw)
    if any(recorder.wants(s, w) for s in ("lmdb + pickle", "lmdb raw bytes") for w in ("read", "shuffled", "one read")):
        for store, write_it in ((pickled, write_pickled), (raw, write_raw)):
            if not store.exists() and (store == raw or n <= 10_000):
                write_it()
    recorder.measure("lmdb + pickle", "read", n if n <= 10_000 else 0, lambda: read(pickled, range(n), unpickle),
                     checksum=lambda: checksum_of(read(pickled, range(n), unpickle)))
    recorder.measure("lmdb raw bytes", "read", n, lambda: read(raw, range(n), copy),
                     checksum=lambda: checksum_of(read(raw, range(n), copy)))
    recorder.measure("lmdb + pickle", "one read", 1 if n <= 10_000 else 0, lambda: read(pickled, [0], unpickle))
    recorder.measure("lmdb raw bytes", "shuffled", len(data.batches()) * 128, lambda: read_batches(raw),
                     checksum=lambda: checksum_of(read(raw, np.concatenate(data.batches()).tolist(), copy)))


def measure_hdf5(data, work, recorder):
    n, images, labels = data.count, data.images, data.labels
    path, zipped = work / f"{n}-h5py.h5", work / f"{n}-h5py-gzip.h5"

    def write(path, sync=False, **options):
        with h5py.File(path, "w") as f:
            f.create_dataset("images", data=images, **options)
            f.create_dataset("meta", data=labels)
        if sync:
            synchronize(path)

    def read(path):
        with h5py.File(path) as f:
            return np.array(f["/images"]).astype("uint8"), np.array(f["/meta"]).astype("uint8")

    out = np.empty_like(images)

    def read_direct():
        with h5py.File(path) as f:
            f["images"].read_direct(out)

    def read_batches(path, deliver=lambda batch: None):
        with h5py.File(path) as f:
            dataset = f["images"]
            for indices in data.batches():
                # A selection by list must rise: sort, then put back into the order asked for.
                rising = np.argsort(indices)
                batch = np.empty((128, *images.shape[1:]), np.uint8)
                batch[rising] = dataset[indices[rising]]
                deliver(batch)

    def batches_of(path):
        result = []
        read_batches(path, result.append)
        return result

    m = len(data.batches()) * 128
    recorder.measure("h5py", "write", n, lambda: write(path), lambda: clear(path), path=path)
    recorder.measure("h5py", "write synced", n, lambda: write(path, True), lambda: clear(path))
    memory = Path("/dev/shm")
    if memory.exists():
        in_memory = memory / "image-stores-h5py.h5"
        recorder.measure("h5py", "write to memory", n, lambda: write(in_memory), lambda: clear(in_memory))
        clear(in_memory)
    if not path.exists() and any(recorder.wants(s, w) for s in ("h5py", "h5py read_direct") for w in ("read", "shuffled")):
        write(path)
    recorder.measure("h5py", "read", n, lambda: read(path), checksum=lambda: checksum_of([read(path)[0]]))
    recorder.measure("h5py read_direct", "read", n, read_direct, checksum=lambda: checksum_of([out]))
    recorder.measure("h5py", "shuffled", m, lambda: read_batches(path),
                     checksum=lambda: checksum_of(batches_of(path)))
    if n > 10_000:
        # At half a millisecond per image, this would take over a minute and say what the smaller counts say.
        return
    write_zipped = lambda: write(zipped, chunks=(min(n, 16), *images.shape[1:]), compression="gzip")
    recorder.measure("h5py gzip", "write", n, write_zipped, lambda: clear(zipped), path=zipped)
    if not zipped.exists() and recorder.wants("h5py gzip", "shuffled"):
        write_zipped()
    recorder.measure("h5py gzip", "shuffled", m, lambda: read_batches(zipped),
                     checksum=lambda: checksum_of(batches_of(zipped)))

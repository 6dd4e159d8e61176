"""Other ways to feed training: mlx-data's stream over memory, ArrayRecord files, crops by numpy."""
import numpy as np
from harness import checksum_of, clear

CROP = 24


def crop_places(indices):
    """The rows and columns at which crops of images begin, by the same rule on both sides."""
    return indices * 7 % 9, indices * 5 % 9


def measure(data, work, recorder, arguments):
    measure_crops(data, recorder)
    if recorder.wants("mlx-data from RAM", "shuffled"):
        measure_mlx(data, recorder)
    if any(recorder.wants("ArrayRecord", w) for w in ("write", "read", "shuffled")):
        measure_array_record(data, work, recorder)
    measure_masks(data, work, recorder)


def measure_crops(data, recorder):
    images, batches = data.images, data.batches()
    batch = np.empty((128, CROP, CROP, 3), np.uint8)

    def crop(deliver=lambda batch: None):
        for indices in batches:
            rows, columns = (place.tolist() for place in crop_places(indices))
            for slot, i in enumerate(indices.tolist()):
                y, x = rows[slot], columns[slot]
                batch[slot] = images[i, y:y + CROP, x:x + CROP]
            deliver(batch)

    def delivered():
        parts = []
        crop(lambda batch: parts.append(batch.copy()))
        return checksum_of(parts)

    recorder.measure("numpy crops from RAM", "random crops", len(batches) * 128, crop, checksum=delivered)


def measure_mlx(data, recorder):
    try:
        import mlx.data
    except ImportError:
        return
    samples = [{"image": image, "label": label} for image, label in zip(data.images, data.labels)]
    buffer = mlx.data.buffer_from_vector(samples)

    def epoch():
        for batch in buffer.shuffle().to_stream().batch(128).prefetch(8, 2):
            batch["image"]

    recorder.measure("mlx-data from RAM", "shuffled", data.count, epoch)


def measure_array_record(data, work, recorder):
    try:
        from array_record.python.array_record_module import ArrayRecordReader, ArrayRecordWriter
    except ImportError:
        return
    path, images, shape = work / f"{data.count}-images.array_record", data.images, data.images.shape[1:]

    def write():
        writer = ArrayRecordWriter(str(path), "group_size:1,uncompressed")
        for image in images:
            writer.write(image.tobytes())
        writer.close()

    def read():
        reader = ArrayRecordReader(str(path))
        result = [np.frombuffer(record, np.uint8).reshape(shape) for record in reader.read_all()]
        reader.close()
        return result

    def shuffled():
        reader = ArrayRecordReader(str(path), "readahead_buffer_size:0,max_parallelism:0")
        batch = np.empty((128, *shape), np.uint8)
        for indices in data.batches():
            for slot, record in enumerate(reader.read(indices.tolist())):
                batch[slot] = np.frombuffer(record, np.uint8).reshape(shape)
        reader.close()

    recorder.measure("ArrayRecord", "write", data.count, write, lambda: clear(path), path=path)
    if not path.exists():
        write()
    recorder.measure("ArrayRecord", "read", data.count, read, checksum=lambda: checksum_of(read()))
    recorder.measure("ArrayRecord", "shuffled", len(data.batches()) * 128, shuffled)


def measure_masks(data, work, recorder):
    """Masks of one bit per pixel, which is set if the sum of the channels is over 381."""
    path, batches = work / f"{data.count}-packed.npy", data.batches()
    if not any(recorder.wants("packbits + memmap", w) for w in ("write masks", "read masks", "shuffled masks")):
        return
    masks = data.images.sum(axis=3, dtype=np.int64) > 381
    write = lambda: np.save(path, np.packbits(masks, axis=1))
    recorder.measure("packbits + memmap", "write masks", data.count, write, lambda: clear(path), path=path)
    if not path.exists():
        write()
    packed = np.load(path, mmap_mode="r")
    recorder.measure("packbits + memmap", "read masks", data.count, lambda: np.unpackbits(packed, axis=1),
                     checksum=lambda: checksum_of([np.unpackbits(packed, axis=1)]))
    recorder.measure("packbits + memmap", "shuffled masks", len(batches) * 128,
                     lambda: [np.unpackbits(packed[indices], axis=1) for indices in batches],
                     checksum=lambda: checksum_of(np.unpackbits(packed[indices], axis=1) for indices in batches))

"""The targets: title, our subject, its work, threads, the peer, the peer's work, the largest ratio."""

GATHER, MLX, FLOATS = "numpy gather from RAM", "mlx-data from RAM", "gather + writing"
TARGETS = [
    ("PNG read, in order", "FileStore", "read", 2, "Pillow + csv", "read", 1 / 8),
    ("PNG read, in order", "FileStore", "read", 2, "OpenCV", "read", 1 / 4),
    ("PNG write", "FileStore", "write", 2, "create+write", "write", 1.2),
    ("LMDB read, in order", "LMDBStore", "read", 1, "memcpy", "read", 2),
    ("LMDB read, in order", "LMDBStore", "read", 1, "lmdb raw bytes", "read", 1 / 12),
    ("LMDB write, synced", "LMDBStore", "write", 1, "lmdb raw bytes", "write", 1 / 2),
    ("LMDB write, synced", "LMDBStore", "write", 1, "write+fsync", "write", 1.3),
    ("HDF5 read, in order", "HDF5Store", "read", 1, "pread", "read", 1.1),
    ("HDF5 write, neither side synced", "HDF5Store", "write to memory", 1, "h5py", "write to memory", 1.0),
    ("HDF5 write, neither side synced, two threads", "HDF5Store", "write to memory", 2, "h5py", "write to memory", 1.0),
    ("HDF5 write, synced", "HDF5Store", "write", 1, "write+fsync", "write", 1.2),
    ("HDF5 shuffled batches of 128", "HDF5Store", "shuffled", 1, "h5py", "shuffled", 1 / 25),
    ("HDF5 gzip shuffled batches", "HDF5Store gzip", "shuffled", 1, "h5py gzip", "shuffled", 1 / 4),
    ("LMDB shuffled batches of 128", "LMDBStore", "shuffled", 1, "lmdb raw bytes", "shuffled", 1 / 8),
    ("NPZ read, deflated", "NPZStore", "read", 1, "np.savez_compressed", "read", 1 / 3.5),
    ("NPZ read, deflated, two threads", "NPZStore", "read", 2, "np.savez_compressed", "read", 1 / 6.5),
    ("NPZ read, deflated, libdeflate", "NPZStore, libdeflate", "read", 1, "np.savez_compressed", "read", 1 / 6),
    ("NPZ read, deflated, libdeflate, two threads", "NPZStore, libdeflate", "read", 2, "np.savez_compressed", "read", 1 / 11),
    ("NPZ read, stored", "NPZStore stored", "read", 1, "np.savez", "read", 1 / 50),
    ("NPZ write, deflated, libdeflate", "NPZStore, libdeflate", "write", 1, "np.savez_compressed", "write", 0.6),
    ("NPZ write, deflated, libdeflate, two threads", "NPZStore, libdeflate", "write", 2, "np.savez_compressed", "write", 0.33),
    ("NPZ write, deflated", "NPZStore", "write", 1, "np.savez_compressed", "write", 0.6),
    ("NPZ write, deflated, two threads", "NPZStore", "write", 2, "np.savez_compressed", "write", 0.33),
    ("shuffled batches, LMDB", "LMDBStore", "shuffled", 1, GATHER, "shuffled", 0.75),
    ("shuffled batches, HDF5", "HDF5Store", "shuffled", 1, GATHER, "shuffled", 0.75),
    ("shuffled batches, stored NPZ", "NPZStore stored", "shuffled", 1, GATHER, "shuffled", 0.75),
    ("shuffled epoch of the loader, LMDB", "LMDBStore", "epoch", 2, GATHER, "shuffled", 0.75),
    ("shuffled epoch of the loader, HDF5", "HDF5Store", "epoch", 2, GATHER, "shuffled", 0.75),
    ("shuffled epoch of the loader, stored NPZ", "NPZStore stored", "epoch", 2, GATHER, "shuffled", 0.75),
    ("shuffled epoch of the loader, LMDB", "LMDBStore", "epoch", 2, MLX, "shuffled", 0.6),
    ("shuffled epoch of the loader, HDF5", "HDF5Store", "epoch", 2, MLX, "shuffled", 0.6),
    ("shuffled epoch of the loader, stored NPZ", "NPZStore stored", "epoch", 2, MLX, "shuffled", 0.6),
    ("Float32 planes, normalised, LMDB", "LMDBStore", "float epoch", 2, FLOATS, "float epoch", 1.3),
    ("Float32 planes, normalised, HDF5", "HDF5Store", "float epoch", 2, FLOATS, "float epoch", 1.3),
    ("Float32 planes, normalised, memory", "InMemoryStore", "float epoch", 2, FLOATS, "float epoch", 1.3),
    ("256x256 crop of a bit mask", "PackedBitStore", "crop", 1, "packbits recipe", "crop", 1 / 12),
    ("256x256 crop of a bit mask", "PackedBitStore", "crop", 1, "byte memmap", "crop", 1.0),
    ("CIFAR-10 decode", "CIFAR10", "decode CIFAR-10", 1, "pickle + numpy", "decode CIFAR-10", 1 / 4),
    ("CIFAR-10 decode, two threads", "CIFAR10", "decode CIFAR-10", 2, "pickle + numpy", "decode CIFAR-10", 1 / 6),
]

# Open stores of 1,000,000 images: our subject, seconds at most, bytes of memory per image at most.
MILLION = [
    ("FileStore", 1.5, 64),
    ("LMDBStore", 0.3, 64),
    ("LMDBStore per image", 0.3, 64),
    ("HDF5Store", 0.3, 64),
    ("HDF5Store gzip", 0.3, 64),
    ("NPZStore", 0.3, 64),
    ("NPZStore stored", 0.3, 64),
    ("PackedBitStore", 0.3, 64),
]
# Files of the largest count measured: our subject, the peer or None for the raw pixels, the largest ratio of bytes.
DISK = [
    ("LMDBStore", None, 1.05),
    ("NPZStore", "np.savez_compressed", 1.02),
]

# Why a target may be missed, by the start of its title, as far as profiles say; it is printed if the target is missed. Then
# the times that the text has in place of each {}, at the largest number of images: a subject and its work.
REASONS = [
    ("HDF5 write, neither side synced",
     "h5py gives the whole array to the system in one call. It takes {}; the bare call takes {}. Ours takes {}: it "
     "writes in batches and makes a CRC-32 of each image, a pass over the pixels that h5py does not make; checking all of "
     "them in the file takes {}. A second core makes the checksums at the same time, but uses the same memory bandwidth.",
     [("h5py", "write to memory"), ("bare write", "write to memory"), ("HDF5Store", "write to memory"), ("HDF5Store", "verify")]),
    ("shuffled batches",
     "300 MB exceed the caches. Both sides wait for memory, which leaves less to gain than at 10,000 images. numpy's gather "
     "takes {}, a bare `memcpy` of each image in the same order {}. What can still be gained is to fetch the next image "
     "while one is copied. The loader's two workers wait at the same time: see its epochs.",
     [(GATHER, "shuffled"), ("memcpy", "shuffled")]),
    ("PNG write",
     "Bare `create+write` writes the same bytes without encoding them. Two threads that encode wait for one another if the "
     "file system creates one file of a folder at a time.", []),
]
# What to take a store for: our subject, its use, and the suffix of the names of its works.
USES = [
    ("LMDBStore", "training from a local disk; sets that grow: an append costs what is appended", ""),
    ("HDF5Store", "one file for Swift, Python, MATLAB and R; an append costs the whole file", ""),
    ("NPZStore stored", "a file that numpy alone opens, read as fast as memory", ""),
    ("NPZStore", "the same, smaller: to hand over or to keep", ""),
    ("HDF5Store gzip", "a smaller HDF5 file", ""),
    ("FileStore", "images to look at, edit and version one by one", ""),
    ("PackedBitStore", "masks of one bit per pixel, whole or cropped", " masks"),
]
# The answer that the report begins with: the use, our subject, what is timed, its work, the peer, what people call it, and its
# work.
ANSWERS = [
    ("training from a local disk", "LMDBStore", "shuffled batches of 128", "shuffled", "lmdb raw bytes", "py-lmdb, raw bytes", "shuffled"),
    ("one file for Swift and Python", "HDF5Store", "shuffled batches of 128", "shuffled", "h5py", "h5py", "shuffled"),
    ("the same, smaller", "HDF5Store gzip", "shuffled batches of 128", "shuffled", "h5py gzip", "h5py, gzip", "shuffled"),
    ("a file that numpy opens", "NPZStore stored", "reading in order", "read", "np.savez", "`np.load`", "read"),
    ("the same, smaller", "NPZStore", "reading in order", "read", "np.savez_compressed", "`np.load`, compressed", "read"),
    ("images as PNG files", "FileStore", "reading in order", "read", "Pillow + csv", "Pillow", "read"),
    ("masks of 1920x1080", "PackedBitStore", "crops of 256x256", "crop", "packbits recipe", "`np.unpackbits`", "crop"),
    ("CIFAR-10 as it is downloaded", "CIFAR10", "decoding it", "decode CIFAR-10", "pickle + numpy", "pickle and numpy", "decode CIFAR-10"),
]
# What needs no store, and so shows what the machine can do.
FLOORS = {GATHER, MLX, "memcpy", "pread", "create+write", "write+fsync", "bare write", "numpy take into a buffer"}

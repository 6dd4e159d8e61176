import FileStore
import HDF5Store
import ImageStoreCore
import LMDBStore
import NPZStore
import PackedBitStore

extension Backend {
  /// Every backend in every layout that writes or reads in its own way.
  package static let all: [Backend] = [
    Backend(
      "files", suffix: "", opensImagesWhenRead: true,
      write: { path, mode, run in
        try run(FileStore.Writer(to: path, mode: mode, classNames: run.classNames, threads: 2))
      },
      open: { try FileStore(at: $0, threads: 2) },
      convert: { _ = try FileStore.write($0, to: $1, mode: $2) }),
    Backend(
      "files-flat", suffix: "", opensImagesWhenRead: true,
      write: { path, mode, run in
        try run(
          FileStore.Writer(to: path, mode: mode, layout: .flat, classNames: run.classNames, threads: 1))
      },
      open: { try FileStore(at: $0, threads: 1) },
      convert: { _ = try FileStore.write($0, to: $1, mode: $2) }),
    Backend(
      "lmdb", suffix: ".lmdb",
      write: { path, mode, run in
        try run(LMDBStore.Writer(to: path, mode: mode, classNames: run.classNames))
      },
      open: { try LMDBStore(at: $0, threads: 2) },
      convert: { _ = try LMDBStore.write($0, to: $1, mode: $2) }),
    Backend(
      "lmdb-per-image", suffix: ".lmdb",
      write: { path, mode, run in
        try run(
          LMDBStore.Writer(
            to: path, mode: mode, layout: .perImage, classNames: run.classNames))
      },
      open: { try LMDBStore(at: $0, threads: 1) },
      convert: { _ = try LMDBStore.write($0, to: $1, mode: $2) }),
    Backend(
      "npz", suffix: ".npz",
      write: { path, mode, run in
        try run(NPZStore.Writer(to: path, mode: mode, classNames: run.classNames, threads: 2))
      },
      open: { try NPZStore(at: $0, threads: 2) },
      convert: { _ = try NPZStore.write($0, to: $1, mode: $2) }),
    Backend(
      "npz-stored", suffix: ".npz",
      write: { path, mode, run in
        try run(
          NPZStore.Writer(
            to: path, mode: mode, compression: .none, classNames: run.classNames, threads: 1))
      },
      open: { try NPZStore(at: $0, threads: 1) },
      convert: { _ = try NPZStore.write($0, to: $1, mode: $2) }),
    Backend(
      "hdf5", suffix: ".h5", usesLibrary: true,
      write: { path, mode, run in
        try run(HDF5Store.Writer(to: path, mode: mode, classNames: run.classNames, threads: 1))
      },
      open: { try HDF5Store(at: $0, threads: 1) },
      convert: { _ = try HDF5Store.write($0, to: $1, mode: $2) }),
    Backend(
      "hdf5-chunked", suffix: ".h5", usesLibrary: true,
      write: { path, mode, run in
        try run(
          HDF5Store.Writer(
            to: path, mode: mode, compression: .fast, classNames: run.classNames, threads: 2))
      },
      open: { try HDF5Store(at: $0, threads: 2) },
      convert: { _ = try HDF5Store.write($0, to: $1, mode: $2) }),
    Backend(
      // libhdf5 1.10.8 crashes where it cannot read what it lists.
      "hdf5-mixed", suffix: ".h5", isMixed: true, usesLibrary: true, fatalReadingFaults: ["read-EIO"],
      write: { path, mode, run in
        try run(HDF5Store.Writer(to: path, mode: mode, classNames: run.classNames, threads: 1))
      },
      open: { try HDF5Store(at: $0, threads: 1) },
      convert: { _ = try HDF5Store.write($0, to: $1, mode: $2) }),
    Backend(
      "packedbit", suffix: ".bits", format: masks,
      write: { path, mode, run in
        try run(PackedBitStore.Writer(to: path, mode: mode, classNames: run.classNames, threads: 2))
      },
      open: { try PackedBitStore(at: $0, threads: 2) },
      convert: { _ = try PackedBitStore.write($0, to: $1, mode: $2) }),
    Backend(
      "packedbit-columns", suffix: ".bits", format: masks,
      write: { path, mode, run in
        try run(
          PackedBitStore.Writer(
            to: path, mode: mode, axis: .columns, classNames: run.classNames, threads: 1))
      },
      open: { try PackedBitStore(at: $0, threads: 1) },
      convert: { _ = try PackedBitStore.write($0, to: $1, mode: $2) }),
  ]

  private static let masks = ImageFormat(height: 37, width: 41, elementType: .bool)
}

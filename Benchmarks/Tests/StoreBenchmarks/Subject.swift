import FileStore
import HDF5Store
import ImageStoreCore
import LMDBStore
import NPZStore
import PackedBitStore

/// A backend in one of its layouts, as the benchmarks use it.
struct Subject: Sendable {
  let name: String
  /// The name of its store in the work folder.
  let fileName: String
  /// What follows the name of a work if the images are not the common ones.
  var suffix = ""
  let write:
    @Sendable (_ source: any ImageStore, _ path: String, _ mode: WriteMode, _ threads: Int) throws -> Void
  let open: @Sendable (_ path: String, _ threads: Int) throws -> any ImageStore

  static let all: [Subject] = [
    Subject(
      name: "FileStore", fileName: "ours-files",
      write: { _ = try FileStore.write($0, to: $1, mode: $2, threads: $3) },
      open: { try FileStore(at: $0, threads: $1) }),
    Subject(
      name: "LMDBStore", fileName: "ours.lmdb",
      write: { source, path, mode, _ in _ = try LMDBStore.write(source, to: path, mode: mode) },
      open: { try LMDBStore(at: $0, threads: $1) }),
    Subject(
      name: "HDF5Store", fileName: "ours.h5",
      write: { _ = try HDF5Store.write($0, to: $1, mode: $2, threads: $3) },
      open: { try HDF5Store(at: $0, threads: $1) }),
    Subject(
      name: "HDF5Store gzip", fileName: "ours-gzip.h5",
      write: { _ = try HDF5Store.write($0, to: $1, mode: $2, compression: .small, threads: $3) },
      open: { try HDF5Store(at: $0, threads: $1) }),
    Subject(
      name: "NPZStore", fileName: "ours.npz",
      write: { _ = try NPZStore.write($0, to: $1, mode: $2, compression: .small, threads: $3) },
      open: { try NPZStore(at: $0, threads: $1) }),
    Subject(
      name: "NPZStore stored", fileName: "ours-stored.npz",
      write: { _ = try NPZStore.write($0, to: $1, mode: $2, compression: .none, threads: $3) },
      open: { try NPZStore(at: $0, threads: $1) }),
    Subject(
      name: "PackedBitStore", fileName: "ours-masks.bits", suffix: " masks",
      write: { _ = try PackedBitStore.write($0, to: $1, mode: $2, threshold: 127, threads: $3) },
      open: { try PackedBitStore(at: $0, threads: $1) }),
  ]

  /// A layout of LMDB that only opening and memory are measured of.
  static let perImage = Subject(
    name: "LMDBStore per image", fileName: "ours-single.lmdb",
    write: { source, path, mode, _ in
      _ = try LMDBStore.write(source, to: path, mode: mode, layout: .perImage)
    },
    open: { try LMDBStore(at: $0, threads: $1) })
}

import FileStore
import HDF5Store
import ImageStoreCore
import LMDBStore
import NPZStore

/// A backend in one of its layouts, as the benchmarks use it.
struct Subject: Sendable {
  let name: String
  /// The name of its store in the work folder.
  let fileName: String
  /// Whether its pixels lie uncompressed in a file that is mapped.
  let isMapped: Bool
  let write:
    @Sendable (_ source: any ImageStore, _ path: String, _ mode: WriteMode, _ threads: Int) throws -> Void
  let open: @Sendable (_ path: String, _ threads: Int) throws -> any ImageStore

  static let all: [Subject] = [
    Subject(
      name: "FileStore", fileName: "ours-files", isMapped: false,
      write: { _ = try FileStore.write($0, to: $1, mode: $2, threads: $3) },
      open: { try FileStore(at: $0, threads: $1) }),
    Subject(
      name: "LMDBStore", fileName: "ours.lmdb", isMapped: true,
      write: { source, path, mode, _ in _ = try LMDBStore.write(source, to: path, mode: mode) },
      open: { try LMDBStore(at: $0, threads: $1) }),
    Subject(
      name: "HDF5Store", fileName: "ours.h5", isMapped: true,
      write: { _ = try HDF5Store.write($0, to: $1, mode: $2, threads: $3) },
      open: { try HDF5Store(at: $0, threads: $1) }),
    Subject(
      name: "HDF5Store gzip", fileName: "ours-gzip.h5", isMapped: false,
      write: { _ = try HDF5Store.write($0, to: $1, mode: $2, compression: .small, threads: $3) },
      open: { try HDF5Store(at: $0, threads: $1) }),
    Subject(
      name: "NPZStore", fileName: "ours.npz", isMapped: false,
      write: { _ = try NPZStore.write($0, to: $1, mode: $2, compression: .small, threads: $3) },
      open: { try NPZStore(at: $0, threads: $1) }),
    Subject(
      name: "NPZStore stored", fileName: "ours-stored.npz", isMapped: true,
      write: { _ = try NPZStore.write($0, to: $1, mode: $2, compression: .none, threads: $3) },
      open: { try NPZStore(at: $0, threads: $1) }),
  ]
}

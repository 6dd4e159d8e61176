import FileStore
import HDF5Store
import ImageStoreCore
import LMDBStore
import NPZStore

/// The stores that are run.
enum StoreKind: String, CaseIterable {
  case file, lmdb, hdf5, npz
  case npzStored = "npz-stored"

  static var names: String { allCases.map(\.rawValue).joined(separator: "|") }

  /// Opens a store whose own calls use one thread: what is spread over threads is the loader's work.
  func open(_ path: String) throws -> any ImageStore {
    switch self {
    case .file: try FileStore(at: path, threads: 1)
    case .lmdb: try LMDBStore(at: path, threads: 1)
    case .hdf5: try HDF5Store(at: path, threads: 1)
    case .npz, .npzStored: try NPZStore(at: path, threads: 1)
    }
  }

  /// Writes the images of a source.
  func write(_ source: any ImageStore, to path: String, mode: WriteMode = .create) throws {
    switch self {
    case .file: try FileStore.write(source, to: path, mode: mode)
    case .lmdb: try LMDBStore.write(source, to: path, mode: mode)
    case .hdf5: try HDF5Store.write(source, to: path, mode: mode)
    case .npz: try NPZStore.write(source, to: path, mode: mode, compression: .fast)
    case .npzStored: try NPZStore.write(source, to: path, mode: mode, compression: .none)
    }
  }
}

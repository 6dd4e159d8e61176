import FileStore
import HDF5Store
import ImageStoreCore
import LMDBStore
import NPZStore
import PackedBitStore

/// A backend in one of its layouts, on one thread.
enum Backend: String, CaseIterable {
  case file
  case lmdb
  case hdf5
  case hdf5Gzip = "hdf5-gzip"
  case npz
  case npzStored = "npz-stored"
  case packedBit = "packedbit"

  var format: ImageFormat {
    self == .packedBit
      ? ImageFormat(height: 32, width: 32, elementType: .bool)
      : ImageFormat(height: 32, width: 32, channels: 3)
  }

  func write(_ source: any ImageStore, _ path: String) throws {
    switch self {
    case .file: _ = try FileStore.write(source, to: path, threads: 1)
    case .lmdb: _ = try LMDBStore.write(source, to: path)
    case .hdf5: _ = try HDF5Store.write(source, to: path, threads: 1)
    case .hdf5Gzip: _ = try HDF5Store.write(source, to: path, compression: .fast, threads: 1)
    case .npz: _ = try NPZStore.write(source, to: path, compression: .fast, threads: 1)
    case .npzStored: _ = try NPZStore.write(source, to: path, compression: .none, threads: 1)
    case .packedBit: _ = try PackedBitStore.write(source, to: path)
    }
  }

  func open(_ path: String) throws -> any ImageStore {
    switch self {
    case .file: try FileStore(at: path, threads: 1)
    case .lmdb: try LMDBStore(at: path, threads: 1)
    case .hdf5, .hdf5Gzip: try HDF5Store(at: path, threads: 1)
    case .npz, .npzStored: try NPZStore(at: path, threads: 1)
    case .packedBit: try PackedBitStore(at: path, threads: 1)
    }
  }
}

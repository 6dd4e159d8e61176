import CIFAR10
import FileStore
import HDF5Store
package import ImageStoreCore
import ImageStoreNumPy
import ImageStorePickle
import ImageStoreSupport
import LMDBStore
import NPZStore
import PNGCodec
import PackedBitStore

/// A parser of files from strangers, fed with bytes: each throws a ``StoreError`` or reads them, and does
/// nothing else whatever the bytes.
package struct Parser: Sendable, CustomStringConvertible {
  package let name: String
  /// Whether a C library parses too, which may fall where this package does not.
  package let usesLibrary: Bool
  private let body: @Sendable (_ bytes: [UInt8], _ folder: String) throws(StoreError) -> Void

  package var description: String { name }

  init(
    _ name: String, usesLibrary: Bool = false,
    _ body: @escaping @Sendable (_ bytes: [UInt8], _ folder: String) throws(StoreError) -> Void
  ) {
    self.name = name
    self.usesLibrary = usesLibrary
    self.body = body
  }

  /// The parser of a name.
  package static func named(_ name: String) throws -> Parser {
    guard let parser = all.first(where: { $0.name == name }) else {
      throw Violation("no parser \(name) among \(all.map(\.name).joined(separator: ", "))")
    }
    return parser
  }

  /// Parses bytes, and reads all there is to read.
  ///
  /// - Parameter folder: an empty folder for files.
  package func parse(_ bytes: [UInt8], in folder: String) throws(StoreError) {
    try body(bytes, folder)
  }

  #if JPEG
  package static let all = usual + [jpeg]
  #else
  package static let all = usual
  #endif

  private static let usual: [Parser] = [
    Parser("pickle") { (bytes, _) throws(StoreError) in _ = try unsafe Pickle.read(bytes.span.bytes) },
    Parser("npy") { (bytes, _) throws(StoreError) in try parseNPY(bytes) },
    Parser("png") { (bytes, _) throws(StoreError) in try parsePNG(bytes) },
    Parser("npz") { (bytes, folder) throws(StoreError) in
      try write(bytes, "\(folder)/a.npz")
      for (_, split) in try NPZStore.splits(at: "\(folder)/a.npz", threads: 1) { try readAll(split) }
      try readAll(try NPZStore(at: "\(folder)/a.npz", threads: 1))
    },
    Parser("csv") { (bytes, folder) throws(StoreError) in
      // What follows the first zero byte is store.json.
      let parts = bytes.split(separator: 0, maxSplits: 1, omittingEmptySubsequences: false)
      try write(Array(parts[0]), "\(folder)/labels.csv")
      if parts.count > 1 { try write(Array(parts[1]), "\(folder)/store.json") }
      try readAll(try FileStore(at: folder, threads: 1))
    },
    Parser("lmdb") { (bytes, folder) throws(StoreError) in
      try write(bytes, "\(folder)/data.mdb")
      try readAll(try LMDBStore(at: folder, threads: 1))
    },
    Parser("lmdb-value") { (bytes, folder) throws(StoreError) in
      try write(DatabaseOfOneValue.bytes(key: Array("00000000".utf8), value: bytes), "\(folder)/data.mdb")
      try readAll(try LMDBStore(at: folder, threads: 1))
    },
    Parser("hdf5", usesLibrary: true) { (bytes, folder) throws(StoreError) in
      try write(bytes, "\(folder)/a.h5")
      try readAll(try HDF5Store(at: "\(folder)/a.h5", threads: 1))
    },
    Parser("masks") { (bytes, folder) throws(StoreError) in
      // What follows the first zero byte is masks.npy.
      let parts = bytes.split(separator: 0, maxSplits: 1, omittingEmptySubsequences: false)
      try write(Array(parts[0]), "\(folder)/format.json")
      if parts.count > 1 { try write(Array(parts[1]), "\(folder)/masks.npy") }
      let store = try PackedBitStore(at: folder, threads: 1)
      try readAll(store)
      try readAllForms(store)
    },
    Parser("bare-masks") { (bytes, folder) throws(StoreError) in
      // What no file says the first bytes do: the axis and the order of bits, then height and width.
      guard bytes.count >= 4 else { throw StoreError(.corrupt, "no layout") }
      let layout = try PackedBitLayout(
        height: Int(bytes[1]) | Int(bytes[3] & 0x0F) << 8, width: Int(bytes[2]) | Int(bytes[3] >> 4) << 8,
        axis: bytes[0] & 1 == 0 ? .rows : .columns, bitOrder: bytes[0] & 2 == 0 ? .big : .little)
      let path = "\(folder)/masks"
      try write(Array(bytes[4...]), path)
      let store = try PackedBitStore(file: path, layout: layout, threads: 1)
      try readAll(store)
      try readAllForms(store)
    },
    Parser("cifar") { (bytes, folder) throws(StoreError) in
      let isArchive = bytes.starts(with: [0x1F, 0x8B])
      let path = isArchive ? "\(folder)/cifar.tar.gz" : "\(folder)/data_batch_1"
      try write(bytes, path)
      let cifar = try CIFAR10(at: path, threads: 1)
      try readAll(cifar.training)
      try readAll(cifar.test)
    },
  ]

  private static func write(_ bytes: [UInt8], _ path: String) throws(StoreError) {
    let file = try File(path, .create)
    try unsafe file.write(bytes.span.bytes, at: 0)
  }

  private static func parseNPY(_ bytes: [UInt8]) throws(StoreError) {
    let header = try unsafe NPYHeader(parsing: bytes.span.bytes)
    let found: Result<Void, StoreError> = unsafe bytes.withUnsafeBytes { file in
      do throws(StoreError) {
        let data = try unsafe header.data(in: file)
        if (try? header.valueCount()) != nil, header.type.isInteger {
          _ = try unsafe header.integers(in: data)
        }
        if (try? header.valueCount()) != nil { _ = try unsafe header.column(in: data) }
        if header.vectorWidth != nil { _ = try unsafe header.column(of: header.shape[0], in: data) }
        let images = try header.geometry()
        var pixels = [UInt8](repeating: 0, count: min(images.format.byteCount, 1 << 26))
        guard pixels.count == images.format.byteCount else { return .success(()) }
        for index in 0..<min(images.count, 16) {
          unsafe pixels.withUnsafeMutableBytes {
            unsafe images.copy(
              ImageRegion(wholeOf: images.format), from: data.baseAddress! + index * images.imageStride,
              to: $0.baseAddress!)
          }
        }
        return .success(())
      } catch {
        return .failure(error)
      }
    }
    try found.get()
  }

  private static func parsePNG(_ bytes: [UInt8]) throws(StoreError) {
    // Files of the corpora that are valid ask for no more.
    for palette in [PNGDecoder.Palette.expanded, .indices] {
      var decoder = PNGDecoder(palette: palette, maximumByteCount: 1 << 26)
      let format = try unsafe decoder.readHeader(of: bytes.span.bytes).format
      let memory = try PixelMemory(capacity: format.byteCount)
      try memory.fill { (output) throws(StoreError) in
        try unsafe decoder.decode(bytes.span.bytes, into: &output)
      }
    }
  }

  /// Reads masks in every form, whole and a region that begins and ends within bytes, and counts them.
  private static func readAllForms(_ store: PackedBitStore) throws(StoreError) {
    guard let format = store.layout?.format, format.byteCount <= 1 << 22 else { return }
    let middle = ImageRegion(
      row: format.height / 3, column: format.width / 3, height: max(1, format.height / 2),
      width: max(1, format.width / 2))
    for index in Set([0, store.count / 2, store.count - 1]) where index >= 0 && index < store.count {
      for region in [ImageRegion(wholeOf: format), middle] {
        for form in MaskForm.allCases {
          let memory = try PixelMemory(capacity: max(1, store.byteCount(of: region, as: form)))
          try memory.fill { (output) throws(StoreError) in
            try store.read([index].span, regions: [region].span, as: form, into: &output)
          }
        }
        _ = try store.count(in: region, ofImage: index)
      }
      _ = try store.counts(of: [index, index], in: [middle])
    }
  }

  /// Reads what a store has, up to some tens of MB of it.
  package static func readAll(_ store: any ImageStore) throws(StoreError) {
    let limit = 1 << 25
    _ = try store.labels()
    for name in store.columnNames { _ = try store.column(name) }
    _ = store.classNames
    guard store.count > 0 else { return }
    var total = 0
    for index in [store.count - 1] + Array(0..<min(store.count, 200)) {
      let format = try store.format(at: index)
      let (sum, overflow) = total.addingReportingOverflow(format.byteCount)
      if overflow || sum > limit { return }
      total = sum
      try store.withImage(at: index) { (_, _) throws(StoreError) in }
      let corner = ImageRegion(row: format.height - 1, column: format.width - 1, height: 1, width: 1)
      _ = try store.read([index, index], regions: .same(corner))
    }
    if store.count <= 200 {
      try store.verify()
      try store.verify(Array(0..<store.count).span)
    }
  }
}

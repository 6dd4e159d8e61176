import Foundation
import ImageLoading
import ImageStoreCore
import ImageStoreNumPy
import ImageStoreTesting
import Testing

/// Files that list images, written here byte by byte.
@Suite struct IndexFileTests {
  private let folder: URL

  init() throws {
    folder = FileManager.default.temporaryDirectory.appending(path: "indices-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
  }

  private func write(_ bytes: [UInt8], _ name: String) throws -> String {
    let url = folder.appending(path: name)
    try Data(bytes).write(to: url)
    return url.path
  }

  /// An array as `numpy.save` writes it.
  private func npy(_ indices: [Int], _ type: String = "<i8", shape: String? = nil) -> [UInt8] {
    var header = "{'descr': '\(type)', 'fortran_order': False, 'shape': (\(shape ?? "\(indices.count),")), }"
    header += String(repeating: " ", count: 117 - header.utf8.count) + "\n"
    let width = Int(String(type.last!))!
    let values = indices.flatMap { index in
      let bytes = (0..<width).map { UInt8(truncatingIfNeeded: index >> (8 * $0)) }
      return type.hasPrefix(">") ? bytes.reversed() : bytes
    }
    return [0x93] + Array("NUMPY".utf8) + [1, 0, 118, 0] + Array(header.utf8) + values
  }

  private func store(_ count: Int) throws -> InMemoryStore {
    try InMemoryStore { writer in
      for index in 0..<count {
        try writer.append([UInt8(index)], format: ImageFormat(height: 1, width: 1), label: index)
      }
    }
  }

  @Test func arraysAndText() throws {
    defer { try? FileManager.default.removeItem(at: folder) }
    for type in ["<i8", ">i4", "|u1", "<u2"] {
      #expect(try IndexFile.read(at: write(npy([3, 0, 250], type), "a.npy")) == [3, 0, 250])
    }
    let text = "# from a list\n3\n\n 17 \r\n5\ta.png\tcut short\n0"
    let path = try write(Array(text.utf8), "a.txt")
    #expect(try IndexFile.read(at: path) == [3, 17, 5, 0])
    #expect(try IndexFile.read(at: write([], "b.txt")) == [])
    #expect(try store(20).subset(at: path).labels() == [3, 17, 5, 0])
    let error = #expect(throws: StoreError.self) { _ = try store(17).subset(at: path) }
    #expect(error?.code == .indexOutOfRange && error?.path == path)
  }

  @Test func whatIsNoListIsRefused() throws {
    defer { try? FileManager.default.removeItem(at: folder) }
    let refused: [(String, [UInt8], StoreError.Code)] = [
      ("a.npy", npy([1, 2], "<f8"), .unsupported), ("b.npy", npy([1, 2, 3, 4], shape: "2, 2"), .unsupported),
      ("c.npy", Array(npy([1, 2]).dropLast()), .corrupt), ("d.txt", Array("1\n2 cats\n".utf8), .unrecognized),
      ("e.txt", Array("1,2,3".utf8), .unrecognized),
      ("f.txt", Array("99999999999999999999".utf8), .unrecognized),
      ("g.txt", [UInt8](repeating: 0xFF, count: 1 << 16), .unrecognized),
    ]
    for (name, bytes, code) in refused {
      let path = try write(bytes, name)
      let error = #expect(throws: StoreError.self) { _ = try IndexFile.read(at: path) }
      #expect(error?.code == code && error?.path == path, "\(name): \(error?.description ?? "")")
    }
    #expect(throws: StoreError.self) { _ = try IndexFile.read(at: "\(folder.path)/none.npy") }
  }

  @Test func foldsAndSplitsComeBack() throws {
    defer { try? FileManager.default.removeItem(at: folder) }
    let store = try store(6)
    for fold in 0..<3 {
      _ = try write(npy((0..<6).filter { $0 % 3 != fold }), "fold-\(fold)-train.npy")
      _ = try write(npy((0..<6).filter { $0 % 3 == fold }), "fold-\(fold)-validation.npy")
    }
    let folds = try store.folds(at: folder.path)
    #expect(try folds.map { try $0.validation.labels() } == [[0, 3], [1, 4], [2, 5]])
    #expect(try folds[2].training.labels() == [0, 1, 3, 4])
    let other = #expect(throws: StoreError.self) { _ = try self.store(7).folds(at: folder.path) }
    #expect(other?.code == .invalidArgument)
    let none = #expect(throws: StoreError.self) { _ = try store.split(at: folder.path) }
    #expect(none?.code == .notFound)
    _ = try write(npy([0, 1, 2, 3]), "train.npy")
    _ = try write(npy([5]), "validation.npy")
    #expect(throws: StoreError.self) { _ = try store.split(at: folder.path) }
    _ = try write(npy([4]), "test.npy")
    #expect(try store.split(at: folder.path).map { try $0.labels() } == [[0, 1, 2, 3], [5], [4]])
  }
}

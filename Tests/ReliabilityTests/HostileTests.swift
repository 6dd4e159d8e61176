import FileStore
import ImageStoreCore
import ImageStorePlatform
import ImageStoreReliability
import ImageStoreSupport
import Testing

/// Files that ask for too much, nest too deep, or lead elsewhere.
@Suite struct HostileTests {
  /// A few bytes each, which say that there are very many more.
  static let greedy: [(parser: String, name: String, bytes: [UInt8])] = [
    ("npy", "2^60 images", npy("|u1", "(1152921504606846976, 1, 1)")),
    ("npy", "a shape whose product is over 2^64", npy("<f8", "(4294967296, 4294967296, 16, 3)")),
    ("npy", "a sample type of 2^40 bytes", npy("|V1099511627776", "(2, 2)")),
    ("npy", "a header of 4 GiB", [0x93] + Array("NUMPY".utf8) + [2, 0, 0xFF, 0xFF, 0xFF, 0xFF, 0x7B, 0x7D]),
    ("png", "2^31 - 1 rows and columns", png(width: 0x7FFF_FFFF, height: 0x7FFF_FFFF)),
    ("png", "no columns", png(width: 0, height: 1)),
    ("pickle", "a text of 2^62 bytes", [0x80, 4, 0x8D] + little(1 << 62, 8)),
    ("pickle", "a negative length", [0x80, 2, UInt8(ascii: "T")] + little(UInt64(0xFFFF_FFFF), 4)),
    (
      "pickle", "a million nested lists",
      [0x80, 2] + [UInt8](repeating: 0x5D, count: 1_000_000)
        + [UInt8](repeating: UInt8(ascii: "a"), count: 999_999) + [0x2E]
    ),
    ("pickle", "a billion values by reference", laughs()),
    ("npz", "2^32 - 1 entries", Array("PK\u{5}\u{6}".utf8) + [UInt8](repeating: 0xFF, count: 18)),
    ("csv", "a label over 2^64", Array("file,label\na.png,99999999999999999999999\n".utf8)),
    (
      "csv", "a quote that does not end",
      Array("file,label\n\"".utf8) + [UInt8](repeating: 0x61, count: 1 << 20)
    ),
    (
      "masks", "2^62 rows",
      Array(
        #"{"format":"packed-bits","formatVersion":1,"height":4611686018427387904,"width":4,"axis":"rows","bitOrder":"big"}"#
          .utf8) + [0] + npy("|u1", "(1, 1, 4)")
    ),
    ("lmdb-value", "a datum of 2^31 rows", [0x08, 1, 0x10, 0xFF, 0xFF, 0xFF, 0xFF, 7, 0x18, 1, 0x22, 1, 0]),
    ("cifar", "an archive of nothing but its start", [0x1F, 0x8B, 8, 0, 0, 0, 0, 0, 0, 3]),
  ]

  @Test(arguments: greedy.indices)
  func whatAsksForTooMuchIsRefused(_ index: Int) throws {
    let (name, what, bytes) = Self.greedy[index]
    let parser = try Parser.named(name)
    let folder = try WorkFolder()
    #expect(throws: StoreError.self, "\(name): \(what)") { try parser.parse(bytes, in: folder.path) }
    #expect(peakKibibytes() < 2 << 20)
  }

  /// Neither by `..`, nor from the root, nor over a symbolic link.
  @Test(arguments: [
    "../outside.png", "/OUTSIDE/outside.png", "a/../../outside.png", "link.png", "folder/outside.png",
  ])
  func noPathLeadsOutOfAFolderOfImages(_ path: String) throws {
    let work = try WorkFolder()
    let (store, outside) = ("\(work.path)/store", "\(work.path)/outside.png")
    try Backend.named("files-flat").append(0..<1, to: "\(work.path)/other", imagesPerCommit: 1)
    try Files.copy("\(work.path)/other/0.png", to: outside)
    try Files.createFolder(store)
    _ = unsafe symlink(outside, "\(store)/link.png")
    _ = unsafe symlink(work.path, "\(store)/folder")
    let line = path.replacing("/OUTSIDE", with: work.path)
    try Files.write(Array("file,label\n\(line),1\n".utf8), to: "\(store)/labels.csv")
    #expect(throws: StoreError.self) {
      let opened = try FileStore(at: store)
      _ = try opened.pixels(at: 0)
    }
  }

  private static func npy(_ type: String, _ shape: String) -> [UInt8] {
    let text = Array("{'descr': '\(type)', 'fortran_order': False, 'shape': \(shape), }\n".utf8)
    return [0x93] + Array("NUMPY".utf8) + [1, 0] + little(UInt64(text.count), 2) + text
  }

  private static func png(width: UInt32, height: UInt32) -> [UInt8] {
    let header = big(width) + big(height) + [8, 2, 0, 0, 0]
    var chunk = Array("IHDR".utf8) + header
    chunk = big(13) + chunk + big(unsafe CRC32.checksum(of: chunk.span.bytes))
    return [0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A] + chunk
  }

  /// Lists of ten times the one before, nine times over.
  private static func laughs() -> [UInt8] {
    var bytes: [UInt8] = [0x80, 2, 0x5D, UInt8(ascii: "q"), 0]
    for level in 1...9 {
      bytes += [0x5D, UInt8(ascii: "q"), UInt8(level), UInt8(ascii: "(")]
      for _ in 0..<10 { bytes += [UInt8(ascii: "h"), UInt8(level - 1)] }
      bytes += [UInt8(ascii: "e")]
    }
    return bytes + [0x2E]
  }

  private static func little(_ value: UInt64, _ count: Int) -> [UInt8] {
    (0..<count).map { UInt8(truncatingIfNeeded: value >> (8 * $0)) }
  }

  private static func big(_ value: UInt32) -> [UInt8] {
    [24, 16, 8, 0].map { UInt8(truncatingIfNeeded: value >> $0) }
  }
}

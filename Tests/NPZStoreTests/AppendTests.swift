import ImageStoreCore
import ImageStoreSupport
import ImageStoreTesting
import NPZStore
import Testing

/// Archives that grow, and writers that die while they do.
@Suite struct AppendTests {
  private let format = ImageFormat(height: 6, width: 4, channels: 3)

  private func append(
    _ images: Range<Int>, to path: String, _ mode: WriteMode = .append, _ compression: Compression = .small,
    format: ImageFormat? = nil
  ) throws {
    let format = format ?? self.format
    var writer = try NPZStore.Writer(to: path, mode: mode, compression: compression, threads: 1)
    for image in images {
      let pixels = ramp(image, byteCount: format.byteCount)
      try unsafe writer.append(pixels.span.bytes, format: format, label: image * 10)
    }
    try writer.finish()
  }

  @Test(arguments: [Compression.none, .small])
  func everyCutOfAnAppendLeavesTheLastCommit(compression: Compression) throws {
    let folder = TemporaryFolder()
    let path = "\(folder.path)/a.npz"
    try append(0..<3, to: path, .create, compression)
    let before = try FileSystem.contents(of: path, limit: 1 << 20)
    try append(3..<5, to: path, .append, compression)
    let after = try FileSystem.contents(of: path, limit: 1 << 20)
    #expect(Array(after[..<before.count]) == before)
    for count in stride(from: before.count, to: after.count, by: 5) {
      let cut = try folder.write(Array(after[..<count]), "cut.npz")
      let store = try NPZStore(at: cut)
      #expect(store.count == 3, "\(count) of \(after.count) bytes")
      #expect(try store.labels() == [0, 10, 20])
      #expect(try store.pixels(at: 2) == ramp(2))
      if count % 40 < 5 {
        // The next writer cuts off the rest, whether it finishes or not.
        _ = try NPZStore.Writer(to: cut, mode: .append)
        #expect(try FileSystem.contents(of: cut, limit: 1 << 20) == before)
      }
    }
  }

  /// A commit that was whole is not taken for one that was cut off.
  @Test func aDamagedEndDoesNotBringTheCommitBeforeBack() throws {
    let folder = TemporaryFolder()
    let path = "\(folder.path)/a.npz"
    try append(0..<3, to: path, .create)
    try append(3..<5, to: path)
    let whole = try FileSystem.contents(of: path, limit: 1 << 20)
    let endByteCount = 22 + "swift-image-stores uniform".utf8.count
    for bit in 0..<8 * endByteCount {
      var bytes = whole
      bytes[whole.count - endByteCount + bit / 8] ^= 1 << (bit % 8)
      guard let store = try? NPZStore(at: folder.write(bytes, "damaged.npz")) else { continue }
      #expect(store.count == 5, "bit \(bit)")
    }
  }

  @Test(arguments: [Compression.none, .small])
  func aReaderMeanwhileFindsTheLastCommit(compression: Compression) throws {
    let folder = TemporaryFolder()
    let path = "\(folder.path)/a.npz"
    let large = ImageFormat(height: 600, width: 1000)
    try append(0..<2, to: path, .create, compression, format: large)
    let end = try #require(EndRecord(of: FileSystem.contents(of: path, limit: 1 << 24)))
    let size = try FileSystem.bytesOnDisk(path).apparent
    var writer = try NPZStore.Writer(to: path, mode: .append, compression: compression)
    var generator = SplitMix64(seed: 5)
    for image in 0..<20 {
      // What does not deflate.
      let pixels = (0..<large.byteCount).map { _ in UInt8.random(in: 0...255, using: &generator) }
      try unsafe writer.append(pixels.span.bytes, format: large, label: 0)
      #expect(try FileSystem.bytesOnDisk(path).apparent > size + image * large.byteCount)
      #expect(try NPZStore(at: path).count == 2)
    }
    // Copies of the end record, so that readers need not search far.
    let meanwhile = try FileSystem.contents(of: path, limit: 1 << 24)
    #expect(meanwhile.ranges(of: end.comment).count >= 3)
    try writer.finish()
    let store = try NPZStore(at: path)
    #expect(store.count == 22)
    try store.verify()
  }

  @Test func aSecondWriterIsRefused() throws {
    let folder = TemporaryFolder()
    let path = "\(folder.path)/a.npz"
    try append(0..<2, to: path, .create)
    let first = try NPZStore.Writer(to: path, mode: .append)
    #expect(code { _ = try NPZStore.Writer(to: path, mode: .append) } == .busy)
    try first.finish()
    try append(2..<3, to: path)
    #expect(try NPZStore(at: path).count == 3)
  }

  @Test func refusesArchivesOfOtherNames() throws {
    let folder = TemporaryFolder()
    for name in ["other-names", "keras"] {
      let path = try folder.write(FileSystem.contents(of: fixture(name), limit: 1 << 20))
      #expect(code { _ = try NPZStore.Writer(to: path, mode: .append) } == .unsupported)
    }
  }

  @Test func growsAnArchiveOfNumpy() throws {
    let folder = TemporaryFolder()
    for name in ["stored", "streamed"] {
      let path = try folder.write(FileSystem.contents(of: fixture(name), limit: 1 << 20))
      var writer = try NPZStore.Writer(to: path, mode: .append)
      try unsafe writer.append(ramp(9).span.bytes, format: format, label: name == "stored" ? 90 : nil)
      try writer.finish()
      let store = try NPZStore(at: path)
      #expect(store.count == 6)
      #expect(try store.pixels(at: 5) == ramp(9))
      #expect(try store.pixels(at: 4) == ramp(4))
      #expect(try store.labels() == (name == "stored" ? [0, 10, 20, 30, 40, 90] : nil))
    }
  }
}

import ImageStoreCore
import ImageStoreSupport
import ImageStoreTesting
import NPZStore
import Testing

@Suite struct WritingTests {
  private func write(
    _ images: ModelImages, to path: String, _ compression: Compression, threads: Int
  ) throws {
    var writer = try NPZStore.Writer(
      to: path, mode: .replace, compression: compression, classNames: images.classNames, threads: threads)
    let pixels = images.pixels.flatMap { $0 }
    try unsafe writer.append(
      pixels.span.bytes, layout: BatchLayout(images.formats),
      labels: ImageLabels(labels: images.labels, columns: images.columns))
    try writer.finish()
  }

  @Test(arguments: Compression.allCases)
  func theBytesDoNotDependOnTheNumberOfThreads(compression: Compression) throws {
    let folder = TemporaryFolder()
    var synthetic = SyntheticImages(seed: 11)
    let images = synthetic.mixed(ImageFormat(height: 40, width: 50, channels: 3), count: 300)
    var files: [[UInt8]] = []
    for threads in [1, 2, 5] {
      let path = "\(folder.path)/\(threads).npz"
      try write(images, to: path, compression, threads: threads)
      files.append(try FileSystem.contents(of: path, limit: 1 << 30))
    }
    #expect(files[0] == files[1])
    #expect(files[0] == files[2])
  }

  @Test func storedPixelsBeginAtMultiplesOf64() throws {
    let folder = TemporaryFolder()
    let path = "\(folder.path)/a.npz"
    var synthetic = SyntheticImages(seed: 2)
    try write(
      synthetic.mixed(ImageFormat(height: 9, width: 11), count: 40), to: path, .none, threads: 1)
    let store = try NPZStore(at: path)
    let file = try FileSystem.contents(of: path, limit: 1 << 30)
    for index in 0..<store.count {
      let pixels = try store.pixels(at: index)
      let isAligned = stride(from: 0, to: file.count - pixels.count, by: 64).contains { start in
        file[start..<start + pixels.count].elementsEqual(pixels)
      }
      #expect(isAligned, "image \(index)")
    }
  }

  @Test func moreEntriesThan16BitsCount() throws {
    let folder = TemporaryFolder()
    let path = "\(folder.path)/many.npz"
    let format = ImageFormat(height: 1, width: 1)
    let count = 66_000
    var writer = try NPZStore.Writer(to: path, compression: .none)
    let pixels = (0..<count).map { UInt8(truncatingIfNeeded: $0) }
    try unsafe writer.append(
      pixels.span.bytes, layout: BatchLayout(format, count: count),
      labels: ImageLabels(labels: Array(0..<count)))
    try writer.finish()
    let store = try NPZStore(at: path)
    #expect(store.count == count)
    #expect(try store.labels()?.last == count - 1)
    #expect(try store.pixels(at: 65_999) == [UInt8(65_999 & 255)])
    var more = try NPZStore.Writer(to: path, mode: .append)
    let seven: [UInt8] = [7]
    try unsafe more.append(seven.span.bytes, format: format, label: 5)
    try more.finish()
    #expect(try NPZStore(at: path).pixels(at: count) == [7])
  }

  @Test func refusesTruthValuesThatAreNone() throws {
    let folder = TemporaryFolder()
    let path = "\(folder.path)/a.npz"
    let format = ImageFormat(height: 2, width: 2, elementType: .bool)
    #expect {
      var writer = try NPZStore.Writer(to: path)
      let pixels: [UInt8] = [0, 1, 1, 0, 0, 1, 2, 0]
      try unsafe writer.append(
        pixels.span.bytes, layout: BatchLayout(format, count: 2), labels: ImageLabels())
    } throws: {
      ($0 as? StoreError)?.image == 1 && ($0 as? StoreError)?.path != nil
    }
    #expect(FileSystem.kind(of: path) == nil)
  }
}

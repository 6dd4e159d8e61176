import Foundation
import ImageStoreCore
import ImageStoreTesting
import Testing

@Suite struct InMemoryStoreTests {
  @Test func aWriterBecomesAStore() throws {
    var writer = InMemoryStore.Writer(classNames: ["cat", "dog"])
    let images = Samples.uniform(3)
    for (pixels, label) in zip(images.pixels, images.labels!) {
      try unsafe writer.append(pixels.span.bytes, format: Samples.format, label: label)
    }
    #expect(writer.count == 3)
    let store = try writer.finish()
    #expect(store.classNames == ["cat", "dog"])
    #expect(store.labels() == images.labels)
    #expect(Samples.bytes(of: try store.read([2, 0])) == images.gather([2, 0]))
  }

  @Test func aClosureMakesAStore() throws {
    let images = Samples.uniform(3)
    let store = try InMemoryStore(classNames: ["cat", "dog"]) { writer in
      for (pixels, label) in zip(images.pixels, images.labels!) {
        try writer.append(pixels, format: Samples.format, label: label)
      }
    }
    #expect(store.classNames == ["cat", "dog"] && store.labels() == images.labels)
    #expect(Samples.bytes(of: try store.read([2, 0])) == images.gather([2, 0]))
    #expect(try InMemoryStore { _ in }.count == 0)
    // The writer keeps the error of an append, though it is caught.
    expectError(.invalidArgument) {
      _ = try InMemoryStore { writer in _ = try? writer.append([UInt8](), format: Samples.format) }
    }
  }

  @Test func roomMadeAheadChangesNothing() throws {
    let images = Samples.mixed(30)
    for reserved in [0, 1, 100, 1 << 20] {
      var writer = InMemoryStore.Writer()
      try writer.append(contentsOf: ModelStore(images.slice(0..<7)))
      try writer.reserveCapacity(reserved)
      try writer.append(contentsOf: ModelStore(images.slice(7..<30)))
      let store = try writer.finish()
      #expect(Samples.bytes(of: try store.read(0..<30)) == images.gather(Array(0..<30)))
    }
  }

  @Test func formatsMayDifferFromSomePointOn() throws {
    var images = Samples.uniform(3)
    images.append(contentsOf: Samples.uniform(2, format: ImageFormat(height: 1, width: 1)))
    images.append(contentsOf: Samples.uniform(2))
    var writer = InMemoryStore.Writer()
    for range in [0..<3, 3..<5, 5..<7] { try writer.append(contentsOf: ModelStore(images.slice(range))) }
    let store = try writer.finish()
    #expect(store.format == nil)
    #expect(try (0..<7).map { try store.format(at: $0) } == images.formats)
    #expect(Samples.bytes(of: try store.read(0..<7)) == images.gather(Array(0..<7)))
  }

  /// More than the caches hold is copied in another way, aligned to a vector or not.
  @Test(arguments: [3072, 3069])
  func gathersMoreThanTheCachesHold(byteCount: Int) throws {
    let format = ImageFormat(height: 1, width: byteCount)
    var generator = SplitMix64(seed: 11)
    let images = (0..<97).map { _ in (0..<byteCount).map { _ in UInt8.random(in: 0...255, using: &generator) }
    }
    let store = try InMemoryStore { writer in
      for image in images { try writer.append(image, format: format) }
    }
    let indices = (0..<(34 << 20) / byteCount).map { $0 * 31 % images.count }
    let batch = try store.read(indices)
    let isRight = unsafe batch.pixels.withUnsafeBytes { pixels in
      indices.indices.allSatisfy { position in
        unsafe images[indices[position]].withUnsafeBytes {
          unsafe memcmp($0.baseAddress!, pixels.baseAddress! + position * byteCount, byteCount) == 0
        }
      }
    }
    #expect(isRight)
  }

  @Test func refusesMoreMemoryThanThereIs() throws {
    var writer = InMemoryStore.Writer()
    let error = #expect(throws: StoreError.self) { try writer.reserveCapacity(Int.max) }
    #expect(error?.code == .limitExceeded)
  }

  @Test func copyingChecksWhatTheStoreSays() throws {
    var images = Samples.uniform(3)
    images.labels = [1, 2]
    expectError(.invalidArgument) { _ = try InMemoryStore(copying: ModelStore(images)) }
    let failing = Probe(ModelStore(Samples.uniform(3)), failure: StoreError(.corrupt, "cut short"))
    expectError(.corrupt) { _ = try InMemoryStore(copying: failing) }
  }

  @Test func lendsWhereThePixelsLie() throws {
    let store = try Samples.store(Samples.uniform(4))
    #expect(store.isZeroCopy)
    var addresses: [Int] = []
    try store.forEachImage([0, 1, 0].span) { (_, _, pixels) throws(StoreError) in
      addresses.append(unsafe pixels.withUnsafeBytes { Int(bitPattern: $0.baseAddress) })
    }
    #expect(addresses[0] == addresses[2])
    #expect(addresses[1] - addresses[0] == Samples.format.byteCount)
  }
}

import Foundation
import ImageLoading
import ImageStoreCatalog
import ImageStoreCore
import ImageStoreTesting
import Testing

extension LoaderTests {
  /// Epochs over files that are not in memory.
  @Suite(.serialized) struct ColdReadingTests {
    /// Drops a store's files from the system's cache, as far as the system does that.
    ///
    /// - Parameter waits: whether the disk is to have them first: what it does not have is not
    ///   dropped. Once is enough.
    private func drop(_ path: String, waits: Bool = false) throws {
      var isFolder = ObjCBool(false)
      guard unsafe FileManager.default.fileExists(atPath: path, isDirectory: &isFolder) else { return }
      let names =
        isFolder.boolValue
        ? try FileManager.default.subpathsOfDirectory(atPath: path).map { "\(path)/\($0)" } : [path]
      for name in names {
        let descriptor = unsafe open(name, O_RDONLY)
        guard descriptor >= 0 else { continue }
        defer { close(descriptor) }
        if waits { fsync(descriptor) }
        #if os(Linux)
        posix_fadvise(descriptor, 0, 0, POSIX_FADV_DONTNEED)
        #endif
      }
    }

    private static let photographs = images(ImageFormat(height: 24, width: 20, channels: 3))
    private static let masks = images(ImageFormat(height: 24, width: 20, elementType: .bool))

    private static func images(_ format: ImageFormat) -> InMemoryStore? {
      var images = SyntheticImages(seed: 5)
      var writer = InMemoryStore.Writer()
      for index in 0..<150 {
        try? writer.append(images.image(.natural, format: format), format: format, label: index)
      }
      return try? writer.finish()
    }

    /// Writes the images of a backend, in a folder that `body` has for itself.
    private func withStore(
      _ backend: StoreCatalog.Variant, _ body: (_ path: String, _ images: InMemoryStore) throws -> Void
    ) throws {
      let folder = FileManager.default.temporaryDirectory.appending(path: "cold-\(UUID().uuidString)").path
      try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
      defer { try? FileManager.default.removeItem(atPath: folder) }
      let images = try #require(backend.holdsMasksAlone ? Self.masks : Self.photographs)
      try backend.write(images, to: "\(folder)/\(backend)", threads: 2)
      try drop("\(folder)/\(backend)", waits: true)
      try body("\(folder)/\(backend)", images)
    }

    @Test(arguments: StoreCatalog.variants)
    func coldEpochsAreThoseOfMemory(_ backend: StoreCatalog.Variant) throws {
      try withStore(backend) { path, images in
        for order in [
          SampleOrder.sequential, .shuffled(seed: 2, epoch: 1), .blockShuffled(seed: 2, epoch: 1),
          .blockShuffled(seed: 2, epoch: 1, blockSize: 7, window: 6),
          .blockShuffled(seed: 2, epoch: 1, blockSize: 3, window: 8, lanes: 4).sharded(1, of: 2),
          .shuffled(seed: 2, epoch: 1).sharded(1, of: 3),
        ] {
          try drop(path)
          let store = try backend.open(path, threads: 2)
          try drop(path)
          var batches = store.batches(of: 32, in: order).makeBlockingIterator()
          var expected = images.batches(of: 32, in: try order.resolved(for: store)).makeBlockingIterator()
          while let batch = try batches.next() {
            let other = try #require(try expected.next())
            #expect(batch.indices == other.indices && batch.labels == other.labels)
            let isEqual = haveSameBytes(batch.pixels, other.pixels)
            #expect(isEqual, "\(backend), \(order)")
          }
          #expect(try expected.next() == nil)
        }
      }
    }

    @Test(arguments: StoreCatalog.variants)
    func cancelledColdEpochsLeaveNothing(_ backend: StoreCatalog.Variant) throws {
      try withStore(backend) { path, images in
        let store = try backend.open(path, threads: 1)
        for round in 0..<10 {
          try drop(path)
          let order =
            round % 2 == 0
            ? SampleOrder.shuffled(seed: 1, epoch: round) : .blockShuffled(seed: 1, epoch: round)
          var batches = store.batches(of: 8, in: order).makeBlockingIterator()
          for _ in 0..<round % 5 { _ = try batches.next() }
        }
        LoaderTests().expectNothingLeft()
      }
    }

    /// Announced images are loaded without being read, as the system itself reports, if it drops a
    /// file from its cache and says so.
    @Test(arguments: StoreCatalog.variants)
    func announcedImagesCome(_ backend: StoreCatalog.Variant) throws {
      try withStore(backend) { path, images in
        let store = try backend.open(path, threads: 1)
        try drop(path)
        guard store.residentShare() < 0.5 else { return }
        store.advise(.random)
        store.willRead(Array(0..<images.count).span)
        // A request returns before it is done.
        wait { store.residentShare() >= 0.9 }
        #expect(store.residentShare() >= 0.9)
      }
    }
  }
}

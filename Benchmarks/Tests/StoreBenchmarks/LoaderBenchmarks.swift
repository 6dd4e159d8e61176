import Foundation
import ImageLoading
import ImageStoreCore
import XCTest

/// A shuffled epoch through the loader: pixels as they are, and as normalised Float32 planes.
final class LoaderBenchmarks: XCTestCase {
  private static let batch = 128

  func testEpochs() throws {
    let settings = try Settings.current()
    let recorder = Recorder(settings)
    for count in settings.counts {
      let data = try SampleData(settings, count: count)
      for subject in Subject.all where subject.suffix.isEmpty {
        guard recorder.wants(subject.name, "epoch") || recorder.wants(subject.name, "float epoch") else {
          continue
        }
        let path = "\(settings.work)/\(count)-\(subject.fileName)"
        if !Files.exists(path) { try subject.write(data.store, path, .create, 2) }
        try measure(subject.name, subject.open(path, 1), recorder)
      }
      try measure("InMemoryStore", data.store, recorder)
      try measureFloor(data.store, recorder)
    }
    try recorder.save()
  }

  private func measure(_ name: String, _ store: any ImageStore, _ recorder: Recorder) throws {
    let planes = TensorFormat.normalized(mean: [0.49, 0.48, 0.45], standardDeviation: [0.25, 0.24, 0.26])
    for (work, tensor) in [("epoch", TensorFormat.stored), ("float epoch", planes)] {
      for workers in [1, 2] {
        let loader = store.batches(
          of: Self.batch, in: .shuffled(seed: 42, epoch: 0), as: tensor,
          options: LoaderOptions(lastBatch: .drop, workers: workers))
        var seen = 0
        try recorder.measure(
          name, work, count: store.count / Self.batch * Self.batch, threads: workers
        ) {
          var batches = loader.makeBlockingIterator()
          while let batch = try batches.next() { seen &+= batch.indices[0] }
        }
      }
    }
  }

  /// A gather of the same batches, then the writing of as many bytes as the floats take, and nothing else.
  ///
  /// The bytes go to as many buffers in turn as a loader delivers in: what is written anew in the
  /// caches each time would be a floor for something else.
  private func measureFloor(_ store: InMemoryStore, _ recorder: Recorder) throws {
    let order = try SampleOrder.shuffled(seed: 42, epoch: 0).indices(of: store.count)
    let batches = stride(from: 0, through: store.count - Self.batch, by: Self.batch).map {
      Array(order[$0..<$0 + Self.batch])
    }
    guard let format = store.format else { return }
    let size = Self.batch * format.byteCount * MemoryLayout<Float>.size
    let buffers = LoaderOptions().prefetch + 2
    let floats = UnsafeMutableRawBufferPointer.allocate(byteCount: buffers * size, alignment: 64)
    defer { floats.deallocate() }
    var batch = ImageBatch()
    try recorder.measure("gather + writing", "float epoch", count: batches.count * Self.batch) {
      for (number, indices) in batches.enumerated() {
        try store.read(indices, into: &batch)
        memset(floats.baseAddress! + number % buffers * size, Int32(indices[0] & 127), size)
      }
    }
  }
}

import Foundation
import ImageLoading
import ImageStoreCore

/// A shuffled epoch of the images of ``SampleImages``.
struct EpochRun {
  let store: any ImageStore
  let order: SampleOrder

  init(_ store: any ImageStore, _ order: SampleOrder = .shuffled(seed: 1, epoch: 0)) {
    self.store = store
    self.order = order
  }

  /// Every image comes once, with its own pixels; prints what memory that took.
  func check(workers: Int?) throws {
    let options = LoaderOptions(workers: workers)
    var seen = [Bool](repeating: false, count: store.count)
    var most = 0
    var batches = store.batches(of: 32, in: order, options: options)
      .makeBlockingIterator()
    while let batch = try batches.next() {
      for (position, index) in batch.indices.enumerated() {
        let range = batch.layout.byteRange(of: position)
        let expected = SampleImages.words(index, count: range.count / 8)
        let isEqual = unsafe batch.pixels.withUnsafeBytes { pixels in
          unsafe expected.withUnsafeBytes { words in
            unsafe memcmp(pixels.baseAddress! + range.lowerBound, words.baseAddress!, words.count) == 0
          }
        }
        guard isEqual, !seen[index], batch.labels[position] == Int32(index % 10) else {
          throw StoreError(.corrupt, "another image than was written", image: index)
        }
        seen[index] = true
      }
      most = max(most, ProcessMemory.anonymous)
    }
    guard seen.allSatisfy(\.self) else { throw StoreError(.corrupt, "an epoch without all images") }
    let bound = (options.prefetch + 2) * 32 * (store.format?.byteCount ?? 0)
    print("  \(store.count) images in a shuffled epoch, all as written")
    print(
      "  memory besides mapped pages: at most \(most / 1024) MB, of which batches at most \(bound >> 20) MB")
    ProcessMemory.printPeak()
  }

  /// Compares the time that epochs take with one worker and with two, the best of five each in
  /// turns, and the processor time, of which two workers should not take more.
  func compareWorkers() throws {
    var best = [Double](repeating: .infinity, count: 3)
    var processor = best
    for round in 0..<5 {
      for workers in [1, 2] {
        let start = ContinuousClock.now
        let processorStart = ProcessMemory.processorSeconds
        let loader = store.batches(
          of: 128, in: .shuffled(seed: 1, epoch: round), options: LoaderOptions(workers: workers))
        // A task waits; a thread would make batches itself.
        try drain(loader)
        best[workers] = min(best[workers], (ContinuousClock.now - start) / .seconds(1))
        processor[workers] = min(processor[workers], ProcessMemory.processorSeconds - processorStart)
      }
    }
    let perImage = 1e6 / Double(store.count)
    print(
      String(
        format:
          "  one worker %.2f us per image, two workers %.2f: %.2f times as fast; of the processor %.2f and %.2f",
        best[1] * perImage, best[2] * perImage, best[1] / best[2], processor[1] * perImage,
        processor[2] * perImage))
  }

  private func drain(_ loader: BatchLoader) throws {
    let done = DispatchSemaphore(value: 0)
    let outcome = Outcome()
    Task {
      do { for try await _ in loader {} } catch { outcome.error = error }
      done.signal()
    }
    done.wait()
    if let error = outcome.error { throw error }
  }

  /// Written before the semaphore is signalled, read after.
  private final class Outcome: @unchecked Sendable {
    var error: (any Error)?
  }
}

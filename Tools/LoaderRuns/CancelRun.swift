import Foundation
import ImageLoading
import ImageStoreCore
import ImageStoreTesting

/// Epochs that are cancelled at random points.
struct CancelRun {
  let store: any ImageStore
  /// Whether the store's files are dropped from memory before each epoch, so that there is
  /// something to read ahead.
  let isCold: Bool
  let order: (_ epoch: Int) -> SampleOrder

  init(
    _ store: any ImageStore, isCold: Bool = false,
    order: @escaping (_ epoch: Int) -> SampleOrder = { .shuffled(seed: 7, epoch: $0) }
  ) {
    self.store = store
    self.isCold = isCold
    self.order = order
  }

  /// Prints threads and memory after a tenth of the rounds, when libraries have made what they
  /// keep, and at the end.
  func perform(rounds: Int) async throws {
    var generator = SplitMix64(seed: 2026)
    var cancelled = 0
    var early = 0
    for round in 0..<rounds {
      if round == rounds / 10 { early = try await report("after \(round) rounds") }
      if isCold { Self.drop(store.sourcePaths) }
      let stop = Int.random(in: 0...12, using: &generator)
      let pause = Int.random(in: 0...3000, using: &generator)
      let workers = Int.random(in: 1...4, using: &generator)
      let loader = store.batches(
        of: 16, in: order(round), options: LoaderOptions(workers: workers))
      let task = Task {
        var seen = 0
        for try await _ in loader {
          seen += 1
          if seen == stop { unsafe withUnsafeCurrentTask { unsafe $0?.cancel() } }
        }
      }
      if round % 2 == 0 {
        usleep(UInt32(pause))
        task.cancel()
      }
      do {
        try await task.value
      } catch let error as StoreError where error.code == .cancelled {
        cancelled += 1
      }
    }
    let late = try await report("after \(rounds) rounds, \(cancelled) of them cancelled")
    // A batch left behind by every hundredth round would be more.
    guard late - early < max(4, 9 * rounds / 1000) * 1080 else {
      throw StoreError(.corrupt, "\(late - early) KB are left behind")
    }
  }

  /// Drops the pages of files, and of those in folders, from memory.
  private static func drop(_ paths: [String]) {
    #if os(Linux)
    for path in paths {
      let inside = (FileManager.default.enumerator(atPath: path)?.allObjects as? [String]) ?? []
      for file in [path] + inside.map({ "\(path)/\($0)" }) {
        let descriptor = unsafe open(file, O_RDONLY)
        guard descriptor >= 0 else { continue }
        posix_fadvise(descriptor, 0, 0, POSIX_FADV_DONTNEED)
        close(descriptor)
      }
    }
    #endif
  }

  /// - Returns: kilobytes of memory.
  private func report(_ moment: String) async throws -> Int {
    // Workers end after the batch they are at.
    for _ in 0..<1000 {
      if Self.loaderThreads == 0 { break }
      try await Task.sleep(for: .milliseconds(5))
    }
    let memory = ProcessMemory.anonymous
    print(
      "  \(moment): \(Self.loaderThreads) threads of loaders among \(ProcessMemory.threads), "
        + "\(memory) KB of memory besides mapped pages")
    guard Self.loaderThreads == 0 else { throw StoreError(.corrupt, "threads of loaders are left") }
    return memory
  }

  /// The threads of this process that the system lists under the name of a loader's.
  static var loaderThreads: Int {
    let tasks = (try? FileManager.default.contentsOfDirectory(atPath: "/proc/self/task")) ?? []
    return tasks.count { task in
      let name = try? String(contentsOfFile: "/proc/self/task/\(task)/comm", encoding: .utf8)
      return name?.hasPrefix("image loader") == true
    }
  }
}

import Foundation
import ImageLoading
import ImageStoreCore
import ImageStoreTesting
import Synchronization
import Testing

extension LoaderTests {
  /// Waits for workers to end and memory to go: both follow the iterator by moments.
  func expectNothingLeft() {
    for _ in 0..<20_000
    where LoaderDiagnostics.threadCount > 0 || LoaderDiagnostics.batchCount > 0 { usleep(500) }
    #expect(LoaderDiagnostics.threadCount == 0)
    #expect(LoaderDiagnostics.batchCount == 0)
    #if os(Linux)
    // What the system says: a thread ends a moment after its last word.
    wait { loaderThreads == 0 }
    #expect(loaderThreads == 0)
    #endif
  }

  /// The threads of this process that the system has under the name of a loader's.
  var loaderThreads: Int {
    let tasks = (try? FileManager.default.contentsOfDirectory(atPath: "/proc/self/task")) ?? []
    return tasks.count { task in
      (try? String(contentsOfFile: "/proc/self/task/\(task)/comm", encoding: .utf8)) == "image loader\n"
    }
  }

  @Test(arguments: [1, 2, 4])
  func errorsComeInPlace(workers: Int) async throws {
    let base = try makeStore(count: 200)
    let store = WatchedStore(base) { (indices) throws(StoreError) in
      // As a backend that does not say which image it was, and one later in the epoch that does.
      if indices.contains(117) { throw StoreError(.corrupt, "bit rot") }
      if indices.contains(140) { throw StoreError(.corrupt, "worse", image: 140) }
    }
    for _ in 0..<10 {
      var seen = 0
      var error: StoreError?
      do {
        for try await batch in store.batches(of: 10, options: LoaderOptions(workers: workers)) {
          #expect(batch.indices.first == seen)
          seen += batch.count
        }
      } catch let thrown {
        error = thrown
      }
      #expect(seen == 110)
      #expect(error?.message == "bit rot")
      #expect(error?.image == 117)
      var blocking = store.batches(of: 10, options: LoaderOptions(workers: workers)).makeBlockingIterator()
      for _ in 0..<11 { #expect(try blocking.next()?.count == 10) }
      #expect(throws: StoreError.self) { _ = try blocking.next() }
      #expect(try blocking.next() == nil)
    }
    expectNothingLeft()
  }

  @Test func labelsThatDoNotFitAreErrors() throws {
    var model = SyntheticImages(seed: 1).generator
    _ = model.next()
    var images = ModelImages()
    for _ in 0..<4 { images.append([1], format: ImageFormat(height: 1, width: 1)) }
    images.labels = [1, 2, 1 << 40, 3]
    let error = #expect(throws: StoreError.self) { _ = try drain(ModelStore(images).batches(of: 2)) }
    #expect(error?.image == 2)
  }

  @Test func cancellationLeavesNothingBehind() async throws {
    expectNothingLeft()
    let store = try makeStore(count: 400)
    var generator = SplitMix64(seed: 2_026)
    for round in 0..<1000 {
      let batches = Int.random(in: 0...45, using: &generator)
      let yields = Int.random(in: 0...20, using: &generator)
      let workers = Int.random(in: 1...3, using: &generator)
      let loader = store.batches(
        of: 10, in: .shuffled(seed: 1, epoch: round), options: LoaderOptions(prefetch: 3, workers: workers))
      let task = Task {
        var seen = 0
        for try await batch in loader {
          seen += batch.count
          if seen / 10 == batches { unsafe withUnsafeCurrentTask { unsafe $0?.cancel() } }
        }
        return seen
      }
      if round % 2 == 0 {
        for _ in 0..<yields { await Task.yield() }
        task.cancel()
      }
      do {
        #expect(try await task.value == 400)
      } catch let error as StoreError {
        #expect(error.code == .cancelled)
      }
    }
    expectNothingLeft()
  }

  @Test func iteratorsMayBeLeft() throws {
    let store = try makeStore(count: 400)
    for taken in 0..<100 {
      var iterator = store.batches(of: 10).makeBlockingIterator()
      for _ in 0..<taken % 41 { _ = try iterator.next() }
    }
    expectNothingLeft()
  }

  #if os(Linux)
  /// Or counting them would prove nothing.
  @Test func threadsAreSeenByTheirName() throws {
    let seen = Atomic(0)
    // The consumer makes batches too and may have made all before a worker has its name: it waits for one.
    let store = WatchedStore(try makeStore(count: 10)) { (_) throws(StoreError) in
      for _ in 0..<1000 where seen.load(ordering: .relaxed) == 0 {
        seen.add(loaderThreads, ordering: .relaxed)
        usleep(1000)
      }
    }
    _ = try drain(store.batches(of: 1, options: LoaderOptions(prefetch: 2, workers: 3)))
    #expect(seen.load(ordering: .relaxed) > 0)
    expectNothingLeft()
  }
  #endif

  @Test func aWaitingTaskIsCancelledAtOnce() async throws {
    let gate = DispatchSemaphore(value: 0)
    let store = WatchedStore(try makeStore(count: 10)) { (_) throws(StoreError) in gate.wait() }
    let task = Task {
      for try await _ in store.batches(of: 5, options: LoaderOptions(workers: 1)) {}
    }
    for _ in 0..<100 { await Task.yield() }
    task.cancel()
    // The worker is still kept waiting: only the consumer can have ended.
    let error = await #expect(throws: StoreError.self) { try await task.value }
    #expect(error?.code == .cancelled)
    gate.signal()
    expectNothingLeft()
  }

  /// More loaders wait than there are threads in Swift's pool, and a task runs all the same.
  @Test func waitingBlocksNoTask() async throws {
    let gate = DispatchSemaphore(value: 0)
    let count = 4 * ProcessInfo.processInfo.activeProcessorCount + 4
    let base = try makeStore(count: 2)
    let store = WatchedStore(base) { (_) throws(StoreError) in gate.wait() }
    let images = try await withThrowingTaskGroup(of: Int.self) { group in
      for _ in 0..<count {
        group.addTask {
          var images = 0
          for try await batch in store.batches(of: 2, options: LoaderOptions(workers: 1)) {
            images += batch.count
          }
          return images
        }
      }
      group.addTask {
        for _ in 0..<1000 { await Task.yield() }
        for _ in 0..<count { gate.signal() }
        return 0
      }
      return try await group.reduce(0, +)
    }
    #expect(images == 2 * count)
  }
}

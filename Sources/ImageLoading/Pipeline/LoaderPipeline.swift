internal import ImageStoreCore
internal import ImageStoreSupport
internal import Synchronization

/// A request to a loader.
struct LoaderRequest: Sendable {
  let images: any ImageStore
  /// The masks of the images, one per image, if batches are pairs.
  let masks: (any ImageStore)?
  let batchSize: Int
  let state: LoaderState
  let tensor: TensorFormat
  let maskTensor: TensorFormat
  let augmentation: Augmentation
  let step: ImageStep?
  let options: LoaderOptions
}

/// Workers that make batches ahead of a consumer, in order.
///
/// Batches are claimed by number, made outside the lock and put in a ring of `prefetch` slots; the
/// consumer takes them by number. A worker that finds the ring full sleeps until half of it is empty.
///
/// Invariant behind `@unchecked Sendable`: every stored variable is used under `monitor`.
@safe final class LoaderPipeline: @unchecked Sendable {
  private enum Slot {
    case empty
    case ready(BatchStorage)
    case failed(StoreError)
  }

  /// The result of a look for the next batch.
  enum Delivery {
    case batch(BatchStorage)
    case failure(StoreError)
    case end
    case notYet
  }

  private let request: LoaderRequest
  private let prefetch: Int
  /// How many batches must be ready before a waiting consumer is woken: several if making a batch
  /// takes no longer than waking a thread.
  private let wakingCount: Int
  private let monitor = Monitor()
  private var reader: BatchReader?
  private var ring: [Slot]
  private var pool: [BatchStorage] = []
  private var claimed = 0
  private var delivered = 0
  /// Batches from this one on are not made: they are past the end or after a failure.
  private var limit = Int.max
  private var sleepingWorkers = 0
  /// How many threads are making batches; at 0, no more will come.
  private var workerCount = 1
  private var isConsumerAsleep = false
  private var waiter: UnsafeContinuation<Void, Never>?
  private var isStopped = false

  init(_ request: LoaderRequest) {
    self.request = request
    prefetch = max(1, request.options.prefetch)
    wakingCount = request.images.isZeroCopy ? max(1, prefetch / 2) : 1
    ring = Array(repeating: .empty, count: prefetch)
  }

  // MARK: Workers

  /// Starts the workers. The first one prepares the loader, because that may read from files.
  func start() {
    let isRunning = WorkerThread.start { [self] in
      prepare()
      work()
    }
    if !isRunning { fail(StoreError(.system, "the system could not start a worker thread")) }
  }

  /// Checks the request and starts further workers; on the caller's thread.
  func prepare() {
    do throws(StoreError) {
      let reader = try BatchReader(request)
      let asked = request.options.workers ?? min(Workers.processorCount, 8)
      let workers = min(max(1, asked), prefetch, max(1, reader.count))
      let isStopped = monitor.withLock {
        self.reader = reader
        workerCount = max(workers, 1)
        limit = min(limit, reader.count)
        return self.isStopped
      }
      wakeConsumer()
      guard !isStopped else { return }
      reader.readAhead?.start()
      // With fewer threads than asked for, the loader is slower but correct.
      for _ in 1..<max(workers, 1) where !WorkerThread.start({ [self] in work() }) { break }
    } catch {
      fail(error)
    }
  }

  private func fail(_ error: StoreError) {
    monitor.withLock {
      ring[0] = .failed(error)
      limit = 1
      claimed = 1
    }
    wakeConsumer()
  }

  private func work() {
    let workspace = BatchReader.Workspace()
    while let (number, storage) = claim(sleeping: true) { make(number, storage, workspace) }
  }

  /// The next batch to make with memory for it, or nil if there is none to make.
  private func claim(sleeping: Bool) -> (Int, BatchStorage)? {
    monitor.lock()
    defer { monitor.unlock() }
    while true {
      guard !isStopped && claimed < limit, reader != nil else { return nil }
      if claimed - delivered < prefetch {
        claimed += 1
        if let reader, let readAhead = reader.readAhead {
          readAhead.advance(max(0, claimed - workerCount) * reader.size, claimed * reader.size)
        }
        return (claimed - 1, freeStorage())
      }
      guard sleeping else { return nil }
      sleepingWorkers += 1
      monitor.wait(for: .worker)
      sleepingWorkers -= 1
    }
  }

  /// Storage that no batch uses any more, or new storage. Under the lock.
  private func freeStorage() -> BatchStorage {
    if let free = pool.first(where: { $0.isFree.load(ordering: .acquiring) }) {
      free.isFree.store(false, ordering: .relaxed)
      return free
    }
    let new = BatchStorage(state: request.state)
    new.isFree.store(false, ordering: .relaxed)
    // Two more than the batches made ahead: the batch that the consumer uses, and one that it has
    // not released yet.
    if pool.count < prefetch + 2 {
      pool.append(new)
    } else {
      pool[claimed % pool.count] = new
    }
    return new
  }

  private func make(_ number: Int, _ storage: BatchStorage, _ workspace: BatchReader.Workspace) {
    var slot: Slot
    do throws(StoreError) {
      reader!.readAhead?.waitUntilReadable(upTo: (number + 1) * reader!.size)
      try reader!.read(number, into: storage, workspace)
      slot = .ready(storage)
    } catch {
      slot = .failed(error)
    }
    monitor.lock()
    if case .failed = slot { limit = min(limit, number + 1) }
    ring[number % prefetch] = slot
    slot = .empty
    let isAwaited = shouldWake()
    monitor.unlock()
    if isAwaited { wakeConsumer() }
  }

  /// Whether enough batches are ready for a waiting consumer, or all that there will be. Under the
  /// lock.
  private func shouldWake() -> Bool {
    guard unsafe waiter != nil || isConsumerAsleep else { return false }
    var ready = 0
    while ready < wakingCount && delivered + ready < limit {
      if case .empty = ring[(delivered + ready) % prefetch] { return false }
      ready += 1
    }
    return true
  }

  private func wakeConsumer() {
    monitor.lock()
    let waiter = unsafe self.waiter
    unsafe self.waiter = nil
    if isConsumerAsleep { monitor.signal(.consumer) }
    monitor.unlock()
    unsafe waiter?.resume()
  }

  // MARK: Consumer

  /// The next batch if it is ready.
  func take() -> Delivery {
    monitor.lock()
    defer { monitor.unlock() }
    return takeLocked()
  }

  private func takeLocked() -> Delivery {
    if delivered >= limit || isStopped { return .end }
    let slot = ring[delivered % prefetch]
    if case .empty = slot { return .notYet }
    ring[delivered % prefetch] = .empty
    delivered += 1
    if sleepingWorkers > 0 && claimed - delivered <= prefetch / 2 { monitor.signal(.worker) }
    switch slot {
    case .ready(let storage): return .batch(storage)
    case .failed(let error): return .failure(error)
    case .empty: return .notYet
    }
  }

  /// The next batch; the calling thread makes batches itself instead of waiting.
  func takeWaiting(_ workspace: BatchReader.Workspace) -> Delivery {
    while true {
      monitor.lock()
      var delivery = takeLocked()
      monitor.unlock()
      guard case .notYet = delivery else { return delivery }
      if let (number, storage) = claim(sleeping: false) {
        make(number, storage, workspace)
        continue
      }
      monitor.lock()
      while true {
        delivery = takeLocked()
        guard case .notYet = delivery else { break }
        isConsumerAsleep = true
        monitor.wait(for: .consumer)
        isConsumerAsleep = false
      }
      monitor.unlock()
      return delivery
    }
  }

  /// Resumes once ``take()`` has something, or at once if it already has.
  func waitUntilReady() async {
    await unsafe withUnsafeContinuation { (continuation: UnsafeContinuation<Void, Never>) in
      monitor.lock()
      var isReady = isStopped || delivered >= limit
      if !isReady, case .empty = ring[delivered % prefetch] {} else { isReady = true }
      if !isReady { unsafe waiter = continuation }
      monitor.unlock()
      if isReady { unsafe continuation.resume() }
    }
  }

  /// Ends the workers after the batches they are making, and resumes a waiting consumer.
  func stop() {
    monitor.lock()
    isStopped = true
    ring = Array(repeating: .empty, count: prefetch)
    pool = []
    if sleepingWorkers > 0 { monitor.signal(.worker) }
    let readAhead = reader?.readAhead
    monitor.unlock()
    readAhead?.stop()
    wakeConsumer()
  }
}

/// Counts of the threads and memory of all loaders in this process, so that tests can check that
/// nothing is left.
package enum LoaderDiagnostics {
  static let threads = Atomic(0)
  static let batches = Atomic(0)

  /// The worker threads that have not ended.
  package static var threadCount: Int { threads.load(ordering: .acquiring) }
  /// The batches whose memory has not been returned to the system.
  package static var batchCount: Int { batches.load(ordering: .acquiring) }
}

import CImageStoreFaults
import ImageStoreCore
import ImageStorePlatform
import ImageStoreSupport
import ImageStoreTesting
import Synchronization

/// Readers in threads and processes while a writer appends.
package struct ConcurrencyCheck {
  /// How it went.
  package struct Figures: Sendable {
    package var commits = 0
    /// How often a store was opened, and how many images were read and compared, by all readers.
    package var opened = 0
    package var images = 0
  }

  private static let imagesPerCommit = 8

  /// Appends commits while `threads` threads of this process and `processes` other processes open the store,
  /// read random batches and compare them with what was written.
  package static func run(
    _ backend: Backend, commits: Int, threads: Int, processes: Int, program: String
  ) throws -> Figures {
    let folder = try WorkFolder()
    let path = backend.path(in: folder.path)
    let stop = "\(folder.path)/stop"
    try backend.append(0..<1, to: path, imagesPerCommit: imagesPerCommit)
    let children = try (0..<processes).map { number in
      try ChildProcess(
        program, ["reader", backend.name, path, stop, "\(commits + 1)", "\(number)"], folder: folder.path)
    }
    let totals = Mutex(Figures())
    let failure = Mutex<(any Error)?>(nil)
    let workers = (0..<threads).map { number in
      JoinableThread {
        do {
          let (opened, images) = try read(
            backend, path, until: stop, commits: commits + 1, seed: UInt64(1000 + number))
          totals.withLock {
            $0.opened += opened
            $0.images += images
          }
        } catch {
          failure.withLock { $0 = error }
        }
      }
    }
    var writerFailure: (any Error)?
    do {
      try backend.append(1..<commits + 1, to: path, imagesPerCommit: imagesPerCommit)
    } catch {
      writerFailure = error
    }
    try Files.write([], to: stop)
    for worker in workers { worker.join() }
    for child in children {
      let (end, output) = try child.wait()
      let numbers = output.split(whereSeparator: \.isWhitespace).compactMap { Int($0) }
      guard end == .exited(0), numbers.count == 2 else {
        throw Violation("\(backend): a reading process ended with \(end): \(output)")
      }
      totals.withLock {
        $0.opened += numbers[0]
        $0.images += numbers[1]
      }
    }
    if let error = writerFailure ?? failure.withLock({ $0 }) { throw Violation("\(backend): \(error)") }
    let store = try backend.open(path)
    try store.verify()
    let all = Commits(backend, imagesPerCommit: imagesPerCommit).images(ofFirst: commits + 1)
    if let difference = try all.difference(from: store) { throw Violation("\(backend): \(difference)") }
    return totals.withLock {
      $0.commits = commits
      return $0
    }
  }

  /// Opens the store and reads from it until a file appears; the store must have whole commits, never fewer
  /// than the time before, and keep them while it is open.
  package static func read(
    _ backend: Backend, _ path: String, until stop: String, commits: Int, seed: UInt64
  ) throws -> (opened: Int, images: Int) {
    let oracle = Commits(backend, imagesPerCommit: imagesPerCommit).images(ofFirst: commits)
    var generator = SplitMix64(seed: seed)
    var (opened, images, least) = (0, 0, imagesPerCommit)
    var batch = ImageBatch()
    var isOver = false
    // Once more after the end, so that each reader sees the last commit.
    while !isOver {
      isOver = FileSystem.kind(of: stop) != nil
      let store = try backend.open(path)
      opened += 1
      let count = store.count
      try require(
        count >= least && count % imagesPerCommit == 0 && count <= oracle.count,
        "a store of \(count) images after one of \(least)")
      least = count
      for _ in 0..<8 {
        let indices = (0..<6).map { _ in Int.random(in: 0..<count, using: &generator) }
        try store.read(indices, into: &batch)
        try require([UInt8](copying: batch.pixels) == oracle.gather(indices), "other pixels")
        try require(batch.labels == indices.map { Int32(oracle.labels?[$0] ?? -1) }, "other labels")
        images += indices.count
      }
      try require(store.count == count, "the store changes while it is open")
    }
    return (opened, images)
  }

  /// Opens one store twice in this process, drops one, reads from the other; then forks with the store open
  /// and reads in both processes.
  package static func openTwiceAndFork(_ backend: Backend) throws {
    let folder = try WorkFolder()
    let path = backend.path(in: folder.path)
    try backend.append(0..<2, to: path, imagesPerCommit: imagesPerCommit)
    let oracle = Commits(backend, imagesPerCommit: imagesPerCommit).images(ofFirst: 2)
    var first: (any ImageStore)? = try backend.open(path)
    let second = try backend.open(path)
    if let first, let difference = try oracle.difference(from: first) { throw Violation(difference) }
    first = nil
    if let difference = try oracle.difference(from: second) {
      throw Violation("\(backend): after another one was closed: \(difference)")
    }
    let child = faults_fork()
    try require(child >= 0, "no process can be forked")
    if child == 0 {
      // No exit handlers: they are the parent's.
      do throws(StoreError) {
        for index in 0..<oracle.count {
          if try second.pixels(at: index) != oracle.pixels[index] { _exit(1) }
        }
      } catch {
        _exit(2)
      }
      _exit(0)
    }
    if let difference = try oracle.difference(from: second) {
      throw Violation("\(backend): the parent reads \(difference)")
    }
    var status: Int32 = 0
    unsafe waitpid(child, &status, 0)
    try require(status == 0, "\(backend): the child of a fork ends with status \(status)")
  }
}

/// A thread that can be waited for.
final class JoinableThread: Sendable {
  private let body: @Sendable () -> Void
  private let isOver = Mutex(false)

  init(_ body: @escaping @Sendable () -> Void) {
    self.body = body
    start()
  }

  func join() {
    while !isOver.withLock({ $0 }) { usleep(1000) }
  }

  private func start() {
    // The thread takes over this reference and releases it.
    let pointer = unsafe Unmanaged.passRetained(self).toOpaque()
    #if canImport(Darwin)
    var thread: pthread_t?
    unsafe pthread_create(&thread, nil, { JoinableThread.run($0) }, pointer)
    if let thread = unsafe thread { unsafe pthread_detach(thread) }
    #else
    var thread = pthread_t()
    unsafe pthread_create(&thread, nil, { unsafe JoinableThread.run($0!) }, pointer)
    pthread_detach(thread)
    #endif
  }

  private static func run(_ pointer: UnsafeMutableRawPointer) -> UnsafeMutableRawPointer? {
    let thread = unsafe Unmanaged<JoinableThread>.fromOpaque(pointer).takeRetainedValue()
    thread.body()
    thread.isOver.withLock { $0 = true }
    return nil
  }
}

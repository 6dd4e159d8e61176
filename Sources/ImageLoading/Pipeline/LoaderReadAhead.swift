internal import ImageStoreCore
internal import ImageStoreSupport

/// Fetches the images of an epoch before the workers read them, on threads of its own.
///
/// The order of an epoch is known before it begins, so fetching can begin at once. The method
/// depends on how much has to be fetched and on the memory for it:
///
/// - If all of it fits in memory and images are small, the files are read from their beginning to
///   their end before the first batch. A disk does that many times faster than finding small images
///   one by one, and later epochs have them in memory.
/// - Images in order, and the blocks of a window of a block shuffle, are read as long runs of the
///   file. A window is read while the one before it is used.
/// - Otherwise images are announced in the order in which they are read, some time ahead.
///
/// Invariant behind `@unchecked Sendable`: every stored variable is used under `monitor`.
@safe final class LoaderReadAhead: @unchecked Sendable {
  private enum Way: Equatable {
    /// The files, whole.
    case files
    /// Long runs of the files: so many images at a time, so many ahead of the workers.
    case runs(unit: Int, distance: Int)
    /// The windows of a block shuffle.
    case windows
    /// One by one: so many at a time, so many ahead of the workers.
    case images(unit: Int, distance: Int)
  }

  /// Bytes of a source that a thread reads.
  private struct Piece {
    let source: any ByteSource
    let range: Range<Int>
  }

  private let stores: [any ImageStore]
  private let sources: [any ByteSource]
  private let indices: SampleIndices
  private let way: Way
  /// Whether bytes that have been read make room for later ones.
  private let letsGo: Bool
  private let monitor = Monitor()
  /// The position of the first image that may not have been read yet.
  private var firstUnread = 0
  /// The position of the next image that no worker has been given.
  private var position = 0
  /// The position up to which images have been announced or are being announced.
  private var announced = 0
  /// The position up to which the store knows of them.
  private var known = 0
  /// Whether images are fetched when they are announced, and twice if they are read before.
  private let isFetching: Bool
  /// Where the window before the one that is announced next begins.
  private var windowBefore = 0
  /// Announced bytes that one of the threads will read.
  private var pieces: [Piece] = []
  private var isPlanning = false
  /// Announced bytes that will be released once they have been read.
  private var kept: [Range<Int>] = []
  private var sleepers = 0
  private var runningThreads = 0
  private var isStopped = false

  /// Images of at least so many bytes are fetched one by one about as fast as a file from its
  /// beginning to its end.
  private static let largeByteCount = 128 << 10
  /// How far ahead images are announced: enough to keep any disk busy, and little compared with the
  /// memory of a machine.
  private static let mostBytesAhead = 64 << 20
  private static let mostImagesAhead = 4096
  private static let pieceByteCount = 1 << 20
  /// The number of bytes of a file that are read before checking whether they are still wanted. The
  /// longer a thread reads, the further the system reads ahead.
  private static let sliceByteCount = 32 << 20
  /// Threads that read runs: one thread has the disk's next request ready before another's is done,
  /// and allocating memory for the bytes takes about as long as reading them.
  private static let readingThreadCount = 2
  /// Threads that open files, most of which wait for the disk.
  private static let openingThreadCount = 16

  /// Nil if nearly all images are in memory.
  ///
  /// - Parameter room: the bytes that files may take of memory.
  init?(
    of stores: [any ImageStore], in order: SampleOrder, _ indices: SampleIndices,
    room: @autoclosure () -> Int = SystemMemory.availableByteCount()
  ) {
    guard indices.count > 0 else { return nil }
    let share = stores.reduce(1) { min($0, $1.residentShare()) }
    guard share < 0.98 else { return nil }
    self.stores = stores
    self.indices = indices
    let known = stores.map(\.knownImageSources)
    let total = known.reduce(0) { $0 + ($1 ?? []).reduce(0) { $0 + $1.byteCount } }
    sources = known.allSatisfy { $0 != nil } ? known.flatMap { $0 ?? [] } : []
    let missing = Int(Double(total) * (1 - share))
    let imageByteCount = max(1, Self.byteCount(of: indices.array(0..<min(256, indices.count)), in: stores))
    // Images fetched over a network stay in memory until they are read.
    let fetched = stores.compactMap(\.knownFetchingByteCount).min()
    let room = room()
    let fits = missing < room / 5 * 4
    let ahead = max(1 << 20, min(Self.mostBytesAhead, room / 8))
    let distance = max(16, min(Self.mostImagesAhead, ahead / imageByteCount))
    // Another process may have images between these.
    let hasAll = !indices.sharesWindows
    let (needed, overflow) = imageByteCount.multipliedReportingOverflow(by: indices.count)
    switch order.kind {
    case _ where fetched != nil && indices.windowEnd(of: 0) != nil:
      // A window is announced while the one before it is read.
      let window = (indices.windowEnd(of: 0) ?? indices.count) * imageByteCount
      way =
        window <= (fetched ?? 0) / 2 ? .windows : .images(unit: max(1, distance / 8), distance: distance)
    case _ where sources.isEmpty: way = .images(unit: max(1, distance / 8), distance: distance)
    case .sequential where hasAll:
      let distance = max(16, ahead / imageByteCount)
      way = .runs(unit: max(1, distance / 16), distance: distance)
    case .blockShuffled, .storeBlockShuffled, .laneShuffled, .storeLaneShuffled:
      let window = (indices.windowEnd(of: 0) ?? indices.count) * imageByteCount
      // Two windows at a time, and room for other reads of the process.
      way = window < room / 3 ? .windows : .images(unit: max(1, distance / 8), distance: distance)
    default:
      let isDense = overflow || needed >= missing / 3
      way =
        fits && isDense && imageByteCount < Self.largeByteCount
        ? .files : .images(unit: max(1, distance / 8), distance: distance)
    }
    isFetching = fetched != nil
    switch way {
    case .runs, .windows: letsGo = !fits && hasAll && !sources.isEmpty
    // Images read in random order are released by the system, which knows what else is wanted.
    case .files, .images: letsGo = false
    }
  }

  /// The mean of the bytes that images take where they are stored.
  private static func byteCount(of sample: [Int], in stores: [any ImageStore]) -> Int {
    var sum = 0
    for store in stores {
      var ranges = ImageRanges()
      store.appendKnownRanges(of: sample.span, to: &ranges)
      // For compressed files the size is not known; half of the pixels is a good enough estimate.
      let known = max(ranges.byteCount, store.knownStoredByteCount(of: sample.span))
      sum += known > 0 ? known : sample.count * (store.format?.byteCount ?? 0) / 2
    }
    return sum / max(1, sample.count)
  }

  /// The advice to the system on the order. If the whole file is fetched anyway, it should also
  /// read the bytes around an image. Otherwise it should read only the announced bytes.
  var pattern: AccessPattern { way == .files ? .any : .random }

  static func pattern(of order: SampleOrder) -> AccessPattern {
    if case .sequential = order.kind { .sequential } else { .random }
  }

  // MARK: What the pipeline calls

  func start() {
    switch way {
    // One thread reads a file in order as fast as the system reads ahead of it.
    case .files: begin(1) { self.readFiles() }
    case .windows where sources.isEmpty: begin(1) { self.announceImages() }
    case .runs, .windows: begin(Self.readingThreadCount) { self.readRuns() }
    case .images:
      begin(stores.contains(where: \.isFilePerImage) ? Self.openingThreadCount : 1) { self.announceImages() }
    }
    // Giving memory back takes about as long as getting it, and would be too late between two
    // pieces.
    if letsGo { begin(1) { self.letImagesGo() } }
  }

  private func begin(_ count: Int, _ body: @escaping @Sendable () -> Void) {
    for _ in 0..<count {
      monitor.withLock { runningThreads += 1 }
      let isRunning = WorkerThread.start { [self] in
        body()
        end()
      }
      // Without a thread the epoch is slower, but correct.
      if !isRunning { end() }
    }
  }

  private func end() {
    monitor.lock()
    runningThreads -= 1
    monitor.signal(.consumer)
    monitor.signal(.worker)
    monitor.unlock()
  }

  /// Returns when the threads have ended by themselves.
  func waitForThreads() {
    monitor.lock()
    while runningThreads > 0 { monitor.wait(for: .consumer) }
    monitor.unlock()
  }

  func stop() {
    monitor.lock()
    isStopped = true
    monitor.signal(.worker)
    monitor.unlock()
  }

  /// Reports how far the workers are.
  ///
  /// - Parameters:
  ///   - first: the position of the first image that may not have been read yet.
  ///   - position: the position of the next image that no worker has been given.
  func advance(_ first: Int, _ position: Int) {
    monitor.lock()
    firstUnread = first
    self.position = position
    if sleepers > 0 && (canAnnounce || canLetGo) { monitor.signal(.worker) }
    monitor.unlock()
  }

  // MARK: What the threads do

  /// Returns when images may be read: after files that are read whole have been read, because reads
  /// of a worker out of order in the meantime would delay the rest; and after images from a network
  /// have been announced.
  ///
  /// - Parameter end: the position after the images.
  func waitUntilReadable(upTo end: Int) {
    guard way == .files || isFetching else { return }
    monitor.lock()
    while runningThreads > 0 && !isStopped && (way == .files || known < min(end, indices.count)) { wait() }
    monitor.unlock()
  }

  private func readFiles() {
    for source in sources {
      for start in stride(from: 0, to: source.byteCount, by: Self.sliceByteCount) {
        guard !monitor.withLock({ isStopped }) else { return }
        source.fetch(start..<min(start + Self.sliceByteCount, source.byteCount))
      }
    }
  }

  private func readRuns() {
    while let piece = nextPiece() {
      if way == .windows {
        // A read would make the system read beyond the block.
        let range = [piece.range]
        piece.source.willRead(range.span)
      } else {
        piece.source.fetch(piece.range)
      }
    }
  }

  private func announceImages() {
    while let positions = monitor.withLock({ nextToAnnounce() }) {
      let images = indices.array(positions)
      for store in stores { store.willRead(images.span) }
      monitor.lock()
      known = positions.upperBound
      monitor.signal(.worker)
      monitor.unlock()
    }
  }

  private func letImagesGo() {
    while let positions = nextToLetGo() {
      let images = images(at: positions)
      for store in stores {
        var ranges = ImageRanges()
        store.appendKnownRanges(of: images.span, to: &ranges)
        ranges.forEachSource { source, ranges in source.letGo(ranges) }
      }
    }
  }

  /// The images at some positions, or those of their window, in the order of the file.
  private func images(at positions: Range<Int>) -> [Int] {
    (way == .windows ? indices.imagesOfWindow(of: positions.lowerBound) : nil) ?? indices.array(positions)
  }

  /// The next bytes for a thread to read; nil at the end.
  private func nextPiece() -> Piece? {
    monitor.lock()
    defer { monitor.unlock() }
    while !isStopped {
      if let piece = pieces.popLast() { return piece }
      if isPlanning {
        wait()
        continue
      }
      // One thread determines the next bytes to read, for all threads.
      isPlanning = true
      let positions = nextToAnnounce()
      if let positions {
        monitor.unlock()
        let planned = plan(positions)
        monitor.lock()
        pieces = planned
      }
      isPlanning = false
      monitor.signal(.worker)
      if positions == nil { return nil }
    }
    return nil
  }

  /// The runs in which images are, the last first.
  private func plan(_ positions: Range<Int>) -> [Piece] {
    let images = images(at: positions)
    var planned: [Piece] = []
    for store in stores {
      var ranges = ImageRanges()
      store.appendKnownRanges(of: images.span, to: &ranges)
      ranges.forEachSource { source, ranges in
        for number in ranges.indices {
          let range = ranges[number]
          for start in stride(from: range.lowerBound, to: range.upperBound, by: Self.pieceByteCount) {
            planned.append(
              Piece(source: source, range: start..<min(start + Self.pieceByteCount, range.upperBound)))
          }
        }
      }
    }
    return planned.reversed()
  }

  // MARK: Under the lock

  /// The positions to announce next, once they are near enough; nil at the end.
  private func nextToAnnounce() -> Range<Int>? {
    while !canAnnounce {
      guard !isStopped, announced < indices.count else { return nil }
      wait()
    }
    guard !isStopped, announced < indices.count else { return nil }
    // Workers may have been faster.
    let start = way == .windows ? announced : max(announced, min(firstUnread, indices.count))
    let end: Int
    switch way {
    case .runs(let unit, _), .images(let unit, _): end = min(start + unit, indices.count)
    case .windows, .files:
      end = indices.windowEnd(of: start) ?? indices.count
      windowBefore = start
    }
    announced = end
    if letsGo { kept.append(start..<end) }
    return start..<end
  }

  /// Whether the next images are near enough.
  private var canAnnounce: Bool {
    switch way {
    case .files: false
    case .runs(let unit, let distance), .images(let unit, let distance):
      announced + unit <= position + distance
    // Those of the next window, as soon as the workers are in the one before.
    case .windows: announced == 0 || position >= windowBefore
    }
  }

  /// The positions whose images have been read; nil at the end.
  private func nextToLetGo() -> Range<Int>? {
    monitor.lock()
    defer { monitor.unlock() }
    while !canLetGo {
      guard !isStopped, announced < indices.count || !kept.isEmpty else { return nil }
      wait()
    }
    return isStopped ? nil : kept.removeFirst()
  }

  /// Whether images that have been announced have been read.
  private var canLetGo: Bool { kept.first.map { $0.upperBound <= firstUnread } ?? false }

  private func wait() {
    sleepers += 1
    monitor.wait(for: .worker)
    sleepers -= 1
  }
}

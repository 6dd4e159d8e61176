internal import ImageStoreCore
internal import ImageStoreSupport

/// Fetches the images of an epoch before the workers read them, on threads of its own.
///
/// The order of an epoch is known before it begins, so nothing has to be waited for. What has to be
/// fetched, and how much memory there is for it, decides how: see ``ReadAheadWay``.
///
/// Invariant behind `@unchecked Sendable`: every stored variable is used under `monitor`, but for
/// `regions`, which the thread uses that has set `isPlanning`.
@safe final class LoaderReadAhead: @unchecked Sendable {
  /// Bytes of a source that a thread reads, or lets go of.
  private struct Piece {
    let source: any ByteSource
    let range: Range<Int>
    var isRead = true
    /// Of a region: its number, and the first position that needs it.
    var number = 0
    var position = 0
  }

  private let stores: [any ImageStore]
  private let sources: [any ByteSource]
  private let indices: SampleIndices
  private let way: ReadAheadWay
  /// Whether what has been read is to make room for what comes.
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
  /// The regions that no thread has been given, and the position up to which there are pieces for them.
  private var regions: RegionPlan
  private var planned = 0
  /// The positions of the pieces that threads read now.
  private var reading: [Int] = []
  /// What has been announced and is to be let go once it has been read.
  private var kept: [Range<Int>] = []
  private var sleepers = 0
  private var runningThreads = 0
  private var isStopped = false

  private static let pieceByteCount = 1 << 20
  /// Images whose regions are planned at a time.
  private static let regionUnit = 128
  private static let regionThreadCount = 4
  /// Threads that read runs: one has the disk's next request ready before another's is done, and
  /// getting memory for what is read takes about as long as reading it.
  private static let readingThreadCount = 3
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
    let fits = ReadAheadWay.fits(missing, in: room)
    // Another process may have images between these.
    let hasAll = !indices.sharesWindows
    let way = ReadAheadWay(
      order, hasAll: hasAll, count: indices.count, window: indices.windowEnd(of: 0),
      imageByteCount: imageByteCount,
      missing: sources.isEmpty ? nil : missing, room: room, fetched: fetched,
      decodes: !stores.allSatisfy(\.isZeroCopy))
    self.way = way
    regions = RegionPlan(way == .regions ? sources : [])
    isFetching = fetched != nil
    switch way {
    case .runs, .windows: letsGo = !fits && hasAll && !sources.isEmpty
    // What is read in no order is let go by the system, which knows what else is wanted.
    case .regions, .images: letsGo = false
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

  static func pattern(of order: SampleOrder) -> AccessPattern {
    if case .sequential = order.kind { .sequential } else { .random }
  }

  // MARK: What the pipeline calls

  func start() {
    switch way {
    case .regions: begin(Self.regionThreadCount) { self.readRegions() }
    case .windows where sources.isEmpty: begin(1) { self.announceImages() }
    case .runs, .windows: begin(Self.readingThreadCount) { self.readRuns() }
    case .images:
      begin(stores.contains(where: \.isFilePerImage) ? Self.openingThreadCount : 1) { self.announceImages() }
    }
    // Giving memory back takes about as long as getting it, and would come too late between two
    // pieces of a run.
    if letsGo && way != .windows { begin(1) { self.letImagesGo() } }
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

  /// Returns when images may be read: when the regions they are in have been, since a page that a
  /// worker would fetch of one meanwhile breaks it up; and when images that come over a network
  /// have been announced.
  ///
  /// - Parameter end: the position after the images.
  func waitUntilReadable(upTo end: Int) {
    guard way == .regions || isFetching else { return }
    monitor.lock()
    while runningThreads > 0 && !isStopped && known < min(end, indices.count) { wait() }
    monitor.unlock()
  }

  private func readRegions() {
    while let piece = nextPiece() {
      piece.source.fetchRegion(piece.number)
      monitor.lock()
      if let place = reading.firstIndex(of: piece.position) { reading.remove(at: place) }
      updateKnown()
      monitor.unlock()
    }
  }

  private func readRuns() {
    while let piece = nextPiece() {
      if way == .windows {
        let range = [piece.range]
        // A read would have the system read on behind the block.
        if piece.isRead { piece.source.willRead(range.span) } else { piece.source.letGo(range.span) }
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
    while let positions = monitor.withLock({ nextToLetGo() }) {
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
      if let piece = pieces.popLast() {
        if way == .regions { reading.append(piece.position) }
        return piece
      }
      if isPlanning {
        wait()
        continue
      }
      // One thread determines the next bytes to read, for all threads.
      isPlanning = true
      let positions = nextToAnnounce()
      let done = windowToLetGo(waiting: positions == nil)
      if positions != nil || done != nil {
        monitor.unlock()
        let found = way == .regions ? planRegions(positions ?? 0..<0) : plan(positions, insteadOf: done)
        monitor.lock()
        pieces = found
        planned = announced
        if way == .regions { updateKnown() }
      }
      isPlanning = false
      monitor.signal(.worker)
      if positions == nil && done == nil { return nil }
    }
    return nil
  }

  /// The regions in which images are, the last first.
  private func planRegions(_ positions: Range<Int>) -> [Piece] {
    regions.regions(of: indices.array(positions), in: stores).reversed().map {
      Piece(source: $0.source, range: 0..<0, number: $0.number, position: positions.lowerBound)
    }
  }

  /// The runs in which images are, the last first.
  ///
  /// As many bytes of a window that is done are let go of before each, so that no more than two are
  /// in memory: a third would have the system look for memory while it reads, which takes longer
  /// than reading.
  private func plan(_ positions: Range<Int>?, insteadOf done: Range<Int>?) -> [Piece] {
    let read = positions.map { pieces(at: $0) } ?? []
    let gone = done.map { pieces(at: $0) } ?? []
    var planned: [Piece] = []
    planned.reserveCapacity(read.count + gone.count)
    for number in 0..<max(read.count, gone.count) {
      if number < gone.count {
        planned.append(Piece(source: gone[number].source, range: gone[number].range, isRead: false))
      }
      if number < read.count { planned.append(read[number]) }
    }
    return planned.reversed()
  }

  /// The runs in which images are, in the order of the file.
  private func pieces(at positions: Range<Int>) -> [Piece] {
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
    return planned
  }

  // MARK: Under the lock

  /// The window that has been read and makes room for the next; at the end, those that are left,
  /// once they have been read.
  private func windowToLetGo(waiting: Bool) -> Range<Int>? {
    guard way == .windows && letsGo else { return nil }
    return waiting ? nextToLetGo() : canLetGo ? kept.removeFirst() : nil
  }

  /// The positions to announce next, once they are near enough; nil at the end.
  private func nextToAnnounce() -> Range<Int>? {
    while !canAnnounce {
      guard !isStopped, announced < indices.count else { return nil }
      wait()
    }
    guard !isStopped, announced < indices.count else { return nil }
    // Workers may have been faster.
    let start =
      way == .windows || way == .regions ? announced : max(announced, min(firstUnread, indices.count))
    let end: Int
    switch way {
    case .runs(let unit, _), .images(let unit, _): end = min(start + unit, indices.count)
    case .regions:
      // Most files are planned whole long before the end.
      end = regions.missingCount == 0 ? indices.count : min(start + Self.regionUnit, indices.count)
    case .windows:
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
    case .regions: true
    case .runs(let unit, let distance), .images(let unit, let distance):
      announced + unit <= position + distance
    // Those of the next window, as soon as the workers are in the one before, or have left the one
    // before that if it makes room.
    case .windows: announced == 0 || (letsGo ? kept.count < 2 || canLetGo : position >= windowBefore)
    }
  }

  /// Lets workers go on if regions that they need have been read.
  private func updateKnown() {
    known = min(planned, reading.min() ?? planned, pieces.last?.position ?? planned)
    monitor.signal(.worker)
  }

  /// The positions whose images have been read; nil at the end.
  private func nextToLetGo() -> Range<Int>? {
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

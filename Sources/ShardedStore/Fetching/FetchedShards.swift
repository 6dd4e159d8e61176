import ImageStoreCore
import ImageStoreSupport
import Synchronization

/// The shards of a data set that is elsewhere: what is announced is fetched in long ranges and kept until it has been read; what is not is
/// fetched when it is read, and kept no longer.
///
/// Memory: what is announced and kept is at most ``limit``; each read under way has up to ``mostBytesPerRead`` besides. What is announced
/// beyond the limit waits for what is before it to be read.
final class FetchedShards: Sendable {
  let folder: any ObjectFolder
  let shards: [ShardManifest.Shard]
  let index: ShardIndex
  let cache: BlockCacheFolder?
  /// The most bytes of announced ranges.
  let limit: Int
  private let state: Mutex<State>

  static let usualLimit = 1 << 30
  /// What one read has fetched at a time, besides one image.
  static let mostBytesPerRead = 64 << 20

  /// An announced range, and who has to do with it.
  ///
  /// Invariant behind `@unchecked Sendable`: what changes is used under the lock of `state`.
  private final class Entry: @unchecked Sendable {
    let range: FetchedRange
    /// Images of it that have been announced and not been read.
    var claims: Int
    /// Reads that have its bytes in their hands.
    var users = 0
    var isStarted = false
    /// After how many bytes that were read it was begun, and in which epoch it was announced.
    var time: Int
    let epoch: Int

    init(_ range: FetchedRange, claims: Int, time: Int, epoch: Int) {
      self.range = range
      self.claims = claims
      self.time = time
      self.epoch = epoch
    }
  }

  private struct State {
    /// By shard, sorted by where they begin; none overlap.
    var entries: [[Entry]]
    /// Those that are not fetched yet, in their order; the ones before `next` have been.
    var queue: [Entry] = []
    var next = 0
    var queuedByteCount = 0
    /// The bytes of those that are fetched or on their way.
    var byteCount = 0
    /// How many bytes have been read.
    var time = 0
    var epoch = 0
  }

  init(
    _ contents: ShardedContents, limit: Int?, cache: BlockCacheFolder?
  ) {
    folder = contents.folder
    shards = contents.manifest.shards
    index = contents.index
    self.cache = cache
    self.limit = limit ?? Self.usualLimit
    state = Mutex(State(entries: Array(repeating: [], count: contents.manifest.shards.count)))
  }

  /// The bytes of announced ranges that are there or on their way.
  var heldByteCount: Int { state.withLock { $0.byteCount } }

  // MARK: Announcing

  /// What was announced before and has come may be given up if memory is needed; what still waits is.
  func beginEpoch() {
    state.withLock { state in
      state.epoch += 1
      for entry in state.queue[state.next...] where !entry.isStarted {
        state.queuedByteCount -= entry.range.bytes.count
        Self.remove(entry, from: &state)
      }
      state.queue = []
      state.next = 0
    }
  }

  /// Has images fetched. Those that no image has, and places that make no sense, are errors of the read.
  func announce(_ indices: Span<Int>) {
    var images: [Int] = []
    images.reserveCapacity(indices.count)
    for position in indices.indices where indices[position] >= 0 && indices[position] < index.count {
      images.append(indices[position])
    }
    images.sort()
    let started = state.withLock { state in
      // More than can come soon had better be fetched when it is read.
      guard state.queuedByteCount < 4 * limit else { return [Entry]() }
      var plan = RangePlan()
      for image in images {
        guard let place = try? index.place(of: image) else { continue }
        if let entry = Self.entry(of: place, in: state) {
          entry.claims += 1
        } else if let block = block(of: image, place) {
          plan.append(block: block, ofShard: place.shard)
        } else {
          let entries = state.entries[place.shard]
          let position = Self.position(of: place.range.lowerBound, in: entries)
          if position > 0 {
            plan.interrupt(after: entries[position - 1].range.bytes.lowerBound, inShard: place.shard)
          }
          plan.append(place)
        }
      }
      for piece in plan.pieces {
        let entry = Entry(
          FetchedRange(piece), claims: piece.imageCount, time: state.time, epoch: state.epoch)
        Self.insert(entry, in: &state)
        state.queue.append(entry)
        state.queuedByteCount += piece.bytes.count
      }
      return startQueued(&state)
    }
    for entry in started { fetch(entry.range) }
  }

  /// The block of the cache that an image is in; nil without a cache.
  private func block(of image: Int, _ place: (shard: Int, range: Range<Int>)) -> Range<Int>? {
    cache == nil ? nil : index.block(of: image, place)
  }

  /// Takes what there is room for off the queue. Under the lock.
  private func startQueued(_ state: inout State) -> [Entry] {
    var started: [Entry] = []
    while state.next < state.queue.count {
      let entry = state.queue[state.next]
      if !entry.isStarted && entry.claims > 0 {
        let size = entry.range.bytes.count
        guard makeRoom(for: size, &state) else { break }
        start(entry, &state)
        started.append(entry)
      } else if !entry.isStarted {
        state.queuedByteCount -= entry.range.bytes.count
        Self.remove(entry, from: &state)
      }
      state.next += 1
    }
    if state.next > 1024 || state.next == state.queue.count {
      state.queue.removeFirst(state.next)
      state.next = 0
    }
    return started
  }

  private func start(_ entry: Entry, _ state: inout State) {
    entry.isStarted = true
    entry.time = state.time
    state.queuedByteCount -= entry.range.bytes.count
    state.byteCount += entry.range.bytes.count
  }

  /// Whether a range of some bytes may be fetched, which one may be that is larger than the limit by itself. What nobody has read for
  /// as long as the limit takes, or since an epoch before, is given up for it.
  private func makeRoom(for byteCount: Int, _ state: inout State) -> Bool {
    if state.byteCount == 0 || byteCount <= limit - state.byteCount { return true }
    for shard in state.entries.indices {
      for entry in state.entries[shard] where entry.isStarted && entry.users == 0 && entry.range.isThere {
        guard entry.epoch < state.epoch || state.time - entry.time > limit else { continue }
        state.byteCount -= entry.range.bytes.count
        Self.remove(entry, from: &state)
      }
    }
    return state.byteCount == 0 || byteCount <= limit - state.byteCount
  }

  /// The entry that has all bytes of a place.
  private static func entry(of place: (shard: Int, range: Range<Int>), in state: borrowing State) -> Entry? {
    let position = position(of: place.range.lowerBound, in: state.entries[place.shard])
    guard position > 0 else { return nil }
    let entry = state.entries[place.shard][position - 1]
    return place.range.upperBound <= entry.range.bytes.upperBound ? entry : nil
  }

  /// How many entries begin at an offset or before.
  private static func position(of offset: Int, in entries: [Entry]) -> Int {
    var (low, high) = (0, entries.count)
    while low < high {
      let middle = (low + high) / 2
      if entries[middle].range.bytes.lowerBound <= offset { low = middle + 1 } else { high = middle }
    }
    return low
  }

  private static func insert(_ entry: Entry, in state: inout State) {
    let shard = entry.range.shard
    state.entries[shard].insert(
      entry, at: position(of: entry.range.bytes.lowerBound, in: state.entries[shard]))
  }

  private static func remove(_ entry: Entry, from state: inout State) {
    state.entries[entry.range.shard].removeAll { $0 === entry }
  }

  // MARK: Fetching

  /// Fetches a range: out of the cache, if it is there; once more, if it does not come whole.
  private func fetch(_ range: FetchedRange) {
    guard let cache, let block = range.block else { return fetch(range, triesLeft: 1) }
    cache.read(range.bytes, in: block, of: shards[range.shard]) { [self] memory in
      if let memory { range.finish(memory, nil) } else { fetch(range, triesLeft: 1) }
    }
  }

  private func fetch(_ range: FetchedRange, triesLeft: Int) {
    let memory: PixelMemory
    do throws(StoreError) {
      memory = try PixelMemory(capacity: range.bytes.count)
    } catch {
      return range.finish(nil, error)
    }
    let shard = shards[range.shard]
    folder.fetch(
      range.bytes, of: ShardNames.object(ofShard: shard.name), expecting: nil, into: memory
    ) { [self] error in
      if error == nil, memory.byteCount == range.bytes.count {
        range.finish(memory, nil)
        if range.block == range.bytes { cache?.write(memory, range.bytes, of: shard) }
      } else if triesLeft > 0 {
        fetch(range, triesLeft: triesLeft - 1)
      } else {
        range.finish(
          nil, error ?? StoreError(.corrupt, "\(memory.byteCount) bytes came of \(range.bytes.count)"))
      }
    }
  }

  /// The bytes of one image, fetched for it alone.
  private func fetchAlone(_ image: Int, _ place: (shard: Int, range: Range<Int>)) throws(StoreError)
    -> PixelMemory
  {
    try folder.fetchAndWait(
      place.range, of: ShardNames.object(ofShard: shards[place.shard].name), expecting: nil)
  }

  // MARK: Reading

  /// Lends the bytes of some images, all of them checked.
  ///
  /// - Parameters:
  ///   - indices: which images; they exist.
  ///   - body: is given a part of the positions, and the bytes of each; parts follow one another.
  /// - Throws: what fetching throws after a second try; ``StoreError/Code/corrupt`` for bytes that do not agree with their checksum twice; both
  ///   naming the shard and the image.
  func withBytes(
    of indices: Span<Int>, _ body: (Range<Int>, [UnsafeRawBufferPointer]) throws(StoreError) -> Void
  ) throws(StoreError) {
    var start = 0
    while start < indices.count {
      var (end, byteCount) = (start, 0)
      while end < indices.count {
        do throws(StoreError) {
          let size = try index.place(of: indices[end]).range.count
          guard byteCount == 0 || size <= Self.mostBytesPerRead - byteCount else { break }
          byteCount += size
          end += 1
        } catch {
          throw named(error, indices[end])
        }
      }
      try unsafe withBytesAtOnce(of: indices.extracting(start..<end), from: start, body)
      start = end
    }
  }

  /// Where the bytes of an image come from.
  private enum Source {
    case announced(Entry)
    case fetched(FetchedRange)
  }

  private func withBytesAtOnce(
    of indices: Span<Int>, from first: Int,
    _ body: (Range<Int>, [UnsafeRawBufferPointer]) throws(StoreError) -> Void
  ) throws(StoreError) {
    var places: [(shard: Int, range: Range<Int>)] = []
    places.reserveCapacity(indices.count)
    for position in indices.indices { places.append(try index.place(of: indices[position])) }
    let sources = begin(indices, places)
    // What is lent stays as long as it is used.
    var held: [PixelMemory] = []
    held.reserveCapacity(places.count)
    var bytes = unsafe [UnsafeRawBufferPointer]()
    unsafe bytes.reserveCapacity(places.count)
    defer { end(places, sources) }
    for (position, place) in places.enumerated() {
      let memory = try memory(of: indices[position], place, sources[position])
      held.append(memory.memory)
      let start = unsafe memory.memory.bytes.baseAddress! + (place.range.lowerBound - memory.start)
      unsafe bytes.append(UnsafeRawBufferPointer(start: start, count: place.range.count))
    }
    try unsafe body(first..<first + places.count, bytes)
    withExtendedLifetime(held) {}
  }

  /// Finds out where the bytes of images come from, and has fetched what nobody announced.
  private func begin(_ indices: Span<Int>, _ places: [(shard: Int, range: Range<Int>)]) -> [Source] {
    var sources: [Source?] = []
    sources.reserveCapacity(places.count)
    var missing: [Int] = []
    let started = state.withLock { state in
      var started: [Entry] = []
      for (position, place) in places.enumerated() {
        var source: Source?
        if let entry = Self.entry(of: place, in: state) {
          // It may still wait for room.
          if !entry.isStarted, makeRoom(for: entry.range.bytes.count, &state) {
            start(entry, &state)
            started.append(entry)
          }
          if entry.isStarted {
            entry.users += 1
            source = .announced(entry)
          } else {
            entry.claims -= 1
          }
        }
        if source == nil { missing.append(position) }
        sources.append(source)
      }
      return started
    }
    for entry in started { fetch(entry.range) }
    missing.sort {
      (places[$0].shard, places[$0].range.lowerBound) < (places[$1].shard, places[$1].range.lowerBound)
    }
    var plan = RangePlan()
    for position in missing {
      plan.append(places[position], in: block(of: indices[position], places[position]))
    }
    var next = 0
    for piece in plan.pieces {
      let range = FetchedRange(piece)
      fetch(range)
      for _ in 0..<piece.imageCount {
        sources[missing[next]] = .fetched(range)
        next += 1
      }
    }
    return sources.map { $0! }
  }

  /// Lets go of what has been read.
  private func end(_ places: [(shard: Int, range: Range<Int>)], _ sources: [Source]) {
    let started = state.withLock { state in
      for (position, source) in sources.enumerated() {
        state.time += places[position].range.count
        guard case .announced(let entry) = source else { continue }
        entry.users -= 1
        entry.claims -= 1
        guard entry.claims <= 0, entry.users == 0 else { continue }
        // A read meanwhile may have let go of it already.
        guard Self.entry(of: (entry.range.shard, entry.range.bytes), in: state) === entry else { continue }
        state.byteCount -= entry.range.bytes.count
        Self.remove(entry, from: &state)
      }
      return startQueued(&state)
    }
    for entry in started { fetch(entry.range) }
  }

  /// The memory that has an image, and where in its shard it begins; the image's bytes have been checked.
  private func memory(
    of image: Int, _ place: (shard: Int, range: Range<Int>), _ source: Source
  ) throws(StoreError) -> (memory: PixelMemory, start: Int) {
    let range =
      switch source {
      case .announced(let entry): entry.range
      case .fetched(let range): range
      }
    if let memory = try? range.wait() {
      let part = memory.span.extracting(
        place.range.lowerBound - range.bytes.lowerBound..<place.range.upperBound - range.bytes.lowerBound)
      if CRC32.checksum(of: part) == index.checksum(of: image) { return (memory, range.bytes.lowerBound) }
      if let block = range.block { cache?.remove(block, of: shards[place.shard]) }
    }
    // What came was cut or damaged, or nothing came: the object itself may be right.
    do throws(StoreError) {
      let memory = try fetchAlone(image, place)
      let (found, stated) = (CRC32.checksum(of: memory.span), index.checksum(of: image))
      guard found == stated else {
        throw StoreError(
          .corrupt,
          "the image is damaged: its CRC-32 is \(found.hexadecimal), not \(stated.hexadecimal), twice",
          remedy: "write the data set again")
      }
      return (memory, place.range.lowerBound)
    } catch {
      throw named(error, image)
    }
  }

  /// The same error naming the image and its shard.
  private func named(_ error: StoreError, _ image: Int) -> StoreError {
    var error = error
    error.path = "\(folder.location)/\(ShardNames.object(ofShard: shards[index.shard(of: image)].name))"
    return error.at(image: image)
  }
}

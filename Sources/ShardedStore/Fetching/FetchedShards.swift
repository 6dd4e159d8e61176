import ImageStoreCore
import ImageStoreSupport
import Synchronization

/// The shards of a remote data set: announced images are fetched in long ranges and kept until they
/// have been read; others are fetched when they are read, and not kept.
///
/// Memory: announced images take at most ``limit``; in addition, each read in progress has up to
/// ``mostBytesPerRead``. Images announced beyond the limit wait until earlier ones have been read.
final class FetchedShards: Sendable {
  let folder: any ObjectFolder
  let shards: [ShardManifest.Shard]
  let index: ShardIndex
  let cache: BlockCacheFolder?
  /// The most bytes of announced ranges.
  let limit: Int
  let state: Mutex<State>

  static let usualLimit = 1 << 30
  /// The bytes that one read fetches at a time, in addition to one image.
  static let mostBytesPerRead = 64 << 20

  /// An announced range, and its users.
  ///
  /// Invariant behind `@unchecked Sendable`: variables are used under the lock of `state`.
  final class Entry: @unchecked Sendable {
    let range: FetchedRange
    /// Images of it that have been announced and not been read.
    var claims: Int
    /// Reads that are using its bytes.
    var users = 0
    var isStarted = false
    /// Memory for its bytes, of a range that has been read.
    var memory: PixelMemory?
    /// The number of bytes that had been read when it was begun, and the epoch in which it was
    /// announced.
    var time: Int
    let epoch: Int

    init(_ range: FetchedRange, claims: Int, time: Int, epoch: Int) {
      self.range = range
      self.claims = claims
      self.time = time
      self.epoch = epoch
    }
  }

  struct State {
    /// By shard, sorted by where they begin; none overlap.
    var entries: [[Entry]]
    /// Those that are not fetched yet, in their order.
    var queue = FIFOQueue<Entry>()
    var queuedByteCount = 0
    /// The bytes of those that are fetched or on their way.
    var byteCount = 0
    /// Memory of ranges that have been read, for those that come: new memory takes the system longer
    /// than bytes take to arrive, and memory that is freed may stay with the process.
    var idle: [PixelMemory] = []
    var idleByteCount = 0
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

  /// Ranges announced earlier that have arrived may be dropped if memory is needed; those still
  /// waiting are dropped.
  func beginEpoch() {
    state.withLock { state in
      state.epoch += 1
      for entry in state.queue.removeAll() where !entry.isStarted {
        state.queuedByteCount -= entry.range.bytes.count
        Self.remove(entry, from: &state)
      }
    }
  }

  /// Fetches images. Indices that no image has, and invalid positions, are errors of the read.
  func announce(_ indices: Span<Int>) {
    var images: [Int] = []
    images.reserveCapacity(indices.count)
    for position in indices.indices where indices[position] >= 0 && indices[position] < index.count {
      images.append(indices[position])
    }
    images.sort()
    let started = state.withLock { state in
      // Images beyond what can arrive soon are better fetched when they are read.
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
    for entry in started { fetch(entry) }
  }

  /// The block of the cache that an image is in; nil without a cache.
  func block(of image: Int, _ place: (shard: Int, range: Range<Int>)) -> Range<Int>? {
    cache == nil ? nil : index.block(of: image, place)
  }

  /// Takes ranges that there is room for off the queue. Under the lock.
  func startQueued(_ state: inout State) -> [Entry] {
    var started: [Entry] = []
    while let entry = state.queue.first {
      if !entry.isStarted && entry.claims > 0 {
        let size = entry.range.bytes.count
        guard makeRoom(for: size, &state) else { break }
        start(entry, &state)
        started.append(entry)
      } else if !entry.isStarted {
        state.queuedByteCount -= entry.range.bytes.count
        Self.remove(entry, from: &state)
      }
      _ = state.queue.popFirst()
    }
    return started
  }

  func start(_ entry: Entry, _ state: inout State) {
    entry.isStarted = true
    entry.time = state.time
    state.queuedByteCount -= entry.range.bytes.count
    state.byteCount += entry.range.bytes.count
    let size = entry.range.bytes.count
    let fitting = state.idle.indices.last {
      // Hardly larger, since the limit counts the bytes that are fetched.
      (size...size + 4096).contains(state.idle[$0].capacity)
        && isKnownUniquelyReferenced(&state.idle[$0])
    }
    if let fitting {
      entry.memory = state.idle.remove(at: fitting)
      state.idleByteCount -= entry.memory!.capacity
    }
    while state.byteCount + state.idleByteCount > limit, let memory = state.idle.popLast() {
      state.idleByteCount -= memory.capacity
    }
  }

  /// Ends the use of a range that has been read or is given up.
  func release(_ entry: Entry, _ state: inout State) {
    state.byteCount -= entry.range.bytes.count
    Self.remove(entry, from: &state)
    guard let memory = entry.range.releaseMemory(),
      memory.capacity <= limit - state.byteCount - state.idleByteCount
    else { return }
    state.idle.append(memory)
    state.idleByteCount += memory.capacity
  }

  /// Whether a range of some bytes may be fetched; a single range may exceed the limit. Ranges that
  /// have not been read while the limit's worth of bytes was read, or since an earlier epoch, are
  /// dropped for it.
  func makeRoom(for byteCount: Int, _ state: inout State) -> Bool {
    if state.byteCount == 0 || byteCount <= limit - state.byteCount { return true }
    for shard in state.entries.indices {
      for entry in state.entries[shard] where entry.isStarted && entry.users == 0 && entry.range.isThere {
        guard entry.epoch < state.epoch || state.time - entry.time > limit else { continue }
        release(entry, &state)
      }
    }
    return state.byteCount == 0 || byteCount <= limit - state.byteCount
  }

  /// The entry that has all bytes of a place.
  static func entry(of place: (shard: Int, range: Range<Int>), in state: borrowing State) -> Entry? {
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

  static func remove(_ entry: Entry, from state: inout State) {
    state.entries[entry.range.shard].removeAll { $0 === entry }
  }

  // MARK: Fetching

  /// Fetches the bytes of an entry that has been started.
  func fetch(_ entry: Entry) {
    let memory = entry.memory.take()
    fetch(entry.range, into: memory)
  }

  /// Fetches a range: from the cache, if it is there; once more, if it does not arrive completely.
  func fetch(_ range: FetchedRange, into memory: PixelMemory?) {
    guard let cache, let block = range.block else { return fetch(range, into: memory, triesLeft: 1) }
    let isRight: @Sendable (UnsafeRawBufferPointer) -> Bool = { [index] bytes in
      unsafe index.isRight(bytes, ofBlock: block, shard: range.shard)
    }
    unsafe cache.read(range.bytes, in: block, of: shards[range.shard], isRight: isRight) { [self] found in
      if let found {
        range.finish(found, nil, isChecked: true)
      } else {
        fetch(range, into: memory, triesLeft: 1)
      }
    }
  }

  private func fetch(_ range: FetchedRange, into given: PixelMemory?, triesLeft: Int) {
    let memory: PixelMemory
    do throws(StoreError) {
      memory = if let given { given } else { try PixelMemory(returningCapacity: range.bytes.count) }
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
        fetch(range, into: memory, triesLeft: triesLeft - 1)
      } else {
        range.finish(
          nil, error ?? StoreError(.corrupt, "only \(memory.byteCount) of \(range.bytes.count) bytes arrived")
        )
      }
    }
  }

  /// The bytes of one image, fetched for it alone.
  func fetchAlone(_ image: Int, _ place: (shard: Int, range: Range<Int>)) throws(StoreError)
    -> PixelMemory
  {
    try folder.fetchAndWait(
      place.range, of: ShardNames.object(ofShard: shards[place.shard].name), expecting: nil)
  }
}

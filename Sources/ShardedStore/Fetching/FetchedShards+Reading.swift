import ImageStoreCore
import ImageStoreSupport
import Synchronization

extension FetchedShards {
  /// Lends the bytes of some images, all of them checked.
  ///
  /// - Parameters:
  ///   - indices: which images; they exist.
  ///   - body: takes a part of the positions, and the bytes of each; parts follow one another.
  /// - Throws: what fetching throws after a second try; ``StoreError/Code/corrupt`` for bytes that
  ///   do not agree with their checksum twice; both naming the shard and the image.
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
    // Lent bytes stay as long as they are used.
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

  /// Finds where the bytes of images come from, and fetches images that were not announced.
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
    for entry in started { fetch(entry) }
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
      fetch(range, into: nil)
      for _ in 0..<piece.imageCount {
        sources[missing[next]] = .fetched(range)
        next += 1
      }
    }
    return sources.map { $0! }
  }

  /// Releases ranges that have been read.
  private func end(_ places: [(shard: Int, range: Range<Int>)], _ sources: [Source]) {
    let started = state.withLock { state in
      for (position, source) in sources.enumerated() {
        state.time += places[position].range.count
        guard case .announced(let entry) = source else { continue }
        entry.users -= 1
        entry.claims -= 1
        guard entry.claims <= 0, entry.users == 0 else { continue }
        // Another read may have released it already.
        guard Self.entry(of: (entry.range.shard, entry.range.bytes), in: state) === entry else { continue }
        release(entry, &state)
      }
      return startQueued(&state)
    }
    for entry in started { fetch(entry) }
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
      if range.isChecked { return (memory, range.bytes.lowerBound) }
      let part = memory.span.extracting(
        place.range.lowerBound - range.bytes.lowerBound..<place.range.upperBound - range.bytes.lowerBound)
      if CRC32.checksum(of: part) == index.checksum(of: image) { return (memory, range.bytes.lowerBound) }
    }
    // The fetched bytes were cut short or damaged, or none arrived: the object itself may be
    // intact.
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

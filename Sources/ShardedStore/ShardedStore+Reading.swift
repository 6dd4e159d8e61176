public import ImageStoreCore
import ImageStoreSupport

extension ShardedStore {
  public func read(
    _ indices: Span<Int>, regions: Span<ImageRegion>, into destination: inout OutputRawSpan
  ) throws(StoreError) {
    let plan = try GatherPlan(indices, regions: regions, in: self)
    try unsafe destination.appendBytes(plan.byteCount) { (memory) throws(StoreError) in
      switch shards {
      case .mapped(let shards):
        if isEncoded { return try unsafe decode(plan, from: shards, into: memory) }
        try plan.performRuns(threads: threads) { (run) throws(StoreError) in
          try unsafe plan.copy(run, into: memory) { (index) throws(StoreError) -> UnsafeRawPointer in
            try unsafe pixels(of: index, in: shards).baseAddress!
          }
        }
      case .fetched(let shards):
        try unsafe shards.withBytes(of: indices) { (positions, bytes) throws(StoreError) in
          try unsafe deliver(plan, positions, bytes, into: memory)
        }
      }
    }
  }

  private func decode(
    _ plan: borrowing GatherPlan, from shards: MappedShards, into memory: UnsafeMutableRawBufferPointer
  ) throws(StoreError) {
    try unsafe plan.decode(by: decoders, threads: threads, into: memory) {
      (decoder, index, request, slot) throws(StoreError) in
      do throws(StoreError) {
        try unsafe withRawSpan(of: stored(index, in: shards)) { (bytes) throws(StoreError) in
          try unsafe decoder.decode(bytes, request, into: slot)
        }
      } catch {
        throw named(error, index)
      }
    }
  }

  /// Copies or decodes images whose bytes have been fetched to their slots.
  private func deliver(
    _ plan: borrowing GatherPlan, _ positions: Range<Int>, _ bytes: [UnsafeRawBufferPointer],
    into memory: UnsafeMutableRawBufferPointer
  ) throws(StoreError) {
    if isEncoded {
      try Workers.performRuns(of: positions.count, minimum: 4, threads: threads) { (run) throws(StoreError) in
        try decoders.withObject { (decoder) throws(StoreError) in
          for offset in run {
            let position = positions.lowerBound + offset
            let request = DecodeRequest(format: plan.format(at: position), region: plan.crop(at: position))
            do throws(StoreError) {
              try unsafe withRawSpan(of: bytes[offset]) { (bytes) throws(StoreError) in
                try unsafe decoder.decode(bytes, request, into: plan.slot(of: position, in: memory))
              }
            } catch {
              throw named(error, plan.indices[position])
            }
          }
        }
      }
    } else {
      for position in positions {
        let format = plan.format(at: position)
        let pixels = try unsafe pixels(bytes[position - positions.lowerBound], format, plan.indices[position])
        // The region has been checked against the format, and the slot has its size.
        unsafe copyRegion(
          plan.region(at: position), of: format, from: pixels.baseAddress!,
          to: plan.slot(of: position, in: memory).baseAddress!)
      }
    }
  }

  /// The bytes that are stored of an image, whose index has been checked.
  @inline(__always)
  func stored(_ index: Int, in shards: MappedShards) throws(StoreError) -> UnsafeRawBufferPointer {
    unsafe shards.bytes(try self.index.place(of: index))
  }

  /// The pixels of an image that is an array.
  @inline(__always)
  func pixels(of index: Int, in shards: MappedShards) throws(StoreError) -> UnsafeRawBufferPointer {
    try unsafe pixels(stored(index, in: shards), format(at: index), index)
  }

  /// The pixels of an image that is an array: the last of its stored bytes.
  @inline(__always)
  private func pixels(
    _ bytes: UnsafeRawBufferPointer, _ format: ImageFormat, _ index: Int
  ) throws(StoreError) -> UnsafeRawBufferPointer {
    guard bytes.count >= format.byteCount else {
      throw named(
        StoreError(
          .corrupt, "\(bytes.count) bytes do not fit an image of \(format)",
          remedy: "write the data set again"),
        index)
    }
    return unsafe UnsafeRawBufferPointer(rebasing: bytes[(bytes.count - format.byteCount)...])
  }

  public func forEachImage(
    _ indices: Span<Int>,
    _ body: (_ position: Int, _ format: ImageFormat, _ pixels: RawSpan) throws(StoreError) -> Void
  ) throws(StoreError) {
    try check(indices)
    guard !isEncoded, case .mapped(let shards) = shards else {
      return try borrowDecoded(indices, byteBudget: isEncoded ? 1 << 20 : 16 << 20, body)
    }
    for position in indices.indices {
      let format = try format(at: indices[position])
      try unsafe withRawSpan(of: pixels(of: indices[position], in: shards)) { (pixels) throws(StoreError) in
        try body(position, format, pixels)
      }
    }
  }

  /// Lends the bytes that are stored of images one after another, as they are.
  func forEachStored(
    _ indices: Span<Int>, _ body: (_ position: Int, _ bytes: RawSpan) throws(StoreError) -> Void
  ) throws(StoreError) {
    switch shards {
    case .mapped(let shards):
      for position in indices.indices {
        try unsafe withRawSpan(of: stored(indices[position], in: shards)) { (bytes) throws(StoreError) in
          try body(position, bytes)
        }
      }
    case .fetched(let shards):
      try unsafe shards.withBytes(of: indices) { (positions, bytes) throws(StoreError) in
        for position in positions {
          try unsafe withRawSpan(of: bytes[position - positions.lowerBound]) { (bytes) throws(StoreError) in
            try body(position, bytes)
          }
        }
      }
    }
  }

  func check(_ indices: Span<Int>) throws(StoreError) {
    for position in indices.indices where indices[position] < 0 || indices[position] >= count {
      throw .indexOutOfRange(indices[position], count: count)
    }
  }

  public var isZeroCopy: Bool {
    if case .mapped = shards { !isEncoded } else { false }
  }

  public func advise(_ pattern: AccessPattern) {
    switch shards {
    case .mapped(let shards): for file in shards.files { file.advise(pattern) }
    // A caller that says in which order images will be read is beginning a pass.
    case .fetched(let shards): shards.beginEpoch()
    }
  }
}

// The maps stay for as long as the store does.
extension ShardedStore: LocatingStore {}

extension ShardedStore: EncodedStore {
  package var isEncoded: Bool { contents.manifest.layout == .encoded }

  package func forEachEncoded(
    _ indices: Span<Int>, _ body: (_ position: Int, _ bytes: RawSpan) throws(StoreError) -> Void
  ) throws(StoreError) {
    try check(indices)
    try forEachStored(indices, body)
  }

  package func codecNumber(at index: Int) -> UInt8? {
    guard index >= 0, index < count, let codec = try? self.index.kind(of: index).codec else { return nil }
    return codec > 0 ? codec : nil
  }
}

import ImageStoreCore
import ImageStoreNumPy
import ImageStoreSupport

extension ImageEntries {
  /// Where the pixels of a stored image lie in the map, checked when they are first asked for.
  @inline(__always)
  func mappedPixels(_ index: Int, _ offsets: PixelOffsets) throws(StoreError) -> UnsafeRawPointer {
    let known = offsets[index]
    guard known == 0 else { return unsafe archive.file.bytes.baseAddress! + known }
    return try unsafe checkMapped(index, offsets)
  }

  private func checkMapped(
    _ index: Int, _ offsets: PixelOffsets
  ) throws(StoreError) -> UnsafeRawPointer {
    do throws(StoreError) {
      return try unsafe decoders.with { (decoder) throws(StoreError) -> UnsafeRawPointer in
        let decoded = try decode(index, with: decoder, checks: checksums == .check)
        guard decoded.images.isDirect else {
          // One array in Fortran order among others in C order.
          throw StoreError(
            .unsupported, "an image in another order of bytes than the first",
            remedy: "save the archive again")
        }
        if decoded.images.format.elementType == .bool {
          let pixels = unsafe UnsafeRawBufferPointer(
            start: decoded.pixels, count: decoded.images.format.byteCount)
          // This package's writer lets none through.
          if let offset = unsafe NPYImages.firstNonBoolean(in: pixels) {
            throw unsafe StoreError(
              .corrupt, "a truth value of \(pixels[offset]) at byte \(offset) of the pixels")
          }
        }
        offsets[index] = unsafe decoded.pixels - archive.file.bytes.baseAddress!
        return unsafe decoded.pixels
      }
    } catch {
      throw named(error, index)
    }
  }

  /// Appends images to the caller's memory, decoding on several threads.
  func read(
    _ indices: Span<Int>, regions: Span<ImageRegion>, into destination: inout OutputRawSpan
  ) throws(StoreError) {
    if let format {
      let gather = try UniformGather(indices, regions: regions, of: count, format: format)
      if let mapped {
        return try unsafe destination.appendBytes(gather.byteCount) { (memory) throws(StoreError) in
          try gather.performRuns(threads: threads) { (run) throws(StoreError) in
            try unsafe gather.copy(run, indices, regions: regions, into: memory) {
              (index) throws(StoreError) -> UnsafeRawPointer in try unsafe mappedPixels(index, mapped)
            }
          }
        }
      }
      return try unsafe destination.appendBytes(gather.byteCount) { (memory) throws(StoreError) in
        try unsafe decode(
          indices, regions: regions, layout: BatchLayout(gather.delivered, count: gather.count),
          isWhole: gather.isWhole, into: memory)
      }
    }
    let layout = try layout(indices, regions: regions)
    try unsafe destination.appendBytes(layout.byteCount) { (memory) throws(StoreError) in
      try unsafe decode(
        indices, regions: regions, layout: layout, isWhole: regions.count == 0, into: memory)
    }
  }

  /// How images of different formats, or a region of each, lie one after another.
  func layout(
    _ indices: Span<Int>, regions: Span<ImageRegion>
  ) throws(StoreError) -> BatchLayout {
    if regions.count > 0 { try checkRegionCount(regions.count, images: indices.count) }
    var formats: [ImageFormat] = []
    formats.reserveCapacity(indices.count)
    for position in indices.indices {
      let format = try format(at: indices[position])
      guard regions.count > 0 else {
        formats.append(format)
        continue
      }
      let region = regions[regions.count == 1 ? 0 : position]
      guard region.isContained(in: format) else {
        throw .outside(region, of: format, image: indices[position])
      }
      try checkSameSize(region, as: regions[0])
      formats.append(format.cropped(to: region))
    }
    return BatchLayout(formats)
  }

  /// Decodes images, or regions of them, to where a layout has them.
  func decode(
    _ indices: Span<Int>, regions: Span<ImageRegion>, layout: BatchLayout, isWhole: Bool,
    into memory: UnsafeMutableRawBufferPointer
  ) throws(StoreError) {
    guard indices.count > 0 else { return }
    let base = memory.baseAddress!
    // A run is worth a thread's waking from some 10 KB on.
    let minimum = max(1, 16_384 / max(1, layout.byteCount / indices.count))
    try Workers.performRuns(of: indices.count, minimum: minimum, threads: threads) {
      (run) throws(StoreError) in
      try decoders.with { (decoder) throws(StoreError) in
        let start = layout.byteRange(of: run.lowerBound).lowerBound
        let end = layout.byteRange(of: run.upperBound - 1).upperBound
        for position in run {
          let index = indices[position]
          let slot = layout.byteRange(of: position).lowerBound
          do throws(StoreError) {
            if isWhole {
              try unsafe decodeWhole(
                index, into: base + slot, before: slot - start, after: end - slot,
                format: layout[position], with: decoder)
            } else {
              try unsafe decodeRegion(
                regions[regions.count == 1 ? 0 : position], of: index, into: base + slot,
                format: format(at: index), with: decoder)
            }
          } catch {
            throw named(error, index)
          }
        }
      }
    }
  }

  /// Lends images one after another: from the map, or from memory to which some are decoded at a time.
  func forEachImage(
    _ indices: Span<Int>,
    _ body: (_ position: Int, _ format: ImageFormat, _ pixels: RawSpan) throws(StoreError) -> Void
  ) throws(StoreError) {
    for position in indices.indices where indices[position] < 0 || indices[position] >= count {
      throw .indexOutOfRange(indices[position], count: count)
    }
    if let mapped, let format {
      for position in indices.indices {
        let pixels = try unsafe UnsafeRawBufferPointer(
          start: mappedPixels(indices[position], mapped), count: format.byteCount)
        try unsafe withRawSpan(of: pixels) { (pixels) throws(StoreError) in
          try body(position, format, pixels)
        }
      }
      return
    }
    var start = 0
    var memory: PixelMemory?
    while start < indices.count {
      let end = try endOfPiece(indices, from: start)
      let piece = indices.extracting(start..<end)
      let layout = try layout(piece, regions: Span())
      if (memory?.capacity ?? 0) < layout.byteCount {
        memory = try PixelMemory(capacity: layout.byteCount)
      }
      try memory!.fill { (output) throws(StoreError) in
        try unsafe output.appendBytes(layout.byteCount) { (target) throws(StoreError) in
          try unsafe decode(piece, regions: Span(), layout: layout, isWhole: true, into: target)
        }
      }
      for position in 0..<layout.count {
        try body(
          start + position, layout[position], memory!.span.extracting(layout.byteRange(of: position)))
      }
      start = end
    }
  }

  /// Where the images end that are decoded together: about 1 MiB, and one for each thread at least.
  private func endOfPiece(_ indices: Span<Int>, from start: Int) throws(StoreError) -> Int {
    var end = start
    var byteCount = 0
    while end < indices.count, end - start < threads || byteCount < 1 << 20 {
      byteCount += try format(at: indices[end]).byteCount
      end += 1
    }
    return end
  }

  /// Decodes every image and checks its checksum.
  func verify(progress: (_ checked: Int) -> Void) throws(StoreError) {
    let step = 4096
    for start in stride(from: 0, to: count, by: step) {
      let end = min(start + step, count)
      try verify(Array(start..<end).span)
      progress(end)
    }
  }

  /// Checks one image; of a large one that is deflated a piece at a time is in memory.
  private func verify(_ index: Int, with decoder: EntryDecoder) throws(StoreError) {
    let entry = entry(index)
    guard entry.isDeflated, entry.byteCount > ZipEntryReader.wholeByteCount else {
      _ = try decode(index, with: decoder, checks: true)
      return
    }
    try check(NPYImages(imageOf: archive.header(of: entry, with: &decoder.inflater)).format)
    try archive.check(entry)
  }

  /// Decodes images and checks their checksums.
  func verify(_ indices: Span<Int>) throws(StoreError) {
    for position in indices.indices where indices[position] < 0 || indices[position] >= count {
      throw .indexOutOfRange(indices[position], count: count)
    }
    try Workers.performRuns(of: indices.count, minimum: 8, threads: threads) { (run) throws(StoreError) in
      try decoders.with { (decoder) throws(StoreError) in
        for position in run {
          do throws(StoreError) {
            try verify(indices[position], with: decoder)
          } catch {
            throw named(error, indices[position])
          }
        }
      }
    }
  }
}

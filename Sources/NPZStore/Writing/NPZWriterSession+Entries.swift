import ImageStoreCore
import ImageStoreNumPy
import ImageStoreSupport

extension NPZWriterSession {
  /// Deflates images on several threads, a bounded number of bytes at a time.
  func deflate(
    _ pixels: RawSpan, _ layout: BatchLayout, with encoders: IdlePool<EntryEncoder>
  ) throws(StoreError) {
    // Pieces of many small images or of one large one, and enough of them to keep every thread
    // busy.
    let imagesPerPiece = max(1, (96 << 10) / max(1, layout.byteCount / layout.count))
    let piecesPerGroup = 4 * threads
    var start = 0
    while start < layout.count {
      let end = min(layout.count, start + imagesPerPiece * piecesPerGroup)
      let outputs = (0..<(end - start + imagesPerPiece - 1) / imagesPerPiece).map { _ in EncodedPiece() }
      let firstIndex = firstIndex
      let headers = headers(of: layout, start..<end)
      try Workers.perform(outputs.count, threads: threads) { (piece) throws(StoreError) in
        let first = start + piece * imagesPerPiece
        try encoders.withObject { (encoder) throws(StoreError) in
          for position in first..<min(first + imagesPerPiece, end) {
            let image = pixels.extracting(layout.byteRange(of: position))
            try unsafe image.withUnsafeBytes { (data) throws(StoreError) in
              try unsafe outputs[piece].encode(
                header: headers.count == 1 ? headers[0] : headers[position - start], data: data,
                name: ZipNumbering.images.name(of: firstIndex + position - start), with: encoder)
            }
          }
        }
      }
      for output in outputs {
        for var entry in output.entries {
          entry.offset += offset
          entries.append(entry)
        }
        try unsafe emit(output.bytes.span.bytes)
      }
      try leaveTrailer()
      start = end
    }
  }

  /// Stores images as they are, their pixels at multiples of 64 bytes.
  func store(_ pixels: RawSpan, _ layout: BatchLayout) throws(StoreError) {
    for position in 0..<layout.count {
      let image = pixels.extracting(layout.byteRange(of: position))
      let name = ZipNumbering.images.name(of: firstIndex)
      entries.append(
        try unsafe image.withUnsafeBytes { (data) throws(StoreError) in
          try unsafe store(header: header(of: layout[position]), data: data, name: name)
        })
      if target.old == nil {
        try flushWholePieces()
      } else if pending.count >= 1 << 20 || byteCountSinceTrailer >= Self.trailerDistance {
        try flush()
        try leaveTrailer()
      }
    }
    // The rest of a new archive waits for the next images, so that pieces stay whole.
    if target.old != nil { try flush() }
  }

  /// Stores encoded images as they are.
  func store(_ bytes: RawSpan, _ images: [EncodedImage]) throws(StoreError) {
    let first = firstIndex
    for (position, image) in images.enumerated() {
      let name = ZipNumbering.name(ofEncoded: first + position, image.kind)
      let entry = ZipWrittenEntry(
        offset: offset + pending.count, compressedByteCount: image.range.count, byteCount: image.range.count,
        checksum: image.checksum, isDeflated: false)
      ZipFormat.appendLocalHeader(of: entry, name: name, dataOffset: nil, to: &pending)
      let bytes = bytes.extracting(image.range)
      if image.range.count >= 1 << 18 {
        try flush()
        try emit(bytes)
      } else {
        unsafe bytes.withUnsafeBytes { unsafe pending.append(contentsOf: $0) }
      }
      entries.append(entry)
      if target.old == nil {
        try flushWholePieces()
      } else if pending.count >= 1 << 20 || byteCountSinceTrailer >= Self.trailerDistance {
        try flush()
        try leaveTrailer()
      }
    }
    if target.old != nil { try flush() }
  }

  /// Writes an entry with an array of labels, of a column or of names.
  func write(_ array: [UInt8], name: String) throws(StoreError) -> ZipWrittenEntry {
    let entry: ZipWrittenEntry
    if let encoders {
      let output = EncodedPiece()
      try unsafe array.span.bytes.withUnsafeBytes { (data) throws(StoreError) in
        try encoders.withObject { (encoder) throws(StoreError) in
          try unsafe output.encode(header: [], data: data, name: name, with: encoder)
        }
      }
      var written = output.entries[0]
      written.offset = offset
      entry = written
      try unsafe emit(output.bytes.span.bytes)
    } else {
      entry = try unsafe array.span.bytes.withUnsafeBytes { (data) throws(StoreError) in
        try unsafe store(header: [], data: data, name: name)
      }
      try flush()
    }
    return entry
  }

  private func store(
    header: [UInt8], data: UnsafeRawBufferPointer, name: String
  ) throws(StoreError) -> ZipWrittenEntry {
    var checksum = CRC32()
    unsafe checksum.add(header.span.bytes)
    unsafe checksum.add(data)
    let byteCount = header.count + data.count
    let entry = ZipWrittenEntry(
      offset: offset + pending.count, compressedByteCount: byteCount, byteCount: byteCount,
      checksum: checksum.value, isDeflated: false)
    ZipFormat.appendLocalHeader(
      of: entry, name: name,
      dataOffset: ZipFormat.alignedStart(
        offset: entry.offset, nameByteCount: name.utf8.count, byteCount: byteCount),
      to: &pending)
    pending += header
    if data.count >= 1 << 18 {
      try flush()
      try unsafe withRawSpan(of: data) { (data) throws(StoreError) in try emit(data) }
    } else {
      unsafe pending.append(contentsOf: data)
    }
    return entry
  }

  /// The header's bytes of an image of a format.
  private func header(of format: ImageFormat) -> [UInt8] {
    if let header, header.format == format { return header.bytes }
    let bytes = NPYHeader(format).bytes
    header = (format, bytes)
    return bytes
  }

  /// The headers of some images, or one if all have the same.
  private func headers(of layout: BatchLayout, _ range: Range<Int>) -> [[UInt8]] {
    if let format = layout.uniformFormat { return [header(of: format)] }
    return range.map { header(of: layout[$0]) }
  }

  /// Writes what is pending up to where the last whole piece of the file ends; see ``SequentialWriting``.
  private func flushWholePieces() throws(StoreError) {
    let whole = SequentialWriting.boundary(notAfter: offset + pending.count) - offset
    guard whole > 0 else { return }
    let bytes = pending
    pending = [UInt8](bytes[whole...])
    let pieces = unsafe bytes.span.bytes
    try emit(pieces.extracting(first: whole))
  }

  func flush() throws(StoreError) {
    let bytes = pending
    pending.removeAll(keepingCapacity: true)
    try unsafe emit(bytes.span.bytes)
  }

  /// Writes bytes at the end.
  func emit(_ bytes: RawSpan) throws(StoreError) {
    try target.write(bytes, at: offset)
    offset += bytes.byteCount
    byteCountSinceTrailer += bytes.byteCount
  }

  private static let trailerDistance = 4 << 20

  /// Writes the last commit's trailer after the bytes of an append from time to time, but only
  /// between entries, so that a reader does not have to search far for it.
  private func leaveTrailer() throws(StoreError) {
    guard let old = target.old, byteCountSinceTrailer >= Self.trailerDistance else { return }
    let trailer = old.store.archive.end.trailer
    unsafe try emit(trailer.span.bytes)
    byteCountSinceTrailer = 0
  }
}

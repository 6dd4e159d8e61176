extension InMemoryStore {
  /// Collects images in memory and becomes a store without copying them again.
  public struct Writer: ImageStoreWriter, ~Copyable {
    private var memory: PixelMemory?
    /// The format of all images so far; nil once they differ.
    private var uniformFormat: ImageFormat?
    /// The formats of all images, once they differ.
    private var formats: [ImageFormat] = []
    private var labels = ImageLabels()
    private let classNames: [String]?
    private var failure: StoreError?
    public private(set) var count = 0

    /// Creates a writer that has no images yet.
    ///
    /// - Parameter classNames: the names of the classes that labels count from 0.
    public init(classNames: [String]? = nil) {
      self.classNames = classNames
    }

    /// Reserves room for later images, so that memory is allocated once.
    ///
    /// - Parameter byteCount: the bytes of pixels that all images together will take.
    /// - Throws: ``StoreError/Code/limitExceeded`` if there is not enough memory.
    public mutating func reserveCapacity(_ byteCount: Int) throws(StoreError) {
      guard byteCount > memory?.capacity ?? 0 else { return }
      let larger = try PixelMemory(capacity: byteCount)
      if let memory {
        try larger.append { (output) throws(StoreError) in try output.append(memory.span) }
      }
      memory = larger
    }

    public mutating func append(
      _ pixels: RawSpan, layout: BatchLayout, labels: ImageLabels
    ) throws(StoreError) {
      if let failure { throw failure }
      do throws(StoreError) {
        try labels.validate(count: layout.count)
        guard pixels.byteCount == layout.byteCount else {
          throw StoreError(
            .invalidArgument,
            "\(pixels.byteCount) bytes of pixels were given for images of \(layout.byteCount) bytes")
        }
        guard layout.count > 0 || count == 0 else { return }
        if count == 0 {
          self.labels = labels
        } else {
          try self.labels.append(labels)
        }
        try appendPixels(pixels)
        appendFormats(layout)
        count += layout.count
      } catch {
        failure = error
        throw error
      }
    }

    /// Returns a store of the images appended, which takes over the memory.
    ///
    /// - Throws: the error of an append that failed.
    public consuming func finish() throws(StoreError) -> InMemoryStore {
      if let failure { throw failure }
      let layout = uniformFormat.map { BatchLayout($0, count: count) } ?? BatchLayout(formats)
      let memory = if let memory { memory } else { try PixelMemory(capacity: 0) }
      return InMemoryStore(memory: memory, layout: layout, labels: labels, classNames: classNames)
    }

    private mutating func appendPixels(_ pixels: RawSpan) throws(StoreError) {
      let held = memory?.byteCount ?? 0
      let (needed, overflow) = held.addingReportingOverflow(pixels.byteCount)
      guard !overflow else {
        throw StoreError(.limitExceeded, "no memory for \(pixels.byteCount) more bytes of pixels")
      }
      if needed > memory?.capacity ?? 0 {
        // Doubling keeps the copies of a long series of appends below its own length.
        try reserveCapacity(max(needed, 2 * held))
      }
      try memory?.append { (output) throws(StoreError) in try output.append(pixels) }
    }

    private mutating func appendFormats(_ layout: BatchLayout) {
      guard layout.count > 0 else { return }
      if let format = layout.uniformFormat, count == 0 || format == uniformFormat {
        uniformFormat = format
        return
      }
      if let uniformFormat {
        formats = Array(repeating: uniformFormat, count: count)
        self.uniformFormat = nil
      }
      for position in 0..<layout.count { formats.append(layout[position]) }
    }
  }
}

extension OutputRawSpan {
  /// Appends a copy of some bytes.
  fileprivate mutating func append(_ bytes: RawSpan) throws(StoreError) {
    try unsafe appendBytes(bytes.byteCount) { (memory) throws(StoreError) in
      unsafe bytes.withUnsafeBytes { unsafe memory.copyMemory(from: $0) }
    }
  }
}

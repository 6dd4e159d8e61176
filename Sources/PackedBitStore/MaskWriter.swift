import ImageStoreCore
import ImageStoreNumPy
import ImageStoreSupport

/// What a store's writer does.
///
/// A class with one owner, ``PackedBitStore/Writer``, which cannot be copied.
final class MaskWriter {
  private let target: MaskTarget
  private let axis: PackingAxis
  private let threshold: Double?
  private let classNames: [String]?
  private let threads: Int
  /// How masks are packed, once the first is there.
  private var layout: PackedBitLayout?
  private var annotations = Annotations()
  private var checksums: [Int64] = []
  private let oldCount: Int
  private(set) var count = 0
  private var failure: StoreError?

  init(
    _ path: String, _ mode: WriteMode, axis: PackingAxis, threshold: Double?, classNames: [String]?,
    threads: Int
  ) throws(StoreError) {
    target = try MaskTarget.open(path, mode: mode)
    self.axis = axis
    self.threshold = threshold
    self.classNames = classNames
    self.threads = threads
    layout = target.old?.layout
    oldCount = target.old?.count ?? 0
    if let old = target.old, oldCount > 0 {
      annotations = try old.annotations()
      checksums = try old.checksumsToContinue()
    }
  }

  func append(
    _ pixels: RawSpan, layout: BatchLayout, annotations: Annotations
  ) throws(StoreError) {
    if let failure { throw failure }
    do throws(StoreError) {
      try appendChecked(pixels, layout, annotations)
    } catch {
      failure = error.at(path: target.file.path)
      throw failure!
    }
  }

  private func appendChecked(
    _ pixels: RawSpan, _ batch: BatchLayout, _ annotations: Annotations
  ) throws(StoreError) {
    guard pixels.byteCount == batch.byteCount else {
      throw StoreError(
        .invalidArgument, "\(pixels.byteCount) bytes of pixels where the layout has \(batch.byteCount)")
    }
    try annotations.validate(count: batch.count)
    guard batch.count > 0 else { return }
    let layout = try layout(for: batch)
    if oldCount + count == 0 {
      self.annotations = annotations
    } else {
      try self.annotations.append(annotations)
    }
    self.layout = layout
    // Some megabytes of packed masks at a time, and work for every thread.
    let step = max(2 * threads, (4 << 20) / layout.byteCount)
    let memory = try PixelMemory(capacity: min(step, batch.count) * layout.byteCount)
    for start in stride(from: 0, to: batch.count, by: step) {
      let end = min(start + step, batch.count)
      try memory.fill { (output) throws(StoreError) in
        try unsafe output.appendBytes((end - start) * layout.byteCount) { (packed) throws(StoreError) in
          try Workers.performRuns(of: end - start, minimum: 1, threads: threads) {
            (run) throws(StoreError) in
            try unsafe pack(
              pixels, batch, start + run.lowerBound..<start + run.upperBound, layout,
              to: UnsafeMutableRawBufferPointer(
                rebasing: packed[run.lowerBound * layout.byteCount..<run.upperBound * layout.byteCount]))
          }
        }
      }
      try write(memory.span, layout)
      count += end - start
    }
  }

  /// The layout of the masks, which all images of a batch must have.
  private func layout(for batch: BatchLayout) throws(StoreError) -> PackedBitLayout {
    let first = batch[0]
    let new = try PackedBitLayout(height: first.height, width: first.width, axis: axis)
    let layout = self.layout ?? new
    for position in 0..<(batch.uniformFormat == nil ? batch.count : 1) {
      let format = batch[position]
      guard format.height == layout.height, format.width == layout.width else {
        throw StoreError(
          .unsupported,
          "a mask of \(format.height)x\(format.width) among masks of \(layout.height)x\(layout.width)",
          remedy: "packed masks are all of one size", image: oldCount + count + position)
      }
    }
    return layout
  }

  /// Packs some masks; called on several threads at once.
  private func pack(
    _ pixels: RawSpan, _ batch: BatchLayout, _ run: Range<Int>, _ layout: PackedBitLayout,
    to packed: UnsafeMutableRawBufferPointer
  ) throws(StoreError) {
    var scratch: PixelMemory?
    for position in run {
      let format = batch[position]
      let target = unsafe packed.baseAddress! + (position - run.lowerBound) * layout.byteCount
      do throws(StoreError) {
        try unsafe pixels.extracting(batch.byteRange(of: position)).withUnsafeBytes {
          (image) throws(StoreError) in
          if threshold == nil, MaskPixels.areBytes(format),
            unsafe NPYImages.firstNonBoolean(in: image) == nil
          {
            unsafe layout.pack(image.baseAddress!, to: target)
            return
          }
          let count = layout.height * layout.width
          if scratch == nil { scratch = try PixelMemory(capacity: count) }
          let memory = scratch!
          try memory.fill { (output) throws(StoreError) in
            try unsafe output.appendBytes(count) { (mask) throws(StoreError) in
              try unsafe MaskPixels.convert(image, format, threshold: threshold, to: mask)
            }
          }
          withExtendedLifetime(memory) {
            unsafe layout.pack(memory.bytes.baseAddress!, to: target)
          }
        }
      } catch {
        throw error.at(image: oldCount + count + position)
      }
    }
  }

  /// Writes packed masks after those that are there.
  private func write(_ masks: RawSpan, _ layout: PackedBitLayout) throws(StoreError) {
    for start in stride(from: 0, to: masks.byteCount, by: layout.byteCount) {
      let mask = masks.extracting(start..<start + layout.byteCount)
      checksums.append(Int64(CRC32.checksum(of: mask)))
    }
    try target.write(
      masks, at: MaskTarget.headerByteCount + (oldCount + count) * layout.byteCount)
  }

  func finish() throws(StoreError) {
    if let failure { throw failure }
    do throws(StoreError) {
      guard target.old == nil || count > 0 else { return try finishWithoutMasks() }
      // An append leaves values for masks that the header does not count yet; readers take as many as there are masks, and
      // their state. First comes what names the files, so that what a writer leaves that dies is known for its own.
      var description = description()
      let after =
        description.classNames == target.old?.classNames || target.old == nil
        ? nil : try description.encoded()
      if let old = target.old { description.classNames = old.classNames }
      try target.write(description.encoded(), name: PackedBitDescription.fileName)
      try writeAnnotations()
      try target.write(Column.int64(checksums).npyBytes(), name: MaskFolder.checksumsName)
      let shape = layout.map { [oldCount + count, $0.rows, $0.bytesPerRow] } ?? [0, 0, 0]
      try target.commit(NPYHeader(NPYType(.uint8), shape: shape), then: after)
    } catch {
      throw error.at(path: target.folder)
    }
  }

  /// Gives masks other class names: the description, which alone has them, is replaced at once.
  private func finishWithoutMasks() throws(StoreError) {
    target.leave()
    guard let old = target.old, classNames != nil, classNames != old.classNames else { return }
    if oldCount > 0, old.folder?.checksums == nil {
      try target.write(Column.int64(checksums).npyBytes(), name: MaskFolder.checksumsName)
    }
    try target.write(description().encoded(), name: PackedBitDescription.fileName)
  }

  /// What is to be said of the masks, and what is said of those before.
  private func description() -> PackedBitDescription {
    let old = target.old
    let names = classNames ?? old?.classNames
    var states = [
      PackedBitDescription.State(
        count: oldCount + count, checksums: PackedBitDescription.State.checksums(of: annotations),
        checksumsCRC32: CRC32.checksum(of: checksums.map(Int.init)), classNames: names)
    ]
    if count > 0, let before = old?.folder?.state {
      states.append(
        PackedBitDescription.State(
          count: before.count, checksums: before.checksums, checksumsCRC32: before.checksumsCRC32,
          classNames: old?.classNames))
    }
    return PackedBitDescription(
      height: layout?.height, width: layout?.width, axis: layout?.axis ?? axis,
      bitOrder: layout?.bitOrder ?? .big, classNames: names, states: states)
  }

  private func writeAnnotations() throws(StoreError) {
    if let labels = annotations.labels {
      try target.write(Column.int64(labels.map(Int64.init)).npyBytes(), name: MaskFolder.labelsName)
    }
    guard !annotations.columns.isEmpty else { return }
    let folder = "\(target.folder)/\(MaskFolder.columnsFolder)"
    try target.createColumnsFolder()
    for (name, column) in annotations.columns.sorted(by: { $0.key < $1.key }) {
      do throws(StoreError) {
        try target.write(column.npyBytes(), name: MaskFolder.file(ofColumn: name))
      } catch {
        throw error.at(key: name)
      }
    }
    if target.old == nil { try FileSystem.synchronizeFolder(folder) }
  }
}

extension PackedBitStore {
  /// The checksums of all masks, as they are written down.
  fileprivate func checksumsToContinue() throws(StoreError) -> [Int64] {
    if let known = try checksums() { return known.map(Int64.init) }
    return Array(repeating: Int64(Self.unknownChecksum), count: count)
  }
}

import ImageStoreCore
import NumPyFormat
import StoreIO

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
      annotations.labels = try old.labels()
      for name in old.columnNames { annotations.columns[name] = try old.column(name) }
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
    try target.file.write(
      masks, at: MaskTarget.headerByteCount + (oldCount + count) * layout.byteCount)
  }

  func finish() throws(StoreError) {
    if let failure { throw failure }
    let hasNewNames = classNames != nil && classNames != target.old?.classNames
    if target.old != nil && count == 0 && !hasNewNames { return target.leave() }
    do throws(StoreError) {
      try writeAnnotations()
      let shape = layout.map { [oldCount + count, $0.rows, $0.bytesPerRow] } ?? [0, 0, 0]
      try target.commit(NPYHeader(NPYType(.uint8), shape: shape))
    } catch {
      throw error.at(path: target.folder)
    }
  }

  /// Writes what is said of the masks. An append leaves values for masks that the header does not count
  /// yet; readers take as many as there are masks.
  private func writeAnnotations() throws(StoreError) {
    if let labels = annotations.labels {
      try target.write(
        Column.int64(labels.map(Int64.init)).npyBytes(), name: PackedBitStore.labelsName)
    }
    let columns = PackedBitStore.columnsFolder
    if !annotations.columns.isEmpty, FileSystem.kind(of: "\(target.folder)/\(columns)") == nil {
      try FileSystem.createFolder("\(target.folder)/\(columns)")
    }
    for (name, column) in annotations.columns.sorted(by: { $0.key < $1.key }) {
      do throws(StoreError) {
        try target.write(column.npyBytes(), name: "\(columns)/\(name).npy")
      } catch {
        throw error.at(key: name)
      }
    }
    if !annotations.columns.isEmpty {
      try FileSystem.synchronizeFolder("\(target.folder)/\(columns)")
    }
    try target.write(
      Column.int64(checksums).npyBytes(), name: PackedBitStore.checksumsName)
    let state = PackedBitDescription.State(
      count: oldCount + count, checksums: PackedBitStore.checksums(of: annotations))
    let before = target.old?.state.map { [$0] } ?? []
    let description = PackedBitDescription(
      height: layout?.height, width: layout?.width, axis: layout?.axis ?? axis,
      bitOrder: layout?.bitOrder ?? .big, classNames: classNames ?? target.old?.classNames,
      states: [state] + before)
    try target.write(description.encoded(), name: PackedBitDescription.fileName)
  }
}

extension PackedBitStore {
  /// The checksums of all masks, made where they are not written down.
  fileprivate func checksumsToContinue() throws(StoreError) -> [Int64] {
    if let known = try checksums() { return known.prefix(count).map(Int64.init) }
    guard let layout else { return [] }
    return (0..<count).map { index in
      let mask = unsafe UnsafeRawBufferPointer(
        start: masks.base + index * layout.byteCount, count: layout.byteCount)
      return Int64(unsafe CRC32.checksum(of: mask))
    }
  }
}

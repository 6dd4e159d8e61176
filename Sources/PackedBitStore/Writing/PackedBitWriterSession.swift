import ImageStoreCore
import ImageStoreNumPy
import ImageStoreSupport

/// The work of a store's writer.
///
/// It is a class with one owner, ``PackedBitStore/Writer``, which cannot be copied.
final class PackedBitWriterSession: WriterSession {
  var state: WriterState
  /// The file of the masks.
  let target: AppendableFile<PackedBitStore>
  let axis: PackingAxis
  private let threshold: Double?
  private let threads: Int
  /// How masks are packed, once the first is there.
  private(set) var layout: PackedBitLayout?
  /// Labels and columns of all masks, including the existing ones.
  var labels: ImageLabels
  /// The checksums of all masks.
  private(set) var checksums: [Int64]

  init(
    _ path: String, _ mode: WriteMode, axis: PackingAxis, threshold: Double?, classNames: [String]?,
    threads: Int
  ) throws(StoreError) {
    // A folder that appends work in shows that an append did not finish.
    var hasDeadWriter = false
    let target = try AppendableFile<PackedBitStore>.open(
      path, file: PackedBitImages.name, mode: mode,
      otherContents: { (path) throws(StoreError) in try PackedBitStore.otherContents(at: path) },
      completing: { (held) throws(StoreError) in try PackedBitEdit.finish(in: held) },
      appendingTo: { (path, _) throws(StoreError) in
        hasDeadWriter = FileSystem.kind(of: "\(path)/\(HeldStore.workFolderName)") != nil
        let store = try PackedBitStore(at: path)
        return AppendableFile<PackedBitStore>.Old(store, file: store.images.map.identity, end: store.masksEnd)
      })
    let old = target.old?.store
    try old?.checkBeforeAppending()
    let labels = old == nil || old?.count == 0 ? ImageLabels() : try old!.imageLabels()
    state = try WriterState(
      path: path, classNames: classNames,
      appendingTo: old.map {
        WriterState.Existing(
          count: $0.count, classNames: $0.classNames, hasLabels: labels.labels != nil,
          columns: labels.columns.mapValues(\.kind))
      }
    ) { labels.labels }
    try target.removeLeftovers { (_) in
      // Bytes past the masks are those of an append if this package wrote the description; after an
      // array of another program there may be anything.
      old?.folder?.description.states != nil || hasDeadWriter
    }
    self.target = target
    self.labels = labels
    self.axis = axis
    self.threshold = threshold
    self.threads = threads
    layout = old?.layout
    checksums = try old?.checksumsToContinue() ?? []
  }

  func write(_ pixels: RawSpan, layout batch: BatchLayout, labels: ImageLabels) throws(StoreError) {
    let layout = try layout(for: batch)
    if state.nextIndex == 0 {
      self.labels = labels
    } else {
      try self.labels.append(labels)
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
      try append(memory.span, layout)
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
          "a mask of \(format.height)x\(format.width) does not fit a store of masks of \(layout.height)x\(layout.width)",
          remedy: "packed masks are all of one size", image: state.nextIndex + position)
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
          // Those of the type bool have been checked.
          if threshold == nil, MaskPixels.areBytes(format),
            unsafe format.elementType == .bool || TruthValues.firstOther(in: image) == nil
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
        throw error.at(image: state.nextIndex + position)
      }
    }
  }

  /// Writes packed masks after the existing ones.
  private func append(_ masks: RawSpan, _ layout: PackedBitLayout) throws(StoreError) {
    try target.write(masks, at: PackedBitImages.headerByteCount + checksums.count * layout.byteCount)
    for start in stride(from: 0, to: masks.byteCount, by: layout.byteCount) {
      let mask = masks.extracting(start..<start + layout.byteCount)
      checksums.append(Int64(CRC32.checksum(of: mask)))
    }
  }
}

extension PackedBitStore {
  /// Where the bytes of the masks end in their file.
  fileprivate var masksEnd: Int { PackedBitImages.headerByteCount + count * (layout?.byteCount ?? 0) }

  /// Checks that the store can grow, and checks everything that an append writes again, and so
  /// confirms.
  fileprivate func checkBeforeAppending() throws(StoreError) {
    guard images.isAppendable else {
      throw StoreError(
        .unsupported, "the header of masks.npy has no room for a larger number of masks",
        remedy: "convert the store first", path: images.map.path)
    }
    try verifyLabels()
  }

  /// The checksums of all masks, as they are written down.
  fileprivate func checksumsToContinue() throws(StoreError) -> [Int64] {
    guard count > 0 else { return [] }
    if let known = try maskChecksums() { return known.map(Int64.init) }
    return Array(repeating: Int64(Self.unknownChecksum), count: count)
  }
}

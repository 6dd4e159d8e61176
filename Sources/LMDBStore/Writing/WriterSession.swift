internal import ImageStoreCore
internal import ImageStoreNumPy
internal import ImageStoreSupport

#if canImport(Darwin)
internal import Darwin
#elseif canImport(Glibc)
internal import Glibc
#elseif canImport(Musl)
internal import Musl
#endif

/// What a writer does from its first image to its end.
///
/// Invariant behind `@unchecked Sendable`: the writer that owns it cannot be copied, and all its calls are
/// exclusive.
final class WriterSession: @unchecked Sendable {
  private let path: String
  private let process = getpid()
  /// A new store's place until it is finished; nil while images are appended to a store.
  private var staging: Staging?
  private var stagingPath: String?
  /// The store that images are appended to, its lock and its place in the registry.
  private var existing: ExistingStore?
  private var held: HeldStore?
  private var entry: EnvironmentRegistry.Entry?
  /// Open from the beginning while images are appended, for a new store's records alone otherwise.
  private var environment: Environment?
  private var sink: ImageSink
  private var annotations: AnnotationRecords
  private var failure: StoreError?
  /// Whether the commit that makes images count has been begun; where it fails while waiting for the disk,
  /// readers may count them all the same.
  private var hasBegunCommit = false
  /// Images in the store and images appended.
  private(set) var count = 0
  private let countBefore: Int

  init(
    _ path: String, _ mode: WriteMode, _ layout: LMDBStore.Layout, classNames: [String]?
  ) throws(StoreError) {
    self.path = path
    if mode == .append, FileSystem.kind(of: path) != nil {
      let held = try HeldStore(path)
      entry = try EnvironmentRegistry.Entry(held)
      let existing = try ExistingStore(held, layout, classNames: classNames)
      let environment = try Environment(held)
      try existing.removeUnfinished(environment)
      self.environment = environment
      countBefore = existing.count
      count = existing.count
      sink = ImageSink(.environment(environment), layout: existing.layout, first: existing.count)
      annotations = existing.annotations
      self.existing = existing
      self.held = held
    } else {
      // What is there by then is not appended to, and not replaced either.
      let staging = try Staging(destination: path, mode: mode == .append ? .create : mode) {
        (path) throws(StoreError) in try LMDBStore.otherContents(at: path)
      }
      try FileSystem.createFolder(staging.path)
      let builder = try DatabaseBuilder("\(staging.path)/data.mdb")
      stagingPath = staging.path
      self.staging = consume staging
      countBefore = 0
      sink = ImageSink(.builder(builder), layout: layout == .perImage ? .single : .undecided, first: 0)
      annotations = AnnotationRecords(classNames: classNames)
    }
  }

  func append(
    _ pixels: RawSpan, layout: BatchLayout, annotations more: Annotations
  ) throws(StoreError) {
    try attempt { () throws(StoreError) in
      guard pixels.byteCount == layout.byteCount else {
        throw StoreError(
          .invalidArgument,
          "\(pixels.byteCount) bytes of pixels where \(layout.count) images take "
            + "\(layout.byteCount)")
      }
      try more.validate(count: layout.count)
      try check(layout)
      try annotations.append(more, imageCount: layout.count)
      try unsafe pixels.withUnsafeBytes { (bytes) throws(StoreError) in
        try unsafe checkTruthValues(bytes, layout)
        try unsafe sink.append(bytes, layout: layout)
      }
      count += layout.count
    }
  }

  /// Refuses images that a value cannot hold.
  private func check(_ layout: BatchLayout) throws(StoreError) {
    // liblmdb 0.9 writes values of up to 2 GiB right.
    let most = 1 << 31 - 1 << 20
    for position in 0..<(layout.uniformFormat == nil ? layout.count : min(1, layout.count)) {
      guard layout[position].byteCount <= most else {
        throw StoreError(
          .unsupported, "an image of \(layout[position].byteCount) bytes, where a value holds \(most)",
          image: count + position)
      }
    }
  }

  /// Refuses bool samples that are neither 0 nor 1.
  private func checkTruthValues(
    _ pixels: UnsafeRawBufferPointer, _ layout: BatchLayout
  ) throws(StoreError) {
    if let format = layout.uniformFormat, format.elementType != .bool { return }
    for position in 0..<layout.count where layout[position].elementType == .bool {
      let image = unsafe UnsafeRawBufferPointer(rebasing: pixels[layout.byteRange(of: position)])
      if let place = unsafe NPYImages.firstNonBoolean(in: image) {
        throw unsafe StoreError(
          .invalidArgument, "a bool sample that is \(image[place])", remedy: "make it 0 or 1",
          image: count + position)
      }
    }
  }

  func finish() throws(StoreError) {
    try attempt { () throws(StoreError) in
      try sink.finish()
      if let stagingPath { environment = try Environment(staged: stagingPath) }
      guard let environment else { return }
      // Images count from this commit on.
      let records = try annotations.records(
        first: countBefore, count: count, checksums: sink.checksums,
        formats: sink.layout == .single ? sink.formats : nil)
      hasBegunCommit = true
      try environment.write(records.reduce(0) { $0 + $1.bytes.count + 2 * environment.pageSize }) {
        (transaction) throws(StoreError) in
        for record in records {
          // A store without images may have labels and columns of none.
          if record.key == StoreKey.metadata || countBefore == 0 {
            try transaction.replace(record.bytes, key: record.key)
          } else {
            try transaction.put(record.bytes, key: record.key)
          }
        }
      }
      // A database has two heads, of which the later one counts, and neither has a checksum. Once more, so that
      // both lead to these images and damage to one leads nobody to those of the commit before.
      for record in records where record.key == StoreKey.metadata {
        try environment.write(record.bytes.count + 2 * environment.pageSize) {
          (transaction) throws(StoreError) in try transaction.replace(record.bytes, key: record.key)
        }
      }
      try environment.synchronize()
      try close()
    }
  }

  private func close() throws(StoreError) {
    // Closed before the folder moves or its lock is given up.
    environment = nil
    guard let staging = staging.take() else {
      entry = nil
      held = nil
      existing = nil
      return
    }
    #if canImport(Darwin)
    // liblmdb's fsync hands the bytes to the drive only.
    try File("\(staging.path)/data.mdb", .read).synchronize()
    #endif
    try staging.commit()
  }

  /// Ends a session that may not have been finished.
  func end() {
    guard getpid() == process else {
      // In a fork of the process this is all the parent's: nothing may be closed, unlocked or removed here.
      _ = unsafe Unmanaged.passRetained(self)
      return
    }
    guard let environment, let existing, !hasBegunCommit else { return }
    do throws(StoreError) {
      // What was committed of the images goes; the next append would do it too.
      try existing.removeNew(environment)
    } catch {
      // Nothing can be reported from here, and readers leave these images out.
    }
  }

  /// Does something unless an earlier call failed, and keeps the error if it fails.
  private func attempt(_ body: () throws(StoreError) -> Void) throws(StoreError) {
    if let failure { throw failure }
    guard getpid() == process else {
      throw StoreError(
        .invalidArgument, "the writer belongs to another process, from which this one has forked",
        remedy: "make a writer of its own", path: path)
    }
    do throws(StoreError) {
      try body()
    } catch {
      failure = error.at(path: path)
      throw error.at(path: path)
    }
  }
}

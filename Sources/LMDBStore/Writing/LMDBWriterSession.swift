internal import ImageStoreCodecs
internal import ImageStoreCore
internal import ImageStoreSupport

/// The work of a writer from its first image to its end.
///
/// Invariant behind `@unchecked Sendable`: the writer that owns it cannot be copied, and all its calls are
/// exclusive.
final class LMDBWriterSession: EncodedWriterSession, @unchecked Sendable {
  var state: WriterState
  let encodedLayout: EncodedLayout?
  /// Where a new store is until it is finished; nil while images are appended to a store.
  private var staging: Staging?
  private var stagingPath: String?
  /// The store that images are appended to, its lock and its entry in the registry.
  private(set) var old: ExistingStore?
  private var held: HeldStore?
  private var entry: EnvironmentRegistry.Entry?
  /// Open from the beginning while images are appended, otherwise only for a new store's records.
  private(set) var environment: Environment?
  private var sink: ImageSink
  private var labels = LabelRecords()
  /// Whether the commit that makes images count has been begun. If it fails while waiting for the
  /// disk, readers may count them all the same.
  private var hasBegunCommit = false

  init(
    _ path: String, _ mode: WriteMode, _ layout: LMDBStore.Layout, _ encoding: ImageEncoding,
    classNames: [String]?, threads: Int?
  ) throws(StoreError) {
    if mode == .append, FileSystem.kind(of: path) != nil {
      let held = try HeldStore(path)
      entry = try EnvironmentRegistry.Entry(held)
      let existing = try ExistingStore(held, layout)
      encodedLayout = try ImageCodecs.encodedLayout(
        isEncoded: existing.layout == .encoded, encoding, threads: threads)
      state = try existing.state(path: path, classNames: classNames)
      let environment = try Environment(held)
      try existing.removeUnfinished(environment)
      self.environment = environment
      sink = ImageSink(.environment(environment), layout: existing.layout, first: existing.count)
      old = existing
      self.held = held
    } else {
      state = try WriterState(path: path, classNames: classNames)
      encodedLayout = try ImageCodecs.encodedLayout(
        isEncoded: layout == .encoded, encoding, threads: threads)
      // A store that exists by then is neither appended to nor replaced.
      let staging = try Staging(destination: path, mode: mode == .append ? .create : mode) {
        (path) throws(StoreError) in try LMDBStore.otherContents(at: path)
      }
      try FileSystem.createFolder(staging.path)
      let builder = try DatabaseBuilder("\(staging.path)/data.mdb")
      stagingPath = staging.path
      self.staging = consume staging
      sink = ImageSink(.builder(builder), layout: Self.layout(layout), first: 0)
    }
  }

  private static func layout(_ asked: LMDBStore.Layout) -> ImageSink.Layout {
    switch asked {
    case .automatic: .undecided
    case .perImage: .single
    case .encoded: .encoded
    }
  }

  func write(encoded bytes: RawSpan, _ images: [EncodedImage], labels: ImageLabels) throws(StoreError) {
    try self.labels.append(labels)
    try unsafe bytes.withUnsafeBytes { (bytes) throws(StoreError) in
      try unsafe sink.append(encoded: bytes, images)
    }
  }

  func write(_ pixels: RawSpan, layout: BatchLayout, labels: ImageLabels) throws(StoreError) {
    var session = self
    if let encodedLayout {
      return try session.encodeAndWrite(pixels, layout: layout, labels: labels, with: encodedLayout)
    }
    try check(layout)
    try self.labels.append(labels)
    try unsafe pixels.withUnsafeBytes { (bytes) throws(StoreError) in
      try unsafe sink.append(bytes, layout: layout)
    }
  }

  /// Refuses images that a value cannot hold.
  private func check(_ layout: BatchLayout) throws(StoreError) {
    // liblmdb 0.9 writes values of up to 2 GiB correctly.
    let most = 1 << 31 - 1 << 20
    for position in 0..<(layout.uniformFormat == nil ? layout.count : 1) {
      guard layout[position].byteCount <= most else {
        throw StoreError(
          .unsupported,
          "the image has \(layout[position].byteCount) bytes, but an LMDB value holds at most \(most)",
          image: state.nextIndex + position)
      }
    }
  }

  func complete() throws(StoreError) {
    try sink.finish()
    if let stagingPath { environment = try Environment(staged: stagingPath) }
    guard let environment else { return }
    // Images count from this commit on.
    let records = try labels.records(
      first: state.countBefore, count: state.nextIndex, after: old?.tails ?? RecordTails(),
      checksums: sink.checksums,
      kinds: sink.layout == .single || sink.layout == .encoded ? sink.kinds : nil,
      isEncoded: sink.layout == .encoded,
      classNames: state.hasNewClassNames ? state.classNames : nil)
    let isNew = state.countBefore == 0
    try commit(records, to: environment) { (transaction) throws(StoreError) in
      for record in records {
        // A store without images may have labels and columns of none.
        if record.isReplaced || isNew {
          try transaction.replace(record.bytes, key: record.key)
        } else {
          try transaction.put(record.bytes, key: record.key)
        }
      }
    }
  }

  /// Writes records, which then are the store's, in one transaction, and waits for the disk.
  ///
  /// - Parameters:
  ///   - records: the records to write; the last is the metadata.
  ///   - isEdit: whether existing labels or columns are replaced.
  func commit(
    _ records: [LabelRecords.Record], to environment: Environment, isEdit: Bool = false,
    _ body: (borrowing WriteTransaction) throws(StoreError) -> Void
  ) throws(StoreError) {
    hasBegunCommit = true
    try environment.write(
      records.reduce(0) { $0 + $1.bytes.count + 2 * environment.pageSize }, isEdit: isEdit, body)
    // A database has two heads, of which the later one counts, and neither has a checksum. So the
    // commit is made twice: both heads then lead to these images, and damage to one does not lead
    // readers to the previous commit.
    for record in records where record.key == StoreKey.metadata {
      try environment.write(record.bytes.count + 2 * environment.pageSize) {
        (transaction) throws(StoreError) in try transaction.replace(record.bytes, key: record.key)
      }
    }
    try environment.synchronize()
    try close()
  }

  private func close() throws(StoreError) {
    // Closed before the folder is moved or its lock is released.
    environment = nil
    guard let staging = staging.take() else {
      entry = nil
      held = nil
      old = nil
      return
    }
    #if canImport(Darwin)
    // liblmdb's fsync only hands the bytes to the drive.
    try File("\(staging.path)/data.mdb", .read).synchronize()
    #endif
    try staging.commit()
  }

  /// Ends a session that may not have been finished.
  deinit {
    guard let environment else { return }
    guard state.process.isCurrent else {
      // In a forked process this belongs to the parent: nothing may be closed or removed here.
      _ = unsafe Unmanaged.passRetained(environment)
      return
    }
    guard let existing = old, !hasBegunCommit else { return }
    do throws(StoreError) {
      // Committed images are removed; otherwise the next append would remove them.
      try existing.removeNew(environment)
    } catch {
      // Nothing can be reported from here, and readers leave these images out.
    }
  }
}

import ImageStoreCodecs
import ImageStoreCore
import ImageStoreNumPy
import ImageStoreSupport

/// The work of an archive's writer.
///
/// It is a class with one owner, ``NPZStore/Writer``, which cannot be copied.
final class NPZWriterSession: EncodedWriterSession {
  var state: WriterState
  let encodedLayout: EncodedLayout?
  /// The kinds of all encoded images, including the existing ones.
  private var kinds: [StoredKind] = []
  let target: AppendableFile<NPZStore>
  let threads: Int
  /// The encoder that deflates, or nil if entries are stored.
  var encoders: IdlePool<EntryEncoder>?
  /// Where the next entry will be.
  var offset: Int
  /// The new images' entries.
  var entries: [ZipWrittenEntry] = []
  /// Labels and columns of all images, including the existing ones.
  var labels: ImageLabels
  private var isMixed: Bool
  /// Bytes that are not written yet.
  var pending: [UInt8] = []
  var byteCountSinceTrailer = 0
  /// The header and format of the previous image, which the next image probably shares.
  var header: (format: ImageFormat, bytes: [UInt8])?
  private var firstFormat: ImageFormat?

  init(
    _ path: String, _ mode: WriteMode, _ compression: Compression, _ layout: NPZStore.Layout?,
    _ encoding: ImageEncoding, classNames: [String]?, threads: Int
  ) throws(StoreError) {
    let target = try AppendableFile<NPZStore>.open(
      path, mode: mode, otherContents: { (path) throws(StoreError) in try NPZStore.otherContents(at: path) },
      appendingTo: { (path, file) throws(StoreError) in
        let store = try NPZStore(at: path)
        let end = store.archive.end
        return AppendableFile<NPZStore>.Old(
          store, file: store.archive.file.identity, end: try end.committedEnd(of: file) ?? end.endOffset)
      })
    let old = target.old?.store
    let isEncoded = try old?.isEncodedToContinue(layout) ?? (layout == .encoded)
    encodedLayout = try ImageCodecs.encodedLayout(isEncoded: isEncoded, encoding, threads: threads)
    let labels = try old?.labelsToContinue() ?? ImageLabels()
    try old?.checkBeforeAppending()
    state = try WriterState(
      path: path, classNames: classNames, appendingTo: old.map { WriterState.Existing($0, labels) }
    ) { labels.labels }
    if let names = state.classNames, names.count > ZipArchive.mostClassNames {
      throw StoreError(
        .limitExceeded,
        "\(names.count) class names are too many: at most \(ZipArchive.mostClassNames) are read",
        path: path)
    }
    try target.removeLeftovers { (range) throws(StoreError) in
      guard let old else { return false }
      return try ArchiveLeftovers(
        target.file, of: old.archive, from: range.lowerBound, to: range.upperBound
      ).areOurs()
    }
    self.target = target
    self.labels = labels
    firstFormat = old?.format
    if let old, isEncoded { kinds = old.encodedKinds }
    isMixed = state.countBefore > 0 && firstFormat == nil
    offset = target.old?.end ?? 0
    self.threads = threads
    encoders =
      switch compression {
      case .none: nil
      case .fast: IdlePool { EntryEncoder(level: 1) }
      case .small: IdlePool { EntryEncoder(level: 6) }
      }
  }

  /// The index that the next image will have in the archive.
  var firstIndex: Int { state.countBefore + entries.count }

  func write(encoded bytes: RawSpan, _ images: [EncodedImage], labels: ImageLabels) throws(StoreError) {
    try add(labels)
    try store(bytes, images)
    kinds += images.map(\.kind)
  }

  private func add(_ labels: ImageLabels) throws(StoreError) {
    if firstIndex == 0 {
      self.labels = labels
    } else {
      try self.labels.append(labels)
    }
  }

  func write(_ pixels: RawSpan, layout: BatchLayout, labels: ImageLabels) throws(StoreError) {
    if let encodedLayout {
      var session = self
      return try session.encodeAndWrite(pixels, layout: layout, labels: labels, with: encodedLayout)
    }
    try add(labels)
    note(layout)
    if let encoders {
      try deflate(pixels, layout, with: encoders)
    } else {
      try store(pixels, layout)
    }
  }

  /// Takes note of whether all images have one format.
  private func note(_ layout: BatchLayout) {
    firstFormat = firstFormat ?? layout[0]
    guard !isMixed, layout.uniformFormat != firstFormat else { return }
    isMixed = !(0..<layout.count).allSatisfy { layout[$0] == firstFormat }
  }
}

extension NPZWriterSession {
  /// The name of the entry of a new image.
  private func imageName(_ position: Int) -> String {
    let number = firstIndex - entries.count + position
    return encodedLayout == nil
      ? ZipNumbering.images.name(of: number) : ZipNumbering.name(ofEncoded: number, kinds[number])
  }

  /// Writes labels, columns, class names and the directory, and commits.
  func complete() throws(StoreError) {
    // If nothing was appended, nothing has been written to the archive.
    if target.old != nil, entries.isEmpty, !state.hasNewClassNames { return }
    try writeRecords()
  }

  /// Writes labels, columns, class names and the directory, and commits.
  ///
  /// - Parameters:
  ///   - known: values that the archive already has, which are not written again.
  ///   - dropped: the entries to remove from the archive.
  func writeRecords(
    besides known: ImageLabels = ImageLabels(), dropping dropped: Set<String> = []
  ) throws(StoreError) {
    // Encoded images are always stored; later entries may be deflated, and are written at once.
    try flush()
    var written: [(name: String, entry: ZipWrittenEntry)] = []
    if let labels = labels.labels, labels != known.labels {
      let name = NPZContents.labelsEntry
      written.append((name, try write(Column.int64(labels.map(Int64.init)).npyBytes(), name: name)))
    }
    for (column, values) in labels.columns.sorted(by: { $0.key < $1.key })
    where values != known.columns[column] {
      // An append replaces the existing entry under any name.
      let name = target.old?.store.entryName(ofColumn: column) ?? NPZContents.entry(ofColumn: column)
      do throws(StoreError) {
        written.append((name, try write(values.npyBytes(), name: name)))
        if let offsets = values.offsetsNPYBytes() {
          let name = NPZContents.offsetsPrefix + name.dropFirst(NPZContents.columnPrefix.count)
          written.append((name, try write(offsets, name: name)))
        }
      } catch {
        throw error.at(key: column)
      }
    }
    if encodedLayout != nil, !entries.isEmpty || target.old == nil {
      written.append((NPZContents.shapesEntry, try write(kinds.npyBytes, name: NPZContents.shapesEntry)))
    }
    if let classNames = state.classNames, state.hasNewClassNames {
      let name = NPZContents.classNamesEntry
      written.append((name, try write(Column.string(classNames).npyBytes(), name: name)))
    }
    // The bytes of a dead writer are identified by its first entry, or by zeros in its place.
    if written.isEmpty, entries.isEmpty { try unsafe emit([UInt8](repeating: 0, count: 64).span.bytes) }
    try writeDirectory(others: written, dropping: dropped)
  }

  /// Writes the directory and commits.
  ///
  /// The end record makes the directory count, and has to reach the disk as a whole or not at all.
  /// So it is within one sector, and zeros before the directory put it there. At first there are
  /// zeros in place of the record, so that writing it needs no space on the disk and does not make
  /// the file longer. The part of another program's comment that is past the sector is written
  /// before, too.
  private func writeDirectory(
    others: [(name: String, entry: ZipWrittenEntry)], dropping dropped: Set<String>
  ) throws(StoreError) {
    try flush()
    let plan = DirectoryPlan(
      old: target.old?.store.archive, images: entries, first: firstIndex - entries.count,
      imageName: imageName,
      others: others, dropping: dropped)
    let start = ZipFormat.directoryStart(
      notBefore: offset, byteCount: plan.byteCount, entryCount: plan.entryCount,
      commentByteCount: ArchiveComment.mostMarkBytes)
    pending += repeatElement(0, count: start - offset)
    try flush()
    var checksum = CRC32()
    try plan.write(to: &pending) { (pending) throws(StoreError) in
      guard pending.count >= 1 << 20 else { return }
      unsafe checksum.add(pending.span.bytes)
      try unsafe emit(pending.span.bytes)
      pending.removeAll(keepingCapacity: true)
    }
    unsafe checksum.add(pending.span.bytes)
    let comment = ArchiveComment(
      mark: encodedLayout != nil ? .encoded : isMixed ? .mixed : .uniform,
      checksum: ArchiveComment.DirectoryChecksum(
        checksum: checksum.value, directory: start..<start + plan.byteCount),
      other: target.old?.store.archive.end.archiveComment.other ?? [])
    let end = ZipFormat.end(
      entryCount: plan.entryCount, directoryOffset: start, directoryByteCount: plan.byteCount,
      comment: comment.markBytes + comment.otherBytes)
    let record = Array(end.dropLast(comment.otherBytes.count))
    pending += repeatElement(0, count: record.count)
    pending += comment.otherBytes
    try flush()
    let old = target.old
    try target.commit(record, at: start + plan.byteCount) { () throws(StoreError) in
      guard let old else { return true }
      let trailer = old.store.archive.end.trailer
      return try target.file.bytes(at: old.end - trailer.count, count: trailer.count) == trailer
    }
  }
}

extension WriterState.Existing {
  fileprivate init(_ store: NPZStore, _ labels: ImageLabels) {
    self.init(
      count: store.count, classNames: store.classNames, hasLabels: labels.labels != nil,
      columns: labels.columns.mapValues(\.kind))
  }
}

extension NPZStore {
  /// Labels and columns, to which those of further images are appended.
  ///
  /// - Throws: ``StoreError/Code/unsupported`` if images are not called by their numbers, and what
  ///   reading labels and columns throws.
  fileprivate func labelsToContinue() throws(StoreError) -> ImageLabels {
    guard count > 0 else { return ImageLabels() }
    guard areNumbered else {
      throw StoreError(
        .unsupported,
        "images cannot be appended to an archive whose entries are not called ix-000000.npy and so on",
        remedy: "convert it first", path: path)
    }
    if let problem = archive.directory.problems.first {
      throw StoreError(
        .unsupported, "images cannot be appended to the archive, because this entry cannot be kept",
        remedy: "convert it first", path: path, key: problem.name)
    }
    var labels = ImageLabels(labels: try labels())
    for name in columnNames { labels.columns[name] = try column(name) }
    return labels
  }

  /// Whether images have their numbers as names, as in this package's archives.
  private var areNumbered: Bool {
    switch images {
    case .entries(let entries): entries.positions.areNumbered
    case .encoded(let entries): entries.areNumbered
    case .array, .bits: false
    }
  }

  /// Whether appended images are encoded.
  ///
  /// - Throws: ``StoreError/Code/unsupported`` if the archive has another layout than is asked for.
  fileprivate func isEncodedToContinue(_ asked: Layout?) throws(StoreError) -> Bool {
    let isEncoded = archive.end.mark == .encoded
    switch asked {
    case .encoded? where !isEncoded:
      throw StoreError(
        .unsupported, "the archive has arrays, so encoded images cannot be appended to it as they are",
        remedy: "append without the layout, so that they are decoded, or write a new archive", path: path)
    case .arrays? where isEncoded:
      throw StoreError(
        .unsupported, "the archive has encoded images",
        remedy: "append without a layout, or with the layout encoded", path: path)
    default: return isEncoded
    }
  }

  /// The kinds of encoded images.
  fileprivate var encodedKinds: [StoredKind] {
    if case .encoded(let entries) = images { entries.ownKinds } else { [] }
  }

  /// Checks everything that an append writes again, and so confirms: the directory, which gets
  /// a new checksum, the form of the images, and the comment. Labels, columns and class names have
  /// been read and checked.
  fileprivate func checkBeforeAppending() throws(StoreError) {
    if !archive.end.hasDirectoryChecksum { try archive.checkLocalHeaders() }
    guard
      archive.end.archiveComment.otherBytes.count <= ArchiveComment.mostBytes - ArchiveComment.mostMarkBytes
        - 1
    else {
      throw StoreError(
        .unsupported, "the archive's comment leaves no room for this package's own", remedy: "shorten it",
        path: path)
    }
    // numpy's value for true may be any byte except 0, and is turned into 1 when it is read; in
    // archives of this package it is 1.
    guard archive.end.mark == nil, format?.elementType == .bool, case .entries(let entries) = images else {
      return
    }
    try entries.checkTruthValues()
  }
}

import ImageStoreCore
import ImageStoreNumPy
import ImageStoreSupport

/// What an archive's writer does.
///
/// A class with one owner, ``NPZStore/Writer``, which cannot be copied.
final class ArchiveWriter {
  let target: ArchiveTarget
  let threads: Int
  /// What deflates, or nil where entries are stored.
  let encoders: EntryEncoders?
  let classNames: [String]?
  /// Where the next entry will stand.
  var offset: Int
  /// The new images' entries.
  var entries: [ZipWrittenEntry] = []
  var annotations: Annotations
  var isMixed: Bool
  /// Bytes that are not written yet.
  var pending: [UInt8] = []
  var byteCountSinceTrailer = 0
  /// The header and format of the image before, whose header is likely that of the next.
  var header: (format: ImageFormat, bytes: [UInt8])?
  private var firstFormat: ImageFormat?
  private var failure: StoreError?
  private let oldCount: Int

  init(
    _ path: String, _ mode: WriteMode, _ compression: Compression, classNames: [String]?, threads: Int
  ) throws(StoreError) {
    target = try ArchiveTarget.open(path, mode: mode)
    let old = target.old?.store
    annotations = try old?.annotationsToContinue() ?? Annotations()
    try old?.checkBeforeAppending()
    try target.removeLeftovers()
    oldCount = old?.count ?? 0
    firstFormat = old?.format
    isMixed = oldCount > 0 && firstFormat == nil
    offset = target.old?.endOffset ?? 0
    self.classNames = classNames
    if let classNames, classNames.count > ZipArchive.mostClassNames {
      throw StoreError(
        .limitExceeded, "\(classNames.count) class names where at most \(ZipArchive.mostClassNames) are read",
        path: path)
    }
    self.threads = threads
    encoders =
      switch compression {
      case .none: nil
      case .fast: EntryEncoders(level: 1)
      case .small: EntryEncoders(level: 6)
      }
  }

  /// The index that the next image will have in the archive.
  var firstIndex: Int { oldCount + entries.count }

  func append(
    _ pixels: RawSpan, layout: BatchLayout, annotations: Annotations
  ) throws(StoreError) {
    if let failure { throw failure }
    do throws(StoreError) {
      try appendChecked(pixels, layout: layout, annotations: annotations)
    } catch {
      failure = error.at(path: target.file.path)
      throw failure!
    }
  }

  private func appendChecked(
    _ pixels: RawSpan, layout: BatchLayout, annotations: Annotations
  ) throws(StoreError) {
    guard pixels.byteCount == layout.byteCount else {
      throw StoreError(
        .invalidArgument, "\(pixels.byteCount) bytes of pixels where the layout has \(layout.byteCount)")
    }
    try annotations.validate(count: layout.count)
    guard layout.count > 0 else { return }
    if firstIndex == 0 {
      self.annotations = annotations
    } else {
      try self.annotations.append(annotations)
    }
    note(layout)
    try checkTruthValues(pixels, layout)
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

  private func checkTruthValues(_ pixels: RawSpan, _ layout: BatchLayout) throws(StoreError) {
    for position in 0..<layout.count where layout[position].elementType == .bool {
      let image = pixels.extracting(layout.byteRange(of: position))
      let offset = unsafe image.withUnsafeBytes { unsafe NPYImages.firstNonBoolean(in: $0) }
      if let offset {
        throw StoreError(
          .invalidArgument, "a truth value that is neither 0 nor 1, at byte \(offset) of the pixels",
          image: firstIndex + position)
      }
    }
  }

  func finish() throws(StoreError) {
    if let failure { throw failure }
    do throws(StoreError) {
      try complete()
    } catch {
      throw error.at(path: target.file.path)
    }
  }
}

extension NPZStore {
  /// Labels and columns, to which those of further images are appended.
  ///
  /// - Throws: ``StoreError/Code/unsupported`` where images are not called by their numbers, and what
  ///   reading labels and columns throws.
  fileprivate func annotationsToContinue() throws(StoreError) -> Annotations {
    guard count > 0 else { return Annotations() }
    guard case .entries(let entries) = images, entries.positions.areNumbered else {
      throw StoreError(
        .unsupported,
        "images cannot be appended to an archive whose entries are not called ix-000000.npy and so on",
        remedy: "convert it first", path: path)
    }
    var annotations = Annotations(labels: try labels())
    for name in columnNames { annotations.columns[name] = try column(name) }
    return annotations
  }

  /// Checks what an append repeats and thereby vouches for: the directory, whose checksum it makes anew, the form of the images,
  /// and the comment. Labels, columns and class names have been read and checked.
  fileprivate func checkBeforeAppending() throws(StoreError) {
    if !archive.end.isSealed { try archive.checkLocalHeaders() }
    guard archive.end.comment.otherBytes.count <= ArchiveComment.mostBytes - ArchiveComment.mostMarkBytes - 1
    else {
      throw StoreError(
        .unsupported, "the archive's comment leaves no room for this package's own", remedy: "shorten it",
        path: path)
    }
    // What numpy wrote for true may be any byte but 0, and is made 1 when it is read; in archives of this package it is 1.
    guard archive.end.mark == nil, format?.elementType == .bool, case .entries(let entries) = images else {
      return
    }
    try entries.checkTruthValues()
  }
}

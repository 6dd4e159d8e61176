public import ImageStoreCore
internal import ImageStoreNumPy
internal import ImageStoreSupport

/// Files that list images by their indices, as `imagestore split` writes them.
///
/// They are read from `.npy` of one axis of any integer type (`numpy.save`), and from text with an
/// index at the beginning of each line, as `--skip-broken` writes it; text after a tab is ignored.
/// Blank lines and lines that begin with `#` are skipped.
public enum IndexFile {
  /// The indices in a file, in its order.
  ///
  /// - Throws: ``StoreError/Code/notFound``; ``StoreError/Code/unrecognized`` for any other file,
  ///   naming the line; ``StoreError/Code/unsupported`` for an array of another type or shape;
  ///   ``StoreError/Code/corrupt`` for an array that is cut short.
  public static func read(at path: some StorePath) throws(StoreError) -> [Int] {
    let path = try path.storePath()
    let file = try MappedFile(path)
    defer { withExtendedLifetime(file) {} }
    do throws(StoreError) {
      let bytes = unsafe file.bytes
      if unsafe bytes.starts(with: NPYHeader.magic) {
        let header = try unsafe withRawSpan(of: bytes) { (file) throws(StoreError) in
          try NPYHeader(parsing: file)
        }
        return try unsafe header.integers(in: header.data(in: bytes))
      }
      return try unsafe lines(of: bytes)
    } catch {
      throw error.at(path: path)
    }
  }

  private static func lines(of bytes: UnsafeRawBufferPointer) throws(StoreError) -> [Int] {
    var indices: [Int] = []
    var (start, number) = (0, 0)
    while start < bytes.count {
      let end = unsafe bytes[start...].firstIndex(of: UInt8(ascii: "\n")) ?? bytes.count
      number += 1
      let tab = unsafe bytes[start..<end].firstIndex(of: UInt8(ascii: "\t")) ?? end
      // An index takes 19 characters; a longer field means another kind of file, and only its
      // beginning is shown.
      let field = unsafe String(decoding: bytes[start..<min(tab, start + 80)], as: UTF8.self)
      let text = field.drop(while: \.isWhitespace)
      start = end + 1
      if text.isEmpty || text.hasPrefix("#") { continue }
      guard let index = Int(text.prefix { !$0.isWhitespace }),
        text.drop(while: { !$0.isWhitespace }).allSatisfy(\.isWhitespace)
      else {
        throw StoreError(
          .unrecognized, "line \(number) does not begin with an index: \(text.prefix(40))",
          remedy: "give a .npy file of integers, or a text file with an index on each line")
      }
      indices.append(index)
    }
    return indices
  }
}

extension ImageStore {
  /// The images that a file lists, in its order.
  ///
  /// - Parameter path: `.npy` of integers or text, as ``ImageLoading/IndexFile`` reads them.
  /// - Throws: as ``ImageLoading/IndexFile/read(at:)``; ``StoreError/Code/indexOutOfRange``.
  public func subset(at path: some StorePath) throws(StoreError) -> SubsetStore {
    let path = try path.storePath()
    let indices = try IndexFile.read(at: path)
    do throws(StoreError) {
      return try subset(indices)
    } catch {
      throw error.at(path: path)
    }
  }

  /// The folds that `imagestore split --folds` wrote to a folder.
  ///
  ///     for fold in try train.folds(at: "folds") { fit(fold.training) }
  ///
  /// - Parameter path: a folder with `fold-0-train.npy`, `fold-0-validation.npy`, `fold-1-train.npy`, ...
  /// - Throws: ``StoreError/Code/notFound`` if there are none; ``StoreError/Code/invalidArgument``
  ///   if they are for another number of images than the store has; as ``subset(at:)``.
  public func folds(at path: some StorePath) throws(StoreError) -> [Fold<SubsetStore>] {
    let path = try path.storePath()
    var folds: [Fold<SubsetStore>] = []
    while folds.isEmpty || FileSystem.kind(of: "\(path)/fold-\(folds.count)-train.npy") != nil {
      let fold = "\(path)/fold-\(folds.count)"
      let (training, validation) = (
        try subset(at: "\(fold)-train.npy"), try subset(at: "\(fold)-validation.npy")
      )
      try check([training, validation], "\(fold)-train.npy")
      folds.append(Fold(training: training, validation: validation))
    }
    return folds
  }

  /// The splits that `imagestore split --fractions` wrote to a folder: training, validation and, if
  /// there is one, test.
  ///
  /// - Parameter path: a folder with `train.npy`, `validation.npy` and, perhaps, `test.npy`.
  /// - Throws: ``StoreError/Code/notFound`` if there are none; ``StoreError/Code/invalidArgument``
  ///   if they are for another number of images than the store has; as ``subset(at:)``.
  public func split(at path: some StorePath) throws(StoreError) -> [SubsetStore] {
    let path = try path.storePath()
    var parts = [try subset(at: "\(path)/train.npy"), try subset(at: "\(path)/validation.npy")]
    if FileSystem.kind(of: "\(path)/test.npy") != nil { parts.append(try subset(at: "\(path)/test.npy")) }
    try check(parts, path)
    return parts
  }

  /// Refuses a split that was made for another store, or when the store had another number of
  /// images.
  private func check(_ parts: [SubsetStore], _ path: String) throws(StoreError) {
    let sum = parts.reduce(0) { $0 + $1.count }
    guard sum != count else { return }
    throw StoreError(
      .invalidArgument, "the split is one of \(sum) images, but the store has \(count)",
      remedy: "split this store again",
      path: path)
  }
}

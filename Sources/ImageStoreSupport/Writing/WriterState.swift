package import ImageStoreCore
internal import ImageStorePlatform

/// The state and the checks of every writer, for any format.
///
/// It keeps the first error and throws it again; compares pixels with their layout, labels and
/// columns with those before them, and bool samples with 0 and 1; decides on class names and
/// translates labels; refuses to work in a forked process; and counts. ``WriterSession`` is the
/// code around it.
package struct WriterState: Sendable {
  /// The store that images are appended to, as far as new images must agree with it.
  package struct Existing: Sendable {
    /// How many images it has.
    package var count: Int
    /// Its class names.
    package var classNames: [String]?
    /// Whether its images have labels. It does not matter if there are none.
    package var hasLabels: Bool
    /// The kinds of its columns. They do not matter if there are no images.
    package var columns: [String: Column.Kind]

    /// Creates a value; the parameters are the properties.
    package init(count: Int, classNames: [String]?, hasLabels: Bool, columns: [String: Column.Kind]) {
      self.count = count
      self.classNames = classNames
      self.hasLabels = hasLabels
      self.columns = columns
    }
  }

  /// The labels and columns of the images, once the first are known.
  private struct Shape: Sendable {
    var hasLabels: Bool
    var columns: [String: Column.Kind]
  }

  /// The path of the finished store, for errors.
  package let path: String
  /// How many images this writer has appended.
  package private(set) var count = 0
  /// How many images were there before.
  package let countBefore: Int
  /// The class names that the finished store has.
  package private(set) var classNames: [String]?
  /// Whether these are others than the store had.
  package private(set) var hasNewClassNames: Bool
  private let merge: ClassNameMerge
  private var shape: Shape?
  private var failure: StoreError?
  /// The process that made the writer: a child that has forked must not close or remove anything of it.
  package let process = OwningProcess()

  /// The state of a writer that has appended nothing yet.
  ///
  /// - Parameters:
  ///   - path: the path of the finished store.
  ///   - classNames: the class names given to the writer.
  ///   - existing: the store that it appends to, if it does.
  ///   - canAddClassNames: whether that store can get more class names.
  ///   - labels: the labels of that store, asked for only if the meaning of one of them could
  ///     change.
  /// - Throws: ``StoreError/Code/invalidArgument`` for class names that do not fit those of the store.
  package init(
    path: String, classNames: [String]?, appendingTo existing: Existing? = nil, canAddClassNames: Bool = true,
    labels: () throws(StoreError) -> [Int]? = { nil }
  ) throws(StoreError) {
    self.path = path
    countBefore = existing?.count ?? 0
    do throws(StoreError) {
      merge = try ClassNameMerge(
        classNames, onto: existing?.classNames, canAddNames: canAddClassNames, oldLabels: labels)
    } catch {
      throw error.at(path: path)
    }
    self.classNames = merge.names
    hasNewClassNames = merge.names != existing?.classNames
    if let existing, existing.count > 0 {
      shape = Shape(hasLabels: existing.hasLabels, columns: existing.columns)
    }
  }

  /// Gives the store other class names; its labels are also replaced.
  package mutating func replaceClassNames(_ names: [String]?) {
    hasNewClassNames = hasNewClassNames || names != classNames
    classNames = names
  }

  /// The index that the next image gets.
  package var nextIndex: Int { countBefore + count }

  /// Checks that the writer can continue: it has not failed, and the process is the one it was made
  /// in.
  package func checkIsUsable() throws(StoreError) {
    if let failure { throw failure }
    guard process.isCurrent else {
      throw StoreError(
        .invalidArgument, "the writer belongs to the process that this one was forked from",
        remedy: "make a writer in this process", path: path)
    }
  }

  /// Checks a run of images.
  ///
  /// - Returns: their labels as the store has them.
  fileprivate func checked(
    _ pixels: RawSpan, _ layout: BatchLayout, _ labels: ImageLabels
  ) throws(StoreError) -> ImageLabels {
    guard pixels.byteCount == layout.byteCount else {
      throw StoreError(
        .invalidArgument,
        "\(pixels.byteCount) bytes of pixels were given for \(layout.count) images, which take \(layout.byteCount) bytes"
      )
    }
    try labels.validate(count: layout.count)
    guard layout.count > 0 else { return labels }
    try TruthValues.check(pixels, layout: layout, first: nextIndex)
    return try checked(labels, count: layout.count)
  }

  /// Checks the labels of some images.
  ///
  /// - Returns: the labels as the store has them.
  func checked(_ labels: ImageLabels, count: Int) throws(StoreError) -> ImageLabels {
    try labels.validate(count: count)
    guard count > 0 else { return labels }
    if let shape {
      try ImageLabels.checkAgreement(hasLabels: shape.hasLabels, columns: shape.columns, with: labels)
    }
    guard let given = labels.labels else { return labels }
    var labels = labels
    labels.labels = try merge.translating(given, first: nextIndex)
    return labels
  }

  /// Counts images that have been written.
  mutating func note(_ added: Int, _ labels: ImageLabels) {
    count += added
    shape = shape ?? Shape(hasLabels: labels.labels != nil, columns: labels.columns.mapValues(\.kind))
  }

  /// Keeps an error, with the path, as the one that every further call throws.
  mutating func fail(_ error: StoreError) -> StoreError {
    let error = error.at(path: path).outsideWorkFolder
    failure = error
    return error
  }
}

/// The work of a writer of one format from its first image to its end; the code around it is the
/// same for all.
///
///     struct Writer: ImageStoreWriter, ~Copyable {
///       private var session: MySession
///       var count: Int { session.state.count }
///       mutating func append(_ pixels: RawSpan, layout: BatchLayout, labels: ImageLabels) throws(StoreError) {
///         try session.append(pixels, layout: layout, labels: labels)
///       }
///       consuming func finish() throws(StoreError) { try session.finish() }
///     }
package protocol WriterSession: ~Copyable {
  /// The state and checks of all writers.
  var state: WriterState { get set }

  /// Writes a run of images, which has been checked; `state.nextIndex` is the index of the first.
  ///
  /// - Parameters:
  ///   - pixels: the images one after another, as `layout` says.
  ///   - layout: the formats of the images, at least one.
  ///   - labels: labels, translated, and columns.
  mutating func write(_ pixels: RawSpan, layout: BatchLayout, labels: ImageLabels) throws(StoreError)

  /// Writes the rest, syncs it to the disk and makes the store appear.
  consuming func complete() throws(StoreError)
}

extension WriterSession where Self: ~Copyable {
  /// Appends a run of images, as ``ImageStoreWriter/append(_:layout:labels:)`` promises.
  package mutating func append(
    _ pixels: RawSpan, layout: BatchLayout, labels: ImageLabels
  ) throws(StoreError) {
    try state.checkIsUsable()
    do throws(StoreError) {
      let labels = try state.checked(pixels, layout, labels)
      guard layout.count > 0 else { return }
      try write(pixels, layout: layout, labels: labels)
      state.note(layout.count, labels)
    } catch {
      throw state.fail(error)
    }
  }

  /// Finishes the store, unless an append has failed.
  package consuming func finish() throws(StoreError) {
    try state.checkIsUsable()
    let path = state.path
    do throws(StoreError) {
      try complete()
    } catch {
      throw error.at(path: path).outsideWorkFolder
    }
  }
}

extension StoreError {
  /// The same error with the final path of a file instead of the path where it is made.
  package var outsideWorkFolder: StoreError {
    guard let path, path.contains(".partial/") else { return self }
    let parts = path.split(separator: "/", omittingEmptySubsequences: false)
    var kept: [Substring] = []
    for (position, part) in parts.enumerated() {
      let isWorkFolder = position + 1 < parts.count && part == ".\(parts[position + 1]).partial"
      if !isWorkFolder { kept.append(part) }
    }
    var error = self
    error.path = kept.joined(separator: "/")
    return error
  }
}

/// The process that made a writer. A child that has forked has a copy of the writer and must not
/// clean up after it.
package struct OwningProcess: Sendable {
  private let identifier = getpid()

  package init() {}

  /// Whether this is the process.
  package var isCurrent: Bool { identifier == getpid() }
}

import ImageStoreCore
import ImageStoreTesting
import Synchronization

/// A writer with one fault, or none, over stores in memory.
struct MutantWriter: ImageStoreWriter, ~Copyable {
  enum Fault: CaseIterable {
    case visibleBeforeFinish, keptWhenDropped, createReplaces, replaceAppends, appendReplaces
    case appendForgetsOld, countWrong, labelsUnchecked, failureForgotten, finishesAfterFailure
    case columnsDropped, secondRunDropped, replacesAtOnce
    case countsWhatWasThere, secondErrorIsAnother, secondErrorIsAnotherOnFinishing
    case oldClassNamesKept, newClassNamesTaken, otherClassNamesRefused, labelsWithoutNamesTaken
    case labelsOfTheStoreNamed, namesMatchedByOrder, lastColumnOfSingleImagesDropped
  }

  final class Shelf: Sendable {
    let stores = Mutex<[String: InMemoryStore]>([:])
  }

  private let fault: Fault?
  private let shelf: Shelf
  private let path: String
  private var kept = ModelImages()
  private var runs = 0
  private var failure: StoreError?
  private var merge: ClassNameMerge?
  private(set) var count = 0

  init(_ fault: Fault?, _ shelf: Shelf, at path: String, mode: WriteMode, classNames: [String]?) throws {
    self.fault = fault
    self.shelf = shelf
    self.path = path
    let old = shelf.stores.withLock { $0[path] }
    let appends = old != nil && mode == .append && fault != .appendReplaces
    (kept.classNames, merge) = try Self.classNames(classNames, of: appends ? old : nil, fault)
    guard let old else { return }
    switch mode {
    case .create:
      guard fault == .createReplaces else { throw StoreError(.alreadyExists, "a store is there") }
    case .replace, .replaceAnything:
      if fault == .replacesAtOnce { shelf.stores.withLock { $0[path] = nil } }
      if fault == .replaceAppends { try keep(old) }
    case .append: if fault != .appendReplaces && fault != .appendForgetsOld { try keep(old) }
    }
    if fault == .appendForgetsOld && mode == .append && old.count > 1 { try keep(old.subset(1..<old.count)) }
    if fault == .countsWhatWasThere { count = kept.count }
  }

  /// The class names to finish with, and what becomes of labels.
  private static func classNames(
    _ new: [String]?, of old: InMemoryStore?, _ fault: Fault?
  ) throws(StoreError) -> ([String]?, ClassNameMerge?) {
    guard let old else { return (new, nil) }
    switch fault {
    case .oldClassNamesKept: return (old.classNames ?? new, nil)
    case .newClassNamesTaken: return (new ?? old.classNames, nil)
    case .otherClassNamesRefused:
      guard new == nil || old.classNames == nil || new == old.classNames else {
        throw StoreError(.invalidArgument, "other class names")
      }
    case .namesMatchedByOrder:
      guard let new, let known = old.classNames, new.count <= known.count else { break }
      return (known, nil)
    default: break
    }
    let merge = try ClassNameMerge(new, onto: old.classNames) { () throws(StoreError) in
      fault == .labelsOfTheStoreNamed ? nil : old.labels()
    }
    return (merge.names, fault == .labelsWithoutNamesTaken && new == nil ? nil : merge)
  }

  private mutating func keep(_ old: any ImageStore) throws {
    for index in 0..<old.count {
      kept.append(try old.pixels(at: index), format: try old.format(at: index))
    }
    kept.labels = try old.labels()
    for name in old.columnNames { kept.columns[name] = try old.column(name) }
  }

  mutating func append(
    _ pixels: RawSpan, layout: BatchLayout, labels: ImageLabels
  ) throws(StoreError) {
    if let failure, fault != .failureForgotten {
      throw fault == .secondErrorIsAnother ? StoreError(.invalidArgument, "failed before") : failure
    }
    var labels = labels
    runs += 1
    do throws(StoreError) {
      try check(pixels, layout, labels)
      if let merge { labels = try merge.translating(labels, first: kept.count) }
    } catch {
      // A writer that forgets its failure takes the same images when they are appended again.
      if fault == .failureForgotten && failure != nil { return }
      failure = error
      throw error
    }
    let isLost = fault == .secondRunDropped && runs == 2
    if !isLost { keep(pixels, layout, labels) }
    count += layout.count + (fault == .countWrong ? 1 : 0)
    if fault == .visibleBeforeFinish || fault == .keptWhenDropped { try publish() }
  }

  consuming func finish() throws(StoreError) {
    if fault == .finishesAfterFailure || fault == .failureForgotten {
      return try publish()
    }
    if let failure {
      throw fault == .secondErrorIsAnotherOnFinishing
        ? StoreError(.invalidArgument, "failed before") : failure
    }
    try publish()
  }

  private func check(
    _ pixels: RawSpan, _ layout: BatchLayout, _ labels: ImageLabels
  ) throws(StoreError) {
    guard pixels.byteCount == layout.byteCount else { throw StoreError(.invalidArgument, "pixels") }
    if fault == .labelsUnchecked { return }
    try labels.validate(count: layout.count)
    if kept.count > 0 && layout.count > 0 {
      var all = ImageLabels(labels: kept.labels, columns: kept.columns)
      try all.append(labels)
    }
  }

  private mutating func keep(_ pixels: RawSpan, _ layout: BatchLayout, _ labels: ImageLabels) {
    let bytes = unsafe pixels.withUnsafeBytes { unsafe [UInt8]($0) }
    var more = ModelImages()
    for position in 0..<layout.count {
      more.append(Array(bytes[layout.byteRange(of: position)]), format: layout[position])
    }
    more.labels = labels.labels
    if fault != .columnsDropped { more.columns = labels.columns }
    if fault == .lastColumnOfSingleImagesDropped && layout.count == 1, let last = more.columns.keys.max() {
      more.columns[last] = more.columns[last].map { Column($0.kind) }
    }
    kept.append(contentsOf: more)
  }

  private func publish() throws(StoreError) {
    let store = try InMemoryStore(copying: ModelStore(kept))
    shelf.stores.withLock { $0[path] = store }
  }
}

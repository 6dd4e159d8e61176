import ImageStoreCatalog
package import ImageStoreCore
import ImageStoreSupport
package import ImageStoreTesting

/// A backend in one of its layouts.
package struct Backend: Sendable, CustomStringConvertible {
  /// What the catalogue says of it.
  let entry: StoreCatalog.Variant
  /// The format of the images to write.
  let format: ImageFormat

  /// Every backend in every layout that writes or reads in its own way.
  package static let all = StoreCatalog.variants.map { Backend($0) }

  /// One backend of each kind.
  package static let onePerKind = StoreCatalog.writable.map { format in
    all.first { $0.entry.kind == format.name }!
  }

  private init(_ entry: StoreCatalog.Variant) {
    self.entry = entry
    format =
      entry.holdsMasksAlone
      ? ImageFormat(height: 37, width: 41, elementType: .bool)
      : ImageFormat(height: 13, width: 17, channels: 3)
  }

  package var name: String { entry.name }
  package var description: String { name }
  /// What the last component of a store's path ends with.
  var suffix: String { entry.suffix }
  /// Whether the images differ in height and width.
  var isMixed: Bool { entry.isForMixedSizes }
  /// Whether opening a store calls a C library, which may fall over what this package does not.
  var usesLibrary: Bool { entry.variant.traits.contains(.usesLibrary) }
  /// Whether images are files that are opened when they are read, so that those of a store that is
  /// replaced are gone.
  var opensImagesWhenRead: Bool { entry.variant.traits.contains(.opensImagesWhenRead) }
  /// Whether an append counts before the disk has it.
  package var growsInPlace: Bool { entry.variant.traits.contains(.growsInPlace) }
  /// Faults that are not tried on readers, since the library under them does not live through them:
  /// libhdf5 1.10.8 crashes if it cannot read what it lists.
  var fatalReadingFaults: [String] { usesLibrary && isMixed ? ["read-EIO"] : [] }

  /// Writes what a run says.
  func write(_ path: String, _ mode: WriteMode, _ run: WriterRun) throws {
    var options = entry.variant.options
    options.mode = mode
    try entry.format.makeWriter(to: path, options, classNames: run.classNames, for: run)
  }

  /// Whether a store can be committed before it is finished.
  var canCommit: Bool { entry.kind != "hdf5" }

  /// Changes labels, columns and class names of a store.
  func edit(_ path: String, _ change: (any ImageStore) throws -> any ImageStore) throws {
    guard let editable = entry.format.editable else { throw Violation("\(name) cannot be edited") }
    try Self.edit(path, editable, threads: entry.variant.options.threads, change)
  }

  private static func edit<Store: EditableStore>(
    _ path: String, _: Store.Type, threads: Int?, _ change: (any ImageStore) throws -> any ImageStore
  ) throws {
    try Store.edit(path, threads: threads) { try change($0) }
  }

  func remove(_ indices: [Int], from path: String) throws {
    guard let editable = entry.format.editable else { throw Violation("\(name) cannot be edited") }
    _ = try editable.remove(indices, from: path, threads: entry.variant.options.threads, progress: { _ in })
  }

  func open(_ path: String) throws -> any ImageStore {
    try entry.open(path, threads: entry.variant.options.threads)
  }

  /// Writes the images of another store.
  func convert(_ source: any ImageStore, _ path: String, _ mode: WriteMode) throws {
    try entry.write(source, to: path, mode: mode, threads: entry.variant.options.threads)
  }

  /// The backend of a name.
  package static func named(_ name: String) throws -> Backend {
    guard let backend = all.first(where: { $0.name == name }) else {
      throw Violation("no backend \(name) among \(all.map(\.name).joined(separator: ", "))")
    }
    return backend
  }

  /// Where a store is in a folder.
  package func path(in folder: String) -> String { "\(folder)/store\(suffix)" }

  /// Writes commits, one after another, each with a writer of its own that appends.
  package func append(_ commits: Range<Int>, to path: String, imagesPerCommit: Int) throws {
    for commit in commits {
      try write(
        path, .append, WriterRun(Commits(self, imagesPerCommit: imagesPerCommit).images(of: commit)))
    }
  }
}

/// What a writer is made to do: append images in two runs, and finish unless something else is to happen.
package struct WriterRun: WriterUser {
  let images: ModelImages
  /// After how many images the writer commits, if it does.
  var commitsAfter: Int?
  var committed: () throws -> Void = {}
  var beforeFinish: () throws -> Void = {}

  package init(_ images: ModelImages, beforeFinish: @escaping () throws -> Void = {}) {
    self.images = images
    self.beforeFinish = beforeFinish
  }

  init(_ images: ModelImages, commitsAfter: Int, committed: @escaping () throws -> Void) {
    self.images = images
    self.commitsAfter = commitsAfter
    self.committed = committed
  }

  /// The class names to make the writer with.
  package var classNames: [String]? { images.classNames }

  package func use<Writer: ImageStoreWriter & ~Copyable>(_ writer: consuming Writer) throws {
    let half = commitsAfter ?? images.count / 2
    for range in [0..<half, half..<images.count] where !range.isEmpty {
      let part = images.slice(range)
      let pixels = part.pixels.flatMap { $0 }
      try unsafe writer.append(
        pixels.span.bytes, layout: BatchLayout(part.formats),
        labels: ImageLabels(labels: part.labels, columns: part.columns))
      if range.upperBound == commitsAfter {
        try writer.commit()
        try committed()
      }
    }
    try beforeFinish()
    _ = try writer.finish()
  }
}

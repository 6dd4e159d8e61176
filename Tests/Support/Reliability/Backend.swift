package import ImageStoreCore
package import ImageStoreTesting

/// A backend in one of its layouts.
package struct Backend: Sendable, CustomStringConvertible {
  package let name: String
  /// What the last component of a store's path ends with.
  let suffix: String
  /// The format of the images to write.
  let format: ImageFormat
  /// Whether the images differ in height and width.
  let isMixed: Bool
  /// Whether opened stores may be read while a writer appends.
  package let isReadableDuringAppend: Bool
  /// Whether opening a store calls a C library, which may fall over what this package does not.
  let usesLibrary: Bool
  /// Faults that are not tried on readers, since the library under them does not live through them.
  let fatalReadingFaults: [String]
  /// Whether images are files that are opened when they are read, so that those of a store that is replaced are gone.
  let opensImagesWhenRead: Bool
  let write: @Sendable (_ path: String, _ mode: WriteMode, _ run: WriterRun) throws -> Void
  let open: @Sendable (_ path: String) throws -> any ImageStore
  /// Writes the images of another store.
  let convert: @Sendable (_ source: any ImageStore, _ path: String, _ mode: WriteMode) throws -> Void

  package var description: String { name }

  init(
    _ name: String, suffix: String,
    format: ImageFormat = ImageFormat(height: 13, width: 17, channels: 3),
    isMixed: Bool = false, isReadableDuringAppend: Bool = true,
    usesLibrary: Bool = false, fatalReadingFaults: [String] = [],
    opensImagesWhenRead: Bool = false,
    write: @escaping @Sendable (_ path: String, _ mode: WriteMode, _ run: WriterRun) throws -> Void,
    open: @escaping @Sendable (_ path: String) throws -> any ImageStore,
    convert: @escaping @Sendable (_ source: any ImageStore, _ path: String, _ mode: WriteMode) throws -> Void
  ) {
    self.name = name
    self.suffix = suffix
    self.format = format
    self.isMixed = isMixed
    self.usesLibrary = usesLibrary
    self.fatalReadingFaults = fatalReadingFaults
    self.opensImagesWhenRead = opensImagesWhenRead
    self.isReadableDuringAppend = isReadableDuringAppend
    self.write = write
    self.open = open
    self.convert = convert
  }

  /// The backend of a name.
  package static func named(_ name: String) throws -> Backend {
    guard let backend = all.first(where: { $0.name == name }) else {
      throw Violation("no backend \(name) among \(all.map(\.name).joined(separator: ", "))")
    }
    return backend
  }

  /// Where a store stands in a folder.
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
package struct WriterRun {
  let images: ModelImages
  var beforeFinish: () throws -> Void = {}

  package init(_ images: ModelImages, beforeFinish: @escaping () throws -> Void = {}) {
    self.images = images
    self.beforeFinish = beforeFinish
  }

  /// The class names to make the writer with.
  package var classNames: [String]? { images.classNames }

  package func callAsFunction<Writer: ImageStoreWriter & ~Copyable>(_ writer: consuming Writer) throws
  where Writer.Output == Void {
    let half = images.count / 2
    for range in [0..<half, half..<images.count] where !range.isEmpty {
      let part = images.slice(range)
      let pixels = part.pixels.flatMap { $0 }
      try unsafe writer.append(
        pixels.span.bytes, layout: BatchLayout(part.formats),
        annotations: Annotations(labels: part.labels, columns: part.columns))
    }
    try beforeFinish()
    try writer.finish()
  }
}

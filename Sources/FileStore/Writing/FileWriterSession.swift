internal import ImageStoreCodecs
internal import ImageStoreCore
internal import ImageStoreSupport
internal import PNGCodec
internal import Synchronization

/// The work of a writer from its first image to its end.
struct FileWriterSession: EncodedWriterSession, ~Copyable {
  var state: WriterState
  let encodedLayout: EncodedLayout?
  private var folders: ImageFolders
  /// Where a new store is until it is finished; nil while images are appended to a store.
  private var staging: Staging?
  /// The append to an existing store.
  let append: AppendSession?
  /// The existing store.
  let existing: FileStore?
  private var takenNames: TakenNames
  /// The identification of the images that are appended to an existing store.
  private var stamps: [AppendPlan.Stamp] = []
  private var suffixes: [ImageSuffix] = []
  let layout: FileStore.Layout
  private let threads: Int
  private let encoders: IdlePool<ImageFileWriter>
  var table: LabelsTable
  var description: StoreManifest
  var format: FolderContents.Format

  /// Begins to write to a path.
  static func begin(
    _ path: String, _ mode: WriteMode, _ layout: FileStore.Layout?, _ encoding: ImageEncoding,
    _ compression: Compression, classNames: [String]?, threads: Int?
  ) throws(StoreError) -> FileWriterSession {
    if mode != .append || FileSystem.kind(of: path) == nil {
      let staging = try Staging(destination: path, mode: mode, otherContents: FileStore.otherContents)
      if mode != .append || staging.isNew {
        return try FileWriterSession(
          path, consume staging, layout ?? .subfolders, encoding, compression, classNames, threads)
      }
      // There is a store after all: one that a dead writer had moved aside was put back.
    }
    return try FileWriterSession(appendingTo: path, layout, encoding, compression, classNames, threads)
  }

  // Everything that can throw comes first, because noncopyable properties must be set together.

  /// A new store.
  private init(
    _ path: String, _ staging: consuming Staging, _ layout: FileStore.Layout, _ encoding: ImageEncoding,
    _ compression: Compression, _ classNames: [String]?, _ threads: Int?
  ) throws(StoreError) {
    let state = try WriterState(path: path, classNames: classNames)
    let encodedLayout = try ImageCodecs.encodedLayout(
      isEncoded: layout == .encoded, encoding, compression: compression, threads: threads)
    try FileSystem.createFolder(staging.path)
    let folder = try Folder(staging.path)
    self.state = state
    self.encodedLayout = encodedLayout
    self.layout = layout
    folders = ImageFolders(consume folder, layout, after: 0)
    self.staging = consume staging
    append = nil
    existing = nil
    takenNames = TakenNames(layout, count: 0)
    table = LabelsTable(layout)
    description = StoreManifest(classNames: classNames, states: [])
    description.layout = layout == .encoded ? .encoded : nil
    format = .unknown
    self.threads = Workers.threadCount(threads)
    encoders = IdlePool { () throws(StoreError) in try ImageFileWriter(compression) }
  }

  /// The store at a path.
  private init(
    appendingTo path: String, _ layout: FileStore.Layout?, _ encoding: ImageEncoding,
    _ compression: Compression, _ classNames: [String]?, _ threads: Int?
  ) throws(StoreError) {
    guard FileSystem.kind(of: path) == .folder else {
      throw StoreError(.unrecognized, "this is not a folder", path: path)
    }
    let held = try HeldStore(path)
    let existing = try ExistingStore(
      FileStore(held.root(), at: held.path, threads: threads), asked: layout)
    let state = try existing.state(path: path, classNames: classNames)
    let encodedLayout = try ImageCodecs.encodedLayout(
      isEncoded: existing.layout == .encoded, encoding, compression: compression, threads: threads)
    let session = try AppendSession(held, existing.store, existing.layout)
    let folder = try session.stagedFolder()
    let neighbor = try session.neighborFolder()
    let count = existing.store.count
    var takenNames = TakenNames(existing.layout, count: count)
    try takenNames.check(count..<count + 1, in: session.root)
    self.state = state
    self.encodedLayout = encodedLayout
    self.layout = existing.layout
    folders = ImageFolders(consume folder, existing.layout, after: count, like: consume neighbor)
    staging = nil
    append = session
    self.existing = existing.store
    self.takenNames = takenNames
    table = existing.table
    description = existing.description
    format = existing.format
    self.threads = Workers.threadCount(threads)
    encoders = IdlePool { () throws(StoreError) in try ImageFileWriter(compression) }
  }

  mutating func write(encoded bytes: RawSpan, _ images: [EncodedImage], labels: ImageLabels)
    throws(StoreError)
  {
    for image in images { note(image.kind.format) }
    let added = images.map { ImageSuffix(codec: $0.kind.codec) }
    try begin(images.count, labels) { added[$0] }
    let first = state.nextIndex
    let neighbor = append?.neighborDescriptor
    try performRuns(of: images.count) { (run) throws(StoreError) in
      for position in run {
        let image = bytes.extracting(images[position].range)
        try folders.withFolder(of: first + position) { (folder) throws(StoreError) in
          try ImageFileWriter.write(
            image, index: first + position, added[position], to: folder, like: neighbor)
        }
      }
    }
    guard append != nil else { return }
    suffixes += added
    stamps += images.map {
      AppendPlan.Stamp(byteCount: UInt32(truncatingIfNeeded: $0.range.count), crc32: $0.checksum)
    }
  }

  /// Names images, and makes room for them.
  private mutating func begin(
    _ count: Int, _ labels: ImageLabels, suffix: (_ position: Int) -> ImageSuffix = { _ in .png }
  ) throws(StoreError) {
    let images = state.nextIndex..<state.nextIndex + count
    try table.append(labels, count: count, suffix: suffix)
    if let append { try takenNames.check(images, in: append.root) }
    try folders.prepare(images)
  }

  mutating func write(_ pixels: RawSpan, layout batch: BatchLayout, labels: ImageLabels) throws(StoreError) {
    if let encodedLayout {
      return try encodeAndWrite(pixels, layout: batch, labels: labels, with: encodedLayout)
    }
    try note(batch)
    let first = state.nextIndex
    try begin(batch.count, labels)
    let isAppending = append != nil
    let neighbor = append?.neighborDescriptor
    let new = Mutex([AppendPlan.Stamp](repeating: AppendPlan.Stamp(), count: isAppending ? batch.count : 0))
    try performRuns(of: batch.count) { (run) throws(StoreError) in
      try encoders.withObject { (encoder) throws(StoreError) in
        var stamps: [AppendPlan.Stamp] = []
        for position in run {
          try folders.withFolder(of: first + position) { (folder) throws(StoreError) in
            try encoder.write(
              pixels.extracting(batch.byteRange(of: position)), format: batch[position],
              index: first + position, to: folder, like: neighbor)
          }
          if isAppending { stamps.append(encoder.stamp()) }
        }
        if isAppending { new.withLock { $0.replaceSubrange(run, with: stamps) } }
      }
    }
    stamps += new.withLock { $0 }
  }

  /// Checks that PNGs can hold the images and keeps in mind whether all are of one format.
  private mutating func note(_ batch: BatchLayout) throws(StoreError) {
    for position in 0..<(batch.uniformFormat == nil ? batch.count : 1) {
      let new = batch[position]
      guard note(new) else { continue }
      do throws(StoreError) {
        try PNGEncoder.check(new)
      } catch {
        throw error.at(image: state.nextIndex + position)
      }
    }
  }

  /// - Returns: whether the format differs from that of all images before.
  @discardableResult
  private mutating func note(_ new: ImageFormat) -> Bool {
    switch format {
    case .uniform(new): return false
    case .unknown: format = .uniform(new)
    case .uniform, .mixed: format = .mixed
    }
    return true
  }

  /// Writes images in short runs, with a separate stretch for each thread as far as possible,
  /// because two threads that create files in one folder wait for each other.
  private func performRuns(
    of count: Int, _ body: (_ run: Range<Int>) throws(StoreError) -> Void
  ) throws(StoreError) {
    let length = max(1, min(16, count / (4 * threads)))
    let stretches = min(threads, (count + length - 1) / length)
    let runsEach = (count + stretches * length - 1) / (stretches * length)
    try Workers.perform(runsEach * stretches, threads: threads) { (piece) throws(StoreError) in
      let start = (piece % stretches * runsEach + piece / stretches) * length
      if start < count { try body(start..<min(start + length, count)) }
    }
  }

  consuming func complete() throws(StoreError) {
    let labels = try table.bytes()
    description.add(
      StoreManifest.State(
        labelsCRC32: unsafe CRC32.checksum(of: labels.span.bytes), count: state.nextIndex,
        imageFormat: format.uniform, hasLabels: table.hasLabels, columns: table.columns),
      classNames: state.classNames)
    let descriptionBytes = try description.encoded()
    if let append {
      try folders.synchronize()
      return try append.commit(stamps, suffixes, labels: labels, description: descriptionBytes)
    }
    try Self.write(labels, to: FolderContents.labelsFileName, in: folders.root)
    try Self.write(descriptionBytes, to: StoreManifest.fileName, in: folders.root)
    try folders.synchronize()
    try staging.take()?.commit()
  }

  private static func write(
    _ bytes: [UInt8], to name: String, in folder: borrowing Folder
  ) throws(StoreError) {
    let file = try File(name, in: folder, .create)
    try unsafe file.write(bytes.span.bytes, at: 0)
    try file.synchronize()
  }
}

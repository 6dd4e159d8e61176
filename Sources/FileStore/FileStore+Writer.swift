public import ImageStoreCore
internal import StoreIO

extension FileStore {
  /// Writes a folder of PNGs with their labels.
  ///
  /// A new folder is made in a folder beside it and put in its place by ``finish()``. Images that are
  /// appended to a folder stand there at once, but belong to the store only when ``finish()`` puts the
  /// longer `labels.csv` in its place; what a writer leaves that does not finish is removed by the
  /// next one that appends.
  ///
  /// What is finished is on the disk. On Linux one call synchronises the whole file system, since one a
  /// file would take longer than all else; elsewhere each file is synchronised as it is written.
  public struct Writer: ImageStoreWriter, ~Copyable {
    public private(set) var count = 0

    private var folders: ImageFolders
    /// Holds the lock of the store appended to.
    private let lock: File?
    private let staging: Staging
    private let layout: FileStore.Layout
    private let threads: Int
    private let encoders: IdlePool<PNGFileWriter>
    private var table: LabelsTable
    private var description: StoreDescription
    private var format: FolderContents.Format
    private var failure: StoreError?

    /// What is there before the first image.
    private struct Start {
      var layout: FileStore.Layout
      var table: LabelsTable
      var description: StoreDescription
      var format = FolderContents.Format.unknown
      var folders = 0

      init(_ layout: FileStore.Layout?, _ classNames: [String]?) {
        self.layout = layout ?? .subfolders
        table = LabelsTable(self.layout)
        description = StoreDescription(classNames: classNames, states: [])
      }

      /// The store that stands at a path.
      init(
        of path: String, _ layout: FileStore.Layout?, _ classNames: [String]?, _ threads: Int?
      ) throws(StoreError) {
        let store = try FileStore(at: path, threads: threads)
        self.layout = try store.layoutForAppending(asked: layout)
        table = try store.tableForAppending(self.layout)
        description = try store.descriptionForAppending(classNames: classNames)
        folders = (store.count + FileStore.Layout.imagesPerFolder - 1) / FileStore.Layout.imagesPerFolder
        try store.removeLeftovers(self.layout)
        if store.count > 0 { format = store.format.map { .uniform($0) } ?? .mixed }
      }
    }

    /// - Parameters:
    ///   - path: the folder of the store.
    ///   - mode: what to do where there is one.
    ///   - layout: where the images stand in it; nil for what the store appended to has, or subfolders.
    ///   - compression: how much time is given to making files small.
    ///   - classNames: the names of the classes that labels count from 0.
    ///   - threads: on how many threads images are encoded and written; nil for one each processor.
    /// - Throws: ``StoreError/Code/alreadyExists``; ``StoreError/Code/busy`` where another writer is at
    ///   work on the folder; ``StoreError/Code/unsupported`` for appending to a folder whose files are not
    ///   named as this package names them.
    public init(
      to path: String, mode: WriteMode = .create, layout: FileStore.Layout? = nil,
      compression: Compression = .fast, classNames: [String]? = nil, threads: Int? = nil
    ) throws(StoreError) {
      // Everything that can throw comes first: noncopyable properties are set all or none.
      let staging = try Staging(destination: path, mode: mode, otherContents: { _ in nil })
      let appends = mode == .append && FileSystem.kind(of: path) != nil
      let lock = try appends ? Self.lock(path) : nil
      if !appends { try FileSystem.createFolder(staging.path) }
      let folder = try Folder(appends ? path : staging.path)
      let start = try appends ? Start(of: path, layout, classNames, threads) : Start(layout, classNames)
      self.staging = consume staging
      self.lock = consume lock
      folders = ImageFolders(consume folder, start.layout, count: start.folders)
      self.layout = start.layout
      table = start.table
      description = start.description
      format = start.format
      self.threads = Workers.threadCount(threads)
      encoders = IdlePool { () throws(StoreError) in try PNGFileWriter(compression) }
    }

    private static func lock(_ path: String) throws(StoreError) -> File {
      let file = try File(path, .read)
      try file.lockForWriting()
      return file
    }

    public mutating func append(
      _ pixels: RawSpan, layout: BatchLayout, labels: ImageLabels
    ) throws(StoreError) {
      if let failure { throw failure }
      do throws(StoreError) {
        try write(pixels, layout, labels)
      } catch {
        failure = error
        throw error
      }
    }

    private mutating func write(
      _ pixels: RawSpan, _ batch: BatchLayout, _ annotations: Annotations
    ) throws(StoreError) {
      guard pixels.byteCount == batch.byteCount else {
        throw StoreError(
          .invalidArgument, "\(pixels.byteCount) bytes of pixels where the layout has \(batch.byteCount)")
      }
      try note(batch)
      let first = table.count
      try table.append(annotations, count: batch.count)
      guard batch.count > 0 else { return }
      try folders.prepare(first..<table.count)
      try performRuns(of: batch.count) { (run) throws(StoreError) in
        try encoders.withObject { (encoder) throws(StoreError) in
          for position in run {
            try folders.withFolder(of: first + position) { (folder) throws(StoreError) in
              try encoder.write(
                pixels.extracting(batch.byteRange(of: position)), format: batch[position],
                index: first + position, to: folder)
            }
          }
        }
      }
      count += batch.count
    }

    /// Checks that PNGs can hold the images and keeps in mind whether all are of one format.
    private mutating func note(_ batch: BatchLayout) throws(StoreError) {
      let formats =
        batch.uniformFormat.map { batch.count > 0 ? [$0] : [] } ?? (0..<batch.count).map { batch[$0] }
      for new in formats {
        switch format {
        case .uniform(new): continue
        case .unknown: format = .uniform(new)
        case .uniform, .mixed: format = .mixed
        }
        try PNGFileWriter.validate(new)
      }
    }

    /// Does images in short runs, each thread in a part of them of its own as far as may be: files created in one
    /// folder by two threads wait for one another.
    private func performRuns(
      of count: Int, _ body: (_ run: Range<Int>) throws(StoreError) -> Void
    ) throws(StoreError) {
      let length = max(1, min(16, count / (4 * threads)))
      let parts = min(threads, (count + length - 1) / length)
      let runsPerPart = (count + parts * length - 1) / (parts * length)
      try Workers.perform(runsPerPart * parts, threads: threads) { (piece) throws(StoreError) in
        let start = (piece % parts * runsPerPart + piece / parts) * length
        if start < count { try body(start..<min(start + length, count)) }
      }
    }

    public consuming func finish() throws(StoreError) {
      if let failure { throw failure }
      if !Folder.synchronizesFiles && layout == .subfolders {
        for number in 0..<folders.count {
          try FileSystem.synchronizeFolder("\(folders.root.path)/\(layout.folderName(number))")
        }
      }
      let labels = try table.bytes()
      description.states.insert(
        StoreDescription.State(
          labelsCRC32: unsafe CRC32.checksum(of: labels.span.bytes), count: table.count,
          imageFormat: format.uniform, hasLabels: table.hasLabels, columns: table.columns), at: 0)
      let folder = folders.root.path
      let labelsPath = "\(folder)/\(FolderContents.labelsFileName)"
      let descriptionPath = "\(folder)/\(StoreDescription.fileName)"
      if lock == nil {
        try FileSystem.write(labels, toNewFile: labelsPath)
        try FileSystem.write(description.encoded(), toNewFile: descriptionPath)
        try folders.root.synchronize()
        try staging.commit()
      } else {
        try folders.root.synchronize()
        try FileSystem.replaceFile(descriptionPath, with: description.encoded())
        try FileSystem.replaceFile(labelsPath, with: labels)
      }
    }
  }

  /// Writes all images of a store with their labels, columns and class names.
  ///
  /// - Parameters:
  ///   - source: any store.
  ///   - path: the folder to write.
  ///   - mode: whether to create, replace or append.
  ///   - layout: where the images stand in the folder; nil for what a store appended to has, or subfolders.
  ///   - compression: how much time is given to making files small.
  ///   - threads: how many threads may be used; nil stands for one a processor.
  ///   - progress: called now and then with the number of images written.
  /// - Returns: the store, opened.
  @discardableResult
  public static func write(
    _ source: any ImageStore, to path: String, mode: WriteMode = .create, layout: FileStore.Layout? = nil,
    compression: Compression = .fast, threads: Int? = nil, progress: (_ written: Int) -> Void = { _ in }
  ) throws(StoreError) -> FileStore {
    var writer = try Writer(
      to: path, mode: mode, layout: layout, compression: compression, classNames: source.classNames,
      threads: threads)
    try writer.append(contentsOf: source, progress: progress)
    try writer.finish()
    return try FileStore(at: path, threads: threads)
  }

  /// Writes a store of what a closure appends, and opens it.
  ///
  ///     try FileStore.write(to: "pets", classNames: ["cat", "dog"]) { writer in
  ///       try writer.append(pixels, format: format, label: 1)
  ///     }
  ///
  /// - Parameters:
  ///   - path: where the new store is to be.
  ///   - mode: whether to create, replace or append.
  ///   - layout: where the images stand in the folder; nil for what a store appended to has, or subfolders.
  ///   - compression: how much time is given to making files small.
  ///   - classNames: the names of the classes that labels count from 0; nil when appending keeps those that
  ///     are there.
  ///   - threads: how many threads may be used; nil stands for one a processor.
  ///   - body: appends images to the writer, which is finished when it returns. Where it throws, the writer
  ///     is dropped, and what stood at `path` stays.
  /// - Returns: the written store.
  /// - Throws: what `body` throws, and what ``Writer`` does.
  @discardableResult
  public static func write(
    to path: String, mode: WriteMode = .create, layout: Layout? = nil, compression: Compression = .fast,
    classNames: [String]? = nil,
    threads: Int? = nil, _ body: (inout Writer) throws -> Void
  ) throws -> FileStore {
    var writer = try Writer(
      to: path, mode: mode, layout: layout, compression: compression, classNames: classNames, threads: threads
    )
    try body(&writer)
    try writer.finish()
    return try FileStore(at: path, threads: threads)
  }
}

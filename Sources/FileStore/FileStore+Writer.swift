public import ImageStoreCore
internal import ImageStoreSupport
internal import Synchronization

extension FileStore {
  /// Writes a folder of PNGs with their labels.
  ///
  /// A new folder is made in a folder beside it and put in its place by ``finish()``. Images that are
  /// appended are written to a folder within the store's, moved to their places by ``finish()``, and belong to the store
  /// when it puts the longer `labels.csv` in its place; what a writer has moved that dies before that, the next one
  /// that appends takes out again. Nothing else is touched: what has a name that an image needs is refused.
  ///
  /// What is finished is on the disk. On Linux one call synchronises the whole file system, since one a
  /// file would take longer than all else; elsewhere each file is synchronised as it is written.
  public struct Writer: ImageStoreWriter, ~Copyable {
    public private(set) var count = 0

    private var folders: ImageFolders
    /// The place of a new store, or the append to one that is there.
    private var staging: Staging?
    private let session: AppendSession?
    private var places: PlaceCheck
    /// What is known of the images that are appended to a store that is there.
    private var stamps: [AppendPlan.Stamp] = []
    private let layout: FileStore.Layout
    private let threads: Int
    private let encoders: IdlePool<PNGFileWriter>
    private var table: LabelsTable
    private var description: StoreDescription
    private let classNames: [String]?
    private var format: FolderContents.Format
    private var failure: StoreError?

    /// What is there before the first image.
    private struct Start: ~Copyable {
      var folders: ImageFolders
      var staging: Staging?
      let session: AppendSession?
      let layout: FileStore.Layout
      let table: LabelsTable
      let description: StoreDescription
      let format: FolderContents.Format

      /// What is to be done to a path.
      static func of(
        _ path: String, _ mode: WriteMode, _ layout: FileStore.Layout?, _ classNames: [String]?,
        _ threads: Int?
      ) throws(StoreError) -> Start {
        if mode != .append || FileSystem.kind(of: path) == nil {
          let staging = try Staging(destination: path, mode: mode, otherContents: FileStore.otherContents)
          if mode != .append || staging.isNew { return try Start(consume staging, layout, classNames) }
          // A store is there after all: one that a dead writer had moved aside is back.
        }
        return try Start(appendingTo: path, layout, classNames, threads)
      }

      /// A new store.
      private init(
        _ staging: consuming Staging, _ layout: FileStore.Layout?, _ classNames: [String]?
      ) throws(StoreError) {
        let layout = layout ?? .subfolders
        try FileSystem.createFolder(staging.path)
        let folder = try Folder(staging.path)
        folders = ImageFolders(consume folder, layout, after: 0)
        self.staging = consume staging
        session = nil
        format = .unknown
        self.layout = layout
        table = LabelsTable(layout)
        description = StoreDescription(classNames: classNames, states: [])
      }

      /// The store that stands at a path.
      private init(
        appendingTo path: String, _ layout: FileStore.Layout?, _ classNames: [String]?, _ threads: Int?
      ) throws(StoreError) {
        guard FileSystem.kind(of: path) == .folder else {
          throw StoreError(.unrecognized, "this is not a folder", path: path)
        }
        let held = try HeldStore(path)
        let store = try FileStore(held.root(), at: held.path, threads: threads)
        let layout = try store.layoutForAppending(asked: layout)
        // What an append vouches for, by a new checksum, must agree with the old one.
        try store.verifyNames()
        let table = try store.tableForAppending(layout)
        let description = try store.descriptionForAppending(table, classNames: classNames)
        let session = try AppendSession(held, store, layout)
        let folder = try session.stagedFolder()
        folders = ImageFolders(consume folder, layout, after: store.count)
        staging = nil
        self.session = session
        format = store.count == 0 ? .unknown : store.format.map { .uniform($0) } ?? .mixed
        self.layout = layout
        self.table = table
        self.description = description
      }
    }

    /// - Parameters:
    ///   - path: the folder of the store.
    ///   - mode: what to do where there is one.
    ///   - layout: where the images stand in it; nil for what the store appended to has, or subfolders.
    ///   - compression: how much time is given to making files small.
    ///   - classNames: the names of the classes that labels count from 0.
    ///   - threads: on how many threads images are encoded and written; nil for one each processor.
    /// - Throws: ``StoreError/Code/alreadyExists``, also for a file that has the name of an image to be appended;
    ///   ``StoreError/Code/busy`` where another writer is at work on the folder;
    ///   ``StoreError/Code/unsupported`` for appending to a folder whose files are not
    ///   named as this package names them; ``StoreError/Code/corrupt`` for appending to one whose `labels.csv`
    ///   or `store.json` is not the one that was written.
    public init(
      to path: String, mode: WriteMode = .create, layout: FileStore.Layout? = nil,
      compression: Compression = .fast, classNames: [String]? = nil, threads: Int? = nil
    ) throws(StoreError) {
      // Everything that can throw comes first: noncopyable properties are set all or none.
      var start = try Start.of(path, mode, layout, classNames, threads)
      var places = PlaceCheck(start.layout, count: start.table.count)
      if let session = start.session {
        try places.check(start.table.count..<start.table.count + 1, in: session.root)
      }
      staging = start.staging.take()
      session = start.session
      self.places = places
      self.layout = start.layout
      table = start.table
      description = start.description
      self.classNames = classNames
      format = start.format
      folders = start.folders
      self.threads = Workers.threadCount(threads)
      encoders = IdlePool { () throws(StoreError) in try PNGFileWriter(compression) }
    }

    public mutating func append(
      _ pixels: RawSpan, layout: BatchLayout, labels: ImageLabels
    ) throws(StoreError) {
      if let failure { throw failure }
      do throws(StoreError) {
        try write(pixels, layout, labels)
      } catch {
        failure = error.at(path: staging?.destination ?? session?.root.path)
        throw failure!
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
      if let session { try places.check(first..<table.count, in: session.root) }
      try folders.prepare(first..<table.count)
      let new = Mutex(
        [AppendPlan.Stamp](repeating: AppendPlan.Stamp(), count: session == nil ? 0 : batch.count))
      try performRuns(of: batch.count) { (run) throws(StoreError) in
        try encoders.withObject { (encoder) throws(StoreError) in
          var stamps: [AppendPlan.Stamp] = []
          for position in run {
            try folders.withFolder(of: first + position) { (folder) throws(StoreError) in
              try encoder.write(
                pixels.extracting(batch.byteRange(of: position)), format: batch[position],
                index: first + position, to: folder)
            }
            if session != nil { stamps.append(encoder.stamp()) }
          }
          if session != nil { new.withLock { $0.replaceSubrange(run, with: stamps) } }
        }
      }
      stamps += new.withLock { $0 }
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
      let labels = try table.bytes()
      description.add(
        StoreDescription.State(
          labelsCRC32: unsafe CRC32.checksum(of: labels.span.bytes), count: table.count,
          imageFormat: format.uniform, hasLabels: table.hasLabels, columns: table.columns),
        classNames: classNames)
      let descriptionBytes = try description.encoded()
      if let session {
        try folders.synchronize()
        return try session.commit(stamps, labels: labels, description: descriptionBytes)
      }
      try Self.write(labels, to: FolderContents.labelsFileName, in: folders.root)
      try Self.write(descriptionBytes, to: StoreDescription.fileName, in: folders.root)
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
    try Destination.check(path, isApartFrom: source.sourcePaths)
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

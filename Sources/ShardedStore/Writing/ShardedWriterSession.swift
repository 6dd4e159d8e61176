import ImageStoreCodecs
import ImageStoreCore
import ImageStoreNumPy
import ImageStoreSupport
import NPZStore

/// The work of a data set's writer.
///
/// It is a class with one owner, ``ShardedStore/Writer``, which cannot be copied.
final class ShardedWriterSession: EncodedWriterSession, EditingSession {
  var state: WriterState
  let encodedLayout: EncodedLayout?
  private let target: any ShardTarget
  private let shardSize: Int
  private let threads: Int
  /// The shard that images are appended to.
  private var shard: NPZStore.Writer?
  /// Its approximate bytes, and its file.
  private var shardByteCount = 0
  private var fileNumber = 0
  private var shards: [ShardManifest.Shard]
  /// Labels and columns of all images, including the existing ones.
  private var labels: ImageLabels
  /// Of the images of finished shards that are new.
  private var places = IndexBuilder()

  /// The bytes that an image takes in a shard in addition to its own: a header, a record of the
  /// directory, and what is between them.
  private static let byteCountBesides = 320

  init(
    _ target: any ShardTarget, path: String, layout: ShardedStore.Layout?, shardSize: Int,
    _ encoding: ImageEncoding,
    classNames: [String]?, threads: Int
  ) throws(StoreError) {
    guard shardSize > 0 else {
      throw StoreError(
        .invalidArgument, "shards cannot have \(shardSize) bytes", remedy: "give 1 or more, such as 128 MB")
    }
    let old = target.old
    if let old, let layout, old.manifest.layout != layout {
      throw StoreError(
        .unsupported, "the data set has the layout \(old.manifest.layout.rawValue)",
        remedy: "append without a layout, or write a new data set", path: path)
    }
    encodedLayout = try ImageCodecs.encodedLayout(
      isEncoded: (old?.manifest.layout ?? layout) == .encoded, encoding, threads: threads)
    let labels = try old?.labelsToContinue() ?? ImageLabels()
    state = try WriterState(
      path: path, classNames: classNames,
      appendingTo: old.map {
        WriterState.Existing(
          count: $0.manifest.count, classNames: $0.manifest.classNames, hasLabels: labels.labels != nil,
          columns: labels.columns.mapValues(\.kind))
      }
    ) { labels.labels }
    self.target = target
    self.shardSize = shardSize
    self.threads = threads
    self.labels = labels
    shards = old?.manifest.shards ?? []
  }

  // MARK: Images

  func write(_ pixels: RawSpan, layout: BatchLayout, labels: ImageLabels) throws(StoreError) {
    if let encodedLayout {
      var session = self
      return try session.encodeAndWrite(pixels, layout: layout, labels: labels, with: encodedLayout)
    }
    try add(labels)
    try forEachPart(
      of: layout.count, byteCount: { layout.byteRange(of: $0).count }
    ) { (shard, part) throws(StoreError) in
      if part.count == layout.count { return try shard.append(pixels, layout: layout, labels: labels) }
      let bytes =
        layout.byteRange(of: part.lowerBound)
        .lowerBound..<layout.byteRange(of: part.upperBound - 1).upperBound
      let partLayout =
        layout.uniformFormat.map { BatchLayout($0, count: part.count) }
        ?? BatchLayout(part.map { layout[$0] })
      try shard.append(pixels.extracting(bytes), layout: partLayout, labels: labels.part(part))
    }
  }

  func write(encoded bytes: RawSpan, _ images: [EncodedImage], labels: ImageLabels) throws(StoreError) {
    try add(labels)
    try forEachPart(of: images.count, byteCount: { images[$0].range.count }) {
      (shard, part) throws(StoreError) in
      let range = images[part.lowerBound].range.lowerBound..<images[part.upperBound - 1].range.upperBound
      try shard.append(
        encoded: bytes.extracting(range), byteCounts: images[part].map(\.range.count),
        labels: labels.part(part))
    }
  }

  private func add(_ labels: ImageLabels) throws(StoreError) {
    if state.nextIndex == 0 {
      self.labels = labels
    } else {
      try self.labels.append(labels)
    }
  }

  /// Divides a run of images among the current shard and later ones.
  private func forEachPart(
    of count: Int, byteCount: (Int) -> Int,
    _ append: (inout NPZStore.Writer, Range<Int>) throws(StoreError) -> Void
  ) throws(StoreError) {
    var start = 0
    while start < count {
      var end = start
      while end < count {
        let next = byteCount(end) + Self.byteCountBesides
        // A shard has one image at least.
        guard shardByteCount == 0 || next <= shardSize - min(shardSize, shardByteCount) else { break }
        shardByteCount += next
        end += 1
      }
      if end > start {
        if shard == nil { shard = try makeShard() }
        try append(&shard!, start..<end)
      }
      start = end
      if start < count { try closeShard() }
    }
  }

  private var fileName: String { "next-\(fileNumber).npz" }

  private func makeShard() throws(StoreError) -> NPZStore.Writer {
    // Encoded images have been checked.
    try NPZStore.Writer(
      to: "\(target.workPath)/\(fileName)", compression: .none, layout: encodedLayout == nil ? nil : .encoded,
      encoding: encodedLayout == nil ? ImageEncoding() : ImageEncoding(checks: false),
      classNames: state.classNames,
      threads: threads)
  }

  /// Finishes the current shard, and makes it an object.
  private func closeShard() throws(StoreError) {
    guard let writer = shard.take() else { return }
    try writer.finish()
    let path = "\(target.workPath)/\(fileName)"
    let count = try places.append(imagesOf: NPZStore(at: path, checksums: .skip, threads: 1))
    let hash = try FileHash(path)
    let name = ShardNames.shard(shards.count, sha256: hash.sha256)
    try target.take(fileName, as: ShardNames.object(ofShard: name))
    shards.append(
      ShardManifest.Shard(
        name: name, bytes: hash.byteCount, count: count, crc32: hash.crc32, sha256: hash.sha256))
    shardByteCount = 0
    fileNumber += 1
  }

  // MARK: The end

  /// The existing data set, if it will be edited; it has been opened before.
  private(set) lazy var existing = target.old.flatMap { try? ShardedStore($0, threads: threads) }

  func complete(saying annotations: StoreAnnotations) throws(StoreError) {
    guard let store = existing else {
      throw StoreError(.busy, "the data set was removed in the meantime", remedy: "try again")
    }
    labels = try annotations.all(of: store)
    state.replaceClassNames(annotations.classNames)
    try writeManifest()
  }

  func complete() throws(StoreError) {
    try closeShard()
    if target.old != nil, state.count == 0, !state.hasNewClassNames { return }
    try writeManifest()
  }

  /// Writes the index of all images and the manifest.
  private func writeManifest() throws(StoreError) {
    if let names = state.classNames, names.count > ShardManifest.mostClassNames {
      throw StoreError(
        .limitExceeded,
        "\(names.count) class names are too many: at most \(ShardManifest.mostClassNames) are read")
    }
    var all = try target.old.map { (old) throws(StoreError) in try IndexBuilder(old.index) } ?? IndexBuilder()
    all.append(places)
    let isEncoded = encodedLayout != nil
    let format = all.uniformFormat()
    let index = try writeIndex(all, hasKinds: isEncoded || format == nil && all.count > 0)
    let manifest = ShardManifest(
      count: state.nextIndex, layout: isEncoded ? .encoded : .arrays, imageFormat: format,
      classNames: state.classNames,
      columns: labels.columns.sorted { $0.key < $1.key }.map { .init(name: $0.key, kind: $0.value.kind) },
      hasLabels: labels.labels != nil, index: index, replacing: target.old?.manifest,
      shards: shards)
    try target.commit(manifest.encoded())
  }

  private func writeIndex(
    _ all: IndexBuilder, hasKinds: Bool
  ) throws(StoreError) -> ShardManifest.Index {
    var members = all.members(hasKinds: hasKinds)
    if let labels = labels.labels {
      members.append((ShardIndex.labelsName, try Column.int64(labels.map(Int64.init)).npyBytes()))
    }
    for (name, column) in labels.columns.sorted(by: { $0.key < $1.key }) {
      // Text is also stored as bytes one after another: numpy's own form makes every text as long
      // as the longest.
      let stored = column.utf8
      members.append((ShardIndex.name(ofColumn: name), try stored.npyBytes()))
      if let offsets = stored.offsetsNPYBytes() {
        members.append((ShardIndex.name(ofOffsets: name), offsets))
      }
    }
    let (archive, starts) = ArrayArchive.bytes(of: members)
    try FileSystem.write(archive, toNewFile: "\(target.workPath)/index.npz")
    let hash = unsafe SHA256.hexadecimal(SHA256.hash(of: archive.span.bytes))
    let name = target.indexName(sha256: hash)
    try target.take("index.npz", as: name)
    return ShardManifest.Index(
      name: name, bytes: archive.count, crc32: unsafe CRC32.checksum(of: archive.span.bytes).hexadecimal,
      arrays: zip(members, starts).map { .init(name: $0.name, start: $1, bytes: $0.bytes.count) })
  }
}

extension ImageLabels {
  /// Those of some of the images.
  fileprivate func part(_ images: Range<Int>) -> ImageLabels {
    ImageLabels(labels: labels.map { Array($0[images]) }, columns: columns.mapValues { $0.gathering(images) })
  }
}

extension ShardedContents {
  /// Labels and columns, to which those of further images are appended.
  fileprivate func labelsToContinue() throws(StoreError) -> ImageLabels {
    guard manifest.count > 0 else { return ImageLabels() }
    do throws(StoreError) {
      var labels = ImageLabels(labels: manifest.hasLabels ? try index.labels() : nil)
      for column in manifest.columns { labels.columns[column.name] = try index.column(column) }
      return labels
    } catch {
      throw error.at(path: "\(folder.location)/\(manifest.index.name)")
    }
  }
}

/// A manifest's entry for a file's bytes.
private struct FileHash {
  let byteCount: Int
  let crc32, sha256: String

  init(_ path: String) throws(StoreError) {
    let file = try MappedFile(path)
    byteCount = file.byteCount
    var (crc, sha) = (CRC32(), SHA256())
    // Some of them at a time, so that they are in the caches for the second.
    for start in stride(from: 0, to: byteCount, by: 256 << 10) {
      let piece = unsafe UnsafeRawBufferPointer(
        rebasing: file.bytes[start..<min(start + 256 << 10, byteCount)])
      unsafe crc.add(piece)
      unsafe sha.update(piece)
    }
    crc32 = crc.value.hexadecimal
    sha256 = SHA256.hexadecimal(sha.finish())
  }
}

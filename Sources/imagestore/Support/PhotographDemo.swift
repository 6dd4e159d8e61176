internal import ImageLoading
internal import ImageStoreCatalog
internal import ImageStoreCore
internal import ImageStoreSupport

/// Keeps the photographs that come with the program in every kind of store that can, as the files'
/// own bytes, and makes a network's batches of each.
struct PhotographDemo {
  private let output: String
  private static let epochs = 8
  private static let side = 128

  init(in output: String) { self.output = output }

  func run() throws(StoreError) {
    let source = try OpenedStore(DemoSet.path("photographs-demo")).store
    let pixels = try InMemoryStore(copying: source)
    var formats: Set<ImageFormat> = []
    for index in 0..<source.count { formats.insert(try source.format(at: index)) }
    let classes = Numbers.count(source.classNames?.count ?? 0, "class", plural: "classes")
    Console.line(
      """
      \(Numbers.count(source.count, "photograph")) in \(classes), \(try EncodedKinds(of: source).text): \
      \(formats.map(\.description).sorted().joined(separator: ", ")).
      Kept as they are, decoded, and made batches of random crops of \(Self.side)x\(Self.side), flipped half of the time.
      Times are microseconds per image.

      \(DemoRow.line(["store", "write", "decode", "batches", "disk", "pixels"]))
        \(String(repeating: "-", count: 62))
      """)
    if FileSystem.kind(of: output) == nil { try FileSystem.createFolder(output) }
    for format in StoreCatalog.writable where format.layouts.contains(EncodedKinds.layout) {
      Console.line(try row(format, of: source, pixels))
    }
    Console.line()
    let picture = "\(output)/photographs.png"
    try OutputFile.write(ContactSheet(of: batch(of: source), Array(0..<3 * source.count)).png(), to: picture)
    Console.line("Every pixel and label came back as it was. Crops as a network gets them: \(picture)")
  }

  /// Writes a store of one kind, and compares its decoded pixels with those of the files.
  private func row(
    _ format: any WritableStoreFormat, of source: any ImageStore, _ pixels: InMemoryStore
  ) throws(StoreError) -> String {
    let path = "\(output)/photographs\(format.suffixes.first ?? "-files")"
    let write = try time { () throws(StoreError) in
      try format.write(source, to: path, WriteOptions(mode: .replace, layout: EncodedKinds.layout))
    }
    let store = try OpenedStore(path).store
    guard try store.labels() == source.labels() else {
      throw StoreError(.corrupt, "the labels read are not those that were written", path: path)
    }
    let decode = try time { () throws(StoreError) in
      try store.forEachImage(0..<store.count) { (index, format, found) throws(StoreError) in
        try pixels.withImage(at: index) { (expected, written) throws(StoreError) in
          guard format == expected, found.firstDifference(from: written) == nil else {
            throw StoreError(.corrupt, "the pixels read are not those of the file", path: path, image: index)
          }
        }
      }
    }
    let batches = try time { () throws(StoreError) in
      for epoch in 0..<Self.epochs { _ = try images(of: store, epoch: epoch) { _ in } }
    }
    let times = [write, decode, batches / Double(Self.epochs)]
      .map { Numbers.significant($0 * 1e6 / Double(store.count)) }
    return DemoRow.line(
      [format.name] + times + [Numbers.bytes(try FileSystem.bytesOnDisk(path).apparent), "equal"])
  }

  /// The crops of three epochs as they are delivered.
  private func batch(of source: any ImageStore) throws(StoreError) -> InMemoryStore {
    var writer = InMemoryStore.Writer(classNames: source.classNames)
    for epoch in 0..<3 {
      try images(of: source, epoch: epoch) { (batch) throws(StoreError) in
        try writer.append(
          batch.pixels, layout: batch.layout, labels: ImageLabels(labels: batch.labels.map { Int($0) }))
      }
    }
    return try writer.finish()
  }

  private func images(
    of store: any ImageStore, epoch: Int, _ body: (LoadedBatch) throws(StoreError) -> Void
  ) throws(StoreError) {
    let augmentation = Augmentation(
      crop: .randomResized(height: Self.side, width: Self.side), flipProbability: 0.5)
    var batches = try store.converted(channels: 3)
      .batches(of: 16, in: .shuffled(seed: 42, epoch: epoch), augmentation: augmentation)
      .makeBlockingIterator()
    while let batch = try batches.next() {
      if Interruption.pending != nil { throw StoreError(.system, "interrupted") }
      try body(batch)
    }
  }

  private func time(_ body: () throws(StoreError) -> Void) throws(StoreError) -> Double {
    let start = monotonicSeconds()
    try body()
    return monotonicSeconds() - start
  }
}

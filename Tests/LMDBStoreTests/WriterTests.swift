import Foundation
import ImageStoreCore
import ImageStoreTesting
import LMDBStore
import Testing

@Suite struct WriterTests {
  private let format = ImageFormat(height: 32, width: 32, channels: 3)

  @Test func secondWriterIsRefused() throws {
    let folder = try TemporaryFolder()
    var images = SyntheticImages(seed: 1)
    let model = images.uniform(format, count: 5)
    let path = "\(folder.path)/s"
    _ = try LMDBStore.write(model, to: path)
    let first = try LMDBStore.Writer(to: path, mode: .append)
    try FileManager.default.createSymbolicLink(atPath: "\(folder.path)/link", withDestinationPath: path)
    for name in [path, "\(folder.path)/link"] {
      #expect(code { _ = try LMDBStore.Writer(to: name, mode: .append) } == .busy)
    }
    try first.finish()
    try LMDBStore.Writer(to: path, mode: .append).finish()
  }

  @Test func staleReadersDoNotMakeTheFileGrow() throws {
    let folder = try TemporaryFolder()
    var images = SyntheticImages(seed: 2)
    let model = images.uniform(format, count: 10)
    var sizes: [Int] = []
    for keepsOpen in [false, true] {
      let path = "\(folder.path)/\(keepsOpen)"
      var open = [try LMDBStore.write(model, to: path)]
      for _ in 0..<40 {
        _ = try LMDBStore.write(model, to: path, mode: .append)
        if keepsOpen { open.append(try LMDBStore(at: path)) }
      }
      for (number, store) in open.enumerated() {
        #expect(store.count == 10 * (number + 1))
        #expect(try store.pixels(at: 9) == model.pixels[9])
        #expect(try store.labels()!.count == store.count)
      }
      sizes.append(try FileManager.default.attributesOfItem(atPath: "\(path)/data.mdb")[.size] as! Int)
    }
    #expect(sizes[0] == sizes[1])
    // A block of 10 images takes 8 pages of 4 KiB, or fewer larger ones.
    #expect(sizes[0] < 41 * 10 * Int(sysconf(Int32(_SC_PAGESIZE))))
  }

  @Test func readsWhereNothingCanBeWritten() throws {
    let folder = try TemporaryFolder()
    var images = SyntheticImages(seed: 3)
    let model = images.uniform(format, count: 10)
    let path = "\(folder.path)/s"
    _ = try LMDBStore.write(model, to: path)
    try FileManager.default.removeItem(atPath: "\(path)/lock.mdb")
    try FileManager.default.setAttributes([.posixPermissions: 0o444], ofItemAtPath: "\(path)/data.mdb")
    try FileManager.default.setAttributes([.posixPermissions: 0o555], ofItemAtPath: path)
    defer { try? FileManager.default.setAttributes([.posixPermissions: 0o755], ofItemAtPath: path) }
    let store = try LMDBStore(at: path)
    #expect(try store.allPixels() == model.pixels.flatMap { $0 })
    // Nothing was created either.
    #expect(try FileManager.default.contentsOfDirectory(atPath: path) == ["data.mdb"])
  }

  @Test func otherProgramsThatHoldTheWriteLockAreWaitedFor() throws {
    let folder = try TemporaryFolder()
    var images = SyntheticImages(seed: 4)
    let path = "\(folder.path)/s"
    let model = images.uniform(format, count: 10)
    _ = try LMDBStore.write(model, to: path)
    let grown = try LMDBStore.write(model, to: path, mode: .append)
    // liblmdb sees the same database as this package.
    let entries = try Database(path).entries()
    #expect(
      entries.map(\.key).filter { $0.hasPrefix("images/") } == ["images/000000000000", "images/000000000010"])
    #expect(grown.count == 20)
  }

  @Test func replacesAStoreThatIsBeingRead() throws {
    let folder = try TemporaryFolder()
    var images = SyntheticImages(seed: 5)
    let path = "\(folder.path)/s"
    let first = images.uniform(format, count: 10)
    let second = images.uniform(ImageFormat(height: 3, width: 3), count: 4)
    let store = try LMDBStore.write(first, to: path)
    let other = try LMDBStore.write(second, to: path, mode: .replace)
    #expect(try store.allPixels() == first.pixels.flatMap { $0 })
    #expect(try other.allPixels() == second.pixels.flatMap { $0 })
    #expect(folder.names == ["s"])
    // By a URL as well as by a path.
    let url = URL(filePath: path, directoryHint: .isDirectory)
    try LMDBStore.write(LMDBStore(at: url), to: URL(filePath: "\(folder.path)/copy"))
    #expect(try LMDBStore(at: "\(folder.path)/copy").count == 4)
  }

  @Test func refusesWhatAStoreInBlocksCannotTake() throws {
    let folder = try TemporaryFolder()
    var images = SyntheticImages(seed: 6)
    let path = "\(folder.path)/s"
    let first = images.uniform(format, count: 10)
    _ = try LMDBStore.write(first, to: path)
    let other = images.uniform(ImageFormat(height: 3, width: 3), count: 4)
    #expect(code { _ = try LMDBStore.write(other, to: path, mode: .append) } == .unsupported)
    #expect(code { _ = try LMDBStore.Writer(to: path, mode: .append, layout: .perImage) } == .unsupported)
    #expect(try LMDBStore(at: path).allPixels() == first.pixels.flatMap { $0 })
  }

  @Test func classNamesThatAnAppendReplacesStayThoseOfOpenStores() throws {
    let folder = try TemporaryFolder()
    var images = SyntheticImages(seed: 7)
    let path = "\(folder.path)/s"
    var model = images.uniform(format, count: 3)
    model.labels = [0, 1, 2]
    // Too many for a leaf: the record has pages of its own, which the next append frees and the one
    // after it writes over.
    var names = (0..<200).map { "the class of the number \($0)" }
    model.classNames = names
    let open = try LMDBStore.write(model, to: path)
    for _ in 0..<5 {
      names.append("one more class, the number \(names.count)")
      model.classNames = names
      #expect(try LMDBStore.write(model, to: path, mode: .append).classNames == names)
    }
    #expect(open.classNames == Array(names.prefix(200)))
    try open.verify()
    try LMDBStore(at: path).verify()
    // By other names than the first one labels are translated.
    model.classNames = ["a new one", names[7], names[0]]
    let last = try LMDBStore.write(model, to: path, mode: .append)
    #expect(last.classNames == names + ["a new one"])
    #expect(try last.labels()!.suffix(3) == [names.count, 7, 0])
  }

  /// Records of a few values grow until they are no longer within leaves, so that many sessions do
  /// not leave many records.
  @Test(arguments: [LMDBStore.Layout.automatic, .perImage])
  func sessionsOfOneImageLeaveFewRecords(_ layout: LMDBStore.Layout) throws {
    let folder = try TemporaryFolder()
    let path = "\(folder.path)/s"
    let format = ImageFormat(height: 5, width: 7)
    let opened = Array(stride(from: 20, to: 300, by: 70))
    var early: [LMDBStore] = []
    for number in 0..<300 {
      try LMDBStore.write(to: path, mode: .append, layout: number == 0 ? layout : .automatic) { writer in
        try writer.append(
          [UInt8](repeating: UInt8(number % 251), count: 35), format: format, label: number,
          columns: [
            "name": .string("\(number).png"), "raw": .bytes([UInt8](repeating: 1, count: number % 3)),
          ])
      }
      if opened.contains(number) { early.append(try LMDBStore(at: path)) }
    }
    let store = try LMDBStore(at: path)
    try store.verify()
    #expect(try store.labels() == Array(0..<300))
    #expect(try store.column("name") == .string((0..<300).map { "\($0).png" }))
    let raw = Column.Bytes((0..<300).map { [UInt8](repeating: 1, count: $0 % 3) })
    #expect(try store.column("raw") == .bytes(raw))
    #expect(try store.pixels(at: 299) == [UInt8](repeating: UInt8(299 % 251), count: 35))
    let keys = try Database(path).entries().map(\.key).filter { $0.contains("/") && !$0.hasPrefix("images/") }
    #expect(keys.count < 60, "\(keys.count) records")
    // Those that were opened on the way have what they had.
    for (store, number) in zip(early, opened) {
      #expect(try store.labels() == Array(0...number))
      #expect(try store.column("name") == .string((0...number).map { "\($0).png" }))
      #expect(try store.column("raw").count == number + 1)
      try store.verify()
    }
  }
}

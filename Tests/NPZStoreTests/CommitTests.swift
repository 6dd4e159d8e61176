import Foundation
import ImageStoreCore
import ImageStoreSupport
import NPZStore
import Testing

/// The state of the disk after a power failure during an append.
@Suite struct CommitTests {
  private let format = ImageFormat(height: 6, width: 4, channels: 3)

  private func append(
    _ images: Range<Int>, to path: String, _ mode: WriteMode = .append, _ compression: Compression = .small
  ) throws {
    var writer = try NPZStore.Writer(to: path, mode: mode, compression: compression, threads: 1)
    for image in images {
      try unsafe writer.append(ramp(image).span.bytes, format: format, label: image * 10)
    }
    try writer.finish()
  }

  private func contents(_ path: String) throws -> [UInt8] {
    try FileSystem.contents(of: path, limit: 1 << 24)
  }

  /// Opens an archive and checks that it holds the first `count` images.
  private func check(_ path: String, count: Int, _ what: Comment) throws {
    let store = try NPZStore(at: path)
    #expect(store.count == count, what)
    #expect(try store.labels() == (0..<count).map { $0 * 10 }, what)
    for index in 0..<min(count, store.count) { #expect(try store.pixels(at: index) == ramp(index), what) }
  }

  @Test(arguments: [Compression.none, .small])
  func theEndRecordLiesInOneSector(compression: Compression) throws {
    let folder = TemporaryFolder()
    let path = "\(folder.path)/a.npz"
    var count = 0
    for step in 0..<60 {
      try append(count..<count + 1 + step % 3, to: path, step == 0 ? .create : .append, compression)
      count += 1 + step % 3
      let bytes = try contents(path)
      let end = try #require(EndRecord(of: bytes))
      #expect(end.offset / 512 == (bytes.count - 1) / 512, "\(count) images")
      #expect(end.directory.upperBound == end.offset, "other readers expect no gap here")
    }
    try check(path, count: count, "the last")
  }

  /// Any of the sectors that were written before the end record, in a file of any length; then the
  /// end record's.
  @Test(arguments: [Compression.none, .small])
  func anySubsetOfSectorsHoldsTheOldCommitOrTheNew(compression: Compression) throws {
    let folder = TemporaryFolder()
    let path = "\(folder.path)/a.npz"
    try append(0..<3, to: path, .create, compression)
    let before = try contents(path)
    try append(3..<9, to: path, .append, compression)
    let after = try contents(path)
    let end = try #require(EndRecord(of: after))
    // Until all else is on the disk, zeros are where the record goes.
    var unfinished = after
    for offset in end.offset..<after.count { unfinished[offset] = 0 }
    let sectors = Array(before.count / 512...(after.count - 1) / 512)
    try #require(sectors.count >= 3 && sectors.count <= 12)
    for subset in 0..<1 << sectors.count {
      var state = before + [UInt8](repeating: 0, count: after.count - before.count)
      for (bit, sector) in sectors.enumerated() where subset >> bit & 1 == 1 {
        let range = sector * 512..<min(after.count, (sector + 1) * 512)
        state.replaceSubrange(range, with: unfinished[range])
      }
      let lengths = [after.count, before.count + subset % (after.count - before.count)]
      for length in lengths {
        let torn = try folder.write(Array(state[..<length]), "torn.npz")
        try check(torn, count: 3, "sectors \(subset), \(length) bytes")
        guard subset % 7 == 0 || subset < 8 else { continue }
        try append(3..<5, to: torn)
        try check(torn, count: 5, "appended to sectors \(subset), \(length) bytes")
      }
    }
    try check(folder.write(unfinished, "torn.npz"), count: 3, "all but the record")
    try check(folder.write(after, "torn.npz"), count: 9, "all")
  }

  @Test func anEndRecordTornAnywhereLeavesACommit() throws {
    let folder = TemporaryFolder()
    let path = "\(folder.path)/a.npz"
    try append(0..<3, to: path, .create)
    try append(3..<5, to: path)
    let after = try contents(path)
    let end = try #require(EndRecord(of: after))
    for split in end.offset + 1..<after.count {
      var (first, second) = (after, after)
      for offset in split..<after.count { first[offset] = 0 }
      for offset in end.offset..<split { second[offset] = 0 }
      let count = try NPZStore(at: folder.write(first, "torn.npz")).count
      #expect(count == 3 || count == 5, "the first \(split - end.offset) bytes")
      try check("\(folder.path)/torn.npz", count: count, "the first \(split - end.offset) bytes")
      try check(folder.write(second, "torn.npz"), count: 3, "without the first \(split - end.offset) bytes")
    }
  }

  /// Earlier versions let the record be across sectors.
  @Test func aTornEndRecordOfAnEarlierVersionLeavesTheCommitBefore() throws {
    let folder = TemporaryFolder()
    let mark = Array("swift-image-stores uniform".utf8)
    var zip = ZipBuilder()
    for number in 0..<3 { zip.add("ix-00000\(number).npy", image(number)) }
    zip.add("labels.npy", labelArray([0, 10, 20]))
    zip.end(comment: mark)
    let before = zip.bytes
    var grown = ZipBuilder()
    for number in 0..<3 { grown.add("ix-00000\(number).npy", image(number)) }
    grown.add("ix-000003.npy", image(3))
    grown.add("labels.npy", labelArray([0, 10, 20, 30]))
    grown.end(comment: mark)
    try check(folder.write(before), count: 3, "before")
    try check(folder.write(grown.bytes), count: 4, "after")
    // As an append leaves it: the same records, the new entries after the old commit.
    try append(3..<4, to: folder.write(before, "old.npz"))
    var after = try contents("\(folder.path)/old.npz")
    let end = try #require(EndRecord(of: after))
    after.replaceSubrange(end.offset + 20..<after.count, with: little(UInt64(mark.count), 2) + mark)
    try check(folder.write(after), count: 4, "with the mark of an earlier version")
    for split in 1..<22 + mark.count {
      var torn = after
      for offset in end.offset..<end.offset + split { torn[offset] = 0 }
      try check(folder.write(torn), count: 3, "without the first \(split) bytes")
    }
  }

  @Test func bytesThatNoWriterLeftAreNotCutOff() throws {
    let folder = TemporaryFolder()
    let path = "\(folder.path)/a.npz"
    try append(0..<3, to: path, .create)
    for tail in [
      Array("notes".utf8), [0x50, 0x4B, 3, 4] + Array("another thing".utf8), [0, 0] + Array("x".utf8),
    ] {
      let whole = try contents(path) + tail
      let file = try folder.write(whole, "b.npz")
      #expect(try NPZStore(at: file).count == 3)
      #expect(code { try append(3..<4, to: file) } == .unsupported)
      #expect(try contents(file) == whole)
      #expect(code { try append(0..<1, to: file, .replace) } == .alreadyExists)
      #expect(try contents(file) == whole)
    }
  }

  /// What refuses an append comes before anything is cut off.
  @Test func aRefusedAppendCutsNothingOff() throws {
    let folder = TemporaryFolder()
    let path = "\(folder.path)/a.npz"
    try append(0..<3, to: path, .create)
    try append(3..<5, to: path)
    let after = try contents(path)
    let cut = Array(after[..<(after.count - 30)])
    var damaged = cut
    // The first entry's array is in the place of the labels' only if this finds it.
    let first = try contents(path)
    let labels = try #require(first.firstRange(of: Array("labels.npy".utf8)))
    damaged[labels.upperBound + 2] ^= 1
    let file = try folder.write(damaged, "b.npz")
    #expect(code { try append(3..<4, to: file) } == .corrupt)
    #expect(try contents(file) == damaged)
  }

  @Test func anotherProgramsChangeMeanwhileIsNotOverwritten() throws {
    let folder = TemporaryFolder()
    let path = "\(folder.path)/a.npz"
    try append(0..<3, to: path, .create)
    var writer = try NPZStore.Writer(to: path, mode: .append, threads: 1)
    try unsafe writer.append(ramp(3).span.bytes, format: format, label: 30)
    let others = try contents(path) + Array("added by another program".utf8)
    try? FileManager.default.removeItem(atPath: path)
    try FileSystem.write(others, toNewFile: path)
    do {
      try writer.finish()
      Issue.record("the other program's file is gone")
    } catch {
      #expect(error.code == .busy)
    }
    #expect(try contents(path) == others)
  }
}

import Foundation
import ImageStoreCore
import ImageStoreTesting
import Testing

@testable import HDF5Store

/// The bytes of small files of this package, each of the plainest, damaged alone, with the end of
/// the file, and with all that follows: whatever is asked of them, they are read or refused. In
/// child processes, which libhdf5 would end.
@Suite struct DamageTests {
  enum Layout: String, CaseIterable, Codable, Sendable {
    case contiguous, chunked, mixed, mixedChunked, longText
  }

  /// A file of a few kilobytes.
  static func write(_ layout: Layout, to path: String) throws {
    let compression: Compression = layout == .chunked || layout == .mixedChunked ? .fast : .none
    var writer = try HDF5Store.Writer(
      to: path, mode: .replaceAnything, compression: compression, classNames: ["a", "b"])
    for index in 0..<3 {
      let isMixed = layout == .mixed || layout == .mixedChunked
      let format = ImageFormat(height: 4 + (isMixed ? index : 0), width: 3, elementType: .uint16)
      let pixels = (0..<format.byteCount).map { UInt8(truncatingIfNeeded: $0 * 7 + index) }
      let text = layout == .longText ? String(repeating: "t", count: index * 35_000) : "text \(index)"
      try unsafe writer.append(
        pixels.span.bytes, layout: BatchLayout(format, count: 1),
        labels: ImageLabels(labels: [index], columns: ["text": .string([text])]))
    }
    if layout == .longText {
      // So many short texts next to a long one that the text is written to a heap.
      let format = ImageFormat(height: 4, width: 3, elementType: .uint16)
      let pixels = [UInt8](repeating: 1, count: 40 * format.byteCount)
      try unsafe writer.append(
        pixels.span.bytes, layout: BatchLayout(format, count: 40),
        labels: ImageLabels(
          labels: Array(0..<40), columns: ["text": .string((0..<40).map { "short \($0)" })]))
    }
    try writer.finish()
  }

  /// Asks everything of a file.
  static func exercise(_ bytes: [UInt8], at path: String, _ what: @autoclosure () -> String) throws {
    try Data(bytes).write(to: URL(filePath: path))
    do throws(StoreError) {
      _ = try HDF5Store.otherContents(at: path)
      for part in try HDF5Store.splits(at: path).values { _ = try part.labels() }
      let store = try HDF5Store(at: path)
      _ = try store.labels()
      for name in store.columnNames { _ = try store.column(name) }
      try store.verify()
    } catch {
      precondition(error.path == path && !error.description.contains("\n"), "\(what()): \(error)")
    }
  }

  /// Damages each byte that is not within a long text.
  private static func forEachPlace(
    _ layout: Layout, step: Int = 1, _ body: (_ whole: [UInt8], _ place: Int, _ path: String) throws -> Void
  ) throws {
    let folder = try TemporaryFolder()
    let path = "\(folder.path)/store.h5"
    try write(layout, to: path)
    let whole = try [UInt8](Data(contentsOf: URL(filePath: path)))
    let damaged = "\(folder.path)/damaged.h5"
    for place in stride(from: 0, to: whole.count, by: step) {
      if layout == .longText, whole[max(0, place - 20)..<place].allSatisfy({ $0 == UInt8(ascii: "t") }) {
        continue
      }
      try body(whole, place, damaged)
    }
  }

  @Test(arguments: Layout.allCases)
  func anyByte(_ layout: Layout) async {
    await #expect(processExitsWith: .success) { [layout = layout as Layout] in
      var random = SplitMix64(seed: 1)
      try DamageTests.forEachPlace(layout, step: layout == .contiguous ? 1 : 9) { whole, place, path in
        var bytes = whole
        bytes[place] ^= 1 << UInt8.random(in: 0..<8, using: &random)
        try DamageTests.exercise(bytes, at: path, "byte \(place)")
      }
    }
  }

  @Test(arguments: Layout.allCases)
  func anyByteAndTheEndOfTheChecksum(_ layout: Layout) async {
    await #expect(processExitsWith: .success) { [layout = layout as Layout] in
      var random = SplitMix64(seed: 2)
      try DamageTests.forEachPlace(layout, step: 9) { whole, place, path in
        var bytes = whole
        let end = bytes.count - 12
        if place % 2 == 0 {
          for byte in end..<bytes.count { bytes[byte] = 0 }
        } else {
          bytes[Int.random(in: end..<bytes.count, using: &random)] ^= 4
        }
        bytes[min(place, end - 1)] ^= 1 << UInt8.random(in: 0..<8, using: &random)
        try DamageTests.exercise(bytes, at: path, "byte \(place) and the end")
      }
    }
  }

  @Test(arguments: [Layout.contiguous, .chunked, .mixed])
  func anEndThatNeverReachedTheDisk(_ layout: Layout) async {
    await #expect(processExitsWith: .success) { [layout = layout as Layout] in
      try DamageTests.forEachPlace(layout, step: 11) { whole, place, path in
        let filler: UInt8 = place % 2 == 0 ? 0 : 0xFF
        try DamageTests.exercise(
          whole[..<place] + [UInt8](repeating: filler, count: whole.count - place), at: path,
          "\(filler) from byte \(place)")
        try DamageTests.exercise(Array(whole[..<place]), at: path, "cut at byte \(place)")
      }
    }
  }
}

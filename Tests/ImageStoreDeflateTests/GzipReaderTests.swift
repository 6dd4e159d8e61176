import ImageStoreCore
import ImageStoreDeflate
import Testing

@Suite struct GzipReaderTests {
  /// Reads everything, in pieces of `piece` bytes on both sides.
  func readAll(_ file: [UInt8], piece: Int) throws -> [UInt8] {
    var start = 0
    var reader = unsafe try GzipReader(pieceByteCount: piece) { (buffer) throws(StoreError) in
      let end = min(file.count, start + buffer.count)
      unsafe buffer.copyBytes(from: file[start..<end])
      defer { start = end }
      return end - start
    }
    var result: [UInt8] = []
    var output = [UInt8](repeating: 0, count: piece)
    while true {
      let count = try unsafe output.withUnsafeMutableBytes { try unsafe reader.read(into: $0) }
      result += output[..<count]
      guard count == piece else { break }
    }
    return result
  }

  func readMapped(_ file: [UInt8], count: Int) throws -> [UInt8] {
    var output = [UInt8](repeating: 0, count: count)
    let written = try unsafe file.withUnsafeBytes { bytes in
      var reader = try unsafe GzipReader(mapped: bytes)
      return try unsafe output.withUnsafeMutableBytes { try unsafe reader.read(into: $0) }
    }
    return Array(output[..<written])
  }

  @Test(arguments: [1, 7, 4_096, 1 << 20])
  func readsMembersInPieces(piece: Int) throws {
    let first = sampleBytes(20_000, seed: 11)
    let second = sampleBytes(3_000, seed: 12)
    let file = gzipMember(first, name: "first") + gzipMember([]) + gzipMember(second)
    #expect(try readAll(file, piece: piece) == first + second)
    #expect(try readAll(file + [UInt8](repeating: 0, count: 700), piece: piece) == first + second)
  }

  @Test func readsFromMemory() throws {
    let bytes = sampleBytes(20_000, seed: 13)
    let file = gzipMember(bytes) + gzipMember(bytes)
    #expect(try readMapped(file, count: 50_000) == bytes + bytes)
    #expect(try readMapped(file, count: 100) == Array(bytes[..<100]))
  }

  @Test func refusesEveryCut() throws {
    let file = gzipMember(sampleBytes(500, seed: 14), name: "name")
    for length in file.indices {
      #expect(throws: StoreError.self, "\(length) bytes") {
        try readAll(Array(file[..<length]), piece: 64)
      }
    }
  }

  @Test func refusesOtherBytes() throws {
    let file = gzipMember(sampleBytes(500, seed: 15))
    #expect(throws: StoreError.self) { try readAll(file + [1], piece: 64) }
    #expect(throws: StoreError.self) { try readAll([1, 2, 3, 4], piece: 64) }
    var wrongSum = file
    wrongSum[file.count - 6] ^= 1
    #expect(throws: StoreError.self) { try readAll(wrongSum, piece: 64) }
    var wrongSize = file
    wrongSize[file.count - 1] ^= 1
    #expect(throws: StoreError.self) { try readAll(wrongSize, piece: 64) }
  }

  @Test func passesOnErrorsOfTheFile() throws {
    var reader = unsafe try GzipReader { (_) throws(StoreError) in throw StoreError(.system, "unreadable") }
    var output = [UInt8](repeating: 0, count: 10)
    let error = #expect(throws: StoreError.self) {
      try unsafe output.withUnsafeMutableBytes { _ = try unsafe reader.read(into: $0) }
    }
    #expect(error?.code == .system)
  }

  @Test func recognizesGzip() {
    for (bytes, isGzip) in [(gzipMember([1]), true), (zlibCompressed([1]), false), ([], false)] {
      let answer = unsafe GzipReader.recognizes(bytes.span.bytes)
      #expect(answer == isGzip)
    }
  }
}

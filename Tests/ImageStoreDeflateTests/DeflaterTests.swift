import ImageStoreCore
import ImageStoreDeflate
import Testing

@Suite struct DeflaterTests {
  @Test(arguments: [0, 1, 4, 6, 9], DeflateStrategy.allCases)
  func zlibInflatesWhatWeDeflate(level: Int, strategy: DeflateStrategy) throws {
    var deflater = try Deflater(.zlib, level: level, strategy: strategy)
    for count in [0, 1, 100, 3_104, 100_000] {
      let bytes = sampleBytes(count, seed: UInt64(count + level))
      unsafe try deflater.deflate(bytes.span.bytes)
      let compressed = [UInt8](copying: deflater.bytes)
      #expect(zlibUncompressed(compressed, count: count) == bytes)
      #expect(compressed.count <= deflater.bound(count))
      // The second time from a state that has been used before.
      unsafe try deflater.deflate(bytes.span.bytes)
      #expect([UInt8](copying: deflater.bytes) == compressed)
    }
  }

  @Test(arguments: DeflateContainer.allCases)
  func smallWindowsInflateToo(container: DeflateContainer) throws {
    var deflater = try Deflater(container, level: 6, windowBits: 10, memoryLevel: 4)
    let bytes = sampleBytes(9_000, seed: 9)
    unsafe try deflater.deflate(bytes.span.bytes)
    var inflater = Inflater(container)
    var output = [UInt8](repeating: 0, count: 9_000)
    try unsafe output.withUnsafeMutableBytes { destination in
      try unsafe inflater.inflate(deflater.bytes, into: destination)
    }
    #expect(output == bytes)
  }

  @Test func saysWhenThereIsNoRoom() throws {
    var deflater = try Deflater(.zlib, level: 6)
    let bytes = sampleBytes(1_000, seed: 7)
    var output = [UInt8](repeating: 0, count: 10)
    let error = #expect(throws: StoreError.self) {
      try unsafe bytes.withUnsafeBytes { source in
        try unsafe output.withUnsafeMutableBytes { destination in
          _ = try unsafe deflater.deflate(source, into: destination)
        }
      }
    }
    #expect(error?.code == .invalidArgument)
  }

  @Test func moreTimeMakesSmallerFiles() throws {
    let bytes = sampleBytes(50_000, seed: 8)
    var sizes: [Int] = []
    for level in [0, 1, 9] {
      var deflater = try Deflater(.raw, level: level)
      unsafe try deflater.deflate(bytes.span.bytes)
      sizes.append(deflater.bytes.byteCount)
    }
    #expect(sizes[0] > sizes[1] && sizes[1] > sizes[2])
  }
}

import ImageStoreCore
import ImageStoreSupport
import ImageStoreTesting
import Synchronization
import Testing

/// A store that decodes: it reads, and borrows by reading.
private final class DecodingStore: ImageStore {
  let base: ModelStore
  let runs = Mutex<[Int]>([])

  init(_ images: ModelImages) { base = ModelStore(images) }

  var count: Int { base.count }
  var format: ImageFormat? { base.format }
  var checksumCoverage: ChecksumCoverage { .noImages }
  func format(at index: Int) throws(StoreError) -> ImageFormat { try base.format(at: index) }
  func labels() -> [Int]? { base.labels() }

  func read(
    _ indices: Span<Int>, regions: Span<ImageRegion>, into destination: inout OutputRawSpan
  ) throws(StoreError) {
    let count = indices.count
    runs.withLock { $0.append(count) }
    try base.read(indices, regions: regions, into: &destination)
  }

  func forEachImage(
    _ indices: Span<Int>,
    _ body: (_ position: Int, _ format: ImageFormat, _ pixels: RawSpan) throws(StoreError) -> Void
  ) throws(StoreError) {
    try borrowDecoded(indices, byteBudget: 1000, body)
  }
}

/// Images of a letter, their height and width, and their bytes xored with the letter.
private struct XorCodec: ImageCodec {
  let letter: UInt8
  var decodesRegions = false

  var name: String { "xor" }
  var fileSuffixes: [String] { ["xor"] }
  var number: UInt8 { 200 }

  func recognizes(_ head: RawSpan) -> Bool {
    unsafe head.byteCount > 0 && head.unsafeLoad(as: UInt8.self) == letter
  }

  func makeDecoder() throws(StoreError) -> any ImageDecoder { Decoder(decodesRegions: decodesRegions) }

  func encode(_ pixels: [UInt8], _ format: ImageFormat) -> [UInt8] {
    [letter, UInt8(format.height), UInt8(format.width)] + pixels.map { $0 ^ letter }
  }

  final class Decoder: ImageDecoder {
    let decodesRegions: Bool
    init(decodesRegions: Bool) { self.decodesRegions = decodesRegions }

    func format(ofHead head: RawSpan) throws(StoreError) -> ImageFormat? {
      guard head.byteCount >= 3 else { return nil }
      let bytes = [UInt8](copying: head)
      return ImageFormat(height: Int(bytes[1]), width: Int(bytes[2]))
    }

    func largestByteCount(ofHead head: RawSpan) throws(StoreError) -> Int { 3 + 255 * 255 }

    func verify(_ encoded: RawSpan) throws(StoreError) {}

    func decode(
      _ encoded: RawSpan, _ request: DecodeRequest, into memory: UnsafeMutableRawBufferPointer
    ) throws(StoreError) {
      let bytes = [UInt8](copying: encoded)
      guard try format(ofHead: encoded) == request.format, bytes.count == 3 + request.format.byteCount else {
        throw StoreError(.corrupt, "cut short")
      }
      let region = request.region ?? ImageRegion(wholeOf: request.format)
      var offset = 0
      for row in region.row..<region.row + region.height {
        for column in region.column..<region.column + region.width {
          unsafe memory[offset] = bytes[3 + row * request.format.width + column] ^ bytes[0]
          offset += 1
        }
      }
    }
  }
}

@Suite struct DecodingTests {
  @Test(arguments: [true, false])
  func runsAreBorrowedInOrder(uniform: Bool) throws {
    var synthetic = SyntheticImages(seed: 5)
    let format = ImageFormat(height: 8, width: 9, channels: 3)
    let images = uniform ? synthetic.uniform(format, count: 12) : synthetic.mixed(format, count: 12)
    let store = DecodingStore(images)
    let indices = [11, 0, 3, 3, 7, 1, 10, 2, 5, 11]
    var bytes: [UInt8] = []
    var positions: [Int] = []
    try store.forEachImage(indices) { (position, format, pixels) throws(StoreError) in
      positions.append(position)
      #expect(format == images.formats[indices[position]])
      bytes += [UInt8](copying: pixels)
    }
    #expect(positions == Array(0..<10))
    #expect(bytes == images.gather(indices))
    // Runs keep to the budget, and are as long as it allows.
    let runs = store.runs.withLock { $0 }
    #expect(runs.reduce(0, +) == 10 && (!uniform || runs == [4, 4, 2]))
  }

  @Test func nothingIsDecodedForABadIndex() throws {
    var synthetic = SyntheticImages(seed: 5)
    let store = DecodingStore(synthetic.uniform(ImageFormat(height: 2, width: 2), count: 3))
    for bad in [-1, 3, .max] {
      let error = #expect(throws: StoreError.self) {
        try store.forEachImage([0, bad]) { (_, _, _) throws(StoreError) in }
      }
      #expect(error?.code == .indexOutOfRange)
    }
    #expect(store.runs.withLock { $0 } == [])
    try store.forEachImage([]) { (_, _, _) throws(StoreError) in }
  }

  @Test func whatTheBodyThrowsEndsIt() throws {
    var synthetic = SyntheticImages(seed: 5)
    let store = DecodingStore(synthetic.uniform(ImageFormat(height: 20, width: 30), count: 9))
    var seen = 0
    #expect(throws: StoreError(.corrupt, "enough")) {
      try store.forEachImage(0..<9) { (_, _, _) throws(StoreError) in
        seen += 1
        if seen == 2 { throw StoreError(.corrupt, "enough") }
      }
    }
    #expect(seen == 2 && store.runs.withLock { $0.count } == 2)
  }

  @Test func imagesOfSeveralCodecsMeetInOneDecoder() throws {
    let (whole, regions) = (XorCodec(letter: 65), XorCodec(letter: 66, decodesRegions: true))
    let decoder = EncodedImageDecoder([whole, regions])
    let format = ImageFormat(height: 3, width: 4)
    let pixels = (0..<12).map { UInt8($0) }
    for codec in [whole, regions, regions, whole] {
      let encoded = codec.encode(pixels, format)
      #expect(try unsafe decoder.format(ofHead: encoded.span.bytes) == format)
      #expect(try unsafe decoder.format(ofHead: encoded.span.extracting(first: 2).bytes) == nil)
      for region in [nil, ImageRegion(row: 1, column: 2, height: 2, width: 2)] {
        let request = DecodeRequest(format: format, region: region)
        var decoded = [UInt8](repeating: 0, count: request.byteCount)
        try unsafe decoded.withUnsafeMutableBytes { memory in
          try unsafe decoder.decode(encoded.span.bytes, request, into: memory)
        }
        #expect(decoded == (region == nil ? pixels : [6, 7, 10, 11]))
      }
    }
    let other: [UInt8] = [67, 1, 1, 0]
    let error = #expect(throws: StoreError.self) { _ = try unsafe decoder.format(ofHead: other.span.bytes) }
    #expect(error?.code == .unrecognized && error?.message.contains("xor or xor") == true)
    let none: [UInt8] = []
    #expect(throws: StoreError.self) { _ = try unsafe decoder.format(ofHead: none.span.bytes) }
  }

  @Test func idleObjectsAreUsedAgain() throws {
    final class Thing {}
    let made = Atomic(0)
    let pool = IdlePool { () throws(StoreError) in
      made.add(1, ordering: .relaxed)
      return Thing()
    }
    for _ in 0..<5 { try pool.withObject { (_) throws(StoreError) in } }
    #expect(made.load(ordering: .relaxed) == 1)
    try pool.withObject { (first) throws(StoreError) in
      try pool.withObject { (second) throws(StoreError) in #expect(first !== second) }
    }
    #expect(made.load(ordering: .relaxed) == 2)
  }

  @Test func bytesOfAMapAreThere() throws {
    let folder = try TemporaryFolder()
    let path = "\(folder.path)/bytes"
    try FileSystem.write([1, 2, 3], toNewFile: path)
    let source: any ByteSource = try MappedFile(path)
    source.advise(.random)
    let ranges = [0..<3]
    source.willRead(ranges.span)
    try source.makeReadable(ranges.span)
    #expect(unsafe Array(source.bytes) == [1, 2, 3])
  }
}

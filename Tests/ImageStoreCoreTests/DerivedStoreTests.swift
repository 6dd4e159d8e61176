import CImageStoreKernels
import ImageStoreCore
import ImageStoreTesting
import Testing

/// Stores that make their images out of those of another.
@Suite struct DerivedStoreTests {
  static let factories: [StoreFactory] = [
    .shelf("converted to what it is") {
      try ConvertedStore($0, channels: nil, alpha: .dropped, elementType: nil, threads: 2)
    },
    .shelf("converted to what it is, not in memory") {
      try ConvertedStore($0.cached(upTo: 0), channels: nil, alpha: .dropped, elementType: nil, threads: 1)
    },
    .shelf("resized to what it is") { try resizedToItself($0) },
    .shelf("resized to what it is, not in memory") { try resizedToItself($0.cached(upTo: 0)) },
  ]

  private static func resizedToItself(_ store: any ImageStore) throws -> any ImageStore {
    guard let format = store.format else { return store }
    return try store.resized(.stretch(height: format.height, width: format.width), filter: .nearest)
  }

  @Test(arguments: factories)
  func conforms(factory: StoreFactory) throws {
    var factory = factory
    factory.capabilities.manyImages = 300
    try checkConformance(of: factory, seed: 1)
  }

  /// Regions of resized images, of images in memory and of others, against the naive loop.
  @Test(arguments: [
    Resizing.shorterSide(11), .fill(height: 9, width: 14), .fit(height: 12, width: 10),
    .stretch(height: 5, width: 21),
  ])
  func resizesByTheRule(_ resizing: Resizing) throws {
    var synthetic = SyntheticImages(seed: 5)
    for isMixed in [false, true] {
      let format = ImageFormat(height: 13, width: 19, channels: 3)
      let images =
        isMixed ? synthetic.mixed(format, count: 24) : synthetic.uniform(format, count: 24)
      var expected = ModelImages()
      for index in 0..<images.count {
        let request = try resizing.request(for: images.formats[index], filter: .bicubic)
        expected.append(
          NaiveResize(image: images.pixels[index], format: images.formats[index], request: request).result(),
          format: request.delivered(of: images.formats[index]))
      }
      let memory = try Samples.store(images)
      for base in [memory, try memory.cached(upTo: 0)] as [any ImageStore] {
        let store = try base.resized(resizing, filter: .bicubic, threads: 2)
        #expect(store.format == expected.uniformFormat)
        #expect(try store.labels() == images.labels)
        var indices = (0..<60).map { _ in Int.random(in: 0..<24, using: &synthetic.generator) }
        #expect(try Samples.bytes(of: store.read(indices)) == expected.gather(indices))
        try store.forEachImage(indices) { (position, format, pixels) throws(StoreError) in
          let isEqual = [UInt8](copying: pixels) == expected.pixels[indices[position]]
          #expect(isEqual && format == expected.formats[indices[position]])
        }
        indices.removeLast(20)
        let regions = indices.map { index in
          let format = expected.formats[index]
          let (height, width) = (
            Int.random(in: 1...format.height, using: &synthetic.generator),
            Int.random(in: 1...format.width, using: &synthetic.generator)
          )
          return ImageRegion(
            row: Int.random(in: 0...format.height - height, using: &synthetic.generator),
            column: Int.random(in: 0...format.width - width, using: &synthetic.generator), height: height,
            width: width)
        }
        let isEqual =
          try Samples.bytes(of: store.read(indices, regions: .each(regions)))
          == expected.gather(indices, regions: regions)
        #expect(isEqual)
      }
    }
  }

  /// A plain loop over pixels.
  private static func converted(
    _ image: [Int], _ from: Int, to channels: Int, over color: [Int]?, most: Int
  ) -> [Int] {
    stride(from: 0, to: image.count, by: from).flatMap { start -> [Int] in
      var rgb = from < 3 ? [Int](repeating: image[start], count: 3) : Array(image[start..<start + 3])
      if let color, from == 2 || from == 4 {
        let alpha = image[start + from - 1]
        for k in 0..<3 {
          let below = color[color.count == 1 ? 0 : k] * most / 255
          rgb[k] = Int((Double(rgb[k] * alpha + below * (most - alpha)) / Double(most)).rounded())
        }
      }
      if channels == 3 { return rgb }
      if from < 3, color == nil { return [rgb[0]] }
      return [(19595 * rgb[0] + 38470 * rgb[1] + 7471 * rgb[2] + 32768) >> 16]
    }
  }

  private static func numbers(_ bytes: [UInt8], _ type: ElementType) -> [Int] {
    if type == .uint8 { return bytes.map { Int($0) } }
    return stride(from: 0, to: bytes.count, by: 2).map { place in
      Int(bytes[place]) + 256 * Int(bytes[place + 1])
    }
  }

  private static func bytes(_ numbers: [Int], _ type: ElementType, narrowed: Bool) -> [UInt8] {
    var bytes: [UInt8] = []
    for number in numbers {
      if type == .uint8 {
        bytes.append(UInt8(number))
      } else {
        if !narrowed { bytes.append(UInt8(number % 256)) }
        bytes.append(UInt8(number / 256))
      }
    }
    return bytes
  }

  @Test(arguments: [ElementType.uint8, .uint16], 1...4)
  func convertsChannelsAndSamples(_ type: ElementType, _ from: Int) throws {
    var synthetic = SyntheticImages(seed: 9)
    let format = ImageFormat(height: 5, width: 7, channels: from, elementType: type)
    let images = synthetic.uniform(format, count: 3)
    let store = try Samples.store(images)
    let most = type == .uint8 ? 255 : 65535
    for channels in [1, 3] {
      for color in [nil, [200], [255, 7, 90]] as [[UInt8]?] {
        for narrowed in [false, true] {
          let alpha: AlphaConversion = color.map { .over($0) } ?? .dropped
          let converted = try store.converted(
            channels: channels, alpha: alpha, elementType: narrowed ? .uint8 : nil)
          let delivered = ImageFormat(
            height: 5, width: 7, channels: channels, elementType: narrowed ? .uint8 : type)
          #expect(converted.format == delivered)
          for index in 0..<3 {
            let numbers = Self.converted(
              Self.numbers(images.pixels[index], type), from, to: channels, over: color?.map { Int($0) },
              most: most)
            let expected = Self.bytes(numbers, type, narrowed: narrowed)
            let isEqual = try converted.pixels(at: index) == expected
            #expect(isEqual, "\(format) to \(channels) over \(color ?? [])")
          }
        }
      }
    }
  }

  @Test func refusesWhatHasNoRule() throws {
    func store(_ channels: Int, _ type: ElementType) throws -> InMemoryStore {
      try Samples.store(
        Samples.uniform(1, format: ImageFormat(height: 2, width: 2, channels: channels, elementType: type)))
    }
    expectError(.invalidArgument) { _ = try store(3, .uint8).converted(channels: 2) }
    expectError(.invalidArgument) { _ = try store(3, .uint8).converted(channels: 3, alpha: .over([1, 2])) }
    expectError(.invalidArgument) { _ = try store(3, .uint8).converted(elementType: .float32) }
    for (channels, type) in [(3, ElementType.float32), (5, .uint8), (3, .bool)] {
      let error = expectError(.unsupported) { _ = try store(channels, type).converted(channels: 1) }
      #expect(error?.message.contains(channels == 5 ? "5 channels" : type.name) == true)
    }
    expectError(.unsupported) { _ = try store(1, .float32).converted(elementType: .uint8) }
    // Copies need no rule.
    #expect(try store(1, .float32).converted(channels: 3).format?.channels == 3)
    #expect(try store(4, .float64).converted(channels: 3).format?.channels == 3)
  }
}

/// The vector instructions chosen at run time change nothing.
@Suite(.serialized) struct PortableKernelTests {
  @Test func bytesAreTheSameWithoutVectorInstructions() throws {
    var synthetic = SyntheticImages(seed: 21)
    let resampler = Resampler()
    for round in 0..<200 {
      let format = ImageFormat(
        height: Int.random(in: 1...50, using: &synthetic.generator),
        width: Int.random(in: 1...90, using: &synthetic.generator), channels: 1 + round % 5)
      let image = synthetic.image(.noise, format: format)
      let request = ResamplerTests.request(of: format, upTo: 80, &synthetic.generator)
      let results = try [0, 1].map { portably in
        image_kernels_resample_portably(Int32(portably))
        defer { image_kernels_resample_portably(0) }
        var result = [UInt8](repeating: 0, count: request.delivered(of: format).byteCount)
        try unsafe image.withUnsafeBytes { pixels in
          try unsafe result.withUnsafeMutableBytes {
            try unsafe resampler.resample(
              pixels, holding: ImageRegion(wholeOf: format), of: format, request, into: $0)
          }
        }
        return result
      }
      let isEqual = results[0] == results[1]
      #expect(isEqual, "seed 21, round \(round): \(format), \(request)")
    }
  }
}

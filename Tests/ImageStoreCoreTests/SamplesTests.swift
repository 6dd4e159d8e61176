import ImageStoreCore
import Testing

/// Samples of every element type go in and come out as they are in Swift.
@Suite struct SamplesTests {
  private func format(_ elementType: ElementType) -> ImageFormat {
    ImageFormat(height: 2, width: 3, elementType: elementType)
  }

  private func roundTrip<Sample: ImageSample & Equatable>(_ samples: [Sample]) throws {
    let format = format(Sample.elementType)
    let store = try InMemoryStore { writer in
      try writer.append(samples, format: format, label: 0)
      try writer.append(samples.span, format: format, label: 1)
      try writer.append(samples + samples, layout: BatchLayout(format, count: 2), labels: [2, 3])
    }
    let batch = try store.read([3, 1])
    let read = try batch.samples(as: Sample.self)
    #expect(read.indices.map { read[$0] } == samples + samples, "\(Sample.self)")
    #expect(store.labels() == [0, 1, 2, 3])
  }

  @Test func everyElementType() throws {
    try roundTrip([0, 1, 2, 3, 254, 255] as [UInt8])
    try roundTrip([0, 1, 2, 3, 4, 65535] as [UInt16])
    try roundTrip([-128, 1, 2, 3, 4, 127] as [Int8])
    try roundTrip([.min, 1, 2, 3, 4, .max] as [Int16])
    try roundTrip([.min, 1, 2, 3, 4, .max] as [Int32])
    try roundTrip([.min, 1, 2, 3, 4, .max] as [Int64])
    try roundTrip([-0.5, 1, 2, 3, 4, .infinity] as [Float])
    try roundTrip([-0.5, 1, 2, 3, 4, .greatestFiniteMagnitude] as [Double])
    #if !(os(macOS) && arch(x86_64))
    try roundTrip([-0.5, 1, 2, 3, 4, .infinity] as [Float16])
    #endif
  }

  @Test func truthValuesAreBytes() throws {
    let store = try InMemoryStore { try $0.append([0, 1, 1, 0, 0, 1], format: format(.bool)) }
    let batch = try store.read(0..<1)
    #expect(try batch.samples(as: UInt8.self).count == 6)
    expectError(.invalidArgument) { _ = try batch.samples(as: Int8.self).count }
  }

  @Test func bytesStandForAnyFormat() throws {
    let pixels: [UInt8] = [1, 0, 2, 0, 3, 0, 4, 0, 5, 0, 6, 0]
    let store = try InMemoryStore { try $0.append(pixels, format: format(.uint16)) }
    #expect(try store.pixels(at: 0) == pixels)
  }

  @Test func otherSamplesAreRefused() throws {
    let format = format(.uint16)
    for append in [
      { (writer) in try writer.append([Float](repeating: 0, count: 6), format: format) },
      { (writer) in try writer.append([Int16](repeating: 0, count: 6), format: format) },
      { (writer) in try writer.append([UInt16](repeating: 0, count: 5), format: format) },
      { (writer) in try writer.append([Float](repeating: 0, count: 6), layout: BatchLayout(format, count: 1))
      },
    ] as [(inout InMemoryStore.Writer) throws -> Void] {
      expectError(.invalidArgument) { _ = try InMemoryStore(append) }
    }
    let batch = try InMemoryStore { try $0.append([UInt16](repeating: 7, count: 6), format: format) }.read([0]
    )
    let error = expectError(.invalidArgument) { _ = try batch.samples(as: Float.self).count }
    #expect(error?.message == "the samples are uint16, not float32")
    #expect(error?.remedy == "ask for samples(as: UInt16.self), or convert the images")
  }

  @Test func imagesOfDifferentTypesHaveNoSamplesInCommon() throws {
    let store = try InMemoryStore { writer in
      try writer.append([1, 2, 3, 4, 5, 6], format: format(.uint8))
      try writer.append([1, 2, 3, 4, 5, 6] as [UInt16], format: format(.uint16))
    }
    expectError(.invalidArgument) { _ = try store.read([0, 1]).samples(as: UInt8.self).count }
    expectError(.invalidArgument) { _ = try store.read([0, 1]).samples(as: UInt16.self).count }
    let batch = try store.read([1])
    #expect(try batch.samples(as: UInt16.self)[5] == 6)
  }

  @Test func imagesOfDifferentSizesHave() throws {
    let store = try InMemoryStore { writer in
      try writer.append([1.5] as [Float], format: ImageFormat(height: 1, width: 1, elementType: .float32))
      try writer.append([2, 3] as [Float], format: ImageFormat(height: 2, width: 1, elementType: .float32))
    }
    let batch = try store.read(0..<2)
    let samples = try batch.samples(as: Float.self)
    #expect(samples.indices.map { samples[$0] } == [1.5, 2, 3])
  }

  @Test func anEmptyBatchHasNoSamples() throws {
    let batch = ImageBatch()
    #expect(try batch.samples(as: Float.self).count == 0)
  }

  @Test func columnsOfOneImageAndOfABatch() throws {
    let format = ImageFormat(height: 1, width: 1)
    let store = try InMemoryStore { writer in
      try writer.append(
        [7] as [UInt8], format: format, label: 1, columns: ["name": "a.png", "weight": 0.5, "id": 7])
      let batch = try InMemoryStore { try $0.append([8] as [UInt8], format: format, label: 2) }.read([0, 0])
      try writer.append(
        batch, columns: ["name": .string(["b", "c"]), "weight": .double([1, 2]), "id": .int64([8, 9])])
    }
    #expect(store.labels() == [1, 2, 2])
    #expect(try store.column("name") == .string(["a.png", "b", "c"]))
    #expect(try store.column("weight") == .double([0.5, 1, 2]))
    #expect(try store.column("id") == .int64([7, 8, 9]))
  }
}

import ImageStoreCore
import ImageStoreTesting
import Testing

/// A store that has checksums, which may lie.
private struct ChecksummedSamples: ChecksummedStore, StoreWrapper {
  let base: any ImageStore
  let checksums: [UInt32?]
  func pixelChecksums() -> [UInt32?]? { checksums }
}

@Suite struct ImageDuplicatesTests {
  /// Images of one byte, of a size and a value.
  private func store(_ images: [(width: Int, value: UInt8)]) throws -> InMemoryStore {
    try InMemoryStore { writer in
      for (index, image) in images.enumerated() {
        try writer.append(
          [UInt8](repeating: image.value, count: image.width),
          format: ImageFormat(height: 1, width: image.width),
          label: index)
      }
    }
  }

  @Test func theFirstOfEqualImagesStays() throws {
    let images = try store([(1, 5), (2, 5), (1, 6), (1, 5), (2, 5), (1, 5)])
    let found = try images.findDuplicates()
    #expect(found.duplicates.map(\.index) == [3, 4, 5] && found.duplicates.map(\.first) == [0, 1, 0])
    #expect(found.uniqueIndices == [0, 1, 2] && found.imageCount == 6 && !found.isEmpty)
    #expect(try images.deduplicated().labels() == [0, 1, 2])
    #expect(try store([]).findDuplicates().isEmpty)
    #expect(try images.deduplicated().findDuplicates().isEmpty)
  }

  /// The same bytes in another shape are another image.
  @Test func shapesTellImagesApart() throws {
    let images = try InMemoryStore { writer in
      for format in [ImageFormat(height: 2, width: 3), ImageFormat(height: 3, width: 2)] {
        try writer.append([1, 2, 3, 4, 5, 6], format: format)
      }
    }
    #expect(try images.findDuplicates().isEmpty)
  }

  @Test func onlyWhatMayBeEqualIsRead() throws {
    let images = try store([(1, 1), (1, 2), (1, 3), (1, 2), (1, 4)])
    let probe = Probe(images)
    let whole = ChecksummedSamples(base: probe, checksums: [1, 2, 3, 2, 3])
    // The last two that may be equal are not.
    #expect(try whole.findDuplicates().duplicates.map(\.index) == [3])
    #expect(Set(probe.calls.lendings.flatMap(\.self)) == [1, 2, 3, 4])
    // Where a checksum is missing it is that of zlib, which others have as well: crc32(b"\x02").
    let some = ChecksummedSamples(base: images, checksums: [1, 0x3C0C_8EA1, 3, nil, 4])
    #expect(try some.findDuplicates().duplicates.map(\.first) == [1])
  }

  @Test func checksumsPassThroughWhatKeepsPixels() throws {
    let images = try store([(1, 1), (1, 2), (1, 3)])
    let whole = ChecksummedSamples(base: images, checksums: [7, nil, 9])
    #expect(try whole.subset([2, 1]).relabeled(with: [0, 0]).checksums() == [9, nil])
    #expect(try ConcatenatedStore([whole, images]).checksums() == [7, nil, 9, nil, nil, nil])
    #expect(try whole.swappingChannels().checksums() == [nil, nil, nil])
  }
}

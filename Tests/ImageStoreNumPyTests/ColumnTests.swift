import ImageStoreCore
import ImageStoreNumPy
import Testing

@Suite struct ColumnTests {
  @Test func readsIntegersOfNumpy() throws {
    #expect(try Fixture("i8.npy").integers() == [0, -1, 1 << 62, Int.min])
    #expect(
      try Fixture("u4-big-column.npy").integers()
        == [7, 4_294_967_295, 0])
    #expect(
      try Fixture("i8.npy").column() == .int64([0, -1, 1 << 62, .min]))
  }

  @Test func readsOtherColumnsOfNumpy() throws {
    #expect(
      try Fixture("f8.npy").column()
        == .double([0.1, -0.0, 1e308, .infinity]))
    #expect(
      try Fixture("U.npy").column()
        == .string(["a", "", "\u{e9}t\u{e9} \u{1F600}", "plain text"]))
    #expect(try Fixture("U-big.npy").column() == .string(["a", "\u{e9}"]))
    #expect(try Fixture("S.npy").column() == .string(["abc", "", "d"]))
  }

  @Test(arguments: ["u8-large.npy", "f8.npy", "u1.npy"])
  func refusesWhatIsNoLabel(name: String) throws {
    #expect(throws: StoreError.self) { try Fixture(name).integers() }
  }

  @Test func refusesTextThatIsNone() throws {
    let header = NPYHeader(NPYType(.unicode, byteCount: 4), shape: [2])
    for code: UInt32 in [0xD800, 0x110000, .max] {
      let codes: [UInt32] = [65, code]
      #expect(throws: StoreError.self) {
        try column(
          header, in: codes.flatMap { code in (0..<4).map { UInt8(truncatingIfNeeded: code >> (8 * $0)) } })
      }
    }
  }

  @Test func refusesTooFewBytes() throws {
    for type in [NPYType(.int64), NPYType(.float64), NPYType(.float32), NPYType(.unicode, byteCount: 8)] {
      let header = NPYHeader(type, shape: [3])
      let bytes = [UInt8](repeating: 0, count: header.dataByteCount - 1)
      #expect(throws: StoreError.self) {
        try column(header, in: bytes)
      }
    }
  }

  @Test func writesTheBytesNumpyWrites() throws {
    #expect(try Column.int64([0, -1, 1 << 62, .min]).npyBytes() == Fixture("i8.npy").bytes)
    #expect(try Column.double([0.1, -0.0, 1e308, .infinity]).npyBytes() == Fixture("f8.npy").bytes)
    #expect(
      try Column.string(["a", "", "\u{e9}t\u{e9} \u{1F600}", "plain text"]).npyBytes()
        == Fixture("U.npy").bytes)
  }

  @Test func refusesTextWithNUL() {
    #expect {
      try Column.string(["a", "b\0c"]).npyBytes()
    } throws: {
      ($0 as? StoreError)?.code == .unsupported && ($0 as? StoreError)?.image == 1
    }
  }

  @Test func givesEmptyColumnsBack() throws {
    for kind in [Column.Kind.int64, .double, .string] {
      let bytes = try Column(kind).npyBytes()
      let header = try parse(bytes)
      #expect(header.shape == [0])
      #expect(
        try column(header, in: Array(bytes[header.dataOffset...])) == Column(kind)
      )
    }
    for kind in [Column.Kind.int64Vectors(width: 3), .doubleVectors(width: 1)] {
      let header = try parse(Column(kind).npyBytes())
      #expect(header.shape == [0, header.vectorWidth ?? 0])
      #expect(try unsafe header.column(of: 0, in: UnsafeRawBufferPointer(start: nil, count: 0)).kind == kind)
    }
  }

  /// What numpy makes of `np.array([[1, 2], [3, 4], [5, 6]])` and of bytes with their offsets.
  @Test func vectorsHaveASecondAxis() throws {
    let vectors = Column.int64Vectors(try Column.Vectors([1, 2, 3, 4, 5, 6], width: 2))
    let header = try parse(vectors.npyBytes())
    #expect(header.shape == [3, 2] && header.type.description == "<i8")
    let data = try Array(vectors.npyBytes()[header.dataOffset...])
    #expect(data.count == 48 && data[8] == 2 && data[40] == 6)
    let first = try unsafe data.withUnsafeBytes { try unsafe header.column(of: 2, in: $0) }
    #expect(first == .int64Vectors(try Column.Vectors([1, 2, 3, 4], width: 2)))
    let bytes = Column.bytes(Column.Bytes([[1, 2], [], [3]]))
    #expect(try parse(bytes.npyBytes()).shape == [3])
    let offsets = try #require(bytes.offsetsNPYBytes())
    #expect(try parse(offsets).shape == [4] && vectors.offsetsNPYBytes() == nil)
    #expect(Array(offsets.suffix(32)) == [0, 2, 2, 3].flatMap { [$0, 0, 0, 0, 0, 0, 0, 0] })
  }

  @Test func elementsOfBytes() throws {
    let opaque = NPYHeader(try NPYType(descr: "|V3"), shape: [2])
    #expect(
      try column(opaque, in: [1, 2, 0, 0, 0, 0]) == .bytes(Column.Bytes([[1, 2, 0], [0, 0, 0]])))
    // Text that is none in UTF-8 is bytes, all of it.
    let text = NPYHeader(try NPYType(descr: "|S2"), shape: [2])
    #expect(try column(text, in: [0x61, 0, 0xC3, 0xA9]) == .string(["a", "\u{E9}"]))
    #expect(try column(text, in: [0x61, 0, 0xFF, 0xA9]) == .bytes(Column.Bytes([[0x61], [0xFF, 0xA9]])))
  }

  @Test func refusesVectorsThatAreNone() throws {
    for header in [
      NPYHeader(NPYType(.int64), shape: [2, 0]), NPYHeader(NPYType(.int64), shape: [2, 65_537]),
    ] {
      #expect(throws: StoreError.self) {
        _ = try unsafe header.column(of: 2, in: UnsafeRawBufferPointer(start: nil, count: 0))
      }
    }
  }
}

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
    let bytes: [UInt8] = [0xC3, 0x28]
    let ascii = NPYHeader(NPYType(.bytes, byteCount: 2), shape: [1])
    #expect(throws: StoreError.self) { try column(ascii, in: bytes) }
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
    for kind in Column.Kind.allCases {
      let bytes = try Column(kind).npyBytes()
      let header = try parse(bytes)
      #expect(header.shape == [0])
      #expect(
        try column(header, in: Array(bytes[header.dataOffset...])) == Column(kind)
      )
    }
  }
}

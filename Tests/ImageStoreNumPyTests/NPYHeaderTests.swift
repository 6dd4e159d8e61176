import ImageStoreCore
import ImageStoreNumPy
import Testing

@Suite struct NPYHeaderTests {
  /// A version 1 file of this header text.
  private func file(_ text: String, version: UInt8 = 1) -> [UInt8] {
    let count = text.utf8.count
    let length: [UInt8] =
      version == 1
      ? [UInt8(count & 255), UInt8(count >> 8)] : [UInt8(count & 255), UInt8(count >> 8), 0, 0]
    return [0x93] + Array("NUMPY".utf8) + [version, 0] + length + Array(text.utf8)
  }

  private func header(_ text: String, version: UInt8 = 1) throws(StoreError) -> NPYHeader {
    try parse(file(text, version: version))
  }

  private func code(of text: String, version: UInt8 = 1) -> StoreError.Code? {
    do throws(StoreError) {
      _ = try header(text, version: version)
      return nil
    } catch {
      return error.code
    }
  }

  @Test(arguments: [
    "{'descr': '|u1', 'fortran_order': False, 'shape': (5, 7), }          \n",
    "{'shape': (5, 7), 'descr': '|u1', 'fortran_order': False}",
    "{\"descr\":\"u1\",\"fortran_order\":False,\"shape\":(5,7)}\n",
    "  { 'descr' : '=u1' , 'fortran_order' : False , 'shape' : ( 5 , 7 , ) , } \t\n",
    "{u'descr': u'<u1', 'fortran_order': False, 'shape': (5L, 7L)}",
  ])
  func readsEverySpelling(text: String) throws {
    for version: UInt8 in 1...3 {
      let header = try header(text, version: version)
      #expect(header.shape == [5, 7])
      #expect(!header.isFortranOrder)
      #expect(header.type.elementType == .uint8)
      #expect(header.dataOffset == (version == 1 ? 10 : 12) + text.utf8.count)
      #expect(header.dataByteCount == 35)
    }
  }

  @Test(arguments: [
    ("|b1", ElementType.bool, false), ("?", .bool, false), ("|i1", .int8, false),
    ("<u2", .uint16, false), (">u2", .uint16, true), ("u2", .uint16, false), ("<u4", .uint32, false),
    (">u8", .uint64, true), ("<i2", .int16, false),
    (">i4", .int32, true), ("<i8", .int64, false), ("<f2", .float16, false), (">f4", .float32, true),
    ("=f8", .float64, false),
  ])
  func readsTypes(descr: String, elementType: ElementType, isSwapped: Bool) throws {
    let type = try header("{'descr': '\(descr)', 'fortran_order': True, 'shape': ()}").type
    #expect(type.elementType == elementType)
    #expect(type.isSwapped == isSwapped)
  }

  @Test(arguments: [
    "|O", "|O8", "O", "<c8", "<M8[ns]", "<f16", "<u3", "|u1x", "<U0", "<U99999999999999999999",
  ])
  func refusesOtherTypes(descr: String) {
    #expect(code(of: "{'descr': '\(descr)', 'fortran_order': False, 'shape': (1,)}") == .unsupported)
  }

  @Test(arguments: [
    "{'descr': [('x', '<f4'), ('y', '|O')], 'fortran_order': False, 'shape': (3,)}",
    "{'descr': ('<f4', (2,)), 'fortran_order': False, 'shape': (3,)}",
  ])
  func refusesRecords(text: String) {
    #expect(code(of: text) == .unsupported)
  }

  @Test(arguments: [
    "", "{", "}", "{}", "[]", "{'descr': '|u1', 'fortran_order': False}",
    "{'descr': '|u1', 'fortran_order': False, 'shape': (5), }",
    "{'descr': '|u1', 'fortran_order': False, 'shape': [5], }",
    "{'descr': '|u1', 'fortran_order': False, 'shape': (-5,), }",
    "{'descr': '|u1', 'fortran_order': False, 'shape': (5.0,), }",
    "{'descr': '|u1', 'fortran_order': False, 'shape': (5,,), }",
    "{'descr': '|u1', 'fortran_order': False, 'shape': (5",
    "{'descr': '|u1', 'fortran_order': 0, 'shape': (5,), }",
    "{'descr': '|u1', 'fortran_order': Falsehood, 'shape': (5,), }",
    "{'descr': '|u1', 'fortran_order': False, 'shape': (5,), 'more': 1}",
    "{'descr': '|u1', 'descr': '|u1', 'fortran_order': False, 'shape': (5,)}",
    "{'descr': '|u1', 'fortran_order': False, 'shape': (5,)} x",
    "{'descr': '|u1, 'fortran_order': False, 'shape': (5,)}",
    "{'descr': '', 'fortran_order': False, 'shape': (5,)}",
    "{'descr': '\\x3cu1', 'fortran_order': False, 'shape': (5,)}",
    "{'descr': None, 'fortran_order': False, 'shape': (5,)}",
    "__import__('os').system('true')",
  ])
  func refusesDamagedText(text: String) {
    #expect(code(of: text) == .corrupt)
  }

  @Test(arguments: [
    "(9223372036854775807, 2)", "(99999999999999999999,)", "(4294967296, 4294967296, 0)",
    "(4611686018427387905,)", "(\(Array(repeating: "1", count: 65).joined(separator: ", ")))",
  ])
  func refusesShapesBeyondMemory(shape: String) {
    #expect(
      code(of: "{'descr': '|u1', 'fortran_order': False, 'shape': \(shape)}") == .limitExceeded)
  }

  @Test func refusesHeadersLongerThanNumpyReads() {
    let text = "{'descr': '|u1', 'fortran_order': False, 'shape': (1,)}"
    let padded = text + String(repeating: " ", count: 10_000 - text.utf8.count)
    #expect(code(of: padded) == nil)
    #expect(code(of: padded + " ") == .limitExceeded)
  }

  @Test func refusesEveryCutAndForeignStart() throws {
    let whole = try Fixture("u1.npy").bytes
    for count in 0..<128 {
      #expect(throws: StoreError.self, "\(count) bytes") {
        try parse(Array(whole[..<count]))
      }
    }
    #expect(code(of: "{}", version: 4) == .unsupported)
    #expect(code(of: "{}", version: 0) == .unsupported)
    let header = try Fixture("u1.npy").header()
    #expect(throws: StoreError.self) {
      try unsafe whole.dropLast().withUnsafeBytes { try unsafe header.data(in: $0).count }
    }
  }

  @Test(arguments: [
    ("u1.npy", [2, 3, 4, 3]), ("u1-fortran.npy", [2, 3, 4, 3]), ("b1.npy", [6, 12]), ("i8.npy", [4]),
    ("v2.npy", [6, 12]), ("v3.npy", [6, 12]), ("empty.npy", [0, 28, 28]),
  ])
  func readsWhatNumpyWrites(name: String, shape: [Int]) throws {
    let fixture = try Fixture(name)
    let header = try fixture.header()
    #expect(header.shape == shape)
    #expect(header.isFortranOrder == name.contains("fortran"))
    #expect(header.dataOffset + header.dataByteCount == fixture.bytes.count)
  }

  @Test(arguments: ["u1.npy", "b1.npy", "f2.npy", "i8.npy", "f8.npy", "U.npy", "S.npy", "empty.npy"])
  func writesTheBytesNumpyWrites(name: String) throws {
    let fixture = try Fixture(name)
    let header = try fixture.header()
    let written = NPYHeader(header.type, shape: header.shape)
    #expect(written.bytes == Array(fixture.bytes[..<header.dataOffset]))
    #expect(written == header)
    #expect(written.dataOffset % 64 == 0)
  }

  @Test func growsWithoutALongerHeader() {
    let type = NPYType(.uint8)
    let few = NPYHeader(type, shape: [0, 135, 1920]).bytes
    #expect(NPYHeader(type, shape: [10_000_000, 135, 1920]).bytes.count == few.count)
    #expect(few.count == 128)
  }

  @Test(arguments: ["records.npy", "objects.npy", "complex.npy"])
  func refusesWhatNumpyWritesForOthers(name: String) throws {
    let fixture = try Fixture(name)
    #expect { try fixture.header() } throws: { ($0 as? StoreError)?.code == .unsupported }
  }
}

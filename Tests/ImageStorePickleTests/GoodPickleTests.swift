import ImageStoreCore
import Testing

@testable import ImageStorePickle

@Suite struct GoodPickleTests {
  static let batches = Fixtures.names(prefix: "good-").filter { file in
    ["numpy", "fortran", "strided", "cube", "bytes", "mixed", "labels", "unframed"].contains {
      file.hasPrefix("good-\($0)")
    }
  }

  /// Every spelling of the same batch says the same.
  @Test(arguments: batches)
  func readsBatch(_ file: String) throws {
    let bytes = try Fixtures.bytes(file)
    try withPickle(bytes) { (batch, source) throws(StoreError) in
      #expect(batch.value(of: "labels", in: source)?.integers(in: source) == [3, 9])
      let names = batch.value(of: "filenames", in: source)?.elements
      #expect(
        names?.compactMap { $0.text?.text(in: source) } == ["first_s_000001.png", "second_s_000002.png"])
      #expect(
        batch.value(of: "batch_label", in: source)?.text?.equals("training batch 1 of 1", in: source) == true)
      #expect(batch.value(of: "nothing", in: source) == nil)
      guard case .array(let array)? = batch.value(of: "data", in: source) else {
        Issue.record("no array")
        return
      }
      #expect(array.elementType == .uint8)
      #expect(array.shape == (file.contains("cube") ? [2, 3, 32, 32] : [2, 3072]))
      #expect(array.isFortranOrder == file.contains("fortran"))
      try array.bytes.withBytes(in: source) { (pixels) throws(StoreError) in
        #expect(pixels.byteCount == 6144)
        for image in 0..<2 {
          for sample in 0..<3072 {
            let offset = array.isFortranOrder ? sample * 2 + image : image * 3072 + sample
            let pixel = unsafe pixels.unsafeLoad(fromByteOffset: offset, as: UInt8.self)
            guard Int(pixel) == (image * 101 + sample * 7) % 256 else {
              Issue.record("image \(image), sample \(sample)")
              return
            }
          }
        }
      }
    }
  }

  @Test func thereAreManySpellings() {
    #expect(Self.batches.count == 24)
  }

  /// From protocol 3 on, and from Python 2, an array's bytes are in the file as they are.
  @Test(arguments: ["good-numpy2-protocol3.pkl", "good-numpy1-protocol4.pkl", "good-numpy2-protocol5.pkl"])
  func doesNotCopyArrays(_ file: String) throws {
    try withPickle(Fixtures.bytes(file)) { (batch, source) in
      guard case .array(let array)? = batch.value(of: "data", in: source),
        case .source(let range) = array.bytes
      else {
        Issue.record("the array was copied")
        return
      }
      #expect(range.count == 6144)
    }
  }

  @Test(arguments: 0...5)
  func readsValues(ofProtocol number: Int) throws {
    // Python 2 had no bytes: protocols 0 to 2 call _codecs.encode, which leaves ASCII as it is.
    let expected =
      "[None, True, False, 0, -1, 255, 256, 65536, -2147483648, 2147483648, -9223372036854775808, "
      + "9223372036854775807, 0.5, -1e+300, 'caf\u{E9} \\u0041 \u{20AC} \u{1F600}\n', b[0 127 128 255], [], (), {}, "
      + "(1, 2, 3, 4)]"
    let found = try withPickle(Fixtures.bytes("good-values-protocol\(number).pkl")) { (value, source) in
      spell(value, in: source)
    }
    #expect(found == expected)
  }

  @Test(arguments: 2...5)
  func readsImageRecords(ofProtocol number: Int) throws {
    let found = try withPickle(Fixtures.bytes("good-cifar-image-protocol\(number).pkl")) { (value, source) in
      spell(value, in: source)
    }
    #expect(
      found == "CIFAR_Image{'channels': 3, 'size': (2, 2), "
        + "'image': b[244 245 246 247 248 249 250 251 252 253 254 255], 'label': 7}")
  }

  @Test func readsStringsOfPython2() throws {
    let found = try withPickle(Fixtures.bytes("good-python2-string.pkl")) { (value, source) in
      spell(value, in: source)
    }
    #expect(found == "b[105 116 39 115 32 0 255 10 9 92]")
  }

  /// A memo number of four bytes costs no memory for those below it.
  @Test func readsSparseMemo() throws {
    let found = try withPickle(Fixtures.bytes("good-sparse-memo.pkl")) { (value, source) in
      spell(value, in: source)
    }
    #expect(found == "(7, 7)")
  }

  @Test func namesOpcodesAsPythonDoes() {
    #expect(Opcode.shortBinunicode.name == "SHORT_BINUNICODE")
    #expect(Opcode.tuple1.name == "TUPLE1")
    #expect(Opcode.newobjEx.name == "NEWOBJ_EX")
  }

  @Test func memoKeepsTheLastOfEachNumber() {
    var memo = PickleMemo()
    func number(_ index: Int) -> Int? {
      if case .int(let value)? = memo[index] { value } else { nil }
    }
    memo[1 << 30] = .int(1)
    memo[40] = .int(2)
    memo[1 << 30] = .int(3)
    #expect(memo.count == 2)
    for index in 0..<40 { memo[index] = .int(index + 100) }
    #expect(memo.count == 42)
    #expect(number(40) == 2)
    memo[40] = .int(4)
    #expect(memo.count == 42)
    #expect(number(40) == 4)
    #expect(number(1 << 30) == 3)
    #expect(number(39) == 139)
    #expect(number(41) == nil)
  }
}

import Foundation
import ImageStoreCore
import Testing

@testable import ImageStorePickle

/// What must be refused, one line of `hostile.txt` each: file, code, words of the message.
struct Refusal: CustomStringConvertible, Sendable {
  let file: String
  let code: String
  let words: String
  var description: String { file }

  static let all: [Refusal] = {
    let text =
      (try? String(contentsOf: Fixtures.folder.appending(path: "hostile.txt"), encoding: .utf8)) ?? ""
    return text.split(separator: "\n").map {
      let fields = $0.split(separator: "|", maxSplits: 2).map(String.init)
      return Refusal(file: fields[0], code: fields[1], words: fields[2])
    }
  }()
}

@Suite struct HostilePickleTests {
  @Test(arguments: Refusal.all)
  func isRefused(_ refusal: Refusal) throws {
    let bytes = try Fixtures.bytes(refusal.file)
    let error = #expect(throws: StoreError.self) { try withPickle(bytes) { (_, _) in } }
    #expect(error?.code.rawValue == refusal.code)
    let line = error?.description ?? ""
    #expect(line.contains(refusal.words), "\(line)")
    #expect(!line.unicodeScalars.contains { $0.properties.generalCategory == .control })
  }

  @Test func everyHostileFileIsListed() {
    #expect(Refusal.all.map(\.file).sorted() == Fixtures.names(prefix: "bad-"))
    #expect(Refusal.all.count > 80)
  }

  @Test func limitsAreKept() throws {
    var limits = PickleLimits()
    limits.opcodeCount = 3
    let bytes: [UInt8] = Array("](K".utf8) + [1] + Array("e.".utf8)
    let error = #expect(throws: StoreError.self) {
      _ = try unsafe Pickle.read(bytes.span.bytes, limits: limits)
    }
    #expect(error?.code == .limitExceeded)
    #expect(error?.message == "opcode APPENDS at offset 4 is beyond the 3 a pickle may have")
    limits.opcodeCount = 5
    _ = try unsafe Pickle.read(bytes.span.bytes, limits: limits)
  }

  /// Few opcodes that would each read a long text again, or copy a long dictionary.
  @Test func repeatedWorkIsRefused() throws {
    let text = [UInt8](repeating: UInt8(ascii: "a"), count: 1000)
    func unicode(_ bytes: [UInt8]) -> [UInt8] {
      [UInt8(ascii: "X")] + (0..<4).map { UInt8(truncatingIfNeeded: bytes.count >> (8 * $0)) } + bytes
    }
    let put: [UInt8] = [UInt8(ascii: "q")]
    let encode: [UInt8] =
      [0x80, 2] + Array("c_codecs\nencode\n".utf8) + put + [0] + unicode(text) + put + [1]
      + unicode(Array("latin1".utf8)) + put + [2] + Array("000]".utf8)
    func calls(_ count: Int) -> [UInt8] {
      (0..<count).flatMap { _ in Array("h\u{0}h\u{1}h\u{2}".utf8) + [0x86] + Array("Ra".utf8) }
    }
    #expect(try withPickle(encode + calls(2) + Array(".".utf8)) { (value, _) in value.elements?.count } == 2)
    let error = #expect(throws: StoreError.self) {
      try withPickle(encode + calls(100) + Array(".".utf8)) { (_, _) in }
    }
    #expect(error?.code == .limitExceeded)

    var limits = PickleLimits()
    limits.valueCount = 30
    let dictionary =
      Array("}".utf8) + put + [0] + Array("(".utf8) + (0..<20).flatMap { [UInt8(ascii: "K"), $0] }
      + Array("u".utf8)
    let object = Array("c__main__\nCIFAR_Image\n)".utf8) + [0x81] + Array("h\u{0}b0".utf8)
    let copies: [UInt8] = dictionary + object + object + Array(".".utf8)
    let refusal = #expect(throws: StoreError.self) {
      _ = try unsafe Pickle.read(copies.span.bytes, limits: limits)
    }
    #expect(refusal?.code == .limitExceeded)
  }

  /// A pickle without its last byte has no STOP, wherever it is cut.
  @Test(arguments: [
    ("good-numpy2-protocol5.pkl", 1), ("good-numpy1-protocol2.pkl", 13), ("good-numpy2-protocol0.pkl", 101),
  ])
  func everyCutIsRefused(file: String, step: Int) throws {
    let bytes = try Fixtures.bytes(file)
    for end in stride(from: 0, to: bytes.count, by: step) {
      let error = #expect(throws: StoreError.self) { try withPickle(Array(bytes[..<end])) { (_, _) in } }
      guard let error, error.code == .corrupt else {
        Issue.record("cut at \(end): \(String(describing: error))")
        return
      }
    }
  }

  /// Whatever a few flipped bits say, it is read as data or refused.
  @Test(arguments: 0..<8 as Range<UInt64>)
  func flippedBitsNeverTrap(seed: UInt64) throws {
    var generator = SplitMix(state: seed)
    let files = Fixtures.names(prefix: "good-")
    var refused = 0
    for _ in 0..<150 {
      var bytes = try Fixtures.bytes(files.randomElement(using: &generator)!)
      // Opcodes are at the start; most of the rest is pixels.
      let reach = min(bytes.count, Bool.random(using: &generator) ? 300 : bytes.count)
      for _ in 0..<Int.random(in: 1...4, using: &generator) {
        bytes[Int.random(in: 0..<reach, using: &generator)] ^= 1 << UInt8.random(in: 0..<8, using: &generator)
      }
      do throws(StoreError) {
        try withPickle(bytes) { (value, source) in _ = spell(value, in: source) }
      } catch {
        refused += 1
      }
    }
    #expect(refused > 20, "seed \(seed): only \(refused) were refused")
  }

  /// Random programs of opcodes, most of which are nonsense.
  @Test(arguments: 0..<4 as Range<UInt64>)
  func randomProgramsNeverTrap(seed: UInt64) {
    var generator = SplitMix(state: seed &+ 100)
    let opcodes = (UInt8.min...UInt8.max).filter { Opcode(rawValue: $0) != nil }
    for _ in 0..<3000 {
      let program = (0..<Int.random(in: 1...40, using: &generator)).map { _ in
        Int.random(in: 0..<4, using: &generator) == 0
          ? UInt8.random(in: 0...255, using: &generator) : opcodes.randomElement(using: &generator)!
      }
      do throws(StoreError) {
        try withPickle(program + [0x2E]) { (value, source) in _ = spell(value, in: source) }
      } catch {
        if error.message.isEmpty { Issue.record("seed \(seed): an error that says nothing") }
      }
    }
  }
}

/// SplitMix64, seeded, so that a failure can be run again.
struct SplitMix: RandomNumberGenerator {
  var state: UInt64
  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var z = state
    z = (z ^ z >> 30) &* 0xBF58_476D_1CE4_E5B9
    z = (z ^ z >> 27) &* 0x94D0_49BB_1331_11EB
    return z ^ z >> 31
  }
}

import Foundation
import ImageStoreCore
import Testing

@testable import Pickle

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
      // Opcodes stand at the start; most of the rest is pixels.
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

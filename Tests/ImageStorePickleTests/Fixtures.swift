import Foundation
import ImageStoreCore

@testable import ImageStorePickle

/// The files of `Tests/Fixtures/pickles`, made by `make_pickle_fixtures.py`.
enum Fixtures {
  static let folder = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    .appending(path: "Fixtures/pickles")

  static func bytes(_ name: String) throws -> [UInt8] {
    [UInt8](try Data(contentsOf: folder.appending(path: name)))
  }

  /// The names of the files whose name begins and ends so.
  static func names(prefix: String, suffix: String = ".pkl") -> [String] {
    let all = (try? FileManager.default.contentsOfDirectory(atPath: folder.path)) ?? []
    return all.filter { $0.hasPrefix(prefix) && $0.hasSuffix(suffix) }.sorted()
  }
}

/// Reads a pickle and hands its value and source to a test.
func withPickle<Result>(
  _ bytes: [UInt8], _ body: (PickleValue, RawSpan) throws(StoreError) -> Result
) throws(StoreError) -> Result {
  try unsafe body(Pickle.read(bytes.span.bytes), bytes.span.bytes)
}

/// A value spelled out, so that tests compare text with text.
func spell(_ value: PickleValue, in source: RawSpan) -> String {
  func bytes(_ bytes: PickleBytes) -> String {
    var text = ""
    try? bytes.withBytes(in: source) { (span) in
      text = (0..<span.byteCount).map { unsafe String(span.unsafeLoad(fromByteOffset: $0, as: UInt8.self)) }
        .joined(separator: " ")
    }
    return text
  }
  switch value {
  case .none: return "None"
  case .bool(let bool): return bool ? "True" : "False"
  case .int(let int): return "\(int)"
  case .float(let float): return "\(float)"
  case .bytes(let content): return "b[\(bytes(content))]"
  case .string(let content): return "'\(content.text(in: source))'"
  case .list(let values): return "[" + values.map { spell($0, in: source) }.joined(separator: ", ") + "]"
  case .tuple(let values): return "(" + values.map { spell($0, in: source) }.joined(separator: ", ") + ")"
  case .dictionary(let entries): return "{" + spell(entries, in: source) + "}"
  case .object(let name, let entries): return "\(name){" + spell(entries, in: source) + "}"
  case .array(let array):
    return "\(array.elementType.name)\(array.shape)\(array.isBigEndian ? ">" : "<")"
      + "\(array.isFortranOrder ? "F" : "C")[\(bytes(array.bytes))]"
  }
}

private func spell(_ entries: [PickleValue.Entry], in source: RawSpan) -> String {
  entries.map { "\(spell($0.key, in: source)): \(spell($0.value, in: source))" }.joined(separator: ", ")
}

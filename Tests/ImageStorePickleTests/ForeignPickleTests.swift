import Foundation
import ImageStoreCore
import ImageStoreCorpora
import Testing

@testable import ImageStorePickle

/// Pickles that others made to break or attack readers. They are refused or read as data.
@Suite(.enabled(if: Corpora.folder != nil, "set IMAGE_STORES_CORPORA to have files of other projects read"))
struct ForeignPickleTests {
  static func files(_ folder: String) -> [URL] {
    guard let root = Corpora.folder(folder).map({ URL(filePath: $0) }) else { return [] }
    let paths = FileManager.default.enumerator(atPath: root.path)?.compactMap { $0 as? String } ?? []
    return paths.sorted().map { root.appending(path: $0) }.filter {
      (try? $0.resourceValues(forKeys: [.isRegularFileKey]).isRegularFile) == true
    }
  }

  static func outcome(_ url: URL) -> Result<String, StoreError> {
    guard let data = try? Data(contentsOf: url) else { return .failure(StoreError(.notFound, "")) }
    do throws(StoreError) {
      return .success(try withPickle([UInt8](data)) { (value, source) in spell(value, in: source) })
    } catch {
      return .failure(error)
    }
  }

  @Test func attacksAreRefused() {
    let attacks = Self.files("picklescan").filter { $0.lastPathComponent.hasPrefix("malicious") }
    #expect(attacks.count > 20)
    for file in attacks {
      if case .success(let value) = Self.outcome(file) {
        Issue.record("\(file.lastPathComponent) was read as \(value)")
      }
    }
  }

  /// What is data among them is read; all else is refused, and nothing traps.
  @Test(arguments: [
    ("cpython-pickles", []), ("cpython-zip", []),
    ("numpy-npy", ["astype_copy.pkl", "astype_copy.pkl"]),
    ("picklescan", ["benign0_v0.pkl", "benign0_v3.pkl", "benign0_v4.pkl"]),
  ])
  func dataIsRead(folder: String, readable: [String]) {
    let files = Self.files(folder)
    #expect(files.count > 3)
    var read: [String] = []
    for file in files {
      switch Self.outcome(file) {
      case .success(let value):
        read.append(file.lastPathComponent)
        if folder == "picklescan" { #expect(value == "['a', 'b', 'c']") }
        if folder == "numpy-npy" { #expect(value.hasPrefix("float64[73]<C[68 82 51 27 61 187 55 64 ")) }
      case .failure(let error): #expect(!error.message.isEmpty, "\(file.path)")
      }
    }
    #expect(read == readable)
  }
}

import Foundation
import ImageStoreCore
import ImageStorePlatform
import ImageStoreSupport

/// The folder Tests.
private let testsFolder = "/" + #filePath.split(separator: "/").dropLast(2).joined(separator: "/")

/// An archive that make_npz.py wrote.
func fixture(_ name: String) -> String { "\(testsFolder)/Fixtures/npz/\(name).npz" }

/// All files below a folder.
func files(below folder: String) throws -> [String] {
  try FileSystem.names(in: folder).flatMap { name in
    let path = "\(folder)/\(name)"
    return try FileSystem.kind(of: path) == .folder ? files(below: path) : [path]
  }
}

/// A folder that is removed with all it holds.
final class TemporaryFolder {
  let path: String

  init() {
    var template = Array("/tmp/npz-tests-XXXXXX".utf8CString)
    unsafe mkdtemp(&template)
    path = String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
  }

  deinit { try? FileManager.default.removeItem(atPath: path) }

  /// Writes bytes to a file in the folder.
  func write(_ bytes: [UInt8], _ name: String = "a.npz") throws -> String {
    let file = "\(path)/\(name)"
    try? FileManager.default.removeItem(atPath: file)
    try FileSystem.write(bytes, toNewFile: file)
    return file
  }
}

/// The images of make_npz.py.
func ramp(_ image: Int, byteCount: Int = 72) -> [UInt8] {
  (0..<byteCount).map { UInt8(truncatingIfNeeded: $0 * 3 + image * 17) }
}

func code(_ body: () throws -> Void) -> StoreError.Code? {
  do {
    try body()
    return nil
  } catch {
    return (error as? StoreError)?.code ?? StoreError.Code(rawValue: "\(error)")
  }
}

/// The pixels of a batch.
func bytes(of batch: borrowing ImageBatch) -> [UInt8] {
  let pixels = batch.pixels
  return unsafe pixels.withUnsafeBytes { unsafe Array($0) }
}

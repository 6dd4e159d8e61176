import ImageStoreCore
import ImageStoreNumPy
import ImageStorePlatform
import Testing

/// A file of Tests/Fixtures/npy, written by make_npy.py.
struct Fixture {
  let bytes: [UInt8]

  init(_ name: String) throws {
    let folder = #filePath.split(separator: "/").dropLast(2).joined(separator: "/")
    bytes = try #require(contents(of: "/\(folder)/Fixtures/npy/\(name)"), "no fixture \(name)")
  }

  func header() throws(StoreError) -> NPYHeader { try parse(bytes) }

  /// Calls with the header and the data after it.
  func withData<Result>(
    _ body: (NPYHeader, UnsafeRawBufferPointer) throws -> Result
  ) throws -> Result {
    let header = try header()
    return try unsafe bytes.withUnsafeBytes { try unsafe body(header, header.data(in: $0)) }
  }
}

extension Fixture {
  func integers() throws -> [Int] { try unsafe withData { try unsafe $0.integers(in: $1) } }
  func column() throws -> Column { try unsafe withData { try unsafe $0.column(in: $1) } }
}

/// The header that bytes begin with.
func parse(_ bytes: [UInt8]) throws(StoreError) -> NPYHeader {
  try unsafe NPYHeader(parsing: bytes.span.bytes)
}

/// The column that bytes are as an array of this header.
func column(_ header: NPYHeader, in bytes: [UInt8]) throws -> Column {
  try unsafe bytes.withUnsafeBytes { try unsafe header.column(in: $0) }
}

/// The bytes of a file, or nil.
func contents(of path: String) -> [UInt8]? {
  guard let file = unsafe fopen(path, "rb") else { return nil }
  defer { unsafe fclose(file) }
  var bytes: [UInt8] = []
  var buffer = [UInt8](repeating: 0, count: 1 << 16)
  while true {
    let count = unsafe fread(&buffer, 1, buffer.count, file)
    guard count > 0 else { return bytes }
    bytes += buffer[..<count]
  }
}

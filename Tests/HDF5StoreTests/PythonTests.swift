import Foundation
import HDF5Store
import ImageStoreCore
import Testing

/// What h5py reads in files of this package. Runs if IMAGE_STORES_PYTHON names a Python that has h5py.
@Suite(.enabled(if: Fixtures.python != nil, "IMAGE_STORES_PYTHON names no Python with h5py"))
struct PythonTests {
  /// Runs a program and returns its lines.
  private func run(_ program: String, _ arguments: [String]) throws -> [String] {
    let process = Process()
    process.executableURL = URL(filePath: program)
    process.arguments = arguments
    let pipe = Pipe()
    process.standardOutput = pipe
    try process.run()
    let data = pipe.fileHandleForReading.readDataToEndOfFile()
    process.waitUntilExit()
    #expect(process.terminationStatus == 0, "\(arguments)")
    return String(decoding: data, as: UTF8.self).split(separator: "\n").map(String.init)
  }

  private func check(_ path: String) throws -> [String] {
    try run(
      try #require(Fixtures.python), [Fixtures.root.appending(path: "Tests/Python/check_hdf5.py").path, path])
  }

  @Test(arguments: ElementType.allCases, Compression.allCases)
  func everyElementType(_ type: ElementType, _ compression: Compression) throws {
    let folder = try TemporaryFolder()
    let path = "\(folder.path)/store.h5"
    let count = 1400
    let format = ImageFormat(height: 4, width: 3, channels: 2, elementType: type)
    let bytes = Fixtures.ramp(type, count: count * format.sampleCount)
    var writer = try HDF5Store.Writer(to: path, compression: compression, classNames: ["a", "\u{E9}"])
    for range in [0..<1, 1..<600, 600..<count] {
      try unsafe writer.append(
        bytes.span.bytes.extracting(
          range.lowerBound * format.byteCount..<range.upperBound * format.byteCount),
        layout: BatchLayout(format, count: range.count),
        labels: ImageLabels(
          labels: range.map { $0 * 5 - 7 },
          columns: [
            "name": .string(range.map { "\u{E9}\($0)" }), "half": .double(range.map { Double($0) / 2 }),
          ]))
    }
    try writer.finish()
    let lines = try check(path)
    #expect(lines[0] == "images 1400 4 3 2 \(type.name) \(Self.crc32(bytes))")
    #expect(lines[1] == "labels " + (0..<count).map { String($0 * 5 - 7) }.joined(separator: " "))
    #expect(lines[2].hasPrefix("column [\"half\", [0.0, 0.5, 1.0,"))
    #expect(lines[3].hasPrefix("column [\"name\", [\"\\u00e90\", \"\\u00e91\","))
    #expect(lines[4] == "classes [\"a\", \"\\u00e9\"]")
  }

  @Test func columnsOfVectorsAndBytes() throws {
    let folder = try TemporaryFolder()
    let path = "\(folder.path)/store.h5"
    try HDF5Store.write(to: path) { writer in
      for number in 0..<3 {
        try writer.append(
          [UInt8(number)], format: ImageFormat(height: 1, width: 1),
          columns: [
            "box": [1, 2, .int64(Int64(number))], "a/b": [0.5, .int64(Int64(number))],
            "hash": .bytes([UInt8](repeating: 0xAB, count: number)), "..": .int64(Int64(number)),
          ])
      }
    }
    let lines = try check(path)
    #expect(
      lines.dropFirst() == [
        "column [\"..\", [0, 1, 2]]", "column [\"a/b\", [[0.5, 0.0], [0.5, 1.0], [0.5, 2.0]]]",
        "column [\"box\", [[1, 2, 0], [1, 2, 1], [1, 2, 2]]]", "column [\"hash\", [\"\", \"ab\", \"abab\"]]",
      ])
  }

  @Test(arguments: Compression.allCases)
  func imagesOfSeveralFormats(_ compression: Compression) throws {
    let folder = try TemporaryFolder()
    let path = "\(folder.path)/store.h5"
    var writer = try HDF5Store.Writer(to: path, compression: compression)
    var all: [UInt8] = []
    var shapes: [String] = []
    // Many of one format first, so that they have been put in common chunks when another comes.
    for index in 0..<500 {
      let format = ImageFormat(
        height: index < 450 ? 3 : index % 7 + 1, width: 4, channels: index < 470 ? 1 : 3, elementType: .uint16
      )
      let bytes = Fixtures.ramp(.uint16, count: format.sampleCount)
      try unsafe writer.append(bytes.span.bytes, format: format, label: index)
      all += bytes
      shapes.append(format.shape.map(String.init).joined(separator: "x") + ":uint16")
    }
    try writer.finish()
    let lines = try check(path)
    #expect(lines[0] == "images \(shapes.joined(separator: " ")) \(Self.crc32(all))")
    let store = try HDF5Store(at: path)
    #expect(try store.bytes() == all)
    try store.verify()
  }

  @Test func aFileThatIsBeingWrittenIsBusy() throws {
    let folder = try TemporaryFolder()
    let path = "\(folder.path)/store.h5"
    try FileManager.default.copyItem(atPath: Fixtures.path("uint8.h5"), toPath: path)
    let process = Process()
    process.executableURL = URL(filePath: try #require(Fixtures.python))
    process.arguments = [
      "-c", "import h5py, sys; f = h5py.File(sys.argv[1], 'r+'); print('open', flush=True); sys.stdin.read()",
      path,
    ]
    let (input, output) = (Pipe(), Pipe())
    process.standardInput = input
    process.standardOutput = output
    try process.run()
    // It says so once the file is open; how much of the word arrives first does not matter.
    #expect(!output.fileHandleForReading.availableData.isEmpty)
    let error = try #require(throws: StoreError.self) { _ = try HDF5Store(at: path) }
    #expect(error.code == .busy && error.description.contains("open for writing"), "\(error)")
    try input.fileHandleForWriting.close()
    process.waitUntilExit()
    let store = try HDF5Store(at: path)
    // An open store keeps no lock: others may write while it reads.
    let again = try run(
      try #require(Fixtures.python),
      ["-c", "import h5py, sys; h5py.File(sys.argv[1], 'r+'); print('ok')", path])
    #expect(again == ["ok"])
    #expect(try store.bytes() == Fixtures.ramp(.uint8, count: 900))
  }

  /// CRC-32 by the definition: one bit at a time, polynomial 0xEDB88320.
  private static func crc32(_ bytes: [UInt8]) -> UInt32 {
    var crc = UInt32.max
    for byte in bytes {
      crc ^= UInt32(byte)
      for _ in 0..<8 { crc = crc & 1 == 0 ? crc >> 1 : crc >> 1 ^ 0xEDB8_8320 }
    }
    return ~crc
  }
}

import Foundation
import HDF5Store
import ImageStoreCore
import ImageStoreTesting
import Testing

/// The folder of h5dump and h5stat, or nil if they are not installed.
private let toolFolder: String? = (ProcessInfo.processInfo.environment["PATH"] ?? "").split(separator: ":")
  .map(String.init).first { folder in
    ["h5dump", "h5stat"].allSatisfy { FileManager.default.isExecutableFile(atPath: "\(folder)/\($0)") }
  }

/// What the HDF Group's own tools say of files of this package. Runs if h5dump and h5stat are in
/// the path.
@Suite(.enabled(if: toolFolder != nil, "there are no h5dump and h5stat"))
struct ToolTests {
  /// Runs a tool, which must have nothing to complain of, and returns its lines.
  private func run(_ tool: String, _ arguments: String...) throws -> [String] {
    let process = Process()
    process.executableURL = URL(filePath: "\(try #require(toolFolder))/\(tool)")
    process.arguments = arguments
    let (output, errors) = (Pipe(), Pipe())
    process.standardOutput = output
    process.standardError = errors
    try process.run()
    let lines = String(decoding: output.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
    let complaints = String(decoding: errors.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
    process.waitUntilExit()
    #expect(process.terminationStatus == 0, "\(tool) \(arguments)")
    #expect(complaints == "", "\(tool) \(arguments)")
    return lines.split(separator: "\n").map(String.init)
  }

  @Test(arguments: Compression.allCases, [true, false])
  func nothingIsOdd(_ compression: Compression, _ isUniform: Bool) throws {
    let folder = try TemporaryFolder()
    let path = "\(folder.path)/store.h5"
    var images = SyntheticImages(seed: 12)
    let format = ImageFormat(height: 20, width: 30, channels: 3)
    let model = isUniform ? images.uniform(format, count: 40) : images.mixed(format, count: 40)
    for part in [0..<25, 25..<40] {
      var writer = try HDF5Store.Writer(
        to: path, mode: .append, compression: compression, classNames: ["a", "b"])
      let pixels = model.pixels[part].flatMap { $0 }
      try unsafe writer.append(
        pixels.span.bytes, layout: BatchLayout(Array(model.formats[part])),
        labels: ImageLabels(
          labels: part.map { $0 % 2 }, columns: ["name": .string(part.map { "image \($0)" })]))
      try writer.finish()
    }
    let dumped = try run("h5dump", path)
    #expect(dumped.first == "HDF5 \"\(path)\" {" && dumped.last == "}")
    // The last pixel is read through every filter.
    let last = try #require(model.pixels.last?.last)
    let dataset = isUniform ? "/images" : "/images/00000039"
    let elements = try run("h5dump", "-d", dataset, "-y", "-w", "1", path)
      .compactMap { Int($0.trimmingCharacters(in: CharacterSet(charactersIn: " ,"))) }
    #expect(elements.last == Int(last))

    let statistics = try run("h5stat", path)
    func number(_ label: String) -> Int? {
      statistics.lazy.compactMap { line in
        let parts = line.split(separator: ":")
        guard parts.count == 2, parts[0].trimmingCharacters(in: .whitespaces) == label else { return nil }
        return Int(parts[1].trimmingCharacters(in: .whitespaces).prefix { $0.isNumber })
      }.first
    }
    // Labels have a second name; checksums and one column next to the images.
    #expect(number("# of unique datasets") == (isUniform ? 1 : 40) + 3)
    let size = try FileManager.default.attributesOfItem(atPath: path)[.size] as! Int
    #expect(number("Total space") == size)
    // No room is lost but what aligns the pixels and what the library reserves for its tables.
    #expect(try #require(number("Unaccounted space")) < 16_384)
  }
}

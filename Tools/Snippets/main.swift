// Compiles and runs the code of the README and of the articles: a script checks that it is the same.
//
//     Snippets FOLDER_IN_CIFAR_10S_LAYOUT
import FileStore
import Foundation
import ImageStoreCore
import NPZStore
import PackedBitStore

/// What is done with a batch.
func step(_ pixels: RawSpan, _ labels: [Int32]) { precondition(pixels.byteCount > 0) }

/// Some equal-sized bitmaps.
let glyphs: [[UInt8]] = (0..<20).map { number in (0..<28 * 28).map { UInt8(truncatingIfNeeded: $0 * number) }
}

/// Bitmaps that come one after another.
func drawnGlyphs() -> AsyncStream<[UInt8]> {
  AsyncStream { continuation in
    for glyph in glyphs { continuation.yield(glyph) }
    continuation.finish()
  }
}

let files = FileManager.default
let demo = URL(filePath: CommandLine.arguments[1]).standardizedFileURL.path
let folder = files.temporaryDirectory.appending(path: "snippets-\(UUID().uuidString)").path

/// Masks for the pages that crop them.
func writeMasks() throws {
  let mask = ImageFormat(height: 1080, width: 1920, elementType: .bool)
  let stripes = (0..<mask.byteCount).map { UInt8($0 % 7 & 1) }
  try PackedBitStore.write(to: "\(folder)/masks.bits") { writer in
    for _ in 0..<20 { try writer.append(stripes, format: mask) }
  }
}

/// Photographs and their masks for the page that pairs them.
func writeSegments() throws {
  let format = ImageFormat(height: 48, width: 64, channels: 3)
  let mask = ImageFormat(height: 48, width: 64, elementType: .bool)
  try NPZStore.write(to: "\(folder)/photographs.npz") { photographs in
    try PackedBitStore.write(to: "\(folder)/segments.bits") { segments in
      for number in 0..<10 {
        try photographs.append([UInt8](repeating: UInt8(number), count: format.byteCount), format: format)
        try segments.append((0..<mask.byteCount).map { UInt8($0 % (number + 2) & 1) }, format: mask)
      }
    }
  }
}

/// Photographs of several sizes, some of them gray.
func writePhotographs() throws {
  try FileStore.write(to: "photographs") { writer in
    for number in 0..<12 {
      let format = ImageFormat(
        height: 60 + 5 * number, width: 90 - 3 * number, channels: number % 4 == 0 ? 1 : 3)
      let pixels = (0..<format.byteCount).map { UInt8(truncatingIfNeeded: $0 * (number + 1)) }
      try writer.append(pixels, format: format, label: number % 3)
    }
  }
}

/// Runs one page's code in a folder of its own.
func run(_ page: String, _ body: () async throws -> Void) async throws {
  try files.createDirectory(atPath: "\(folder)/\(page)", withIntermediateDirectories: true)
  precondition(files.changeCurrentDirectoryPath("\(folder)/\(page)"))
  for name in ["cifar-10-batches-py", "cifar-10-python.tar.gz"] {
    try files.createSymbolicLink(atPath: name, withDestinationPath: demo)
  }
  for name in ["masks.bits", "photographs.npz", "segments.bits"] {
    try files.createSymbolicLink(atPath: name, withDestinationPath: "\(folder)/\(name)")
  }
  try await body()
  print("\(page): run")
}

try files.createDirectory(atPath: folder, withIntermediateDirectories: true)
try writeMasks()
try writeSegments()

try await run("README", readme)
try await run("GettingStarted", gettingStarted)
try await run("ReadingInBatches", readingInBatches)
try await run("LargerThanMemory", largerThanMemory)
try await run("Concurrency", concurrency)
try await run("Durability", durability)
try await run("Photographs") {
  try writePhotographs()
  try await photographs()
}
try await run("WorkingOnADataSet") {
  try writeDataSet()
  try workingOnADataSet()
}
try await run("Editing") {
  try writeDataSet()
  try editing()
}
try await run("Recipes") {
  try writePhotographs()
  try await recipes()
}
try await run("ComingFromPython", comingFromPython)
try await run("Design", design)
try await run("SampleOrder", severalMachines)
try await run("BeyondOneMachine", beyondOneMachine)
try await run("ReadingWhatOthersWrote") { try readingWhatOthersWrote() }
try await run("Troubleshooting", troubleshooting)
try await runGuides()
try files.removeItem(atPath: folder)

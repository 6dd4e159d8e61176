// Prints the processor time of usual work, in nanoseconds per image, for Scripts/measure-debug-builds.sh:
//
//     DebugCosts FOLDER_IN_CIFAR_10S_LAYOUT
import CIFAR10
import Foundation
import ImageLoading
import ImageStoreCatalog
import ImageStoreCore
import PNGCodec

/// Repeats work on some images for a while, and prints the least time of a turn. One thread, since it is
/// processor time.
func measure(_ name: String, images: Int, _ work: () throws -> Void) rethrows {
  try work()
  var least = Double.infinity
  var total = 0.0
  while total < 0.3 * Double(CLOCKS_PER_SEC) {
    let start = clock()
    try work()
    let elapsed = max(1, Double(clock() - start))
    least = min(least, elapsed)
    total += elapsed
  }
  print("\(name)\t\(least / Double(CLOCKS_PER_SEC) * 1e9 / Double(images))")
}

func measureAll(_ source: String, in folder: String) throws {
  let cifar = try CIFAR10(at: source, threads: 1)
  let images = try InMemoryStore(copying: cifar.training)
  let count = images.count
  let order = Array(try SampleOrder.shuffled(seed: 1, epoch: 0).indices(of: images))
  var batch = ImageBatch()

  try measure("CIFAR-10 decode", images: count) { try cifar.training.read(0..<count, into: &batch) }

  var encoder = try PNGEncoder(compression: .fast)
  var decoder = PNGDecoder()
  var png: [UInt8] = []
  let photograph = try images.pixels(at: 0)
  let format = ImageFormat(height: 32, width: 32, channels: 3)
  let bytes = UnsafeMutableRawBufferPointer.allocate(byteCount: format.byteCount, alignment: 64)
  defer { bytes.deallocate() }
  try encoder.encode(photograph.span.bytes, format: format)
  png = encoder.bytes.withUnsafeBytes { Array($0) }
  try measure("PNG write", images: 1000) {
    for _ in 0..<1000 { try encoder.encode(photograph.span.bytes, format: format) }
  }
  try measure("PNG read", images: 1000) {
    for _ in 0..<1000 {
      var output = OutputRawSpan(buffer: bytes, initializedCount: 0)
      try decoder.decode(png.span.bytes, into: &output)
    }
  }

  try StoreCatalog.write(images, to: "\(folder)/a.lmdb", threads: 1)
  let lmdb = try StoreCatalog.open(at: "\(folder)/a.lmdb", threads: 1)
  try measure("LMDB shuffled batch", images: count) { try lmdb.read(order, into: &batch) }
  let corner = ImageRegion(row: 4, column: 4, height: 24, width: 24)
  try measure("LMDB 24x24 crop", images: count) { try lmdb.read(order, regions: .same(corner), into: &batch) }

  try measure("NPZ write", images: count) {
    try StoreCatalog.write(images, to: "\(folder)/a.npz", mode: .replace, threads: 1)
  }
  let npz = try StoreCatalog.open(at: "\(folder)/a.npz", threads: 1)
  try measure("NPZ read", images: count) { try npz.read(order, into: &batch) }

  let mask = ImageFormat(height: 1080, width: 1920, elementType: .bool)
  let stripes = (0..<mask.byteCount).map { UInt8($0 % 7 & 1) }
  let stripedMasks = try InMemoryStore { writer in
    for _ in 0..<8 { try writer.append(stripes, format: mask) }
  }
  try StoreCatalog.write(stripedMasks, to: "\(folder)/a.bits", threads: 1)
  let masks = try StoreCatalog.open(at: "\(folder)/a.bits", threads: 1)
  let window = ImageRegion(row: 555, column: 777, height: 256, width: 256)
  let chosen = (0..<512).map { $0 % 8 }
  try measure("mask 256x256 crop", images: chosen.count) {
    try masks.read(chosen, regions: .same(window), into: &batch)
  }

  let tensor = TensorFormat.normalized(mean: [0.49, 0.48, 0.45], standardDeviation: [0.25, 0.24, 0.26])
  try measure("loaded as floats", images: count) {
    var batches = lmdb.batches(
      of: 128, in: .shuffled(seed: 1, epoch: 0), as: tensor, options: LoaderOptions(workers: 1)
    ).makeBlockingIterator()
    while let batch = try batches.next() { precondition(batch.count > 0) }
  }
}

let folder = FileManager.default.temporaryDirectory.appending(path: "costs-\(UUID().uuidString)").path
try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
defer { try? FileManager.default.removeItem(atPath: folder) }
try measureAll(CommandLine.arguments[1], in: folder)

import CIFAR10
import FileStore
import Foundation
import HDF5Store
import ImageStoreCatalog
import LMDBStore
import NPZStore
import PackedBitStore
import ShardedStore

/// The pixels of an image of CIFAR's format.
private let image = [UInt8](repeating: 7, count: 32 * 32 * 3)

/// Runs the example of each store's page.
func runGuides() async throws {
  try await run("LMDBStore", lmdbGuide)
  try await run("HDF5Store", hdf5Guide)
  try await run("NPZStore", npzGuide)
  try await run("FileStore", fileGuide)
  try await run("PackedBitStore", packedBitGuide)
  try await run("ShardedStore", shardedGuide)
  try await run("ArrayStore", arrayGuide)
  try await run("CIFAR10", cifarGuide)
}

func lmdbGuide() throws {
  let cifar = try CIFAR10(at: "cifar-10-batches-py")
  let train = try LMDBStore.write(cifar.training, to: "train.lmdb")
  try LMDBStore.write(to: "train.lmdb", mode: .append) { writer in
    try writer.append(image, format: train.format!, label: 3, columns: ["filename": .string("new.png")])
  }
  let batch = try LMDBStore(at: "train.lmdb").read([17, 4, 9])
  step(batch.pixels, batch.labels)
}

func hdf5Guide() throws {
  let cifar = try CIFAR10(at: "cifar-10-batches-py")
  let train = try HDF5Store.write(cifar.training, to: "train.h5")
  let small = try HDF5Store.write(train, to: "small.h5", compression: .small)
  let named = try HDF5Store(at: "train.h5", images: "images", labels: "labels")
  precondition(small.count == named.count)
}

func npzGuide() throws {
  let cifar = try CIFAR10(at: "cifar-10-batches-py")
  let archive = try NPZStore.write(cifar.test, to: "test.npz")
  let stored = try NPZStore.write(cifar.test, to: "stored.npz", compression: .none)
  let trusting = try NPZStore(at: "stored.npz", checksums: .skip)
  precondition(archive.count == stored.count && stored.count == trusting.count)
}

func fileGuide() throws {
  try FileStore.write(CIFAR10(at: "cifar-10-batches-py").test.subset(0..<4), to: "flowers")

  let cifar = try CIFAR10(at: "cifar-10-batches-py")
  let pngs = try FileStore.write(cifar.test, to: "pngs")
  let folders = try FileStore(at: "flowers").converted(channels: 3)
  for note in folders.notes { print(note.text) }
  precondition(pngs.count > folders.count)
}

func packedBitGuide() throws {
  let format = ImageFormat(height: 28, width: 28)
  let glyphStore = try NPZStore.write(to: "glyphs.npz") { writer in
    for glyph in glyphs { try writer.append(glyph, format: format) }
  }

  let masks = try PackedBitStore(at: "masks.bits")
  let window = ImageRegion(row: 555, column: 777, height: 256, width: 256)
  let crops = try masks.read([17, 4, 9], regions: .same(window))
  let ones = try masks.count(in: window, ofImage: 17)
  try PackedBitStore.write(glyphStore, to: "glyphs.bits", threshold: 127)
  precondition(crops.count == 3 && ones > 0)
}

func shardedGuide() throws {
  let cifar = try CIFAR10(at: "cifar-10-batches-py")
  let shards = try ShardedStore.write(cifar.training, to: "train", shardSize: 64 << 20)
  try ShardedStore.write(to: "train", mode: .append) { writer in
    try writer.append(image, format: shards.format!, label: 3, columns: ["filename": .string("new.png")])
  }
  let train = try ShardedStore(at: "train")
  precondition(train.count == shards.count + 1)
}

/// MNIST's layout, and planes as PyTorch has them.
private func writeArrays() throws {
  let idx: [UInt8] = [0, 0, 8, 3, 0, 0, 0, 2, 0, 0, 0, 4, 0, 0, 0, 4] + [UInt8](repeating: 9, count: 32)
  try Data(idx).write(to: URL(filePath: "train-images-idx3-ubyte"))
  var header = "{'descr': '|u1', 'fortran_order': False, 'shape': (2, 3, 4, 4), }"
  header += String(repeating: " ", count: 128 - 10 - header.count - 1) + "\n"
  let bytes = [0x93] + Array("NUMPY".utf8) + [1, 0, 118, 0] + Array(header.utf8)
  try Data(bytes + [UInt8](repeating: 5, count: 96)).write(to: URL(filePath: "X_train.npy"))
}

func arrayGuide() throws {
  try writeArrays()

  let digits = try StoreCatalog.open(at: "train-images-idx3-ubyte")
  var description = StoreDescription()
  description.dimensions = "NCHW"
  let planes = try StoreCatalog.open(at: "X_train.npy", description)
  try NPZStore.write(digits, to: "digits.npz")
  precondition(digits.count == 2 && planes.format?.channels == 3)
}

func cifarGuide() throws {
  let cifar = try CIFAR10(at: "cifar-10-batches-py")
  let train = try LMDBStore.write(cifar.training, to: "train.lmdb")
  print(cifar.training.count, cifar.test.count, cifar.training.classNames ?? [])
  precondition(train.count == cifar.training.count)
}

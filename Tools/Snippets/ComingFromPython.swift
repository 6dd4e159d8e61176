import CIFAR10
import FileStore
import HDF5Store
import ImageLoading
import LMDBStore
import NPZStore
import PackedBitStore

func comingFromPython() async throws {
  let cifar = try CIFAR10(at: "cifar-10-batches-py")
  let images = cifar.training

  let train = try LMDBStore.write(images, to: "train.lmdb")

  let archived = try HDF5Store.write(images, to: "train.h5")

  let pngs = try FileStore.write(images, to: "pngs")

  let stored = try LMDBStore(at: "train.lmdb")
  let (pixels, label) = (try stored.pixels(at: 17), try stored.label(at: 17))

  let everything = try InMemoryStore(copying: HDF5Store(at: "train.h5"))

  for epoch in 0..<3 {
    for try await batch in train.batches(of: 128, in: .shuffled(seed: 42, epoch: epoch)) {
      step(batch.pixels, batch.labels)
    }
  }

  let masks = try PackedBitStore(at: "masks.bits")
  let window = ImageRegion(row: 555, column: 777, height: 256, width: 256)
  let crops = try masks.read([17, 4, 9], regions: .same(window))

  let folds = try train.folds(10, stratified: true, seed: 7)

  try NPZStore.write(to: "glyphs.npz", classNames: ["even", "odd"]) { writer in
    for (i, glyph) in glyphs.enumerated() {
      try writer.append(glyph, format: ImageFormat(height: 28, width: 28), label: i % 2)
    }
  }

  precondition(archived.count == pngs.count && everything.count == images.count)
  precondition(pixels.count == 32 * 32 * 3 && label != nil && crops.count == 3 && folds.count == 10)
}

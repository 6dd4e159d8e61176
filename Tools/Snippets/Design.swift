import CIFAR10
import ImageLoading
import LMDBStore
import NPZStore
import PackedBitStore

func design() async throws {
  let cifar = try CIFAR10(at: "cifar-10-python.tar.gz")
  let train = try LMDBStore.write(cifar.training, to: "train.lmdb")

  for epoch in 0..<3 {
    let order = SampleOrder.shuffled(seed: 42, epoch: epoch)
    for try await batch in train.batches(of: 128, in: order) {
      step(batch.pixels, batch.labels)
    }
  }

  let masks = try PackedBitStore(at: "masks.bits")
  let window = ImageRegion(row: 555, column: 777, height: 256, width: 256)
  var crops = ImageBatch()
  try masks.read([17, 4, 9], regions: .same(window), into: &crops)

  try NPZStore.write(to: "glyphs.npz", classNames: ["even", "odd"]) { writer in
    for (number, glyph) in glyphs.enumerated() {
      try writer.append(glyph, format: ImageFormat(height: 28, width: 28), label: number % 2)
    }
  }

  let boxed = ImageFormat(height: 28, width: 28)
  try NPZStore.write(to: "boxes.npz") { writer in
    for glyph in glyphs {
      try writer.append(
        glyph, format: boxed, columns: ["box": [4, 4, 20, 24], "name": "a/b.png", "hash": .bytes([0xCA])])
    }
  }
  if case .int64Vectors(let boxes) = try NPZStore(at: "boxes.npz").column("box") {
    print(boxes[0], boxes.width)
  }
}

import CIFAR10
import Foundation
import ImageLoading
import LMDBStore
import NPZStore
import PackedBitStore

func readingInBatches() async throws {
  let train = try LMDBStore.write(CIFAR10(at: "cifar-10-batches-py").training, to: "train.lmdb")

  var batch = ImageBatch()
  for start in stride(from: 0, to: train.count, by: 128) {
    try train.read(start..<min(start + 128, train.count), into: &batch)
    step(batch.pixels, batch.labels)
  }

  try train.read([17, 4, 17], into: &batch)
  let corner = ImageRegion(row: 0, column: 0, height: 16, width: 16)
  try train.read([17, 4, 98], regions: .same(corner), into: &batch)

  let crops: [ImageRegion] = (0..<3).map { ImageRegion(row: $0, column: 2 * $0, height: 24, width: 24) }
  let memory = UnsafeMutableRawBufferPointer.allocate(byteCount: 3 * 24 * 24 * 3, alignment: 64)
  defer { memory.deallocate() }
  var output = OutputRawSpan(buffer: memory, initializedCount: 0)
  try train.read([17, 4, 98], regions: .each(crops), into: &output)

  var sum = 0
  try train.forEachImage(0..<train.count) { (_, format, pixels) throws(StoreError) in
    sum += Int(pixels.unsafeLoad(as: UInt8.self)) + format.channels
  }

  let tensor = TensorFormat.normalized(
    mean: [0.49, 0.48, 0.45], standardDeviation: [0.25, 0.24, 0.26])
  let augmentation = Augmentation(crop: .padded(by: 4), flipProbability: 0.5)
  var saved = Data()
  for try await batch in train.batches(
    of: 64, in: .shuffled(seed: 42, epoch: 0), as: tensor, augmentation: augmentation)
  {
    let floats = try batch.samples(as: Float.self)
    precondition(floats.count == batch.count * 3 * 32 * 32)
    saved = try JSONEncoder().encode(batch.state)
    if batch.number == 1 { break }
  }

  let state = try JSONDecoder().decode(LoaderState.self, from: saved)
  for try await batch in train.batches(of: 64, resuming: state, as: tensor, augmentation: augmentation) {
    step(batch.pixels, batch.labels)
  }

  let mine = SampleOrder.shuffled(seed: 42, epoch: 0).sharded(1, of: 4)
  for fold in try train.folds(5, stratified: true, seed: 7) {
    for try await batch in fold.training.batches(of: 64, in: mine) { step(batch.pixels, batch.labels) }
    for try await batch in fold.validation.batches(of: 64) { step(batch.pixels, batch.labels) }
  }

  let pairs = try ZippedStore(NPZStore(at: "photographs.npz"), masks: PackedBitStore(at: "segments.bits"))
  for try await batch in pairs.batches(of: 4, in: .shuffled(seed: 42, epoch: 0), augmentation: augmentation) {
    step(batch.images.pixels, batch.labels)
    step(batch.masks.pixels, batch.labels)
  }
}

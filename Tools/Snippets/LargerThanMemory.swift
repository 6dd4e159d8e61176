import CIFAR10
import ImageLoading
import NPZStore

func largerThanMemory() async throws {
  let train = try NPZStore.write(
    CIFAR10(at: "cifar-10-batches-py").training, to: "train.npz", compression: .none)

  for epoch in 0..<3 {
    let order = SampleOrder.blockShuffled(seed: 42, epoch: epoch)
    for try await batch in train.batches(of: 128, in: order) { step(batch.pixels, batch.labels) }
  }

  let labels = try train.labels()
  let order = SampleOrder.blockShuffled(seed: 42, epoch: 0, blockSize: 16, window: 32)
  let quality = try order.quality(of: train.count, labels: labels, batchSize: 128)
  print(quality)

  let cached = try train.cached(upTo: 64 << 20)
  step(try cached.read([1]).pixels, [])

  let next = [17, 4, 98]
  train.willRead(next.span)
  let batch = try train.read(next)
  step(batch.pixels, batch.labels)
}

import CIFAR10
import Foundation
import ImageLoading
import ShardedStore

func beyondOneMachine() async throws {
  try ShardedStore.write(CIFAR10(at: "cifar-10-batches-py").training, to: "train")
  var saved = Data()

  let processes = try DistributedEnvironment.current()
  let train = try ShardedStore(at: "train")
  for epoch in 0..<3 {
    let order = SampleOrder.blockShuffled(seed: 42, epoch: epoch, lanes: 64).sharded(by: processes)
    for try await batch in train.batches(of: 128, in: order) { step(batch.pixels, batch.labels) }
  }

  for try await batch in train.batches(of: 100, in: .shuffled(seed: 42, epoch: 0)) {
    saved = try JSONEncoder().encode(batch.state)
    break
  }
  let state = try JSONDecoder().decode(LoaderState.self, from: saved)
  for try await batch in train.batches(of: 128, resuming: state) { step(batch.pixels, batch.labels) }
}

/// Compiled, and not run: there is no bucket.
func cachedBucket() throws {
  let cached = try ShardedStore(at: "s3://data/train", cache: .folder("/scratch/cache", bytes: 200 << 30))
  print(cached.count)
}

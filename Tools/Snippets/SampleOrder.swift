import CIFAR10
import ImageLoading
import LMDBStore

func severalMachines() async throws {
  try LMDBStore.write(CIFAR10(at: "cifar-10-batches-py").training, to: "train.lmdb")

  let processes = try DistributedEnvironment.current()
  let store = try LMDBStore(at: "train.lmdb")
  for epoch in 0..<3 {
    let order = SampleOrder.shuffled(seed: 42, epoch: epoch).sharded(by: processes)
    for try await batch in store.batches(of: 128, in: order, options: LoaderOptions(workers: 2)) {
      step(batch.pixels, batch.labels)
    }
  }
}

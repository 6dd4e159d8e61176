import CIFAR10
import ImageLoading
import LMDBStore

func readme() async throws {
  let cifar = try CIFAR10(at: "cifar-10-python.tar.gz")
  let train = try LMDBStore.write(cifar.training, to: "train.lmdb")

  for epoch in 0..<3 {
    for try await batch in train.batches(of: 128, in: .shuffled(seed: 42, epoch: epoch)) {
      step(batch.pixels, batch.labels)
    }
  }

  let few = try train.read([17, 4, 98])
  step(few.pixels, few.labels)
}

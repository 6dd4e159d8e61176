import CIFAR10
import ImageLoading
import LMDBStore

func gettingStarted() async throws {
  try LMDBStore.write(CIFAR10(at: "cifar-10-batches-py").training, to: "train.lmdb")

  let store = try LMDBStore(at: "train.lmdb")
  let tensor = TensorFormat.normalized(mean: [0.5], standardDeviation: [0.25])
  for epoch in 0..<3 {
    let order = SampleOrder.shuffled(seed: 42, epoch: epoch)
    var count = 0
    for try await batch in store.batches(of: 32, in: order, as: tensor) {
      // A network would take a step here, on planes of 32x32 and their labels.
      let inputs = try batch.samples(as: Float.self)
      count += inputs.count
      if batch.number == 0 { print("epoch \(epoch) begins with", batch.labels.prefix(8)) }
    }
    print("epoch \(epoch): \(count) numbers of \(store.count) images")
  }
}

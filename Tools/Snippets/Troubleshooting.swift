import CIFAR10
import ImageLoading
import LMDBStore
import NPZStore

func troubleshooting() async throws {
  let train = try LMDBStore.write(CIFAR10(at: "cifar-10-batches-py").training, to: "train.lmdb")
  try NPZStore.write(train, to: "train.npz")

  func compareEpochs() async throws {
    let stores: [(name: String, store: any ImageStore)] = [
      ("LMDB", try LMDBStore(at: "train.lmdb")), ("NPZ", try NPZStore(at: "train.npz")),
    ]
    for (name, store) in stores {
      var count = 0
      for try await batch in store.batches(of: 128) { count += batch.count }
      print(name, count)
    }
  }

  try await compareEpochs()
}

import CIFAR10
import ImageLoading
import NPZStore

func concurrency() async throws {
  let train = try NPZStore.write(CIFAR10(at: "cifar-10-batches-py").training, to: "train.npz")

  try await withThrowingTaskGroup(of: Int.self) { group in
    for part in 0..<4 {
      group.addTask { try train.read(part * 10..<part * 10 + 10).pixels.byteCount }
    }
    for try await byteCount in group { precondition(byteCount == 10 * 32 * 32 * 3) }
  }

  var batches = train.batches(of: 128).makeBlockingIterator()
  while let batch = try batches.next() { step(batch.pixels, batch.labels) }
}

import Foundation
import ImageLoading
import ImageStoreCatalog
import ImageStoreCore

// cold-epochs STORE ORDER [BATCH [WORKERS [EPOCHS]]]: epochs of a new process over a store, and the
// microseconds per image that each took; the first is counted from opening the store to the last
// batch. ORDER is sequential, shuffled or blocks.
let arguments = CommandLine.arguments
guard arguments.count >= 3 else { exit(64) }
let batchSize = arguments.count > 3 ? Int(arguments[3])! : 128
let workers = arguments.count > 4 ? Int(arguments[4])! : 2
let epochs = arguments.count > 5 ? Int(arguments[5])! : 1

var start = ContinuousClock.now
let store = try StoreCatalog.open(at: arguments[1])
for epoch in 0..<epochs {
  let order: SampleOrder
  switch arguments[2] {
  case "sequential": order = .sequential
  case "shuffled": order = .shuffled(seed: 42, epoch: epoch)
  case "blocks": order = .blockShuffled(seed: 42, epoch: epoch)
  default: exit(64)
  }
  var images = 0
  var sum: UInt64 = 0
  var batches = store.batches(of: batchSize, in: order, options: LoaderOptions(workers: workers))
    .makeBlockingIterator()
  while let batch = try batches.next() {
    images += batch.count
    sum &+= UInt64(batch.pixels.byteCount)
  }
  let seconds = (ContinuousClock.now - start) / .seconds(1)
  print(seconds / Double(max(images, 1)) * 1e6, images, sum)
  start = .now
}

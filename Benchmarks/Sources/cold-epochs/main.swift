import Foundation
import ImageLoading
import ImageStoreCatalog
import ImageStoreCore

// cold-epochs STORE ORDER [BATCH [WORKERS]]: one epoch of a new process over a store, and the
// microseconds per image that it took from opening the store to the last batch. ORDER is
// sequential, shuffled or blocks.
let arguments = CommandLine.arguments
guard arguments.count >= 3 else { exit(64) }
let batchSize = arguments.count > 3 ? Int(arguments[3])! : 128
let workers = arguments.count > 4 ? Int(arguments[4])! : 2

let start = ContinuousClock.now
let store = try StoreCatalog.open(at: arguments[1])
let order: SampleOrder
switch arguments[2] {
case "sequential": order = .sequential
case "shuffled": order = .shuffled(seed: 42, epoch: 0)
case "blocks": order = .blockShuffled(seed: 42, epoch: 0)
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

import Foundation
import ImageStoreCatalog
import ImageStoreCore

// warm-reads STORE ORDER BATCH: reads all images of a store in batches whenever a line comes on
// standard input, and prints the microseconds per image that it took. ORDER is sequential or
// shuffled.
let arguments = CommandLine.arguments
guard arguments.count == 4, let batchSize = Int(arguments[3]) else { exit(64) }
let store = try StoreCatalog.open(at: arguments[1])
var order = Array(0..<store.count)
if arguments[2] == "shuffled" { order.shuffle() }
var batch = ImageBatch()
while readLine() != nil {
  let start = ContinuousClock.now
  for first in stride(from: 0, to: order.count, by: batchSize) {
    try store.read(order[first..<min(first + batchSize, order.count)], into: &batch)
  }
  print((ContinuousClock.now - start) / .microseconds(1) / Double(order.count))
  // All streams: Swift refuses the global variable of this one.
  fflush(nil)
}

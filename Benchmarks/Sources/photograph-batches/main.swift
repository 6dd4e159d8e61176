import Foundation
import ImageLoading
import ImageStoreCatalog
import ImageStoreCore

// photograph-batches STORE: for each line of standard input, "WORKERS SIZE", one epoch of random
// resized crops, flipped half of the time and normalized to Float32 NCHW, and the seconds of
// processor time and of wall time that it took.
let store = try StoreCatalog.open(at: CommandLine.arguments[1]).converted(channels: 3)
let tensor = TensorFormat.normalized(
  mean: [0.485, 0.456, 0.406], standardDeviation: [0.229, 0.224, 0.225])

func processorSeconds() -> Double {
  var time = timespec()
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time)
  return Double(time.tv_sec) + Double(time.tv_nsec) * 1e-9
}

var epoch = 0
while let line = readLine() {
  let words = line.split(separator: " ").compactMap { Int($0) }
  guard words.count == 2 else { exit(64) }
  let augmentation = Augmentation(
    crop: .randomResized(height: words[1], width: words[1]), flipProbability: 0.5)
  let before = processorSeconds()
  let start = ContinuousClock.now
  var images = 0
  var batches = store.batches(
    of: 32, in: .shuffled(seed: 42, epoch: epoch), as: tensor, augmentation: augmentation,
    options: LoaderOptions(workers: words[0])
  ).makeBlockingIterator()
  while let batch = try batches.next() { images += batch.count }
  let wall = (ContinuousClock.now - start) / .seconds(1)
  print(processorSeconds() - before, wall, images)
  fflush(nil)
  epoch += 1
}

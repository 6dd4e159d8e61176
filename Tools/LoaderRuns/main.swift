// Runs of a loader for scripts that look at the process from outside.
//
//   ImageStoreLoaderRuns write FORMAT STORE IMAGES        writes images of 160x144x3
//   ImageStoreLoaderRuns append FORMAT STORE IMAGES       appends as many to what `write` wrote
//   ImageStoreLoaderRuns epoch FORMAT STORE [WORKERS]     a full shuffled epoch in batches of 32, every pixel checked
//   ImageStoreLoaderRuns scaling FORMAT STORE             epochs by one worker and by two, in turns
//   ImageStoreLoaderRuns cancel FORMAT STORE ROUNDS       cancels epochs at random points and looks at what is left
//
// FORMAT is file, lmdb, hdf5, npz or npz-stored.
import Foundation
import ImageStoreCore

let arguments = Array(CommandLine.arguments.dropFirst())
do {
  guard arguments.count >= 3, let format = StoreKind(rawValue: arguments[1]) else {
    throw StoreError(
      .invalidArgument,
      "ImageStoreLoaderRuns write|append|epoch|scaling|cancel \(StoreKind.names) STORE [NUMBER]")
  }
  let path = arguments[2]
  let number = arguments.count > 3 ? Int(arguments[3]) : nil
  switch arguments[0] {
  case "write": try SampleImages.write(number ?? 1000, as: format, to: path)
  case "append": try SampleImages.append(number ?? 1000, as: format, to: path)
  case "epoch": try EpochRun(format.open(path)).check(workers: number)
  case "scaling": try EpochRun(format.open(path)).compareWorkers()
  case "cancel": try await CancelRun(format.open(path)).perform(rounds: number ?? 1000)
  default: throw StoreError(.invalidArgument, "no run is called \(arguments[0])")
  }
} catch {
  print("FAILED: \(error)")
  exit(1)
}

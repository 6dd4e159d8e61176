// Runs of a loader for scripts that look at the process from outside.
//
//   ImageStoreLoaderRuns write FORMAT STORE IMAGES        writes images of 160x144x3
//   ImageStoreLoaderRuns append FORMAT STORE IMAGES       appends as many to what `write` wrote
//   ImageStoreLoaderRuns epoch FORMAT STORE [WORKERS]     a full shuffled epoch in batches of 32, every pixel checked
//   ImageStoreLoaderRuns scaling FORMAT STORE             epochs by one worker and by two, in turns
//   ImageStoreLoaderRuns cancel FORMAT STORE ROUNDS       cancels epochs at random points and looks at what is left
//   ImageStoreLoaderRuns cancel-cold FORMAT STORE ROUNDS  the same, and drops the store from memory before each
//   ImageStoreLoaderRuns shards STORE IMAGES              writes a sharded data set, in a bucket perhaps
//   ImageStoreLoaderRuns blocks STORE EPOCHS [OPTIONS]    epochs by blocks, and the seconds that each takes
//   ImageStoreLoaderRuns check-blocks STORE [OPTIONS]     an epoch by blocks, every pixel checked
//   ImageStoreLoaderRuns cancel-blocks STORE ROUNDS [OPTIONS]   as cancel
//
// OPTIONS are cache=BYTES:FOLDER, memory=BYTES and window=BLOCKS. FORMAT is one of the catalogue's variants, such as files, lmdb or npz-stored.
import Foundation
import ImageStoreCatalog
import ImageStoreCore

let arguments = Array(CommandLine.arguments.dropFirst())
do {
  if try await ShardRuns.perform(arguments) { exit(0) }
  guard arguments.count >= 3, let format = StoreCatalog.variants.first(where: { $0.name == arguments[1] })
  else {
    let names = StoreCatalog.variants.map(\.name).joined(separator: "|")
    throw StoreError(
      .invalidArgument,
      "ImageStoreLoaderRuns write|append|epoch|scaling|cancel|cancel-cold \(names) STORE [NUMBER], or "
        + "shards|blocks|check-blocks|cancel-blocks STORE [NUMBER] [OPTIONS]")
  }
  let path = arguments[2]
  let number = arguments.count > 3 ? Int(arguments[3]) : nil
  switch arguments[0] {
  case "write": try SampleImages.write(number ?? 1000, as: format, to: path)
  case "append": try SampleImages.append(number ?? 1000, as: format, to: path)
  case "epoch": try EpochRun(format.open(path, threads: 1)).check(workers: number)
  case "scaling": try EpochRun(format.open(path, threads: 1)).compareWorkers()
  case "cancel": try await CancelRun(format.open(path, threads: 1)).perform(rounds: number ?? 1000)
  case "cancel-cold":
    try await CancelRun(format.open(path, threads: 1), isCold: true).perform(rounds: number ?? 1000)
  default: throw StoreError(.invalidArgument, "no run is called \(arguments[0])")
  }
} catch {
  print("FAILED: \(error)")
  exit(1)
}

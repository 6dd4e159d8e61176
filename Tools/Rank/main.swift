import Foundation
import ImageLoading
import ImageStoreCore
import ShardedStore

// One rank of a job, for the check that ranks share an epoch whatever happens to them.
//
//   ImageStoreRank STORE FOLDER [BATCHES]
//
// Reads the rank's part of an epoch and writes a line per sample to FOLDER/RANK.samples: its index,
// its label and a sum of its pixels. After each batch the state goes to FOLDER/RANK.state, from
// which a restarted rank continues; what the samples have beyond it is cut off, as a model is
// restored from its checkpoint. With BATCHES, it ends itself by SIGKILL in the middle of the batch
// after as many.

/// What a checkpoint has.
struct Checkpoint: Codable {
  var loader: LoaderState
  var sampleByteCount = 0
}

let arguments = CommandLine.arguments
guard arguments.count >= 3 else { exit(64) }
let processes = try DistributedEnvironment.current()
let store = try ShardedStore(at: arguments[1])
let name = "\(arguments[2])/\(processes.rank)"
let order = SampleOrder.blockShuffled(seed: 42, epoch: 0, blockSize: 9, window: 16, lanes: 8)
  .sharded(by: processes)
let file = URL(filePath: "\(name).state")
var checkpoint =
  (try? JSONDecoder().decode(Checkpoint.self, from: Data(contentsOf: file)))
  ?? Checkpoint(loader: LoaderState(order: order, imageCount: store.count))
if !FileManager.default.fileExists(atPath: "\(name).samples") {
  try Data().write(to: URL(filePath: "\(name).samples"))
}
let samples = try FileHandle(forUpdating: URL(filePath: "\(name).samples"))
try samples.truncate(atOffset: UInt64(checkpoint.sampleByteCount))
let last = arguments.count > 3 ? Int(arguments[3]) : nil

for try await batch in store.batches(of: 5, resuming: checkpoint.loader) {
  var lines = ""
  for position in 0..<batch.count {
    let pixels = batch.pixels.extracting(batch.layout.byteRange(of: position))
    // FNV-1a, which the check calculates too.
    var sum: UInt64 = 14_695_981_039_346_656_037
    for offset in 0..<pixels.byteCount {
      let byte = unsafe pixels.unsafeLoad(fromByteOffset: offset, as: UInt8.self)
      sum = (sum ^ UInt64(byte)) &* 1_099_511_628_211
    }
    lines += "\(batch.indices[position]) \(batch.labels[position]) \(sum)\n"
  }
  try samples.write(contentsOf: Data(lines.utf8))
  if let last, batch.number == last { kill(getpid(), SIGKILL) }
  checkpoint.loader = batch.state
  checkpoint.sampleByteCount += lines.utf8.count
  try JSONEncoder().encode(checkpoint).write(to: file, options: .atomic)
}

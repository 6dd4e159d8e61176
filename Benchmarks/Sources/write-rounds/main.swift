// One write a line of standard input, `SUBJECT PATH THREADS`, each answered by a line with the
// seconds it took: by the clock, in the program, in the system. `write_rounds.py` makes the peers
// take turns with it.
import FileStore
import Foundation
import HDF5Store
import ImageStoreCore
import LMDBStore

let arguments = CommandLine.arguments
guard arguments.count == 3, let count = Int(arguments[2]) else {
  print("usage: write-rounds IMAGES.raw COUNT   (images of 32x32x3, one after another)")
  exit(64)
}
let format = ImageFormat(height: 32, width: 32, channels: 3)
let images = try Data(contentsOf: URL(filePath: arguments[1]), options: .alwaysMapped)
let source = try images.withUnsafeBytes { bytes in
  var writer = InMemoryStore.Writer()
  let pixels = RawSpan(_unsafeBytes: UnsafeRawBufferPointer(rebasing: bytes[..<(count * format.byteCount)]))
  try writer.append(
    pixels, layout: BatchLayout(format, count: count),
    labels: ImageLabels(labels: (0..<count).map { $0 % 10 }))
  return try writer.finish()
}

/// The processor's time of all threads so far: in the program, in the system.
func processorTime() -> (user: Double, system: Double) {
  var usage = rusage()
  getrusage(__rusage_who_t(RUSAGE_SELF.rawValue), &usage)
  func seconds(_ time: timeval) -> Double { Double(time.tv_sec) + Double(time.tv_usec) / 1e6 }
  return (seconds(usage.ru_utime), seconds(usage.ru_stime))
}

func write(_ subject: String, _ path: String, _ threads: Int) throws {
  switch subject {
  case "lmdb": try LMDBStore.write(source, to: path)
  case "hdf5": try HDF5Store.write(source, to: path, threads: threads)
  case "hdf5-gzip-fast": try HDF5Store.write(source, to: path, compression: .fast, threads: threads)
  case "hdf5-gzip-small": try HDF5Store.write(source, to: path, compression: .small, threads: threads)
  case "file": try FileStore.write(source, to: path, threads: threads)
  default: throw StoreError(.invalidArgument, "no such subject: \(subject)")
  }
}

while let line = readLine() {
  let words = line.split(separator: " ").map(String.init)
  let before = processorTime()
  let start = ContinuousClock.now
  try write(words[0], words[1], Int(words[2])!)
  let seconds = (ContinuousClock.now - start) / .seconds(1)
  let after = processorTime()
  let answer = "\(seconds) \(after.user - before.user) \(after.system - before.system)\n"
  FileHandle.standardOutput.write(Data(answer.utf8))
}

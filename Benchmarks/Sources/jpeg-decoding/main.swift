// One pass over the JPEGs of a folder for each line of standard input, `SUBJECT full` or `SUBJECT
// partial`, on one thread, each answered by the processor's seconds and a sum of the pixels.
// SUBJECT is decoder, folder, or lmdb: a store of the files' bytes that is made first.
// `jpeg_rounds.py` makes the library's own loop take turns with it.
#if JPEG
import FileStore
import Foundation
import ImageStoreCore
import JPEGCodec
import LMDBStore

guard CommandLine.arguments.count == 2 else {
  print("usage: jpeg-decoding FOLDER")
  exit(64)
}
let folder = CommandLine.arguments[1]
let store = try FileStore(at: folder, threads: 1)
let copy = FileManager.default.temporaryDirectory.appending(path: "jpeg-decoding-\(UUID().uuidString).lmdb")
  .path
try LMDBStore.write(store, to: copy, layout: .encoded)
let database = try LMDBStore(at: copy, threads: 1)
try FileManager.default.removeItem(atPath: copy)
let names = try FileManager.default.contentsOfDirectory(atPath: folder).sorted()
let files = try names.map { [UInt8](try Data(contentsOf: URL(filePath: "\(folder)/\($0)"))) }
let formats = try (0..<store.count).map { try store.format(at: $0) }
let memory = UnsafeMutableRawBufferPointer.allocate(byteCount: 64 << 20, alignment: 64)
memory.initializeMemory(as: UInt8.self, repeating: 0)
var decoder = JPEGDecoder()

// The regions that jpeg_floor takes, too.
func region(_ index: Int) -> ImageRegion {
  let format = formats[index]
  var state = UInt64(index)
  func next() -> Int {
    state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
    return Int(state >> 33)
  }
  let width = format.width * (40 + next() % 55) / 100
  let height = format.height * (40 + next() % 55) / 100
  let column = next() % (format.width - width + 1)
  return ImageRegion(
    row: next() % (format.height - height + 1), column: column, height: height, width: width)
}
let regions = formats.indices.map(region)

func seconds() -> Double {
  var time = timespec()
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time)
  return Double(time.tv_sec) + Double(time.tv_nsec) * 1e-9
}

while let line = readLine() {
  let isPartial = line.hasSuffix("partial")
  let subject: (any ImageStore)? = line.hasPrefix("folder") ? store : line.hasPrefix("lmdb") ? database : nil
  var sum = 0
  let start = seconds()
  for index in files.indices {
    let delivered = isPartial ? formats[index].cropped(to: regions[index]) : formats[index]
    var output = OutputRawSpan(buffer: memory, initializedCount: 0)
    if let subject {
      let (one, part) = ([index], isPartial ? [regions[index]] : [])
      try subject.read(one.span, regions: part.span, into: &output)
    } else {
      let file = files[index]
      try decoder.decode(file.span.bytes, region: isPartial ? regions[index] : nil, into: &output)
    }
    _ = output.finalize(for: memory)
    sum += Int(memory[0]) + Int(memory[delivered.byteCount - 3])
  }
  FileHandle.standardOutput.write(Data("\(seconds() - start) \(sum)\n".utf8))
}
#else
print("jpeg-decoding: build with --traits JPEG")
#endif

import ImageStoreCore
import ImageStorePlatform
import LMDBStore

// What tests need another process for. Images are squares of one value, that of their index modulo 251.
//
//   ImageStoreWriterProcess append STORE IMAGES RUNS      appends runs of images, finishing each run
//   ImageStoreWriterProcess linger STORE create|append IMAGES    appends images and waits to be killed
//   ImageStoreWriterProcess read STORE READS              opens the store and checks all images, again and again
//   ImageStoreWriterProcess fork STORE append IMAGES      forks while it reads and writes; the parent finishes
//   ImageStoreWriterProcess confine STORE append MB       appends until the address space, so many MB more than it has, is too small

let format = ImageFormat(height: 32, width: 32, channels: 3)

func pixels(_ range: Range<Int>) -> [UInt8] {
  range.flatMap { [UInt8](repeating: UInt8($0 % 251), count: format.byteCount) }
}

func append(_ count: Int, from first: Int, to writer: inout LMDBStore.Writer) throws(StoreError) {
  for start in stride(from: first, to: first + count, by: 1000) {
    let run = start..<min(start + 1000, first + count)
    let bytes = pixels(run)
    try unsafe writer.append(
      bytes.span.bytes, layout: BatchLayout(format, count: run.count),
      labels: ImageLabels(labels: run.map { $0 % 10 }))
  }
}

func check(_ store: LMDBStore) throws(StoreError) {
  var batch = ImageBatch()
  for start in stride(from: 0, to: store.count, by: 500) {
    let run = start..<min(start + 500, store.count)
    try store.read(run, into: &batch)
    guard batch.pixels.byteCount == run.count * format.byteCount else {
      throw StoreError(.corrupt, "too few pixels")
    }
    for (position, index) in run.enumerated() {
      for offset in [0, 1535, 3071] {
        let byte = unsafe batch.pixels.unsafeLoad(
          fromByteOffset: position * format.byteCount + offset, as: UInt8.self)
        guard Int(byte) == index % 251, Int(batch.labels[position]) == index % 10 else {
          throw StoreError(.corrupt, "wrong pixels or label", image: index)
        }
      }
    }
  }
}

func run(_ arguments: [String]) throws(StoreError) {
  guard arguments.count >= 4 else { throw StoreError(.invalidArgument, "wrong usage") }
  let path = arguments[2]
  let number = Int(arguments[arguments.count - 1]) ?? 0
  switch arguments[1] {
  case "append":
    for _ in 0..<number {
      let first = exists(path) ? try LMDBStore(at: path).count : 0
      var writer = try LMDBStore.Writer(to: path, mode: .append)
      try append(Int(arguments[3]) ?? 0, from: first, to: &writer)
      try writer.finish()
    }
  case "linger":
    let mode: WriteMode = arguments[3] == "create" ? .create : .append
    let first = mode == .append ? try LMDBStore(at: path).count : 0
    var writer = try LMDBStore.Writer(to: path, mode: mode)
    try append(number, from: first, to: &writer)
    // The test knows by this line that everything has been appended, and nothing finished.
    print("waiting")
    fflush(nil)
    while true { sleep(60) }
  case "read":
    for _ in 0..<number { try check(try LMDBStore(at: path)) }
  case "fork":
    let store = try LMDBStore(at: path)
    try check(store)
    var writer = try LMDBStore.Writer(to: path, mode: .append)
    try append(number, from: store.count, to: &writer)
    let child = forkProcess()
    if child == 0 {
      // The map is still there; the writer refuses and, dropped, touches nothing of the parent's.
      var isRefused = false
      do throws(StoreError) {
        try check(store)
        try append(1, from: 0, to: &writer)
      } catch {
        isRefused = error.code == .invalidArgument
      }
      _ = consume writer
      _exit(isRefused ? 0 : 1)
    }
    var status: Int32 = 0
    unsafe waitpid(child, &status, 0)
    guard status == 0 else { throw StoreError(.corrupt, "the fork ended with \(status)") }
    try writer.finish()
  case "confine":
    let first = try LMDBStore(at: path).count
    var writer = try LMDBStore.Writer(to: path, mode: .append)
    try append(3000, from: first, to: &writer)
    confineAddressSpace(number << 20)
    var refusal: StoreError?
    do throws(StoreError) {
      for run in 1..<40 { try append(1000, from: first + 2000 + 1000 * run, to: &writer) }
    } catch {
      refusal = error
    }
    // Committed images should be removed, but cannot be.
    _ = consume writer
    guard let refusal else { throw StoreError(.invalidArgument, "was not refused") }
    print("\(refusal.code.rawValue): \(refusal)")
  default: throw StoreError(.invalidArgument, "wrong usage")
  }
}

/// Leaves the process so many bytes of address space more than it has.
func confineAddressSpace(_ byteCount: Int) {
  #if os(Linux)
  guard let file = unsafe fopen("/proc/self/statm", "r") else { return }
  defer { unsafe fclose(file) }
  var pages = 0
  _ = unsafe withUnsafeMutablePointer(to: &pages) { pages in
    unsafe withVaList([pages]) { unsafe vfscanf(file, "%ld", $0) }
  }
  let bytes = rlim_t(pages * Int(getpagesize()) + byteCount)
  var limit = rlimit(rlim_cur: bytes, rlim_max: bytes)
  _ = unsafe setrlimit(__rlimit_resource_t(UInt32(RLIMIT_AS.rawValue)), &limit)
  #endif
}

/// fork(2), which Swift does not show, because most programs cannot continue after it.
func forkProcess() -> pid_t {
  typealias Fork = @convention(c) () -> pid_t
  guard let symbol = unsafe dlsym(dlopen(nil, RTLD_NOW), "fork") else { return -1 }
  return unsafe unsafeBitCast(symbol, to: Fork.self)()
}

func exists(_ path: String) -> Bool { unsafe access(path, F_OK) == 0 }

do throws(StoreError) {
  try run(CommandLine.arguments)
} catch {
  print("\(error)")
  exit(1)
}

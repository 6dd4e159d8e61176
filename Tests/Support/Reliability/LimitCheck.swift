import CImageStoreFaults
import ImageStoreCore
import ImageStorePlatform
import ImageStoreSupport
import ImageStoreTesting

/// What must not grow: open files over many opens, memory over many reads.
package struct LimitCheck {
  /// Opens, reads one image of, and closes a store many times.
  ///
  /// - Returns: how many files were open before and after, counted half-way too.
  package static func openAndClose(_ backend: Backend, count: Int) throws -> [Int] {
    let folder = try WorkFolder()
    let path = backend.path(in: folder.path)
    try backend.append(0..<1, to: path, imagesPerCommit: 10)
    let images = Commits(backend, imagesPerCommit: 10).images(of: 0)
    var openFiles: [Int] = []
    for number in 0..<count {
      if number == 1 || number == count / 2 { openFiles += [openFileCount() ?? 0] }
      let store = try backend.open(path)
      try require(store.pixels(at: number % 10) == images.pixels[number % 10], "\(backend): other pixels")
    }
    openFiles += [openFileCount() ?? 0]
    try require(Set(openFiles).count == 1, "\(backend): files stay open: \(openFiles)")
    return openFiles
  }

  /// Reads random images one at a time, with every third call a crop and every seventh lent.
  ///
  /// - Returns: the resident memory in KiB after a tenth of the reads and at the end.
  package static func read(_ backend: Backend, count: Int, seed: UInt64) throws -> (Int, Int) {
    let folder = try WorkFolder()
    let path = backend.path(in: folder.path)
    try backend.append(0..<1, to: path, imagesPerCommit: 100)
    let images = Commits(backend, imagesPerCommit: 100).images(of: 0)
    let store = try backend.open(path)
    let region = ImageRegion(row: 0, column: 1, height: 1, width: 1)
    var generator = SplitMix64(seed: seed)
    var batch = ImageBatch()
    var early = 0
    for number in 0..<count {
      if number == count / 10 { early = residentKibibytes() }
      let index = Int.random(in: 0..<100, using: &generator)
      switch number % 21 {
      case 0, 3, 6, 9, 12, 15, 18: try store.read([index], regions: .same(region), into: &batch)
      case 7, 14: try store.withImage(at: index) { (_, _) throws(StoreError) in }
      default: try store.read([index], into: &batch)
      }
      if number % 21 == 20, number % 97 == 0 {
        try require([UInt8](copying: batch.pixels) == images.pixels[index], "\(backend): other pixels")
      }
    }
    let late = residentKibibytes()
    // The allocators' own caches and the pages of the map that have not been touched before.
    try require(late <= early + 4096, "\(backend): memory grows from \(early) to \(late) KiB")
    return (early, late)
  }

  /// The memory this process has in use, in KiB.
  private static func residentKibibytes() -> Int {
    #if os(Linux)
    guard let text = try? FileSystem.contentsOfStream("/proc/self/statm") else { return 0 }
    let pages = text.split(separator: " ")
    return pages.count > 1 ? (Int(pages[1]) ?? 0) * Int(sysconf(Int32(_SC_PAGESIZE))) / 1024 : 0
    #else
    return peakKibibytes()
    #endif
  }
}

/// The most memory this process has had in use, in KiB.
package func peakKibibytes() -> Int { faults_peak_memory() }

extension FileSystem {
  /// The text of a file whose size the system does not tell.
  fileprivate static func contentsOfStream(_ path: String) throws -> String {
    let descriptor = unsafe open(path, O_RDONLY)
    guard descriptor >= 0 else { throw Violation("\(path) cannot be opened") }
    defer { _ = close(descriptor) }
    var bytes = [UInt8](repeating: 0, count: 4096)
    let count = unsafe bytes.withUnsafeMutableBytes { unsafe pread(descriptor, $0.baseAddress, $0.count, 0) }
    return String(decoding: bytes.prefix(max(0, count)), as: UTF8.self)
  }
}

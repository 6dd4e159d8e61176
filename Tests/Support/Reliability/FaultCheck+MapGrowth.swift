import CImageStoreFaults
import ImageStoreCore
import ImageStorePlatform
import ImageStoreSupport
import LMDBStore

extension FaultCheck {
  /// Appends so much to an LMDB store that its map of 1 MiB grows more than once, each time with
  /// the next call of mmap failing, until there are no more calls.
  ///
  /// - Parameter lasts: whether all that come after it fail, too.
  static func runWhileMapGrows(
    _ layout: LMDBStore.Layout, lasts: Bool, progress: (Int) -> Void = { _ in }
  ) throws -> Figures {
    let folder = try WorkFolder()
    let path = "\(folder.path)/store.lmdb"
    var figures = Figures()
    for call in 1... {
      progress(call)
      try folder.clear()
      try append(0..<1, to: path, layout)
      var thrown: (any Error)?
      faults_arm(
        UInt32(FAULTS_MAP), call, ENOMEM, Int32(lasts ? FAULTS_FAIL_ONWARDS : FAULTS_FAIL_ONCE))
      do { try append(1..<many, to: path, layout) } catch { thrown = error }
      let calls = faults_disarm()
      guard calls >= call else {
        if let thrown { throw thrown }
        try check(path, count: many)
        return figures
      }
      figures.injected += 1
      if thrown == nil { figures.avoided += 1 } else { figures.reported += 1 }
      if let thrown, !(thrown is StoreError) { throw thrown }
      do {
        let count = thrown == nil ? many : 1
        try check(path, count: count)
        try append(count..<count + 1, to: path, layout)
        try check(path, count: count + 1)
      } catch {
        throw Violation(
          "lmdb \(layout.rawValue), mmap \(call): \(error)\(thrown.map { "; it threw: \($0)" } ?? "")")
      }
    }
    return figures
  }

  /// 12 MB, of which 4 are written at a time.
  private static let many = 64
  private static let format = ImageFormat(height: 256, width: 256, channels: 3)

  private static func pixels(_ index: Int) -> [UInt8] {
    [UInt8](repeating: UInt8(index % 251), count: format.byteCount)
  }

  private static func append(_ range: Range<Int>, to path: String, _ layout: LMDBStore.Layout) throws {
    var writer = try LMDBStore.Writer(to: path, mode: .append, layout: layout)
    for index in range { try writer.append(pixels(index), format: format, label: index) }
    try writer.finish()
  }

  private static func check(_ path: String, count: Int) throws {
    let store = try LMDBStore(at: path, threads: 1)
    try store.verify()
    try require(store.count == count && store.labels() == Array(0..<count), "there are \(store.count) images")
    for index in 0..<count {
      try require(store.pixels(at: index) == pixels(index), "image \(index) is another")
    }
  }
}

import ImageStoreCore
import ImageStorePlatform
import ImageStoreSupport

extension FaultCheck {
  /// Does an operation in a small file system of which first nothing is free, then a page more each
  /// time until that suffices.
  ///
  /// `IMAGE_STORES_WORK` leads to the file system, which has no more than some MB and is used by
  /// nothing else.
  package static func runOnFullFileSystem(_ backend: Backend, _ operation: Operation) throws -> Figures {
    guard let place = environment("IMAGE_STORES_WORK") else {
      throw Violation("IMAGE_STORES_WORK names no file system that can be filled")
    }
    let stage = try Stage(backend, operation, imagesPerCommit: 5)
    let ballast = "\(place)/ballast"
    var figures = Figures()
    for pages in 0... {
      try stage.setUp()
      try fill(ballast, leaving: pages * 4096)
      var thrown: (any Error)?
      do { try stage.perform() } catch { thrown = error }
      try Files.remove(ballast)
      do {
        guard let thrown else {
          try require(stage.state() == .after, "nothing was written")
          return figures
        }
        figures.injected += 1
        try judge(
          stage, Fault(name: "ENOSPC", kinds: 0, number: ENOSPC, lasts: true, isAvoidable: false), thrown,
          &figures)
      } catch {
        throw Violation("\(backend) \(operation.rawValue), with \(pages) pages free: \(error)")
      }
    }
    return figures
  }

  /// Takes all the room there is, and gives some back.
  private static func fill(_ path: String, leaving free: Int) throws {
    let file = try File(path, .create)
    let page = [UInt8](repeating: 0x5A, count: 4096)
    var end = 0
    do {
      while true {
        try unsafe file.write(page.span.bytes, at: end)
        end += page.count
        if end > 1 << 30 { throw Violation("the file system at \(path) is too large to be filled") }
      }
    } catch let error as StoreError where error.underlying?.code == ENOSPC {
      try require(end >= free, "the file system has no \(free) bytes")
      try file.resize(to: end - free)
    }
  }
}

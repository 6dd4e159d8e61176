import ImageStoreReliability
import Testing

/// Writers that are killed, refused by the system, or not alone.
@Suite struct WritingTests {
  /// What is tried of a backend: edits, removals and commits in one layout of each kind, unless the
  /// long form is asked for.
  private func operations(_ backend: Backend) -> [String] {
    let isTriedWhole = Stress.kills != nil || Backend.onePerKind.contains { $0.name == backend.name }
    return isTriedWhole ? [] : Operation.plain.map(\.rawValue)
  }

  /// Afterwards nothing is there, or the last commit, whole; and the next writer finds and leaves
  /// all in order.
  @Test(arguments: Backend.all)
  func aKilledWriterLeavesTheLastCommit(_ backend: Backend) throws {
    try Stress.run(["kills", backend.name, "\(Stress.kills ?? 5)"] + operations(backend))
  }

  #if os(Linux)
  /// Whatever part of what was not waited for is on the disk.
  @Test(.enabled(if: Fault.isAvailable, "not in a build for a sanitizer"), arguments: Backend.all)
  func aPowerLossLeavesTheLastCommit(_ backend: Backend) throws {
    try Stress.run(["power-loss", backend.name, Stress.kills == nil ? "8" : "200"] + operations(backend))
  }

  @Test(
    .enabled(if: Fault.isAvailable, "not in a build for a sanitizer"), arguments: ["files", "lmdb", "npz"])
  func aWriterThatDoesNotWaitIsFoundOut(_ backend: String) throws {
    try Stress.run("power-loss-without-waits", backend, "40", "append")
  }

  /// One call after another fails: write, fsync, rename, ftruncate, mmap, open, memory. Of writes and
  /// of memory, of which there are hundreds, each fourth, unless the long form is asked for.
  @Test(.enabled(if: Fault.isAvailable, "not in a build for a sanitizer"), arguments: Backend.all)
  func aRefusedWriterSaysSoAndHarmsNothing(_ backend: Backend) throws {
    if Stress.kills != nil { return _ = try Stress.run("faults", backend.name) }
    for fault in ["sync-EIO", "rename-EIO", "remove-EIO", "attribute-EPERM"] {
      try Stress.run(["faults", backend.name, fault] + operations(backend))
    }
    for fault in ["write-ENOSPC", "allocate-ENOMEM"] {
      try Stress.run(["faults", backend.name, fault, "every=4"] + operations(backend))
    }
  }

  @Test(
    .enabled(if: Fault.isAvailable, "not in a build for a sanitizer"), arguments: ["lmdb", "lmdb-per-image"])
  func aMapThatCannotGrowIsReported(_ backend: String) throws {
    try Stress.run("map-faults", backend)
  }

  @Test(.enabled(if: Fault.isAvailable, "not in a build for a sanitizer"), arguments: Backend.all)
  func aRefusedReaderSaysSo(_ backend: Backend) throws {
    try Stress.run("reading-faults", backend.name)
  }
  #endif

  @Test(arguments: Backend.all)
  func aLimitOfFileSizesIsReported(_ backend: Backend) throws {
    let every = Stress.kills == nil ? ["every=4"] : []
    try Stress.run(["file-size-limits", backend.name] + every + operations(backend))
  }

  @Test(arguments: Backend.all)
  func aSecondWriterIsRefused(_ backend: Backend) throws {
    try Stress.run("writers", backend.name)
  }
}

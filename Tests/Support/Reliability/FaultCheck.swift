import CImageStoreFaults
import ImageStoreCore
import ImageStorePlatform
import ImageStoreSupport

/// What fails, and how.
package struct Fault: Sendable, CustomStringConvertible {
  package let name: String
  let kinds: Int
  let number: Int32
  /// Whether everything after it fails too, as on a full disk.
  let lasts: Bool
  /// Whether an operation may succeed although this failed, if it knows another way.
  let isAvoidable: Bool
  /// Whether an operation that has committed must not throw on account of this.
  var isForgivenAfterCommit = false

  package var description: String { name }

  /// Whether calls can be made to fail in this build.
  package static var isAvailable: Bool { faults_are_available() != 0 }

  /// Every fault that is tried.
  package static let all: [Fault] = [
    Fault(
      name: "write-ENOSPC", kinds: FAULTS_WRITE | FAULTS_RESIZE, number: ENOSPC, lasts: true,
      isAvoidable: false),
    Fault(
      name: "write-EIO", kinds: FAULTS_WRITE | FAULTS_RESIZE, number: EIO, lasts: false, isAvoidable: false),
    Fault(
      name: "write-EDQUOT", kinds: FAULTS_WRITE | FAULTS_RESIZE, number: EDQUOT, lasts: true,
      isAvoidable: false),
    Fault(name: "sync-EIO", kinds: FAULTS_SYNC, number: EIO, lasts: false, isAvoidable: false),
    Fault(name: "sync-ENOSPC", kinds: FAULTS_SYNC, number: ENOSPC, lasts: true, isAvoidable: false),
    Fault(name: "rename-EIO", kinds: FAULTS_RENAME, number: EIO, lasts: false, isAvoidable: false),
    Fault(name: "rename-ENOSPC", kinds: FAULTS_RENAME, number: ENOSPC, lasts: true, isAvoidable: false),
    // A store that is there is not lost for what should have gone.
    Fault(
      name: "remove-EIO", kinds: FAULTS_REMOVE, number: EIO, lasts: false, isAvoidable: true,
      isForgivenAfterCommit: true),
    Fault(
      name: "remove-EACCES", kinds: FAULTS_REMOVE, number: EACCES, lasts: true, isAvoidable: true,
      isForgivenAfterCommit: true),
    Fault(name: "attribute-EPERM", kinds: FAULTS_ATTRIBUTE, number: EPERM, lasts: false, isAvoidable: true),
    Fault(
      name: "attribute-ENOTSUP", kinds: FAULTS_ATTRIBUTE, number: ENOTSUP, lasts: true, isAvoidable: true),
    Fault(name: "open-EMFILE", kinds: FAULTS_OPEN, number: EMFILE, lasts: false, isAvoidable: true),
    Fault(name: "open-ENOSPC", kinds: FAULTS_OPEN, number: ENOSPC, lasts: false, isAvoidable: true),
    Fault(name: "read-EIO", kinds: FAULTS_READ, number: EIO, lasts: false, isAvoidable: true),
    Fault(name: "map-ENOMEM", kinds: FAULTS_MAP, number: ENOMEM, lasts: false, isAvoidable: true),
    Fault(name: "allocate-ENOMEM", kinds: FAULTS_ALLOCATE, number: ENOMEM, lasts: false, isAvoidable: true),
  ]
}

/// Operations during which one system call after another fails.
package struct FaultCheck {
  /// How it went.
  package struct Figures: Sendable {
    /// Failures injected.
    package var injected = 0
    /// Operations that said so.
    package var reported = 0
    /// Operations that did without.
    package var avoided = 0
    /// Operations that said so after the store had taken its place: what failed was waiting for the disk to
    /// know the name, or removing what is no longer needed.
    package var reportedAfterCommit = 0

    package init() {}

    package static func += (sum: inout Figures, more: Figures) {
      sum.injected += more.injected
      sum.reported += more.reported
      sum.avoided += more.avoided
      sum.reportedAfterCommit += more.reportedAfterCommit
    }
  }

  /// Does an operation again and again in this process, each time with the next call failing, until it has no
  /// more calls; checks after each what was said, what is there, and what the next writer makes of it.
  ///
  /// - Parameters:
  ///   - calls: the numbers of the calls that fail, from 1 on; without an end.
  ///   - progress: called before each with the number of the call.
  package static func run(
    _ backend: Backend, _ operation: Operation, _ fault: Fault, calls tried: some Sequence<Int>,
    progress: (Int) -> Void = { _ in }
  ) throws -> Figures {
    let stage = try Stage(backend, operation, imagesPerCommit: 5)
    var figures = Figures()
    let openFiles = openFileCount()
    for call in tried {
      progress(call)
      try stage.setUp()
      var thrown: (any Error)?
      faults_arm(
        UInt32(fault.kinds), call, fault.number,
        Int32(fault.lasts ? FAULTS_FAIL_ONWARDS : FAULTS_FAIL_ONCE))
      do { try stage.perform() } catch { thrown = error }
      let calls = faults_disarm()
      do {
        guard calls >= call else {
          if let thrown { throw thrown }
          try require(stage.state() == .after, "the undisturbed operation does nothing")
          return figures
        }
        figures.injected += 1
        try judge(stage, fault, thrown, &figures)
        try require(openFileCount() == openFiles, "a file stays open")
      } catch {
        let function = unsafe String(cString: faults_failed_function())
        throw Violation(
          "\(backend) \(operation.rawValue) \(fault), call \(call) (\(function)): \(error)"
            + (thrown.map { "; it threw: \($0)" } ?? ""))
      }
    }
    return figures
  }

  static func judge(
    _ stage: Stage, _ fault: Fault, _ thrown: (any Error)?, _ figures: inout Figures
  ) throws {
    let state = try stage.state()
    if let thrown {
      figures.reported += 1
      if state == .after { figures.reportedAfterCommit += 1 }
      guard let error = thrown as? StoreError else { throw Violation("an error of another type") }
      try checkNamesFile(error, stage)
      // Users with a full disk must be told, whichever library noticed it.
      if fault.number == ENOSPC, !fault.isAvoidable {
        try require(error.description.contains("No space left"), "a full disk is not named: \(error)")
        try require(error.description.contains("make room"), "a full disk has no remedy: \(error)")
      }
      try require(
        state != .after || !fault.isForgivenAfterCommit,
        "it says that it failed, and everything has been written")
    } else {
      figures.avoided += 1
      try require(fault.isAvoidable, "it failed and nobody said so")
      try require(state == .after, "it failed, nobody said so, and nothing was written")
    }
    try stage.checkNextWriter(after: state)
  }

  private static func checkNamesFile(_ error: StoreError, _ stage: Stage) throws {
    // The store, a file of it, or the folder it is in.
    let folder = FileSystem.split(stage.path).folder
    try require(error.path?.hasPrefix(folder) == true, "the error names no file")
    try require(!error.description.contains("\n"), "the error has more than one line")
  }

  /// Does an operation under growing limits of a file's size until one suffices.
  ///
  /// - Parameter limits: the limits, in units of 509 bytes; without an end.
  package static func runWithFileSizeLimits(
    _ backend: Backend, _ operation: Operation, limits: some Sequence<Int>
  ) throws -> Figures {
    let stage = try Stage(backend, operation, imagesPerCommit: 5)
    var figures = Figures()
    for step in limits {
      try stage.setUp()
      let limit = step * 509
      var thrown: (any Error)?
      faults_limit_file_size(limit)
      do { try stage.perform() } catch { thrown = error }
      faults_limit_file_size(-1)
      do {
        guard let thrown else {
          try require(stage.state() == .after, "nothing was written")
          return figures
        }
        figures.injected += 1
        try judge(
          stage, Fault(name: "EFBIG", kinds: 0, number: EFBIG, lasts: true, isAvoidable: false), thrown,
          &figures)
      } catch {
        throw Violation("\(backend) \(operation.rawValue), files of \(limit) bytes: \(error)")
      }
    }
    return figures
  }
}

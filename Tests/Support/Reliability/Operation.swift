import CImageStoreFaults
import ImageStoreCore
import ImageStoreSupport
import ImageStoreTesting

/// One thing a writer does that is disturbed, with what stands there before and after it.
package enum Operation: String, Sendable, CaseIterable {
  case create, append, replace
  /// An append that gives class names to a store that has none.
  case name

  var mode: WriteMode {
    switch self {
    case .create: .create
    case .append, .name: .append
    case .replace: .replace
    }
  }

  /// What stands there before, or nil where nothing does.
  func before(_ commits: Commits) -> ModelImages? {
    guard self != .create else { return nil }
    var images = commits.images(of: 0)
    if self == .name { images.classNames = nil }
    return images
  }

  /// What is written.
  func written(_ commits: Commits) -> ModelImages {
    commits.images(of: self == .create ? 0 : 1)
  }

  /// What stands there once it has been done.
  func after(_ commits: Commits) -> ModelImages {
    mode == .append ? commits.images(ofFirst: 2) : written(commits)
  }
}

/// A stage for one operation of one backend: it sets up what stands before, and judges what stands after a
/// disturbance.
package final class Stage {
  package let backend: Backend
  package let operation: Operation
  let commits: Commits
  let before: ModelImages?
  let after: ModelImages
  /// What the next writer adds; fewer images than the disturbed one, so that it does not cover all of what
  /// that left.
  private let addition: ModelImages
  private let folder: WorkFolder
  private var template: String { "\(folder.path)/template" }
  private var work: String { "\(folder.path)/work" }
  /// The paths below the folder once the next writer has finished undisturbed, by what stood there.
  private var undisturbedPaths: [State: [String]] = [:]

  /// What can stand there.
  package enum State: String, Sendable { case before, after }

  package init(_ backend: Backend, _ operation: Operation, imagesPerCommit: Int) throws {
    self.backend = backend
    self.operation = operation
    commits = Commits(backend, imagesPerCommit: imagesPerCommit)
    before = operation.before(commits)
    after = operation.after(commits)
    addition = commits.images(of: 5).slice(0..<1)
    folder = try WorkFolder()
    try Files.createFolder(template)
    if let before { try backend.write(backend.path(in: template), .create, WriterRun(before)) }
    for state in [State.before, .after] {
      try setUp()
      if state == .after { try perform() }
      try checkNextWriter(after: state)
    }
  }

  /// The store's path.
  package var path: String { backend.path(in: work) }
  /// The folder where the store stands, with nothing else.
  var workFolder: String { work }
  /// A folder outside the one where the store stands.
  var outputFolder: String { folder.path }

  /// Puts what stands before in its place, and nothing else.
  package func setUp() throws {
    try Files.remove(work)
    try Files.copy(template, to: work)
  }

  /// Puts another folder in the place of that where the store stands.
  func take(_ folder: String) throws {
    try Files.remove(work)
    try Files.rename(folder, to: work)
  }

  /// Does the operation in this process.
  package func perform() throws {
    try backend.write(path, operation.mode, WriterRun(operation.written(commits)))
  }

  /// What stands there now, checked whole.
  package func state() throws -> State {
    guard FileSystem.kind(of: path, followingLinks: false) != nil else {
      if operation == .replace && OldRename.isOn {
        // Between two renames; what the next writer finds shows whether the old store is still there.
        return .before
      }
      try require(before == nil, "the store is gone")
      do {
        _ = try backend.open(path)
      } catch let error as StoreError where error.code == .notFound {
        return .before
      }
      throw Violation("nothing is there, and opening it does not say so")
    }
    let store = try backend.open(path)
    try store.verify()
    if let before, try before.difference(from: store) == nil { return .before }
    if let difference = try after.difference(from: store) {
      throw Violation("neither what was there nor what was written: \(difference)")
    }
    return .after
  }

  /// Lets another writer add images and checks that all are there, and no file besides the store's own.
  package func checkNextWriter(after state: State) throws {
    try backend.write(path, .append, WriterRun(addition))
    var expected = (state == .before ? before : after) ?? ModelImages()
    expected.append(contentsOf: addition)
    expected.classNames = addition.classNames
    let store = try backend.open(path)
    try store.verify()
    if let difference = try expected.difference(from: store) {
      throw Violation("after the next writer: \(difference)")
    }
    let paths = try Files.allPaths(in: work)
    if let undisturbed = undisturbedPaths[state] {
      try require(
        paths == undisturbed,
        "the next writer leaves \(Set(paths).symmetricDifference(undisturbed).sorted())")
    } else {
      undisturbedPaths[state] = paths
    }
  }
}

/// Writers as on systems that cannot let two files change names in one step.
package enum OldRename {
  /// Whether `IMAGE_STORES_OLD_RENAME` says that this process and those it starts are to do without.
  static var isOn: Bool { environment("IMAGE_STORES_OLD_RENAME") != nil }

  /// Does without where asked to.
  package static func apply() {
    if isOn { faults_hide_renameat2(1) }
  }
}

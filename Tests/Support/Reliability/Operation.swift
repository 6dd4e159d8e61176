import CImageStoreFaults
import ImageStoreCore
import ImageStoreSupport
import ImageStoreTesting

/// One thing a writer does that is disturbed, with what is there before and after it.
package enum Operation: String, Sendable, CaseIterable {
  case create, append, replace
  /// An append that gives class names to a store that has none.
  case name
  /// Other labels, columns and class names.
  case edit
  /// Some images less.
  case remove
  /// A new store that is committed when half of it has been written.
  case commit

  /// Those that a writer does which appends until it finishes.
  package static let plain: [Operation] = [.create, .append, .replace, .name]

  /// What a backend does.
  package static func all(of backend: Backend) -> [Operation] {
    allCases.filter { $0 != .commit || backend.canCommit }
  }

  /// The mode of its writer, if it is a plain one.
  var mode: WriteMode {
    switch self {
    case .create, .commit: .create
    case .append, .name, .edit: .append
    case .replace, .remove: .replace
    }
  }

  /// Does it.
  ///
  /// - Parameter committed: called after a commit that is not the end.
  func perform(
    _ backend: Backend, _ path: String, _ commits: Commits, committed: @escaping () throws -> Void = {}
  ) throws {
    switch self {
    case .create, .append, .replace, .name: try backend.write(path, mode, WriterRun(written(commits)))
    case .edit: try backend.edit(path) { try Self.edit($0) }
    case .remove: try backend.remove(Self.removed(commits), from: path)
    case .commit:
      let images = written(commits)
      let run = WriterRun(images, commitsAfter: images.count / 2, committed: committed)
      try backend.write(path, mode, run)
    }
  }

  /// What is there before, or nil if nothing does.
  func before(_ commits: Commits) -> ModelImages? {
    guard self != .create, self != .commit else { return nil }
    var images = commits.images(of: 0)
    if self == .name { images.classNames = nil }
    return images
  }

  /// What is written.
  func written(_ commits: Commits) -> ModelImages {
    self == .commit ? commits.images(ofFirst: 2) : commits.images(of: self == .create ? 0 : 1)
  }

  /// What is there at a commit that is not the end.
  func between(_ commits: Commits) -> ModelImages? { self == .commit ? commits.images(of: 0) : nil }

  /// What is there once it has been done.
  func after(_ commits: Commits) -> ModelImages {
    switch self {
    case .create, .replace, .commit: written(commits)
    case .append, .name: commits.images(ofFirst: 2)
    case .edit: Self.edited(commits.images(of: 0))
    case .remove: Self.without(Self.removed(commits), commits.images(of: 0))
    }
  }

  /// Images that a writer may add to what is there.
  func addition(_ commits: Commits, to state: Stage.State) -> ModelImages {
    let images = commits.images(of: 5).slice(0..<1)
    return self == .edit && state == .after ? Self.edited(images) : images
  }

  /// Labels, columns and class names change, one column goes and one comes.
  private static func edit(_ store: any ImageStore) throws -> any ImageStore {
    guard case .int64(let cameras) = try store.column("camera") else { throw Violation("no cameras") }
    return try store.relabeled { ($0.label! + 1) % 10 }.renamingClasses(["class 3": "kitten"])
      .withoutColumns("exposure").withColumns([
        "camera": .int64(cameras.map { $0 / 3 }),
        "note": .string(cameras.map { "seen by \($0)" }),
        "mask": .bytes(Column.Bytes(cameras.map { [UInt8](repeating: 7, count: Int($0 & 3)) })),
      ])
  }

  /// What ``edit(_:)`` makes of images, by other means.
  private static func edited(_ images: ModelImages) -> ModelImages {
    var images = images
    images.labels = images.labels?.map { $0 == 9 ? 0 : $0 + 1 }
    images.columns["exposure"] = nil
    if case .int64(let cameras)? = images.columns["camera"] {
      images.columns["camera"] = .int64(cameras.map { $0 / 3 })
      images.columns["note"] = .string(cameras.map { "seen by \($0)" })
      images.columns["mask"] = .bytes(Column.Bytes(cameras.map { [UInt8](repeating: 7, count: Int($0 & 3)) }))
    }
    images.classNames = images.classNames?.map { $0 == "class 3" ? "kitten" : $0 }
    return images
  }

  private static func removed(_ commits: Commits) -> [Int] {
    [0, commits.imagesPerCommit / 2, commits.imagesPerCommit - 1]
  }

  private static func without(_ removed: [Int], _ images: ModelImages) -> ModelImages {
    var left = ModelImages()
    for index in 0..<images.count where !removed.contains(index) {
      left.append(contentsOf: images.slice(index..<index + 1))
    }
    if left.count == 0 { left = images.slice(0..<0) }
    left.classNames = images.classNames
    return left
  }
}

/// A stage for one operation of one backend: it sets up what is before, and judges what is after a
/// disturbance.
package final class Stage {
  package let backend: Backend
  package let operation: Operation
  let commits: Commits
  let before: ModelImages?
  let between: ModelImages?
  let after: ModelImages
  private let folder: WorkFolder
  private var template: String { "\(folder.path)/template" }
  private var work: String { "\(folder.path)/work" }
  /// The paths below the folder once the next writer has finished undisturbed, by what was there.
  private var undisturbedPaths: [State: [String]] = [:]

  /// What can be there.
  package enum State: String, Sendable { case before, between, after }

  package init(_ backend: Backend, _ operation: Operation, imagesPerCommit: Int) throws {
    self.backend = backend
    self.operation = operation
    commits = Commits(backend, imagesPerCommit: imagesPerCommit)
    before = operation.before(commits)
    between = operation.between(commits)
    after = operation.after(commits)
    folder = try WorkFolder()
    try Files.createFolder(template)
    if let before { try backend.write(backend.path(in: template), .create, WriterRun(before)) }
    for state in [State.before, .between, .after] where state != .between || between != nil {
      try setUp()
      if state == .between, let between { try backend.write(path, .create, WriterRun(between)) }
      if state == .after { try perform() }
      try checkNextWriter(after: state)
    }
  }

  /// The store's path.
  package var path: String { backend.path(in: work) }
  /// The folder where the store is, with nothing else.
  var workFolder: String { work }
  /// A folder outside the one where the store is.
  var outputFolder: String { folder.path }

  /// Puts what is before in its place, and nothing else.
  package func setUp() throws {
    try Files.remove(work)
    try Files.copy(template, to: work)
  }

  /// Puts another folder in the place of that where the store is.
  func take(_ folder: String) throws {
    try Files.remove(work)
    try Files.rename(folder, to: work)
  }

  /// Does the operation in this process.
  package func perform() throws {
    try operation.perform(backend, path, commits)
  }

  /// What is there now, checked whole.
  package func state() throws -> State {
    guard FileSystem.kind(of: path, followingLinks: false) != nil else {
      if operation.mode == .replace && OldRename.isOn {
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
    if let between, try between.difference(from: store) == nil { return .between }
    if let difference = try after.difference(from: store) {
      throw Violation("neither what was there nor what was written: \(difference)")
    }
    return .after
  }

  /// Lets another writer add images and checks that all are there, and that there are only files of
  /// the store.
  ///
  /// It adds fewer images than the disturbed one, so that it does not cover all of what that left.
  package func checkNextWriter(after state: State) throws {
    let addition = operation.addition(commits, to: state)
    try backend.write(path, .append, WriterRun(addition))
    let found: [State: ModelImages?] = [.before: before, .between: between, .after: after]
    var expected = (found[state] ?? nil) ?? ModelImages()
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

  /// Does without when asked to.
  package static func apply() {
    if isOn { faults_hide_renameat2(1) }
  }
}

import ImageStoreCore
import ImageStorePlatform
import ImageStoreSupport
import ImageStoreTesting

/// Whether writers leave alone what is not theirs.
package struct DestructionCheck: Sendable, CustomStringConvertible {
  package let description: String
  let isFor: @Sendable (Backend) -> Bool
  private let body: @Sendable (Scene) throws -> Void

  init(
    _ description: String, for isFor: @escaping @Sendable (Backend) -> Bool = { _ in true },
    _ body: @escaping @Sendable (Scene) throws -> Void
  ) {
    self.description = description
    self.isFor = isFor
    self.body = body
  }

  /// All checks.
  package static let all = replacing + links + places + metadata + meanwhile

  /// Runs the checks of some names, or all, and returns how many writers were let loose.
  package static func run(_ backend: Backend, _ names: [String], program: String) throws -> Int {
    var (attempts, failures): (Int, [String]) = (0, [])
    for check in all where (names.isEmpty || names.contains(check.description)) && check.isFor(backend) {
      let scene = try Scene(backend, program)
      // What waits for a pipe is found out.
      alarm(60)
      do {
        try check.body(scene)
      } catch {
        failures.append("\(check): \(scene.what): \(error)")
      }
      attempts += scene.attempts
    }
    try require(
      failures.isEmpty, "\(backend): \(failures.count) checks:\n" + failures.joined(separator: "\n"))
    return attempts
  }
}

/// A folder in which a writer is let loose among other things.
final class Scene {
  let backend: Backend
  let program: String
  let folder: WorkFolder
  let commits: Commits
  /// What is being tried.
  private(set) var what = "" { didSet { note(what) } }
  private(set) var attempts = 0

  init(_ backend: Backend, _ program: String) throws {
    self.backend = backend
    self.program = program
    folder = try WorkFolder()
    commits = Commits(backend, imagesPerCommit: 3)
  }

  /// Where the store is or is to be.
  var path: String { backend.path(in: folder.path) }
  var name: String { FileSystem.split(path).name }
  /// Whether a store is a folder.
  var isFolder: Bool { !["npz", "hdf5"].contains { backend.name.hasPrefix($0) } }

  /// Begins again, with an empty folder.
  func clear(_ what: String) throws {
    for name in try FileSystem.names(in: folder.path) { try Files.remove("\(folder.path)/\(name)") }
    self.what = what
  }

  /// Writes a store of one commit.
  func makeStore(at path: String? = nil) throws {
    try backend.write(path ?? self.path, .create, WriterRun(commits.images(of: 0)))
  }

  /// Lets a writer append the images of a commit.
  func write(
    _ mode: WriteMode, to path: String? = nil, commit: Int = 1, beforeFinish: @escaping () throws -> Void = {}
  ) throws {
    attempts += 1
    try backend.write(
      path ?? self.path, mode, WriterRun(commits.images(of: commit), beforeFinish: beforeFinish))
  }

  /// The images of some commits, one after another.
  func images(of numbers: [Int]) -> ModelImages {
    var images = ModelImages()
    for number in numbers {
      images.append(contentsOf: commits.images(of: number))
      images.classNames = commits.images(of: number).classNames
    }
    return images
  }

  /// Checks that a store holds the images of some commits.
  func expect(_ numbers: [Int], at path: String? = nil) throws {
    let store = try backend.open(path ?? self.path)
    try store.verify()
    if let difference = try images(of: numbers).difference(from: store) { throw Violation(difference) }
  }

  /// Checks that a writer is refused, by one line that names a file, and changes nothing at all.
  @discardableResult
  func expectRefused(
    _ mode: WriteMode, to path: String? = nil, _ codes: StoreError.Code...,
    beforeFinish: @escaping () throws -> Void = {}
  ) throws -> StoreError {
    let before = try Surroundings(of: folder.path)
    do {
      try write(mode, to: path, beforeFinish: beforeFinish)
    } catch let error as StoreError {
      try require(error.path != nil && !error.description.contains("\n"), "the error is '\(error)'")
      try require(
        codes.isEmpty || codes.contains(error.code), "it is refused as \(error.code.rawValue): \(error)")
      if let difference = before.difference(from: try Surroundings(of: folder.path)) {
        throw Violation("\(mode.rawValue) is refused (\(error)), and \(difference)")
      }
      return error
    }
    throw Violation("\(mode.rawValue) is not refused")
  }

  /// Lets a writer do what it likes as long as it changes nothing but the store; a writer that is
  /// refused changes nothing at all.
  ///
  /// - Parameters:
  ///   - store: the path of the store itself.
  ///   - numbers: the commits that the store has to hold if the writer is not refused.
  ///   - protected: paths within the store that must stay, too, relative to the folder.
  func expectHarmless(
    _ mode: WriteMode, to path: String? = nil, store: String? = nil, _ numbers: [Int],
    protecting protected: [String] = []
  ) throws {
    let all = try Surroundings(of: folder.path)
    let store = store ?? self.path
    let own = String(store.dropFirst(folder.path.count + 1))
    let around = try Surroundings(of: folder.path, except: [own, ""])
    let inside = try protected.map { try Surroundings(of: "\(folder.path)/\($0)") }
    do {
      try write(mode, to: path)
    } catch let error as StoreError {
      if let difference = all.difference(from: try Surroundings(of: folder.path)) {
        throw Violation("\(mode.rawValue) is refused (\(error)), and \(difference)")
      }
      return
    }
    if let difference = around.difference(from: try Surroundings(of: folder.path, except: [own, ""])) {
      throw Violation("\(mode.rawValue): \(difference)")
    }
    for (name, was) in zip(protected, inside) {
      guard let now = try? Surroundings(of: "\(folder.path)/\(name)") else {
        throw Violation("\(mode.rawValue): '\(name)' is gone")
      }
      if let difference = was.difference(from: now) {
        throw Violation("\(mode.rawValue): \(name): \(difference)")
      }
    }
    try expect(numbers, at: store)
  }

  /// A folder of somebody's work.
  func makeSources(at path: String) throws {
    try Files.createFolder(path)
    try Files.write("int main(void) { return 0; }\n", to: "\(path)/main.c")
    try Files.createFolder("\(path)/sub")
    try Files.write("/* years of work */\n", to: "\(path)/sub/x.c")
    try Files.write("hidden\n", to: "\(path)/.notes")
  }

  func makePipe(at path: String) throws {
    try require(unsafe mkfifo(path, 0o644) == 0, "\(path) cannot be made")
  }
}

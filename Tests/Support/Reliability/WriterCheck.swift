import CImageStoreFaults
package import ImageStoreCore
import ImageStorePlatform
import ImageStoreSupport

/// Two writers of one store.
package struct WriterCheck {
  /// Starts a second writer while a first is working, in this process and in another, for every
  /// combination of what the two do, and checks that it is told so and harms nothing.
  ///
  /// - Returns: how often a second writer was refused.
  package static func run(_ backend: Backend, program: String) throws -> Int {
    var refused = 0
    for first in Operation.plain {
      for second in WriteMode.allCases {
        let stage = try Stage(backend, first, imagesPerCommit: 4)
        try stage.setUp()
        let written = first.written(stage.commits)
        try backend.write(
          stage.path, first.mode,
          WriterRun(written) {
            try expectBusy(backend, stage.path, second)
            let (end, output) = try ChildProcess.run(
              program, ["second-writer", backend.name, stage.path, second.rawValue],
              folder: stage.outputFolder)
            try require(end == .exited(0), "\(end) \(output)")
            refused += 2
          })
        let state = try stage.state()
        try require(state == .after, "the first writer's images are not there")
        try stage.checkNextWriter(after: state)
      }
    }
    try writeBesideAChild(backend)
    return refused
  }

  /// Forks a child while a writer is working, and checks that the next writer is let in once the
  /// first has finished: the child has copies of all descriptors, as any process has that is just
  /// being started, and no lock may last as long as it.
  private static func writeBesideAChild(_ backend: Backend) throws {
    for mode in [WriteMode.replace, .append] {
      let stage = try Stage(backend, .append, imagesPerCommit: 4)
      try stage.setUp()
      let images = Commits(backend, imagesPerCommit: 4).images(of: 7)
      var child: Int32 = 0
      try backend.write(
        stage.path, mode,
        WriterRun(images) {
          child = faults_fork()
          try require(child >= 0, "no process can be forked")
          if child == 0 {
            sleep(600)
            _exit(0)
          }
        })
      defer {
        kill(child, SIGKILL)
        waitpid(child, nil, 0)
      }
      try backend.write(stage.path, .append, WriterRun(images))
    }
  }

  /// Checks that a writer is refused because another is working, or, if it only creates a store,
  /// because there is one.
  package static func expectBusy(_ backend: Backend, _ path: String, _ mode: WriteMode) throws {
    let isThere = FileSystem.kind(of: path) != nil
    do {
      try backend.write(path, mode, WriterRun(Commits(backend, imagesPerCommit: 4).images(of: 7)))
    } catch let error as StoreError {
      if error.code == .busy && error.path != nil { return }
      if mode == .create && isThere && error.code == .alreadyExists { return }
      throw Violation("\(backend): a second writer, to \(mode.rawValue): \(error.code.rawValue): \(error)")
    }
    throw Violation("\(backend): a second writer, to \(mode.rawValue), is let in")
  }
}

import CImageStoreFaults
import ImageStoreCore
import ImageStorePlatform
import ImageStoreSupport
import ImageStoreTesting

/// Stores that are open while what is at their path changes.
package struct HeldCheck {
  /// What happens meanwhile.
  package enum Event: String, CaseIterable {
    case appended, appendedManyTimes, replaced, replacedAndAppended, renamed
  }

  private static let imagesPerCommit = 6

  /// Opens a store, lets this process or another change what is there, and checks that what is
  /// asked for then is what was there when it was opened, whether it had been asked for before or
  /// not.
  ///
  /// - Returns: how many open stores were looked at.
  package static func run(_ backend: Backend, program: String) throws -> Int {
    var count = 0
    for event in Event.allCases {
      for isOtherProcess in [false, true] {
        let folder = try WorkFolder()
        let path = backend.path(in: folder.path)
        try backend.append(0..<2, to: path, imagesPerCommit: imagesPerCommit)
        let oracle = Commits(backend, imagesPerCommit: imagesPerCommit).images(ofFirst: 2)
        // One of which nothing has been asked, one of which everything has, and one to verify.
        let stores = try (0..<3).map { _ in try backend.open(path) }
        if let difference = try oracle.difference(from: stores[1]) { throw Violation(difference) }
        if isOtherProcess {
          let (end, output) = try ChildProcess.run(
            program, ["held-writer", backend.name, path, event.rawValue], folder: folder.path)
          try require(end == .exited(0), "\(end) \(output)")
        } else {
          try perform(event, backend, path)
        }
        for (number, store) in stores.enumerated() {
          do {
            try check(store, oracle, event, verifying: number == 2, backend)
          } catch {
            let place = isOtherProcess ? "by another process" : "by this process"
            throw Violation("\(backend), \(event.rawValue) \(place), store \(number): \(error)")
          }
          count += 1
        }
      }
    }
    return count
  }

  /// Does to a store what is to happen to it.
  package static func perform(_ event: Event, _ backend: Backend, _ path: String) throws {
    let commits = Commits(backend, imagesPerCommit: imagesPerCommit)
    switch event {
    case .appended: try backend.append(2..<3, to: path, imagesPerCommit: imagesPerCommit)
    case .appendedManyTimes: try backend.append(2..<6, to: path, imagesPerCommit: imagesPerCommit)
    case .replaced: try backend.write(path, .replace, WriterRun(commits.images(of: 7)))
    case .replacedAndAppended:
      // Images at the same places, and more of them than there were.
      try backend.write(path, .replace, WriterRun(commits.images(of: 7)))
      try backend.append(8..<10, to: path, imagesPerCommit: imagesPerCommit)
    case .renamed:
      try Files.rename(path, to: path + ".old")
      try backend.write(path, .create, WriterRun(commits.images(of: 7)))
    }
  }

  private static func check(
    _ store: any ImageStore, _ oracle: ModelImages, _ event: Event, verifying: Bool, _ backend: Backend
  ) throws {
    // The pictures of a folder that has been replaced are gone; what is left of it is told, and
    // nothing else lent.
    let maySayGone = event == .replaced || event == .replacedAndAppended
    guard backend.opensImagesWhenRead && maySayGone else {
      if verifying { try store.verify() }
      if let difference = try oracle.difference(from: store) { throw Violation(difference) }
      return
    }
    try require(store.count == oracle.count, "\(store.count) images")
    try require(store.labels() == oracle.labels, "other labels")
    try require(store.classNames == oracle.classNames, "other class names")
    try require(store.columnNames == oracle.columns.keys.sorted(), "other columns")
    for (name, column) in oracle.columns {
      try require(store.column(name) == column, "other values of \(name)")
    }
    for index in 0..<oracle.count {
      guard let pixels = try? store.pixels(at: index) else { continue }
      try require(pixels == oracle.pixels[index], "image \(index) has other pixels")
    }
  }

  /// Forks again and again while threads of this process open and read the store; each child reads
  /// everything, of the open store and of one it opens.
  ///
  /// - Returns: how many children there were.
  package static func forkWhileBusy(_ backend: Backend, count: Int) throws -> Int {
    let folder = try WorkFolder()
    let path = backend.path(in: folder.path)
    try backend.append(0..<2, to: path, imagesPerCommit: imagesPerCommit)
    let oracle = Commits(backend, imagesPerCommit: imagesPerCommit).images(ofFirst: 2)
    let store = try backend.open(path)
    if let difference = try oracle.difference(from: store) { throw Violation(difference) }
    let stop = "\(folder.path)/stop"
    let threads = (0..<2).map { _ in
      JoinableThread {
        while FileSystem.kind(of: stop) == nil { _ = try? oracle.difference(from: backend.open(path)) }
      }
    }
    defer {
      try? Files.write([], to: stop)
      for thread in threads { thread.join() }
    }
    for number in 0..<count {
      usleep(UInt32(500 + 300 * number))
      let child = faults_fork()
      try require(child >= 0, "no process can be forked")
      if child == 0 {
        // No exit handlers: they are the parent's. A hang ends by a signal.
        alarm(10)
        do throws(StoreError) {
          if try oracle.difference(from: store) != nil { _exit(1) }
        } catch {
          _exit(2)
        }
        guard let other = try? backend.open(path), (try? oracle.difference(from: other)) == .some(nil) else {
          _exit(3)
        }
        _exit(0)
      }
      var status: Int32 = 0
      unsafe waitpid(child, &status, 0)
      try require(status == 0, "\(backend): child \(number) of a busy process ends with status \(status)")
    }
    return count
  }
}

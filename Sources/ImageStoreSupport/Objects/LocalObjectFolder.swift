package import ImageStoreCore
internal import ImageStorePlatform
internal import Synchronization

/// A folder of this machine as a folder of objects: each object is a file below it.
///
/// Neither a name with `..` nor a symbolic link leads out of the folder. An object is first written
/// under another name, under a lock, and then renamed. The files that a dead writer leaves have
/// names that no object has, and ``removeLeftovers(besidesIn:)`` removes them.
package final class LocalObjectFolder: ObjectFolder {
  package let location: String
  package var localPath: String? { location }
  private let root: Folder
  private let readers = WaitingThreads("object reader", limit: 4)

  /// - Throws: ``StoreError/Code/notFound`` if there is no such folder.
  package init(_ path: String) throws(StoreError) {
    location = path
    root = try Folder(path)
  }

  // MARK: Names

  /// The names of the folders an object is in, and its own.
  private func components(_ name: String) throws(StoreError) -> [String] {
    let components = name.split(separator: "/", omittingEmptySubsequences: false).map(String.init)
    let areNames = components.allSatisfy {
      !$0.isEmpty && $0 != "." && $0 != ".." && !$0.utf8.contains(0) && !Self.isUnfinished($0)
    }
    guard areNames, !components.isEmpty else {
      throw StoreError(.invalidArgument, "this cannot be the name of an object", path: location, key: name)
    }
    return components
  }

  private static let unfinished = (prefix: ".put-", suffix: ".partial")

  /// Whether a name is that of an object that is being written.
  private static func isUnfinished(_ name: String) -> Bool {
    name.hasPrefix(unfinished.prefix) && name.hasSuffix(unfinished.suffix)
  }

  /// Lends the folder that an object is in, and its name there; nil if there is no such folder.
  ///
  /// - Parameter creates: whether missing folders are created.
  private func withFolder<Result>(
    of name: String, creates: Bool = false,
    _ body: (_ folder: borrowing Folder, _ name: String) throws(StoreError) -> Result
  ) throws(StoreError) -> Result? {
    try Self.within(root, try components(name)[...], creates: creates, body)
  }

  private static func within<Result>(
    _ folder: borrowing Folder, _ components: ArraySlice<String>, creates: Bool,
    _ body: (_ folder: borrowing Folder, _ name: String) throws(StoreError) -> Result
  ) throws(StoreError) -> Result? {
    guard components.count > 1, let first = components.first else {
      return try body(folder, components.last ?? "")
    }
    if folder.kind(of: first) == nil {
      guard creates else { return nil }
      try folder.createFolder(first)
      try folder.synchronizeNames()
    }
    return try within(folder.folder(first), components.dropFirst(), creates: creates, body)
  }

  /// The path for errors.
  private func path(_ name: String) -> String { Destination.joined(location, name) }

  // MARK: Reading

  package func state(of name: String) throws(StoreError) -> ObjectState? {
    let state = try withFolder(of: name) { (folder, last) throws(StoreError) -> ObjectState? in
      guard let kind = folder.kind(of: last) else { return nil }
      guard kind == .file, let state = folder.state(of: last) else {
        throw StoreError(.unrecognized, "this is not a regular file", path: path(name))
      }
      return ObjectState(state)
    }
    return state ?? nil
  }

  package func contents(
    of name: String, limit: Int
  ) throws(StoreError) -> (bytes: [UInt8], state: ObjectState)? {
    let found = try withFolder(of: name) {
      (folder, last) throws(StoreError) -> (bytes: [UInt8], state: ObjectState)? in
      guard folder.kind(of: last) != nil else { return nil }
      let file = try File(last, in: folder, .read)
      let state = try file.state()
      return (try file.contents(limit: limit), ObjectState(state))
    }
    return found ?? nil
  }

  package func fetch(
    _ range: Range<Int>, of name: String, expecting state: ObjectState?, into memory: PixelMemory,
    completion: @escaping @Sendable (StoreError?) -> Void
  ) {
    readers.perform { [self] () -> StoreError? in
      do throws(StoreError) {
        try read(range, of: name, expecting: state, into: memory)
        return nil
      } catch {
        return error
      }
    } completion: {
      completion($0)
    }
  }

  private func read(
    _ range: Range<Int>, of name: String, expecting state: ObjectState?, into memory: PixelMemory
  ) throws(StoreError) {
    let isThere: Void? = try withFolder(of: name) { (folder, last) throws(StoreError) in
      let file = try File(last, in: folder, .read)
      let found = ObjectState(try file.state())
      guard state == nil || state == found else {
        throw StoreError(
          .corrupt, "the object has changed since it was opened", remedy: "open the data set again",
          path: path(name))
      }
      try memory.fill { (output) throws(StoreError) in
        try unsafe output.appendBytes(range.count) { (buffer) throws(StoreError) in
          try unsafe file.read(at: range.lowerBound, into: buffer)
        }
      }
    }
    guard isThere != nil else { throw StoreError(.notFound, "there is no such object", path: path(name)) }
  }

  package func names(startingWith prefix: String) throws(StoreError) -> [String] {
    var names: [String] = []
    try Self.addNames(in: root, below: "", prefix, to: &names)
    return names.sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }
  }

  private static func addNames(
    in folder: borrowing Folder, below path: String, _ prefix: String, to names: inout [String]
  ) throws(StoreError) {
    for name in try folder.names() where !isUnfinished(name) {
      let whole = path + name
      switch folder.kind(of: name) {
      case .file where whole.utf8.starts(with: prefix.utf8): names.append(whole)
      case .folder
      where "\(whole)/".utf8.starts(with: prefix.utf8) || prefix.utf8.starts(with: "\(whole)/".utf8):
        try addNames(in: folder.folder(name), below: "\(whole)/", prefix, to: &names)
      default: break
      }
    }
  }

  // MARK: Writing

  package func put(
    _ bytes: [UInt8], as name: String, if condition: ObjectCondition
  ) throws(StoreError) -> ObjectState {
    try write(as: name, if: condition) { (file) throws(StoreError) in
      try unsafe file.write(bytes.span.bytes, at: 0)
    }
  }

  package func upload(
    _ path: String, as name: String, progress: @escaping @Sendable (_ byteCount: Int) -> Void
  ) throws(StoreError) {
    let source = try File(path, .read)
    let byteCount = try source.byteCount()
    guard try state(of: name)?.byteCount != byteCount else { return progress(byteCount) }
    _ = try write(as: name, if: .always) { (file) throws(StoreError) in
      let piece = try PixelMemory(capacity: min(byteCount, Self.pieceByteCount))
      for start in stride(from: 0, to: byteCount, by: Self.pieceByteCount) {
        let count = min(Self.pieceByteCount, byteCount - start)
        try piece.fill { (output) throws(StoreError) in
          try unsafe output.appendBytes(count) { (buffer) throws(StoreError) in
            try unsafe source.read(at: start, into: buffer)
          }
        }
        try file.write(piece.span, at: start)
        progress(start + count)
      }
    }
  }

  private static let pieceByteCount = 4 << 20

  /// Numbers the objects that this process writes.
  private static let numbers = Atomic(0)

  /// Writes a file under a name of its own and renames it.
  private func write(
    as name: String, if condition: ObjectCondition, _ fill: (borrowing File) throws(StoreError) -> Void
  ) throws(StoreError) -> ObjectState {
    let state = try withFolder(of: name, creates: true) { (folder, last) throws(StoreError) in
      let number = Self.numbers.add(1, ordering: .relaxed).newValue
      let scratch = "\(Self.unfinished.prefix)\(getpid())-\(number)\(Self.unfinished.suffix)"
      do throws(StoreError) {
        let file = try File(scratch, in: folder, .create)
        try file.lockForWriting()
        try fill(file)
        try file.synchronize()
        try place(scratch, as: last, in: folder, if: condition, name)
        try folder.synchronizeNames()
        return ObjectState(try file.state())
      } catch {
        _ = folder.unlink(scratch)
        throw error
      }
    }
    return state!
  }

  private func place(
    _ scratch: String, as last: String, in folder: borrowing Folder, if condition: ObjectCondition,
    _ name: String
  ) throws(StoreError) {
    let kind = folder.kind(of: last)
    guard kind == nil || kind == .file else {
      throw StoreError(.alreadyExists, "this is not a regular file", path: path(name))
    }
    switch condition {
    case .always: try folder.move(scratch, over: last, in: folder)
    case .absent: try folder.moveExclusively(scratch, to: folder, as: last)
    case .unchanged(let state):
      // Only one of two writers that see the object unchanged has the lock.
      let lock = try Folder(location)
      try Descriptor.lockForWriting(lock.descriptor, location)
      defer { Descriptor.unlock(lock.descriptor) }
      guard let found = folder.state(of: last), ObjectState(found) == state else {
        throw StoreError(
          .busy, "another program changed it in the meantime", remedy: "check what it changed, and try again",
          path: path(name))
      }
      try folder.move(scratch, over: last, in: folder)
    }
  }

  package func remove(_ name: String) throws(StoreError) {
    _ = try withFolder(of: name) { (folder, last) throws(StoreError) in
      guard let kind = folder.kind(of: last) else { return }
      guard kind == .file else {
        throw StoreError(.unrecognized, "this is not a regular file", path: path(name))
      }
      guard folder.unlink(last) || errno == ENOENT else {
        throw .system(errno, "removing it", path: path(name))
      }
      try folder.synchronizeNames()
    }
  }

  /// Removes the files that dead writers left, of objects in the folder itself and in some of those
  /// below; files that are being written stay.
  ///
  /// - Parameter folders: the names of the folders. Other folders may belong to other programs.
  package func removeLeftovers(besidesIn folders: [String]) throws(StoreError) {
    try Self.removeLeftovers(in: root)
    for name in folders where root.kind(of: name) == .folder {
      try Self.removeLeftovers(in: root.folder(name))
    }
  }

  private static func removeLeftovers(in folder: borrowing Folder) throws(StoreError) {
    for name in try folder.names() where isUnfinished(name) && folder.kind(of: name) == .file {
      let file = try File(name, in: folder, .read)
      do throws(StoreError) {
        try file.lockForWriting()
      } catch {
        continue
      }
      _ = folder.unlink(name)
    }
  }
}

extension ObjectState {
  /// A file's number or times change when it is written again.
  fileprivate init(_ state: FileState) {
    self.init(byteCount: state.byteCount, tag: "\(state.identity.inode)-\(state.modified)")
  }
}

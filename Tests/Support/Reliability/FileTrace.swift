import CImageStoreFaults
import ImageStorePlatform
import ImageStoreSupport

/// What is in a folder, and what some work then does to it, system call by system call.
struct FileTrace {
  /// A file, folder or symbolic link, by its number in ``nodes``; the root is number 0.
  struct Node {
    enum Kind { case file, folder, link }
    let kind: Kind
    /// As the system numbers it.
    let inode: UInt64
    /// The bytes, or the text of a symbolic link, when the trace begins or the link is made.
    var bytes: [UInt8] = []
    var mode: UInt32
    /// When it was last written to, in nanoseconds, and after which change it was written to later.
    var modified = 0
    var laterModified: [(change: Int, time: Int)] = []
    /// Whether it is written by memory that is mapped, too, of which the trace says nothing.
    var isMapped = false
    /// What a mapped file holds at the end.
    var lastBytes: [UInt8] = []
  }

  /// A name in a folder, and what has it from now on.
  struct Naming {
    let slot: Slot
    let node: Int?
  }

  struct Slot: Hashable {
    let folder: Int
    let name: String
  }

  enum Change {
    /// Names that change together.
    case names([Naming])
    case write(file: Int, offset: Int, bytes: [UInt8], isSynchronous: Bool)
    case size(file: Int, Int)
    case mode(node: Int, UInt32)
    case synchronized(node: Int, includesAttributes: Bool)
    case allSynchronized
  }

  private(set) var nodes: [Node] = []
  /// What has which name at first.
  private(set) var names: [Slot: Int] = [:]
  private(set) var changes: [Change] = []

  private var numbers: [UInt64: Int] = [:]
  /// What has which name as the calls are read.
  private var current: [Slot: Int] = [:]

  /// Does some work and records what it does below a folder.
  init(of folder: String, _ work: () throws -> Void) throws {
    _ = try note(folder)
    current = names
    unsafe faults_record(folder)
    var failure: (any Error)?
    do { try work() } catch { failure = error }
    let count = faults_end_record()
    if let failure { throw failure }
    for number in 0..<count { try unsafe read(faults_recorded(number).pointee) }
    for number in nodes.indices where nodes[number].isMapped {
      guard let path = path(of: number) else { continue }
      nodes[number].lastBytes = try FileSystem.contents(of: "\(folder)/\(path)", limit: 1 << 26)
    }
  }

  /// The entries that are not changes, but wait for the disk.
  var waits: [Int] {
    changes.indices.filter { number in
      switch changes[number] {
      case .synchronized, .allSynchronized: true
      default: false
      }
    }
  }

  /// The same work, had it not waited for the disk at these places.
  func without(waits forgotten: some Collection<Int>) -> FileTrace {
    var trace = self
    for number in forgotten { trace.changes[number] = .names([]) }
    return trace
  }

  /// Takes in what is at a path.
  private mutating func note(_ path: String) throws -> Int {
    var status = stat()
    guard unsafe lstat(path, &status) == 0 else { throw Violation("nothing is at \(path)") }
    let inode = UInt64(status.st_ino)
    let mode = UInt32(status.st_mode) & 0o7777
    switch FileSystem.kind(of: path, followingLinks: false) {
    case .folder:
      let folder = add(Node(kind: .folder, inode: inode, mode: mode))
      for name in try FileSystem.names(in: path) {
        names[Slot(folder: folder, name: name)] = try note("\(path)/\(name)")
      }
      return folder
    case .file:
      if let known = numbers[inode] { return known }
      let bytes = try FileSystem.contents(of: path, limit: 1 << 26)
      let modified = Int(status.modified)
      return add(Node(kind: .file, inode: inode, bytes: bytes, mode: mode, modified: modified))
    default:
      return add(Node(kind: .link, inode: inode, bytes: Array(linkTarget(path).utf8), mode: mode))
    }
  }

  private mutating func add(_ node: Node) -> Int {
    nodes.append(node)
    numbers[node.inode] = nodes.count - 1
    return nodes.count - 1
  }

  private mutating func read(_ change: faults_change) throws {
    let name = unsafe change.name.map { unsafe String(cString: $0) } ?? ""
    let otherName = unsafe change.other_name.map { unsafe String(cString: $0) } ?? ""
    let (kind, flags, inode) = unsafe (Int(change.kind), change.flags, change.file)
    let (count, offset) = unsafe (Int(change.count), Int(change.offset))
    let node = numbers[inode]
    let modified = unsafe Int(change.modified)
    switch kind {
    case CHANGE_FILE, CHANGE_FOLDER, CHANGE_SYMBOLIC_LINK:
      let folder = unsafe numbers[change.folder]
      // The system gives numbers again.
      numbers[inode] = nil
      guard let folder = folder ?? (name.isEmpty ? -1 : nil) else { return }
      let kind: Node.Kind = kind == CHANGE_FILE ? .file : kind == CHANGE_FOLDER ? .folder : .link
      let made = add(
        Node(kind: kind, inode: inode, bytes: Array(otherName.utf8), mode: flags, modified: modified))
      if folder >= 0 { rename([Naming(slot: Slot(folder: folder, name: name), node: made)]) }
    case CHANGE_LINK:
      guard let folder = unsafe numbers[change.folder], let node else { return }
      rename([Naming(slot: Slot(folder: folder, name: name), node: node)])
    case CHANGE_WRITE:
      guard let node else { return }
      let bytes = unsafe [UInt8](UnsafeBufferPointer(start: change.bytes, count: count))
      nodes[node].laterModified.append((changes.count, modified))
      changes.append(.write(file: node, offset: offset, bytes: bytes, isSynchronous: flags != 0))
    case CHANGE_SIZE:
      guard let node else { return }
      nodes[node].laterModified.append((changes.count, modified))
      changes.append(.size(file: node, count))
    case CHANGE_ATTRIBUTES:
      if let node { changes.append(.mode(node: node, flags)) }
    case CHANGE_MAP:
      if let node { nodes[node].isMapped = true }
    case CHANGE_REMOVAL:
      guard let folder = unsafe numbers[change.folder] else { return }
      rename([Naming(slot: Slot(folder: folder, name: name), node: nil)])
    case CHANGE_RENAME:
      let folders = unsafe (numbers[change.folder], numbers[change.other_folder])
      guard folders.0 != nil || folders.1 != nil else { return }
      guard let from = folders.0, let to = folders.1 else {
        throw Violation("\(name) becomes \(otherName), out of the folder that is recorded or into it")
      }
      let (source, destination) = (Slot(folder: from, name: name), Slot(folder: to, name: otherName))
      guard let moved = current[source] else { throw Violation("\(name) is renamed, and was never made") }
      // 2 is RENAME_EXCHANGE.
      rename([
        Naming(slot: source, node: flags & 2 != 0 ? current[destination] : nil),
        Naming(slot: destination, node: moved),
      ])
    case CHANGE_SYNC:
      if let node { changes.append(.synchronized(node: node, includesAttributes: flags != 0)) }
    case CHANGE_SYNC_ALL: changes.append(.allSynchronized)
    default: throw Violation("a change of no kind: \(kind)")
    }
  }

  private mutating func rename(_ namings: [Naming]) {
    for naming in namings { current[naming.slot] = naming.node }
    changes.append(.names(namings))
  }

  /// Where something is at the end, relative to the root.
  private func path(of node: Int) -> String? {
    if node == 0 { return "" }
    for (slot, named) in current where named == node {
      guard let folder = path(of: slot.folder) else { continue }
      return folder.isEmpty ? slot.name : "\(folder)/\(slot.name)"
    }
    return nil
  }
}

extension stat {
  /// When the contents changed, in nanoseconds.
  fileprivate var modified: Int64 {
    #if canImport(Darwin)
    let time = st_mtimespec
    #else
    let time = st_mtim
    #endif
    return Int64(time.tv_sec) * 1_000_000_000 + Int64(time.tv_nsec)
  }
}

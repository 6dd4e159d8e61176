import ImageStoreCore
import ImageStorePlatform
import ImageStoreSupport
import Synchronization

/// A cache on this machine for blocks of a remote data set.
public struct BlockCache: Sendable, Hashable {
  /// The folder's path.
  public let path: String
  /// The most bytes the cache may take.
  public let byteCount: Int

  /// A folder of blocks, which all processes of a machine share, for any data sets.
  ///
  /// The folder is created if needed; a folder that has anything else in it is refused. Blocks are
  /// written under another name and renamed, so a process that is killed leaves no incomplete
  /// block. Each process maps blocks, and compares a block with its checksums when it first does;
  /// nobody else may change the files. The least recently used
  /// blocks make room for others; only blocks are removed.
  ///
  /// - Parameters:
  ///   - path: the folder.
  ///   - bytes: the most bytes it may take. Each process that writes may exceed it by 1/32 until it
  ///     checks again.
  public static func folder(_ path: String, bytes: Int) -> BlockCache {
    BlockCache(path: path, byteCount: bytes)
  }
}

/// A cache's folder in use.
final class BlockCacheFolder: Sendable {
  private let folder: Folder
  private let limit: Int
  private let readers = WaitingThreads("block cache", limit: 4)
  private let writers = WaitingThreads("block cache", limit: 1)
  private let state = Mutex(State())
  /// The blocks that this process has mapped, all of them compared with their checksums. A later
  /// epoch reads them as if the data set were on this machine.
  private let maps = Mutex<[String: MappedFile]>([:])

  private struct State {
    /// The bytes that blocks take, as far as this process knows, and how many it has written since
    /// it last checked.
    var known = 0
    var written = Int.max
    /// Blocks that wait to be written, which hold memory.
    var pending = 0
    var number = 0
  }

  private static let mark = ".swift-image-stores-blocks"
  private static let mostPending = 16
  private static let mostMaps = 16_384
  private static let suffix = ".block"

  /// - Throws: ``StoreError/Code/invalidArgument`` for a size that is not possible;
  ///   ``StoreError/Code/alreadyExists`` for a folder with other contents;
  ///   ``StoreError/Code/system``.
  init(_ cache: BlockCache) throws(StoreError) {
    guard cache.byteCount > 0 else {
      throw StoreError(
        .invalidArgument, "a cache cannot have \(cache.byteCount) bytes", remedy: "give 1 byte or more",
        path: cache.path)
    }
    limit = cache.byteCount
    if FileSystem.kind(of: cache.path) == nil {
      do throws(StoreError) {
        try FileSystem.createFolder(cache.path)
      } catch {
        // Another process may have been faster.
        guard error.code == .alreadyExists else { throw error }
      }
    }
    folder = try Folder(cache.path)
    if folder.kind(of: Self.mark) == nil {
      let other = try folder.names().first { !Self.isOwn($0) }
      if let other {
        throw StoreError(
          .alreadyExists, "the folder has \(other), so it is not a cache of blocks",
          remedy: "give an empty folder, or a new one",
          path: cache.path)
      }
      do throws(StoreError) {
        _ = try File(Self.mark, in: folder, .create)
      } catch {
        guard error.code == .alreadyExists else { throw error }
      }
    }
  }

  /// The name of a block: from the content of its shard, and its position there.
  private static func name(_ block: Range<Int>, of shard: ShardManifest.Shard) -> String {
    "\(shard.sha256.prefix(32))-\(block.lowerBound)-\(block.upperBound)\(suffix)"
  }

  private static func isBlock(_ name: String) -> Bool {
    guard name.hasSuffix(suffix) else { return false }
    let parts = name.utf8.dropLast(suffix.utf8.count).split(separator: 0x2D, omittingEmptySubsequences: false)
    return parts.count == 3 && parts[0].count == 32
      && parts[0].allSatisfy { (0x30...0x39).contains($0) || (0x61...0x66).contains($0) }
      && parts[1...].allSatisfy {
        !$0.isEmpty && $0.count < 20 && $0.allSatisfy { (0x30...0x39).contains($0) }
      }
  }

  /// Whether a name is that of a block that is being written.
  private static func isUnfinished(_ name: String) -> Bool {
    name.hasPrefix(".block-") && name.hasSuffix(".partial")
  }

  private static func isOwn(_ name: String) -> Bool { name == mark || isBlock(name) || isUnfinished(name) }

  // MARK: Reading

  /// Maps a part of a block, on another thread.
  ///
  /// - Parameters:
  ///   - isRight: compares a whole block with its checksums; called once for each block in a
  ///     process, when it is mapped first.
  ///   - completion: gets nil if the block does not exist, is incomplete or has wrong bytes.
  func read(
    _ part: Range<Int>, in block: Range<Int>, of shard: ShardManifest.Shard,
    isRight: @escaping @Sendable (UnsafeRawBufferPointer) -> Bool,
    completion: @escaping @Sendable (PixelMemory?) -> Void
  ) {
    let name = Self.name(block, of: shard)
    // For most missing blocks, this is known immediately.
    guard folder.kind(of: name) == .file else {
      maps.withLock { $0[name] = nil }
      return completion(nil)
    }
    readers.perform { [self] () -> PixelMemory? in
      let map = try? unsafe map(name, byteCount: block.count, isRight)
      let place = part.lowerBound - block.lowerBound
      guard let map, let bytes = unsafe map.bytes(at: place, count: part.count) else { return nil }
      return unsafe PixelMemory(borrowing: bytes, of: map)
    } completion: {
      completion($0)
    }
  }

  private func map(
    _ name: String, byteCount: Int, _ isRight: (UnsafeRawBufferPointer) -> Bool
  ) throws(StoreError) -> MappedFile {
    let file = try File(name, in: folder, .update)
    let state = try file.state()
    guard state.byteCount == byteCount else {
      throw StoreError(.corrupt, "the cached block is cut short")
    }
    // Its time is that of the last use.
    _ = futimens(file.descriptor, nil)
    let known = maps.withLock { $0[name] }.flatMap { $0.identity == state.identity ? $0 : nil }
    let map = if let known { known } else { try MappedFile(file) }
    // In order, by threads that wait for the disk, instead of by a page fault at a time.
    if map.residentShare() < 0.98 { map.fetch(0..<byteCount) }
    guard known == nil else { return map }
    guard unsafe isRight(map.bytes) else {
      _ = folder.unlink(name)
      throw StoreError(.corrupt, "the cached block is damaged")
    }
    maps.withLock { maps in
      // A system has a limit for the maps of a process.
      if maps.count >= Self.mostMaps { maps.removeAll() }
      maps[name] = map
    }
    return map
  }

  // MARK: Writing

  /// Writes a block on another thread, unless too many are waiting.
  func write(_ memory: PixelMemory, _ block: Range<Int>, of shard: ShardManifest.Shard) {
    guard block.count <= limit else { return }
    let isTaken = state.withLock { state in
      guard state.pending < Self.mostPending else { return false }
      state.pending += 1
      return true
    }
    guard isTaken else { return }
    writers.perform { [self] in
      // A cache that cannot be written to is ignored.
      try? write(memory, as: Self.name(block, of: shard))
      state.withLock { $0.pending -= 1 }
    } completion: { _ in
    }
  }

  private func write(_ memory: PixelMemory, as name: String) throws(StoreError) {
    guard folder.kind(of: name) == nil, try makeRoom(for: memory.byteCount) else { return }
    let number = state.withLock { state in
      state.number += 1
      return state.number
    }
    let scratch = ".block-\(getpid())-\(UInt(bitPattern: ObjectIdentifier(self).hashValue))-\(number).partial"
    do throws(StoreError) {
      let file = try File(scratch, in: folder, .create)
      try file.lockForWriting()
      try file.write(memory.span, at: 0)
      try folder.moveExclusively(scratch, to: folder, as: name)
    } catch {
      _ = folder.unlink(scratch)
      throw error
    }
    state.withLock { state in
      state.known += memory.byteCount
      state.written += memory.byteCount
    }
  }

  /// Makes room for a block by removing the least recently used ones.
  ///
  /// - Returns: false if another process is removing some just now.
  private func makeRoom(for byteCount: Int) throws(StoreError) -> Bool {
    let isKnown = state.withLock { state in
      state.written < limit / 32 && byteCount <= limit - min(limit, state.known)
    }
    if isKnown { return true }
    let lock = try File(Self.mark, in: folder, .update)
    do throws(StoreError) {
      try lock.lockForWriting()
    } catch {
      return false
    }
    defer { lock.unlock() }
    var blocks: [(name: String, state: FileState)] = []
    var total = 0
    for name in try folder.names() {
      if Self.isUnfinished(name) {
        removeIfDead(name)
      } else if Self.isBlock(name), folder.kind(of: name) == .file, let state = folder.state(of: name) {
        blocks.append((name, state))
        total += state.byteCount
      }
    }
    if byteCount > limit - min(limit, total) {
      blocks.sort { $0.state.modified < $1.state.modified }
      // Somewhat more than needed, so that this is not done for every block.
      let target = limit - limit / 16 - byteCount
      for block in blocks where total > max(0, target) {
        guard folder.unlink(block.name) else { continue }
        total -= block.state.byteCount
        // Its space is given back once it is not mapped.
        maps.withLock { $0[block.name] = nil }
      }
    }
    state.withLock { state in
      state.known = total
      state.written = 0
    }
    return byteCount <= limit - min(limit, total)
  }

  /// Removes the files of dead writers; a living writer holds its lock.
  private func removeIfDead(_ name: String) {
    guard let file = try? File(name, in: folder, .update), (try? file.lockForWriting()) != nil else { return }
    _ = folder.unlink(name)
  }

  /// The bytes that blocks take, for tests.
  func byteCount() throws(StoreError) -> Int {
    try folder.names().filter(Self.isBlock).reduce(0) { $0 + (folder.state(of: $1)?.byteCount ?? 0) }
  }

  /// Returns when all waiting blocks have been written, for tests.
  func waitForWriters() {
    while state.withLock({ $0.pending > 0 }) { usleep(1000) }
  }
}

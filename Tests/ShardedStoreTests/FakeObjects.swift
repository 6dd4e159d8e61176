import Foundation
import ImageStoreCore
import ImageStoreSupport
import ImageStoreTesting
import Synchronization

/// A folder of this machine that passes for a place elsewhere: it counts what is asked of it,
/// answers late and in another order, and cuts, damages and fails as it is told.
final class FakeObjects: ObjectFolder {
  struct Counts {
    var contents = 0
    var fetches: [(name: String, range: Range<Int>)] = []
    var uploads: [String] = []
    var underWay = 0
    var mostUnderWay = 0
    /// Bytes that have been asked for.
    var byteCount: Int { fetches.reduce(0) { $0 + $1.range.count } }
  }

  /// What becomes of a fetch.
  enum Fault: CaseIterable { case fail, cut, flip, nothing }

  /// Its own for each folder: uploads to one place exclude one another.
  let location: String
  var localPath: String? { nil }
  private let folder: LocalObjectFolder
  let counts = Mutex(Counts())
  /// What is to become of a fetch, by its number.
  let fault: Mutex<@Sendable (_ number: Int, _ name: String) -> Fault?>
  private let threads = WaitingThreads("fake objects", limit: 8)

  init(_ path: String, fault: @escaping @Sendable (Int, String) -> Fault? = { _, _ in nil }) throws {
    folder = try LocalObjectFolder(path)
    location = "fake://bucket\(folder.location)"
    self.fault = Mutex(fault)
  }

  func reset() { counts.withLock { $0 = Counts() } }

  func state(of name: String) throws(StoreError) -> ObjectState? { try folder.state(of: name) }

  func contents(of name: String, limit: Int) throws(StoreError) -> (bytes: [UInt8], state: ObjectState)? {
    counts.withLock { $0.contents += 1 }
    return try folder.contents(of: name, limit: limit)
  }

  func fetch(
    _ range: Range<Int>, of name: String, expecting state: ObjectState?, into memory: PixelMemory,
    completion: @escaping @Sendable (StoreError?) -> Void
  ) {
    let number = counts.withLock { counts in
      counts.fetches.append((name, range))
      counts.underWay += 1
      counts.mostUnderWay = max(counts.mostUnderWay, counts.underWay)
      return counts.fetches.count - 1
    }
    let fault = fault.withLock { $0 }(number, name)
    threads.perform { [self] in
      let error = failure(of: fault, number, range, name, state, memory)
      counts.withLock { $0.underWay -= 1 }
      return error
    } completion: {
      completion($0)
    }
  }

  /// Fetches with a fault.
  private func failure(
    of fault: Fault?, _ number: Int, _ range: Range<Int>, _ name: String, _ state: ObjectState?,
    _ memory: PixelMemory
  ) -> StoreError? {
    if fault == .fail { return StoreError(.system, "the connection was reset", path: name) }
    do throws(StoreError) {
      let whole = try folder.fetchAndWait(range, of: name, expecting: state)
      var bytes = [UInt8](copying: whole.span)
      if fault == .cut { bytes.removeLast(1 + number % bytes.count) }
      if fault == .flip { bytes[number * 7919 % bytes.count] ^= 1 << UInt8(number % 8) }
      if fault == .nothing { bytes = [] }
      let came = bytes
      try memory.fill { (output) throws(StoreError) in
        for byte in came { unsafe output.append(byte, as: UInt8.self) }
      }
      return nil
    } catch {
      return error
    }
  }

  func put(_ bytes: [UInt8], as name: String, if condition: ObjectCondition) throws(StoreError) -> ObjectState
  {
    try folder.put(bytes, as: name, if: condition)
  }

  func upload(_ path: String, as name: String, progress: @escaping @Sendable (Int) -> Void) throws(StoreError)
  {
    // As the places do that this one passes for: what is there under a name of its content is not sent again.
    if try folder.state(of: name) == nil {
      let number = counts.withLock { counts in
        counts.uploads.append(name)
        return counts.uploads.count - 1
      }
      if fault.withLock({ $0 })(number, name) == .fail {
        throw StoreError(.system, "the connection was reset", path: name)
      }
    }
    try folder.upload(path, as: name, progress: progress)
  }

  func names(startingWith prefix: String) throws(StoreError) -> [String] {
    try folder.names(startingWith: prefix)
  }

  func remove(_ name: String) throws(StoreError) { try folder.remove(name) }
}

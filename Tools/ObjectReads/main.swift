// Reads ranges of an object at random, as a peer of Benchmarks/object-storage: each line of
// standard input is "RANGE REQUESTS", each of standard output the seconds of the processor and of
// the clock, and the bytes.
//
//     ImageStoreObjectReads LOCATION NAME CONNECTIONS

import Dispatch
import ImageStoreCore
import ImageStorePlatform
import ImageStoreSupport
import ObjectStorage
import Synchronization

/// As many blocks as are in flight, each of which is read again into its own memory as soon as it is there.
final class Run: Sendable {
  private let folder: any ObjectFolder
  private let name: String
  private let state: ObjectState
  private let rangeCount: Int
  private let requestCount: Int
  private let next = Mutex((request: 0, random: UInt64(1)))
  private let failure = Mutex<StoreError?>(nil)
  private let done = DispatchGroup()

  init(_ folder: any ObjectFolder, _ name: String, _ state: ObjectState, range: Int, requests: Int) {
    self.folder = folder
    self.name = name
    self.state = state
    rangeCount = range
    requestCount = requests
  }

  /// - Parameter memories: one for each block in flight.
  func perform(_ memories: [PixelMemory]) throws {
    for memory in memories {
      done.enter()
      goOn(memory)
    }
    done.wait()
    if let error = failure.withLock({ $0 }) { throw error }
  }

  private func goOn(_ memory: PixelMemory) {
    let first = next.withLock { next -> Int? in
      guard next.request < requestCount else { return nil }
      next.request += 1
      // The generator of the peers: Knuth's MMIX.
      next.random = next.random &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
      return Int((next.random >> 33) % UInt64(state.byteCount - rangeCount + 1))
    }
    guard let first else { return done.leave() }
    folder.fetch(first..<first + rangeCount, of: name, expecting: state, into: memory) { [self] error in
      if let error {
        failure.withLock { $0 = error }
        return done.leave()
      }
      goOn(memory)
    }
  }
}

func seconds(_ clock: clockid_t) -> Double {
  var time = timespec()
  unsafe clock_gettime(clock, &time)
  return Double(time.tv_sec) + Double(time.tv_nsec) / 1e9
}

let arguments = CommandLine.arguments
guard arguments.count == 4, let connections = Int(arguments[3]), connections > 0 else {
  print("usage: ImageStoreObjectReads LOCATION NAME CONNECTIONS")
  exit(64)
}
do {
  let folder = try ObjectStorage.folder(at: arguments[1], connections: connections)
  guard let state = try folder.state(of: arguments[2]) else {
    throw StoreError(.notFound, "there is no such object", path: arguments[1], key: arguments[2])
  }
  var memories: [Int: [PixelMemory]] = [:]
  while let line = readLine() {
    let words = line.split(separator: " ").compactMap { Int($0) }
    guard words.count == 2, words[0] > 0, words[0] <= state.byteCount else { break }
    let range = words[0]
    if memories[range] == nil {
      memories[range] = try (0..<connections).map { _ in try PixelMemory(capacity: range) }
    }
    let run = Run(folder, arguments[2], state, range: range, requests: words[1])
    let (processor, wall) = (seconds(CLOCK_PROCESS_CPUTIME_ID), seconds(CLOCK_MONOTONIC))
    try run.perform(memories[range]!)
    print(
      seconds(CLOCK_PROCESS_CPUTIME_ID) - processor, seconds(CLOCK_MONOTONIC) - wall, range * words[1])
    // All streams: the standard ones are mutable variables to Swift.
    _ = fflush(nil)
  }
} catch {
  print("ImageStoreObjectReads: error: \(error)")
  exit(1)
}

import ImageStoreCore
import ImageStoreTesting
import StoreIO

/// Single bits that are turned over in the files of a store.
package struct BitFlipCheck {
  /// How it went.
  package struct Figures: Sendable {
    package var flips = 0
    /// Flips that opening the store refused, and that ``ImageStore/verify(progress:)`` found.
    package var foundOnOpening = 0
    package var foundByVerify = 0
    /// Flips after which every image, label, column and class name was read as it had been written: padding,
    /// times, and what the format says twice.
    package var harmless = 0
    /// Flips over which a C library ended the process that opened the store.
    package var fatalToLibrary = 0

    package init() {}
  }

  /// What became of a flip, as one byte of the file in which a process keeps count.
  private enum Outcome: UInt8 { case foundOnOpening, foundByVerify, harmless }

  /// Turns over `count` bits of a small store one at a time, chosen by a seed from all bytes of all its
  /// files, and checks that each is found, or changes nothing that can be read.
  ///
  /// Each process does so from where the one before it ended.
  package static func run(
    _ backend: Backend, count: Int, seed: UInt64, program: String
  ) throws -> Figures {
    let folder = try WorkFolder()
    let outcomes = "\(folder.path)/outcomes"
    var figures = Figures()
    var done = 0
    while done < count {
      try Files.remove(outcomes)
      try Files.write([], to: outcomes)
      let (end, output) = try ChildProcess.run(
        program, ["flips-part", backend.name, "\(count)", "\(seed)", "\(done)", outcomes], folder: folder.path
      )
      for byte in try FileSystem.contents(of: outcomes, limit: count) {
        done += 1
        switch Outcome(rawValue: byte) {
        case .foundOnOpening: figures.foundOnOpening += 1
        case .foundByVerify: figures.foundByVerify += 1
        case .harmless: figures.harmless += 1
        case nil: throw Violation("\(backend): no outcome \(byte)")
        }
      }
      if end == .exited(0) { break }
      // A sanitizer ends a process with an exit status.
      let hasFallen = if case .signaled = end { true } else { output.contains("AddressSanitizer") }
      guard hasFallen, backend.usesLibrary else {
        throw Violation("\(backend), seed \(seed), flip \(done): \(end) \(output)")
      }
      figures.fatalToLibrary += 1
      done += 1
    }
    figures.flips = done
    return figures
  }

  /// The part of a process: flips from number `first` on.
  package static func part(_ arguments: [String]) throws {
    guard arguments.count == 5, let count = Int(arguments[1]), let seed = UInt64(arguments[2]),
      let first = Int(arguments[3])
    else { throw Violation("flips-part BACKEND COUNT SEED FIRST OUTCOMES") }
    let backend = try Backend.named(arguments[0])
    let log = try File(arguments[4], .update)
    // In the folder of the process that asks, which removes it even if this one falls.
    let folder = try WorkFolder(in: FileSystem.split(arguments[4]).folder)
    let path = backend.path(in: folder.path)
    let images = Commits(backend, imagesPerCommit: 9).images(ofFirst: 2)
    try backend.append(0..<2, to: path, imagesPerCommit: 9)
    let files = try files(of: path)
    let sizes = try files.map { (file) throws -> Int in try File(file, .read).byteCount() }
    let total = sizes.reduce(0, +)
    var generator = SplitMix64(seed: seed)
    for flip in 0..<count {
      var offset = Int.random(in: 0..<total, using: &generator)
      let mask = UInt8(1) << Int.random(in: 0..<8, using: &generator)
      if flip < first { continue }
      var number = 0
      while offset >= sizes[number] {
        offset -= sizes[number]
        number += 1
      }
      try turn(mask, at: offset, of: files[number])
      do {
        let outcome = [try judge(backend, path, images).rawValue]
        try unsafe log.write(outcome.span.bytes, at: flip - first)
      } catch {
        let name = files[number].dropFirst(folder.path.count + 1)
        throw Violation("bit \(mask) of byte \(offset) of \(sizes[number]) in \(name): \(error)")
      }
      try turn(mask, at: offset, of: files[number])
    }
    if let difference = try images.difference(from: backend.open(path)) {
      throw Violation("a check changed the store: \(difference)")
    }
  }

  private static func judge(
    _ backend: Backend, _ path: String, _ images: ModelImages
  ) throws -> Outcome {
    let store: any ImageStore
    do {
      store = try backend.open(path)
    } catch is StoreError {
      return .foundOnOpening
    }
    try checkReads(of: store, images)
    do {
      try store.verify()
    } catch {
      return .foundByVerify
    }
    if let difference = try images.difference(from: store) {
      throw Violation("verify finds nothing, and there are \(difference)")
    }
    return .harmless
  }

  /// Checks that a store that is asked to verify what it reads lends no other pixels than were written.
  private static func checkReads(of store: any ImageStore, _ images: ModelImages) throws {
    let store = store.verifyingReads()
    for index in 0..<min(store.count, images.count) {
      guard let pixels = try? store.pixels(at: index), pixels != images.pixels[index] else { continue }
      throw Violation("image \(index) is read with other pixels though reads are verified")
    }
  }

  /// The files that hold a store: all but LMDB's lock, in which nothing is kept.
  private static func files(of path: String) throws -> [String] {
    guard FileSystem.kind(of: path) == .folder else { return [path] }
    return try Files.allPaths(in: path).map { "\(path)/\($0)" }.filter {
      FileSystem.kind(of: $0) == .file && !$0.hasSuffix("/lock.mdb")
    }
  }

  private static func turn(_ mask: UInt8, at offset: Int, of path: String) throws {
    let file = try File(path, .update)
    var byte: [UInt8] = [0]
    try unsafe byte.withUnsafeMutableBytes { try unsafe file.read(at: offset, into: $0) }
    byte[0] ^= mask
    try unsafe file.write(byte.span.bytes, at: offset)
  }
}

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

    package init() {}
  }

  /// Turns over `count` bits of a small store one at a time, chosen by a seed from all bytes of all its
  /// files, and checks that each is found, or changes nothing that can be read.
  ///
  /// - Parameter progress: called before each with what is flipped.
  package static func run(
    _ backend: Backend, count: Int, seed: UInt64, progress: (String) -> Void = { _ in }
  ) throws -> Figures {
    let folder = try WorkFolder()
    let path = backend.path(in: folder.path)
    let images = Commits(backend, imagesPerCommit: 9).images(ofFirst: 2)
    try backend.append(0..<2, to: path, imagesPerCommit: 9)
    let files = try files(of: path)
    let sizes = try files.map { (file) throws -> Int in try File(file, .read).byteCount() }
    let total = sizes.reduce(0, +)
    var generator = SplitMix64(seed: seed)
    var figures = Figures()
    for _ in 0..<count {
      var offset = Int.random(in: 0..<total, using: &generator)
      let mask = UInt8(1) << Int.random(in: 0..<8, using: &generator)
      var number = 0
      while offset >= sizes[number] {
        offset -= sizes[number]
        number += 1
      }
      let place =
        "\(backend): bit \(mask) of byte \(offset) of \(files[number].dropFirst(folder.path.count)), \(sizes[number]) bytes"
      progress(place)
      try flip(mask, at: offset, of: files[number])
      do {
        try judge(backend, path, images, &figures)
      } catch {
        throw Violation("\(place): \(error)")
      }
      try flip(mask, at: offset, of: files[number])
      figures.flips += 1
    }
    if let difference = try images.difference(from: backend.open(path)) {
      throw Violation("\(backend): a check changed the store: \(difference)")
    }
    return figures
  }

  private static func judge(
    _ backend: Backend, _ path: String, _ images: ModelImages, _ figures: inout Figures
  ) throws {
    let store: any ImageStore
    do {
      store = try backend.open(path)
    } catch is StoreError {
      figures.foundOnOpening += 1
      return
    }
    do {
      try store.verify { _ in }
    } catch {
      figures.foundByVerify += 1
      return
    }
    if let difference = try images.difference(from: store) {
      throw Violation("verify finds nothing, and there are \(difference)")
    }
    figures.harmless += 1
  }

  /// The files that hold a store: all but LMDB's lock, in which nothing is kept.
  private static func files(of path: String) throws -> [String] {
    guard FileSystem.kind(of: path) == .folder else { return [path] }
    return try FileSystem.allPaths(in: path).map { "\(path)/\($0)" }.filter {
      FileSystem.kind(of: $0) == .file && !$0.hasSuffix("/lock.mdb")
    }
  }

  private static func flip(_ mask: UInt8, at offset: Int, of path: String) throws {
    let file = try File(path, .update)
    var byte: [UInt8] = [0]
    try unsafe byte.withUnsafeMutableBytes { try unsafe file.read(at: offset, into: $0) }
    byte[0] ^= mask
    try unsafe file.write(byte.span.bytes, at: offset)
  }
}

import CImageStoreFaults
import ImageStoreCatalog
import ImageStoreCore
import ImageStorePlatform
import ImageStoreSupport
import ImageStoreTesting

/// Judges what becomes of a store of which one bit has been turned over.
final class FlipJudge {
  private let backend: Backend
  private let template: String
  /// What the store holds, what is appended, and both.
  private let images: ModelImages
  private let addition: ModelImages
  private let all: ModelImages
  private let folder: WorkFolder
  private let path: String
  /// What the store takes on the disk after an append to the intact one.
  private var usualSize = 0

  /// No file of these stores has as many bytes.
  static let largestFile = 64 << 20
  private static let mostMemoryInKibibytes = 1 << 20

  init(_ backend: Backend, template: String, _ commits: Commits, in parent: String) throws {
    self.backend = backend
    self.template = template
    images = commits.images(ofFirst: 2)
    addition = commits.images(of: 5).slice(0..<2)
    var all = images
    all.append(contentsOf: addition)
    all.classNames = images.classNames
    self.all = all
    folder = try WorkFolder(in: parent)
    path = backend.path(in: folder.path)
    try Files.copy(template, to: path)
    try backend.write(path, .append, WriterRun(addition))
    try require(all.difference(from: backend.open(path)) == nil, "\(backend): an append to an intact store")
    usualSize = try FileSystem.bytesOnDisk(path).apparent
  }

  func judge(_ flip: Flip) throws -> BitFlipCheck.Verdict {
    try Files.remove(path)
    try Files.copy(template, to: path)
    let file = flip.file.isEmpty ? path : "\(path)/\(flip.file)"
    try Files.turn(1 << UInt8(flip.bit), at: flip.offset, of: file)
    let flipped = try contents()
    Self.openAsEverything(path)
    let found = try find()
    try require(contents() == flipped, "reading changes the files")
    let append = try judgeAppend(found, flipped)
    let memory = peakKibibytes()
    try require(memory < Self.mostMemoryInKibibytes, "it takes \(memory) KiB")
    return BitFlipCheck.Verdict(found, append)
  }

  /// What the program `imagestore` may ask of a file before it knows its kind.
  static func openAsEverything(_ path: String) {
    func attempt(_ body: () throws(StoreError) -> Void) {
      // Refused, or read, by a check that knows what is right.
      do throws(StoreError) { try body() } catch {}
    }
    for format in StoreCatalog.formats {
      attempt { () throws(StoreError) in
        for split in try format.open(path, StoreDescription(), threads: 1) {
          try Parser.readAll(split.store)
        }
      }
    }
  }

  /// Opens a store as a backend does.
  static func open(_ backend: Backend, _ path: String) throws(StoreError) -> any ImageStore {
    do {
      return try backend.open(path)
    } catch let error as StoreError {
      throw error
    } catch {
      throw StoreError(.unsupported, "an error of another type: \(error)")
    }
  }

  private func find() throws -> BitFlipCheck.Verdict.Found {
    let store: any ImageStore
    do {
      store = try backend.open(path)
    } catch is StoreError {
      return .onOpening
    }
    try checkReads(of: store)
    do throws(StoreError) {
      try store.verify()
    } catch {
      return .byVerify
    }
    if let difference = try images.difference(from: store) {
      throw Violation("verify finds nothing, and there are \(difference)")
    }
    return .never
  }

  /// Checks that a store that is asked to verify what it reads lends no other pixels than were written.
  private func checkReads(of store: any ImageStore) throws {
    let store = store.verifyingReads()
    for index in 0..<min(store.count, images.count) {
      guard let pixels = try? store.pixels(at: index), pixels != images.pixels[index] else { continue }
      throw Violation("image \(index) is read with other pixels though reads are verified")
    }
  }

  private func judgeAppend(
    _ found: BitFlipCheck.Verdict.Found, _ flipped: [String: [UInt8]]
  ) throws -> BitFlipCheck.Verdict.Append {
    do {
      try backend.write(path, .append, WriterRun(addition))
    } catch let error as StoreError {
      try require(
        error.underlying?.code != EFBIG, "the append wants a file of more than \(Self.largestFile) bytes")
      try require(!error.description.contains("\n"), "an error of two lines: \(error)")
      if try contents() != flipped { try judgeLeft(by: error, found) }
      try checkSize()
      return .refused
    }
    try checkSize()
    let store: any ImageStore
    do {
      store = try backend.open(path)
      try store.verify()
    } catch let error as StoreError {
      try require(found != .never, "verify found nothing, the append did, and now: \(error)")
      return .stillFound
    }
    if let difference = try all.difference(from: store) {
      throw Violation("\(found.words); after an append verify finds nothing, and there are \(difference)")
    }
    return .right
  }

  /// Judges what an append has left that threw an error after it had changed something.
  private func judgeLeft(
    by error: StoreError, _ found: BitFlipCheck.Verdict.Found
  ) throws {
    do {
      let store = try backend.open(path)
      try store.verify()
      if let difference = try images.difference(from: store) {
        throw Violation("\(found.words); an append that fails leaves \(difference): \(error)")
      }
    } catch let left as StoreError {
      try require(found != .never, "verify found nothing; an append that fails leaves \(left): \(error)")
    }
  }

  private func checkSize() throws {
    let size = try FileSystem.bytesOnDisk(path).apparent
    try require(size <= 2 * usualSize + 1 << 20, "the store takes \(size) bytes instead of \(usualSize)")
  }

  /// The bytes of all files that hold the store.
  private func contents() throws -> [String: [UInt8]] {
    var contents: [String: [UInt8]] = [:]
    for file in try StoreFlips.files(of: path) {
      contents[file] = try FileSystem.contents(
        of: file.isEmpty ? path : "\(path)/\(file)", limit: Self.largestFile)
    }
    return contents
  }
}

extension BitFlipCheck.Verdict.Found {
  fileprivate var words: String {
    switch self {
    case .onOpening: "it could not be opened"
    case .byVerify: "verify found it"
    case .never: "verify found nothing"
    }
  }
}

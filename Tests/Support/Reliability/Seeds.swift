import ImageStoreCore
import ImageStoreSupport

/// Files for a fuzzer to begin with: small ones of our own, and those of other projects that fit a parser.
package enum Seeds {
  /// Writes the seeds of a parser to a folder.
  package static func write(_ parser: String, to folder: String, corpora: [String]) throws {
    let work = try WorkFolder()
    func store(_ name: String) throws -> String {
      let backend = try Backend.named(name)
      let path = "\(work.path)/\(name)\(backend.suffix)"
      try backend.append(0..<2, to: path, imagesPerCommit: 3)
      return path
    }
    func content(_ path: String) throws -> [UInt8] { try FileSystem.contents(of: path, limit: 1 << 20) }
    func keep(_ bytes: [UInt8], _ name: String) throws {
      try Files.remove("\(folder)/\(name)")
      try Files.write(bytes, to: "\(folder)/\(name)")
    }
    switch parser {
    case "npz", "hdf5":
      for name in Backend.all.map(\.name) where name.hasPrefix(parser) {
        try keep(content(store(name)), name)
      }
    case "lmdb":
      for name in ["lmdb", "lmdb-per-image"] { try keep(content(store(name) + "/data.mdb"), name) }
    case "csv":
      let path = try store("files-flat")
      try keep(content("\(path)/labels.csv") + [0] + content("\(path)/store.json"), "own")
    case "masks":
      for name in ["packedbit", "packedbit-columns"] {
        let path = try store(name)
        try keep(content("\(path)/format.json") + [0] + content("\(path)/masks.npy"), name)
      }
    case "bare-masks":
      // 37 x 41, as the backends of these checks have them: an array, and its bytes alone.
      for (number, name) in ["packedbit", "packedbit-columns"].enumerated() {
        let masks = try content(store(name) + "/masks.npy")
        let layout: [UInt8] = [UInt8(number), 37, 41, 0]
        try keep(layout + masks, "\(name).npy")
        try keep(layout + masks.dropFirst(128), "\(name).bin")
        // As many bytes in the header, and the array in Fortran order.
        try keep(layout + masks.replacing("False".utf8, with: "True ".utf8), "\(name)-fortran.npy")
      }
    case "png", "lmdb-value": try keep(content(store("files-flat") + "/0.png"), "own.png")
    #if JPEG
    case "jpeg":
      for (number, seed) in try Parser.jpegSeeds().enumerated() { try keep(seed, "own-\(number).jpg") }
    #endif
    case "npy": try keep(content(store("packedbit") + "/masks.npy"), "own.npy")
    default: break
    }
    for corpus in corpora {
      for name in try Files.allPaths(in: corpus) {
        let path = "\(corpus)/\(name)"
        guard FileSystem.kind(of: path, followingLinks: false) == .file,
          let bytes = try? FileSystem.contents(of: path, limit: 1 << 16), fits(parser, name, bytes)
        else { continue }
        try keep(bytes, name.replacing("/", with: "-"))
      }
    }
  }

  /// Whether a file may be one for a parser, by its name or its first bytes.
  private static func fits(_ parser: String, _ name: String, _ bytes: [UInt8]) -> Bool {
    let isPickle = bytes.first == 0x80 || bytes.first == UInt8(ascii: "(")
    let isPNG = bytes.starts(with: [0x89, 0x50])
    let isJPEG = bytes.starts(with: [0xFF, 0xD8])
    let isNPY = bytes.starts(with: [0x93, 0x4E])
    return switch parser {
    case "pickle": isPickle
    case "npy": isNPY
    case "png": isPNG
    case "jpeg": isJPEG
    case "npz": bytes.starts(with: [0x50, 0x4B])
    case "hdf5": bytes.starts(with: [0x89, 0x48])
    case "cifar": isPickle || bytes.starts(with: [0x1F, 0x8B])
    case "csv": name.hasSuffix(".csv")
    case "lmdb": bytes.dropFirst(16).starts(with: [0xDE, 0xC0, 0xEF, 0xBE])
    case "lmdb-value": isPickle || isPNG || isJPEG || isNPY
    default: false
    }
  }
}

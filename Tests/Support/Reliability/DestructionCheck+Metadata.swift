import CImageStoreFaults
import ImageStoreCore
import ImageStorePlatform
import ImageStoreSupport

extension DestructionCheck {
  /// The metadata of a file.
  static let metadata: [DestructionCheck] = [
    DestructionCheck("an append keeps modes, owners and attributes") { scene in
      for mode: mode_t in [0o600, 0o640, 0o664] {
        try scene.clear("files of mode \(String(mode, radix: 8))")
        try scene.makeStore()
        let files = try StoreFlips.files(of: scene.path)
        for file in files {
          let path = file.isEmpty ? scene.path : "\(scene.path)/\(file)"
          // Not every file system has these.
          _ = unsafe faults_set_attribute(path, "user.note", "a note", 6)
          if geteuid() == 0 { try require(unsafe chown(path, 1234, 4321) == 0, "no owner can be given") }
          _ = unsafe chmod(path, mode)
        }
        if scene.isFolder { _ = unsafe chmod(scene.path, 0o750) }
        func look() throws -> [String: Surroundings.Entry] {
          var found: [String: Surroundings.Entry] = [:]
          for file in files + [""] {
            found[file] = try Surroundings.entry(file.isEmpty ? scene.path : "\(scene.path)/\(file)")
            found[file]?.bytes = []
          }
          return found
        }
        let before = try look()
        try scene.write(.append)
        for (file, now) in try look() {
          guard let was = before[file] else { continue }
          try require(
            was == now,
            "\(file.isEmpty ? "the store" : file) has mode \(String(now.mode, radix: 8)) of \(now.owner):\(now.group), \(now.attributes) "
              + "instead of \(String(was.mode, radix: 8)) of \(was.owner):\(was.group), \(was.attributes)")
        }
        try scene.expect([0, 1])
      }
    },
    DestructionCheck("a file with two names keeps both, or nothing is appended") { scene in
      try scene.clear("the files of a store")
      try scene.makeStore()
      for file in try StoreFlips.files(of: scene.path) {
        try scene.clear("two names of \(file.isEmpty ? "the store" : file)")
        try scene.makeStore()
        let (path, other) = (
          file.isEmpty ? scene.path : "\(scene.path)/\(file)", "\(scene.folder.path)/other"
        )
        try require(unsafe link(path, other) == 0, "no second name can be given")
        do { try scene.write(.append) } catch is StoreError {
          try scene.expect([0])
          try require(FileIdentity(ofPath: path) == FileIdentity(ofPath: other), "the second name is cut off")
          continue
        }
        try scene.expect([0, 1])
        try require(FileIdentity(ofPath: path) == FileIdentity(ofPath: other), "the second name is cut off")
      }
    },
    DestructionCheck("a file that is a link stays one, or nothing is appended") { scene in
      try scene.clear("the files of a store")
      try scene.makeStore()
      for file in try StoreFlips.files(of: scene.path) where !file.isEmpty && !file.hasSuffix(".png") {
        // A picture that is a link out of the folder is not read.
        try scene.clear("a link as \(file)")
        try scene.makeStore()
        let (path, real) = ("\(scene.path)/\(file)", "\(scene.folder.path)/elsewhere")
        try Files.rename(path, to: real)
        try Files.link(real, at: path)
        let before = try Surroundings(of: scene.folder.path)
        do { try scene.write(.append) } catch is StoreError {
          if let difference = before.difference(from: try Surroundings(of: scene.folder.path)) {
            throw Violation("it is refused, and \(difference)")
          }
          continue
        }
        try require(linkTarget(path) == real, "the link is gone")
        try scene.expect([0, 1])
      }
    },
  ]
}

import ImageStoreCore
import ImageStorePlatform
import ImageStoreSupport

extension DestructionCheck {
  /// Changes by other programs while a writer is working.
  static let meanwhile: [DestructionCheck] = [
    DestructionCheck("what has come to the destination meanwhile stays") { scene in
      for mode in WriteMode.allCases {
        for (what, make) in newcomers {
          try scene.clear("\(what) that has come meanwhile")
          if mode != .create { try scene.makeStore() }
          let moved = "\(scene.folder.path)/moved"
          var victim: Surroundings?
          var failure: StoreError?
          do {
            try scene.write(mode) {
              if mode != .create { try Files.rename(scene.path, to: moved) }
              try make(scene)
              victim = try Surroundings(of: scene.path)
            }
          } catch let error as StoreError { failure = error }
          guard let victim else { throw failure ?? StoreError(.system, "it was not asked") }
          guard let now = try? Surroundings(of: scene.path) else {
            throw Violation("\(mode.rawValue): it is gone")
          }
          if let difference = victim.difference(from: now) {
            throw Violation("\(mode.rawValue): \(difference)")
          }
          // An append may have gone to the store, wherever it is now.
          try require(failure != nil || mode == .append, "\(mode.rawValue) says that it is done")
          if mode != .create { try scene.expect(failure == nil ? [0, 1] : [0], at: moved) }
        }
      }
    },
    DestructionCheck("what others write to a store's files meanwhile is not lost") { scene in
      try scene.clear("the files of a store")
      try scene.makeStore()
      // Who writes to LMDB's file without its lock writes over pages that are in use.
      for file in try StoreFlips.files(of: scene.path) where file != "data.mdb" {
        try scene.clear("an edit of \(file.isEmpty ? "the store" : file)")
        try scene.makeStore()
        let path = file.isEmpty ? scene.path : "\(scene.path)/\(file)"
        // The edit is later by any clock.
        var times = [
          timespec(tv_sec: 1_000_000_000, tv_nsec: 0), timespec(tv_sec: 1_000_000_000, tv_nsec: 0),
        ]
        _ = unsafe utimensat(AT_FDCWD, path, &times, 0)
        let offset = try FileSystem.contents(of: path, limit: 1 << 26).count / 2
        var edited: UInt8 = 0
        var failure: StoreError?
        do {
          try scene.write(.append) {
            try Files.turn(0x01, at: offset, of: path)
            edited = try FileSystem.contents(of: path, limit: 1 << 26)[offset]
          }
        } catch let error as StoreError { failure = error }
        let now = try FileSystem.contents(of: path, limit: 1 << 26)
        try require(
          now.count > offset && now[offset] == edited,
          "the edit is lost; the writer \(failure.map { "throws \($0)" } ?? "says that it is done")")
      }
    },
    DestructionCheck("a writer that gives up leaves everything as it was") { scene in
      struct GivenUp: Error {}
      for mode in WriteMode.allCases {
        try scene.clear("a writer that gives up")
        if mode != .create { try scene.makeStore() }
        try scene.makeSources(at: "\(scene.folder.path)/sources")
        let before = try Surroundings(of: scene.folder.path)
        do {
          try scene.write(mode) { throw GivenUp() }
        } catch is GivenUp {}
        var after = try Surroundings(of: scene.folder.path)
        if scene.backend.name.hasPrefix("lmdb") {
          // Pages that were used and given back are other pages.
          after = try Surroundings(of: scene.folder.path, except: [scene.name])
          if mode != .create { try scene.expect([0]) }
          let others = try Surroundings(of: scene.folder.path, except: [scene.name])
          try require(others == after, "reading changes something")
          try require(
            before.entries.filter { !$0.key.hasPrefix(scene.name) } == after.entries,
            "\(mode.rawValue): something is left")
        } else if let difference = before.difference(from: after) {
          throw Violation("\(mode.rawValue): \(difference)")
        }
      }
    },
  ]

  private static let newcomers: [(String, @Sendable (Scene) throws -> Void)] = [
    ("a folder of sources", { try $0.makeSources(at: $0.path) }),
    ("a file", { try Files.write("my thesis", to: $0.path) }),
    (
      "a link",
      { scene in
        try scene.makeSources(at: "\(scene.folder.path)/sources")
        try Files.link("sources", at: scene.path)
      }
    ),
  ]
}

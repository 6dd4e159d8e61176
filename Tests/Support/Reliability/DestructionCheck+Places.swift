import ImageStoreCore
import ImageStorePlatform
import ImageStoreSupport

extension DestructionCheck {
  /// Names that a writer uses for itself, taken by something else; and files that are none.
  static let places: [DestructionCheck] = [
    DestructionCheck("what has a writer's names is left as it is") { scene in
      for mode in WriteMode.allCases {
        for (name, isInside) in [(".\(scene.name).partial", false), (".append.partial", true)] {
          if isInside && (!scene.isFolder || mode == .create) { continue }
          for (what, make) in occupants {
            try scene.clear("\(what) called \(name)")
            if mode != .create { try scene.makeStore() }
            try scene.makeSources(at: "\(scene.folder.path)/victim")
            let place = isInside ? "\(scene.name)/\(name)" : name
            try make(scene, "\(scene.folder.path)/\(place)")
            let isGone = isInside && mode == .replaceAnything
            try scene.expectHarmless(mode, mode == .append ? [0, 1] : [1], protecting: isGone ? [] : [place])
          }
        }
      }
    },
    DestructionCheck("what is in a writer's folder and not from a writer is left as it is") { scene in
      // A genuine folder of a writer that has died, in which the user put something.
      for mode in WriteMode.allCases {
        for thing in ["thesis.txt", "sources"] {
          try scene.clear("a dead writer's folder with \(thing)")
          if mode != .create { try scene.makeStore() }
          try scene.leaveWorkFolder()
          let place = "\(scene.folder.path)/.\(scene.name).partial"
          guard FileSystem.kind(of: place) == .folder else { continue }
          if thing == "sources" {
            try scene.makeSources(at: "\(place)/sources")
          } else {
            try Files.write("my thesis", to: "\(place)/\(thing)")
          }
          let before = try Surroundings(of: "\(place)/\(thing)")
          _ = try? scene.write(mode)
          guard let after = try? Surroundings(of: "\(place)/\(thing)") else {
            throw Violation("\(mode.rawValue): it is gone")
          }
          if let difference = before.difference(from: after) {
            throw Violation("\(mode.rawValue): \(difference)")
          }
        }
      }
    },
    DestructionCheck("no file that is none is waited for or read without end") { scene in
      try scene.clear("the files of a store")
      try scene.makeStore()
      let files = try StoreFlips.files(of: scene.path)
      // Files of the name of an image are as good as one another.
      for file in files + (scene.isFolder ? [""] : []) {
        for (what, make) in strangeFiles {
          try scene.clear("\(what) as \(file.isEmpty ? "the store" : file)")
          try scene.makeStore()
          let place = file.isEmpty ? scene.path : "\(scene.path)/\(file)"
          try Files.remove(place)
          try make(scene, place)
          let before = try Surroundings.entry(place)
          try scene.openAndRead()
          // By force last, since it takes the place of all else.
          for mode in [WriteMode.create, .append, .replace, .replaceAnything] {
            do { try scene.write(mode) } catch let error as StoreError {
              try require(!error.description.contains("\n"), "an error of two lines")
            }
            if mode == .replaceAnything { continue }
            let after = try? Surroundings.entry(place)
            try require(after == before, "\(mode.rawValue): \(what) is another")
          }
        }
      }
    },
    DestructionCheck("a writer works where nobody else looks") { scene in
      let usual = umask(0)
      defer { umask(usual) }
      for mode in WriteMode.allCases {
        try scene.clear("the mode of a work folder")
        if mode != .create { try scene.makeStore() }
        let parent = scene.folder.path
        var places = 0
        try scene.write(mode) {
          for name in try FileSystem.names(in: parent) where name.hasPrefix(".") {
            places += 1
            let mode = try Surroundings.entry("\(parent)/\(name)").mode & 0o777
            try require(mode & 0o777 == 0o700, "\(name) has mode \(String(mode, radix: 8))")
          }
        }
        for (name, entry) in try Surroundings(of: parent, except: [""]).entries {
          try require(entry.mode & 0o022 == 0, "\(name) can be written to by others")
        }
      }
    },
    DestructionCheck("names that are not text are in nobody's way") { scene in
      for mode in WriteMode.allCases {
        for isInside in [false, true] {
          if isInside && (!scene.isFolder || mode == .create) { continue }
          try scene.clear("a name that is not UTF-8 \(isInside ? "in" : "beside") the store")
          if mode != .create { try scene.makeStore() }
          let folder = isInside ? scene.path : scene.folder.path
          var path = (folder + "/name-").utf8CString.dropLast() + [CChar(bitPattern: 0xFF), 0]
          let file = unsafe path.withUnsafeMutableBufferPointer {
            unsafe open($0.baseAddress!, O_WRONLY | O_CREAT, 0o644)
          }
          // Some systems know no such names.
          guard file >= 0 else { return }
          close(file)
          do { try scene.write(mode) } catch let error as StoreError {
            try require(isInside && mode == .replace, "\(mode.rawValue): \(error)")
          }
          let isGone = isInside && mode == .replaceAnything
          let isThere = unsafe path.withUnsafeMutableBufferPointer {
            unsafe access($0.baseAddress!, F_OK) == 0
          }
          try require(isThere || isGone, "\(mode.rawValue): the file is gone")
        }
      }
    },
  ]

  private static let occupants: [(String, @Sendable (Scene, String) throws -> Void)] = [
    ("a link to a folder", { scene, path in try Files.link("\(scene.folder.path)/victim", at: path) }),
    ("a link to nothing", { _, path in try Files.link("nothing", at: path) }),
    ("a folder with files", { scene, path in try scene.makeSources(at: path) }),
    (
      "a private folder with files",
      { scene, path in
        try scene.makeSources(at: path)
        _ = unsafe chmod(path, 0o700)
      }
    ),
    (
      "a private folder with the mark of another",
      { scene, path in
        try scene.makeSources(at: path)
        try Files.link("work folder \(FileSystem.split(path).name) 1", at: "\(path)/.swift-image-stores")
        _ = unsafe chmod(path, 0o700)
      }
    ),
    (
      "a private folder with a store",
      { scene, path in
        try Files.createFolder(path, mode: 0o700)
        try scene.makeStore(at: "\(path)/\(scene.name)")
      }
    ),
    ("a file", { _, path in try Files.write("my thesis", to: path) }),
    ("a pipe", { scene, path in try scene.makePipe(at: path) }),
  ]

  private static let strangeFiles: [(String, @Sendable (Scene, String) throws -> Void)] = [
    ("a pipe", { scene, path in try scene.makePipe(at: path) }),
    (
      "a link to a pipe",
      { scene, path in
        if FileSystem.kind(of: "\(scene.folder.path)/pipe") == nil {
          try scene.makePipe(at: "\(scene.folder.path)/pipe")
        }
        try Files.link("\(scene.folder.path)/pipe", at: path)
      }
    ),
    ("a link to itself", { _, path in try Files.link(FileSystem.split(path).name, at: path) }),
    ("an empty folder", { _, path in try Files.createFolder(path) }),
  ]
}

extension Scene {
  /// Leaves what a writer leaves that is killed before it has written anything: its folder, with
  /// what marks it.
  func leaveWorkFolder() throws {
    let output = try WorkFolder()
    let mode = FileSystem.kind(of: path) == nil ? WriteMode.create : .replace
    let (end, said) = try ChildProcess.run(
      program, ["dying-writer", backend.name, path, mode.rawValue], folder: output.path)
    try require(end == .signaled(SIGKILL), "\(end) \(said)")
    let place = "\(folder.path)/.\(name).partial"
    // What it was writing is what the next one may remove.
    for name in try FileSystem.names(in: place) where !name.hasPrefix(".") {
      try Files.remove("\(place)/\(name)")
    }
  }

  /// Opens and reads all there is, as whatever it may be.
  func openAndRead() throws {
    FlipJudge.openAsEverything(path)
    do throws(StoreError) { try Parser.readAll(try FlipJudge.open(backend, path)) } catch {
      try require(!error.description.contains("\n"), "an error of two lines: \(error)")
    }
  }
}

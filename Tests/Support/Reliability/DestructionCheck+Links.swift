import ImageStoreCore
import ImageStorePlatform
import ImageStoreSupport

extension DestructionCheck {
  /// Symbolic links where a store is to be written, or on the way.
  static let links: [DestructionCheck] = [
    DestructionCheck("a link to a store stays, and the store it leads to is written") { scene in
      for mode in [WriteMode.append, .replace, .replaceAnything] {
        for hops in [1, 3] {
          try scene.clear("\(hops) links to a store")
          let (real, link) = try scene.makeLinkedStore(hops: hops)
          let text = linkTarget(link)
          try scene.expectHarmless(mode, to: link, store: real, mode == .append ? [0, 1] : [1])
          try require(linkTarget(link) == text, "\(mode.rawValue): the link is another")
        }
      }
    },
    DestructionCheck("a link to a store is an existing store") { scene in
      try scene.clear("a link to a store")
      let (_, link) = try scene.makeLinkedStore(hops: 1)
      try scene.expectRefused(.create, to: link, .alreadyExists)
    },
    DestructionCheck("what a link leads to and is not a store is not replaced") { scene in
      for mode in [WriteMode.create, .append, .replace] {
        try scene.clear("a link to a folder of sources")
        try scene.makeSources(at: "\(scene.folder.path)/sources")
        try Files.link("sources", at: scene.path)
        try scene.expectRefused(mode)
        try scene.clear("a link to a file")
        try Files.write("my thesis", to: "\(scene.folder.path)/thesis.txt")
        try Files.link("thesis.txt", at: scene.path)
        try scene.expectRefused(mode)
      }
    },
    DestructionCheck("a link that leads nowhere, or to itself, is refused") { scene in
      for mode in WriteMode.allCases {
        try scene.clear("a link to nothing")
        try Files.link("nothing", at: scene.path)
        try scene.expectRefused(mode)
        try scene.clear("a link to itself")
        try Files.link(scene.name, at: scene.path)
        try scene.expectRefused(mode)
      }
    },
    DestructionCheck("a link on the way is followed") { scene in
      for mode in WriteMode.allCases {
        try scene.clear("a link to the folder around")
        try Files.createFolder("\(scene.folder.path)/real")
        try Files.link("real", at: "\(scene.folder.path)/alias")
        let (alias, real) = ("\(scene.folder.path)/alias", "\(scene.folder.path)/real")
        if mode != .create { try scene.makeStore(at: scene.backend.path(in: real)) }
        try scene.write(mode, to: scene.backend.path(in: alias))
        try scene.expect(mode == .append ? [0, 1] : [1], at: scene.backend.path(in: real))
        try require(linkTarget(alias) == "real", "the link is another")
        try require(FileSystem.names(in: real) == [scene.name], "something is left beside the store")
      }
    },
    DestructionCheck("a link of somebody else's in a shared folder is refused", for: { _ in geteuid() == 0 })
    { scene in
      for mode in WriteMode.allCases {
        try scene.clear("a link of somebody else's")
        let shared = "\(scene.folder.path)/shared"
        try Files.createFolder(shared)
        let real = "\(scene.folder.path)/mine\(scene.backend.suffix)"
        try scene.makeStore(at: real)
        let link = scene.backend.path(in: shared)
        try Files.link(real, at: link)
        try require(
          unsafe lchown(link, 1234, 1234) == 0 && chmod(shared, 0o1777) == 0, "no owner can be given")
        try scene.expectRefused(mode, to: link)
      }
    },
    DestructionCheck("a second writer is refused whichever way it comes") { scene in
      for first in [WriteMode.append, .replace] {
        for second in [WriteMode.append, .replace, .replaceAnything] {
          for comesByLink in [false, true] {
            try scene.clear(
              "\(first.rawValue) and \(second.rawValue), the second \(comesByLink ? "by the link" : "not by the link")"
            )
            let (real, link) = try scene.makeLinkedStore(hops: 1)
            let (firstPath, secondPath) = comesByLink ? (real, link) : (link, real)
            try scene.write(first, to: firstPath) {
              try scene.expectBusy(second, secondPath)
            }
            try scene.expect(first == .append ? [0, 1] : [1], at: real)
            try require(linkTarget(link) != "", "the link is gone")
          }
        }
      }
    },
  ]
}

extension Scene {
  /// A store in a folder of its own, and a link to it over some others.
  func makeLinkedStore(hops: Int) throws -> (real: String, link: String) {
    let folders = (0...hops).map { "\(folder.path)/place\($0)" }
    for folder in folders { try Files.createFolder(folder) }
    let real = backend.path(in: folders[0])
    try makeStore(at: real)
    for hop in 1...hops { try Files.link("../place\(hop - 1)/\(name)", at: backend.path(in: folders[hop])) }
    return (real, backend.path(in: folders[hops]))
  }

  /// Checks that another writer, in this process and in another, is told that one is working.
  func expectBusy(_ mode: WriteMode, _ path: String) throws {
    try WriterCheck.expectBusy(backend, path, mode)
    let output = try WorkFolder()
    let (end, said) = try ChildProcess.run(
      program, ["second-writer", backend.name, path, mode.rawValue], folder: output.path)
    try require(end == .exited(0), "\(end) \(said)")
  }
}

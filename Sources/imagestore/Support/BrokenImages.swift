internal import ArgumentParser
internal import ImageStoreCore
internal import ImageStoreSupport

/// The handling of images that cannot be read.
enum BrokenImages {
  static let help = ArgumentHelp(
    "Continue without images that cannot be read, and list them in a new file: index, file or key, reason. The exit "
      + "status is 1 if there are any.", valueName: "file")

  /// Reads all images of a store.
  static func find(
    in store: any ImageStore, comparingChecksums: Bool, isQuiet: Bool
  ) throws(StoreError) -> ImageFaults {
    let bar = ProgressBar("looking", total: store.count, isQuiet: isQuiet)
    let faults = try InterruptibleStore(base: store).findFaults(comparingChecksums: comparingChecksums) {
      bar.update($0)
    }
    bar.finish()
    return faults
  }

  /// Refuses an existing file with the name of the list.
  static func checkList(_ path: String) throws(StoreError) {
    guard FileSystem.kind(of: path, followingLinks: false) == nil else {
      throw StoreError(
        .alreadyExists, "a file or folder already exists", remedy: "give another name to --skip-broken",
        path: path)
    }
  }

  /// Reports images and ends the command with the status 1.
  ///
  /// - Parameter list: the path of a new file with one line per image.
  static func report(_ faults: ImageFaults, of path: String, list: String?) throws -> Never {
    if let list {
      try checkList(list)
      let lines = faults.faults.map { fault in
        let place = fault.error.key ?? fault.error.path ?? ""
        let reason = fault.error.message + (fault.error.remedy.map { "; \($0)" } ?? "")
        return [String(fault.index), place, reason].map { Console.printable($0) }.joined(separator: "\t")
          + "\n"
      }
      try FileSystem.write(Array(lines.joined().utf8), toNewFile: list)
    }
    for fault in faults.faults { Console.error("imagestore: error: \(fault.error.at(path: path))") }
    let count = "\(faults.faults.count) of \(faults.imageCount) images cannot be read"
    Console.error(
      "imagestore: error: \(Console.printable(path)): \(count)" + (list.map { "; \($0) lists them" } ?? ""))
    throw ExitCode(1)
  }
}

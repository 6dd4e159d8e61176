package import ImageStoreCore
internal import ImageStorePlatform

/// A folder of this machine for files that are sent to another place. It is removed with the value;
/// if a writer is killed, the next one that writes to the same place removes its files.
package final class UploadFolder: Sendable {
  private let work: WorkFolder

  package var path: String { work.folder.path }

  /// - Parameter destination: where the files are sent.
  /// - Throws: ``StoreError/Code/busy`` while another writer of this machine is sending to the same
  ///   place.
  package init(for destination: String) throws(StoreError) {
    let asked = unsafe getenv("TMPDIR").map { unsafe String(cString: $0) }
    let parent = asked.flatMap { $0.isEmpty ? nil : $0 } ?? "/tmp"
    guard let real = Destination.realPath(parent) else {
      throw StoreError(
        .notFound, "there is no folder for temporary files", remedy: "set TMPDIR to a folder", path: parent)
    }
    let hash = unsafe SHA256.hexadecimal(SHA256.hash(of: Array(destination.utf8).span.bytes).prefix(8))
    work = try WorkFolder(".upload-\(hash).partial", in: Folder(real), for: destination) { name in
      name.hasSuffix(".npz") || name.hasSuffix(".npz.partial")
    }
    try work.removeContents()
  }

  deinit { try? work.removeAll() }

  /// Removes a file that has been sent.
  package func remove(_ name: String) throws(StoreError) { try work.remove(name) }
}

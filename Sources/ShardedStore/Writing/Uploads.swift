import Dispatch
import ImageStoreCore
import ImageStoreSupport
import Synchronization

/// Files that are sent to a place of objects while others are made.
final class Uploads: Sendable {
  private let folder: any ObjectFolder
  private let upload: UploadFolder
  private let threads = WaitingThreads("shard upload", limit: mostAtOnce)
  private let places = DispatchSemaphore(value: mostAtOnce)
  private let failure = Mutex<StoreError?>(nil)

  /// As many files take room on the disk, besides the one that is made.
  private static let mostAtOnce = 3

  var path: String { upload.path }

  init(to folder: any ObjectFolder) throws(StoreError) {
    self.folder = folder
    upload = try UploadFolder(for: folder.location)
  }

  /// Begins to send a file, once others have been sent if too many are on their way.
  ///
  /// - Throws: why one before could not be sent.
  func send(_ file: String, as name: String) throws(StoreError) {
    places.wait()
    if let error = failure.withLock({ $0 }) {
      places.signal()
      throw error
    }
    threads.perform { [self] in
      do throws(StoreError) {
        try folder.upload("\(path)/\(file)", as: name) { _ in }
        try upload.remove(file)
      } catch {
        failure.withLock { $0 = $0 ?? error }
      }
      places.signal()
    }
  }

  /// Returns when nothing is on its way any more.
  ///
  /// - Throws: why something could not be sent.
  func wait() throws(StoreError) {
    for _ in 0..<Self.mostAtOnce { places.wait() }
    for _ in 0..<Self.mostAtOnce { places.signal() }
    if let error = failure.withLock({ $0 }) { throw error }
  }
}

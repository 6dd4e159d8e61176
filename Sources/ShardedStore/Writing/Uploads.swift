import Dispatch
import ImageStoreCore
import ImageStoreSupport
import Synchronization

/// Files that are sent to a folder of objects while others are made.
final class Uploads: Sendable {
  private let folder: any ObjectFolder
  private let upload: UploadFolder
  private let threads = WaitingThreads("shard upload", limit: mostAtOnce)
  private let places = DispatchSemaphore(value: mostAtOnce)
  private let failure = Mutex<StoreError?>(nil)

  /// This many files take space on the disk, in addition to the one that is being made.
  private static let mostAtOnce = 3

  var path: String { upload.path }

  init(to folder: any ObjectFolder) throws(StoreError) {
    self.folder = folder
    upload = try UploadFolder(for: folder.location)
  }

  /// Begins to send a file, once others have been sent if too many are on their way.
  ///
  /// - Throws: the error of an earlier file.
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
    } completion: { [places] _ in
      places.signal()
    }
  }

  /// Returns when nothing is on its way any more.
  ///
  /// - Throws: the error of a file that could not be sent.
  func wait() throws(StoreError) {
    for _ in 0..<Self.mostAtOnce { places.wait() }
    for _ in 0..<Self.mostAtOnce { places.signal() }
    if let error = failure.withLock({ $0 }) { throw error }
  }
}

import CImageStoreHDF5
import ImageStoreCore

extension HDF5Session {
  /// The error of a call that failed: what the library's error stack of this thread says.
  func error(_ doing: String) -> StoreError {
    let frames = errorFrames()
    let story = frames.joined(separator: " < ")
    if let error = lockingError(story) { return error }
    return StoreError(
      .corrupt, "\(doing) failed: libhdf5 says: \(story.isEmpty ? "nothing" : story)")
  }

  /// The descriptions on the error stack, the innermost first, each once.
  private func errorFrames() -> [String] {
    var frames: [String] = []
    unsafe withUnsafeMutablePointer(to: &frames) { frames in
      _ = unsafe H5Ewalk2(
        CHDF5_error_default(), H5E_WALK_UPWARD,
        { (_, frame, context) in
          guard let frame = unsafe frame?.pointee, let text = unsafe frame.desc, let context = unsafe context
          else { return 0 }
          let frames = unsafe context.assumingMemoryBound(to: [String].self)
          let description = unsafe String(cString: text)
          if unsafe frames.pointee.count < 4, unsafe frames.pointee.last != description {
            unsafe frames.pointee.append(description)
          }
          return 0
        }, frames)
    }
    return frames
  }

  /// What is wrong when the library's own file locking is what failed.
  private func lockingError(_ story: String) -> StoreError? {
    if story.contains("already open for write") || story.contains("consistency flags") {
      return StoreError(
        .busy, "the file is marked as open for writing (libhdf5 says: \(story))",
        remedy: "let its writer close it; after a writer that died, run h5clear -s on it")
    }
    guard story.contains("unable to lock file") || story.contains("unable to flock") else { return nil }
    return StoreError(
      .system, "the file system does not let libhdf5 lock the file (libhdf5 says: \(story))",
      remedy: "set the environment variable HDF5_USE_FILE_LOCKING=FALSE")
  }
}

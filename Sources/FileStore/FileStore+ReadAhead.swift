internal import ImageStoreCore
internal import ImageStoreSupport

extension FileStore {
  /// Opens the files and lets the system read them. Opening a file may itself wait for the disk, so
  /// several threads announce more than one file.
  public func willRead(_ indices: Span<Int>) {
    var path: [UInt8] = []
    for position in indices.indices where indices[position] >= 0 && indices[position] < count {
      contents.paths.write(indices[position], to: &path)
      unsafe path.withUnsafeBytes {
        unsafe folder.request($0.assumingMemoryBound(to: CChar.self).baseAddress!)
      }
    }
  }

  /// By the first bytes of a sample of 32 files.
  public func residentShare() -> Double {
    let samples = min(32, count)
    guard samples > 0 else { return 1 }
    var path: [UInt8] = []
    var resident = 0
    for sample in 0..<samples {
      contents.paths.write(sample * count / samples, to: &path)
      let isResident = unsafe path.withUnsafeBytes {
        unsafe folder.isResident($0.assumingMemoryBound(to: CChar.self).baseAddress!)
      }
      if isResident { resident += 1 }
    }
    return Double(resident) / Double(samples)
  }
}

extension FileStore: FilePerImageStore {}

import StoreIO

/// What files take on the disk.
struct Sizes {
  let apparent: Int
  let allocated: Int

  init(of path: String) throws {
    (apparent, allocated) = try FileSystem.bytesOnDisk(path)
  }
}

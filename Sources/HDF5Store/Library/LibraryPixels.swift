import CImageStoreHDF5
import ImageStoreCore
import ImageStoreSupport

/// Images that only the library can read: through filters other than deflate, shuffle and Fletcher-32, or
/// with an index of chunks that this package leaves to it. One thread at a time, under the lock.
struct LibraryPixels: Sendable {
  let file: LibraryFile
  let name: String
  let shape: DatasetShape
  /// Bytes that the chunks of one image take once decoded, so that the library's cache holds them all.
  let cacheByteCount: Int
  /// Whether Fletcher-32 is among the filters; the library checks it.
  let hasFletcher32: Bool

  /// Reads images, or a region of each, into memory, their samples in the machine's byte order.
  func read(
    _ plan: borrowing GatherPlan, into memory: UnsafeMutableRawBufferPointer
  ) throws(StoreError) {
    guard plan.count > 0 else { return }
    let indices = plan.indices
    var order = Array(0..<indices.count)
    order.sort { (indices[$0], $0) < (indices[$1], $1) }
    try file.withFile { (session, file) throws(StoreError) in
      let dataset = try session.openDataset(name, in: file, cacheByteCount: cacheByteCount)
      let space = try session.handle(H5Dget_space(dataset.id), "reading its shape")
      var extent = hsize_t(plan.layout[order[0]].sampleCount)
      let target = try session.handle(
        unsafe H5Screate_simple(1, &extent, nil), "preparing to read images")
      let type = try session.memoryType(of: dataset, shape.format.elementType)
      for position in order {
        let index = indices[position]
        let region = plan.region(at: position)
        let start = [index, region.row, region.column, 0]
        let count = [1, region.height, region.width, shape.format.channels]
        let starts = shape.dimensions.map { hsize_t(start[$0]) }
        let counts = shape.dimensions.map { hsize_t(count[$0]) }
        do throws(StoreError) {
          try session.check(
            unsafe H5Sselect_hyperslab(space.id, H5S_SELECT_SET, starts, nil, counts, nil),
            "selecting it")
          let samples = hsize_t(plan.layout[position].sampleCount)
          if samples != extent {
            extent = samples
            try session.check(
              unsafe H5Sset_extent_simple(target.id, 1, &extent, nil), "preparing to read an image")
          }
          let slot = unsafe memory.baseAddress! + plan.byteRange(of: position).lowerBound
          try session.check(
            unsafe H5Dread(dataset.id, type.id, target.id, space.id, CHDF5_default(), slot), "reading it")
        } catch {
          throw error.at(image: index, key: name)
        }
      }
    }
  }
}

/// A store that keeps a CRC-32 of each image's pixels.
package protocol ChecksummedStore: ImageStore {
  /// The CRC-32 of each image's pixels as they were written, nil for an image that has none; nil if
  /// there are none at all.
  func pixelChecksums() throws(StoreError) -> [UInt32?]?
}

extension ImageStore {
  /// The CRC-32 that the store has of each image's pixels, as Python's
  /// `zlib.crc32(image.tobytes())` gives it; nil for an image without one.
  ///
  /// The checksums are from when the images were written, and nothing is compared with them here:
  /// ``verify(_:)`` does that. LMDB and HDF5 keep them. Other formats have checksums of other
  /// bytes, such as a file's or those of packed bits, and so have the layouts of encoded images;
  /// these give nil.
  ///
  /// - Throws: what reading them throws.
  public func checksums() throws(StoreError) -> [UInt32?] {
    let none = [UInt32?](repeating: nil, count: count)
    if let store = self as? any ChecksummedStore { return try store.pixelChecksums() ?? none }
    if let store = self as? ConcatenatedStore {
      var all: [UInt32?] = []
      for store in store.stores { all += try store.checksums() }
      return all
    }
    guard let store = self as? any PixelKeepingWrapper, count > 0 else { return none }
    let ofBase = try store.base.checksums()
    var own: [UInt32?] = []
    own.reserveCapacity(count)
    try store.withBaseIndices(Array(0..<count).span) { (indices) in
      for position in indices.indices { own.append(ofBase[indices[position]]) }
    }
    return own
  }
}

package import ImageStoreCore
package import ImageStoreTesting

extension ModelImages {
  /// What a store says that is not so, or nil if it has just these images.
  ///
  /// Class names are of no store without images.
  package func difference(from store: any ImageStore) throws(StoreError) -> String? {
    guard store.count == count else { return "\(store.count) images instead of \(count)" }
    guard try store.labels() == labels else { return "other labels" }
    guard store.columnNames == columns.keys.sorted() else { return "other columns \(store.columnNames)" }
    guard store.classNames == classNames else { return "other class names" }
    for (name, column) in columns {
      guard try store.column(name) == column else { return "other values of \(name)" }
    }
    for index in 0..<count {
      guard try store.format(at: index) == formats[index] else { return "image \(index) of another format" }
    }
    var wrong: Int?
    try store.forEachImage(0..<count) { (position, format, pixels) throws(StoreError) in
      let isSame =
        format == formats[position] && pixels.byteCount == self.pixels[position].count
        && [UInt8](copying: pixels) == self.pixels[position]
      if wrong == nil, !isSame { wrong = position }
    }
    if let wrong { return "image \(wrong) has other pixels" }
    if let format = uniformFormat {
      // The other way of reading.
      guard store.format == format else { return "another format" }
      let batch = try store.read(Array((0..<count).reversed()))
      guard [UInt8](copying: batch.pixels) == gather(Array((0..<count).reversed())) else {
        return "other pixels in a batch"
      }
    }
    return nil
  }
}

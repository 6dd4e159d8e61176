import ImageStoreCore
import ImageStoreNumPy
import ImageStoreSupport

extension ZipArchive {
  /// The kinds of encoded images in this package's index.
  ///
  /// - Throws: ``StoreError/Code/corrupt`` if it is missing, or has another number of images.
  func kinds(count: Int) throws(StoreError) -> [StoredKind] {
    let name = NPZContents.shapesEntry
    do throws(StoreError) {
      guard let entry = directory.entry(named: name) else {
        throw StoreError(.corrupt, "the archive has encoded images, but this array is missing")
      }
      // A header and 16 bytes for each image; an archive has a directory record of more than that for each.
      let bytes = try contents(of: entry, limit: 16 * count + 4096)
      return try unsafe bytes.span.withUnsafeBytes { (bytes) throws(StoreError) in
        let header = try unsafe NPYHeader(parsing: RawSpan(_unsafeBytes: bytes))
        guard header.type == NPYType(.unsignedInteger, byteCount: 4), !header.isFortranOrder,
          header.shape == [count, 4]
        else {
          throw StoreError(
            .corrupt,
            "an array \(header.shapeDescription) of \(header.type)\(header.isFortranOrder ? " in Fortran order" : "") does not fit \(count) encoded images"
          )
        }
        let data = try unsafe header.data(in: bytes)
        var kinds: [StoredKind] = []
        kinds.reserveCapacity(count)
        for image in 0..<count {
          let numbers = (0..<4).map {
            unsafe data.loadUnaligned(fromByteOffset: image * 16 + $0 * 4, as: UInt32.self)
          }
          do throws(StoreError) {
            let kind = try StoredKind(
              height: Int(numbers[0]), width: Int(numbers[1]), channels: Int(numbers[2]), kind: numbers[3])
            guard kind.codec > 0 else {
              throw StoreError(.corrupt, "an image of pixels is among encoded images")
            }
            kinds.append(kind)
          } catch {
            throw error.at(image: image)
          }
        }
        return kinds
      }
    } catch {
      throw error.at(path: path, key: name)
    }
  }
}

extension [StoredKind] {
  /// The index of these images.
  var npyBytes: [UInt8] {
    var bytes = NPYHeader(NPYType(.unsignedInteger, byteCount: 4), shape: [count, 4]).bytes
    for kind in self {
      for number in kind.numbers {
        unsafe Swift.withUnsafeBytes(of: number) { unsafe bytes.append(contentsOf: $0) }
      }
    }
    return bytes
  }
}

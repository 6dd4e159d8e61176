package import ImageStoreCore

extension NPYHeader {
  /// How many bytes of a file tell how long its header is.
  package static let prefixByteCount = 12

  /// Where the data of an array begins, from the first bytes of its file.
  ///
  /// - Parameter prefix: at least the first ``prefixByteCount`` bytes, or all bytes if there are fewer.
  /// - Throws: ``StoreError/Code/unrecognized`` if they are not of a `.npy` file;
  ///   ``StoreError/Code/unsupported`` for a format version after 3;
  ///   ``StoreError/Code/limitExceeded`` for a header longer than numpy itself reads.
  package static func dataOffset(prefix: RawSpan) throws(StoreError) -> Int {
    try unsafe prefix.withUnsafeBytes { (bytes) throws(StoreError) -> Int in
      guard unsafe bytes.starts(with: magic) else {
        throw StoreError(.unrecognized, "this is not a .npy array: the first bytes are not \\x93NUMPY")
      }
      guard bytes.count >= prefixByteCount else {
        throw StoreError(.corrupt, "the .npy header is cut short after \(bytes.count) bytes")
      }
      let major = unsafe bytes[6]
      guard unsafe (1...3).contains(major) && bytes[7] == 0 else {
        throw unsafe StoreError(
          .unsupported, "the .npy format version \(major).\(bytes[7]) is not read",
          remedy: "save it with numpy 1 or 2")
      }
      let start = major == 1 ? 10 : 12
      let length = unsafe bytes[8..<start].reversed().reduce(0) { $0 << 8 | Int($1) }
      guard length <= maximumTextByteCount else {
        throw StoreError(
          .limitExceeded, "the .npy header has \(length) bytes",
          remedy: "numpy's own limit is \(maximumTextByteCount)")
      }
      return start + length
    }
  }

  /// Reads the header that bytes begin with.
  ///
  /// - Parameter file: the bytes of a file from its start, at least as many as the header has.
  /// - Throws: as ``dataOffset(prefix:)``; ``StoreError/Code/corrupt`` for headers that numpy does
  ///   not write; ``StoreError/Code/unsupported`` for arrays of objects, of records and other
  ///   types; ``StoreError/Code/limitExceeded`` for shapes beyond memory.
  package init(parsing file: RawSpan) throws(StoreError) {
    let dataOffset = try Self.dataOffset(prefix: file)
    guard file.byteCount >= dataOffset else {
      throw StoreError(
        .corrupt, "the .npy header is cut short: \(file.byteCount) of \(dataOffset) bytes")
    }
    let text = unsafe file.withUnsafeBytes { file in
      unsafe [UInt8](file[(file[6] == 1 ? 10 : 12)..<dataOffset])
    }
    var parser = NPYHeaderParser(text)
    let fields = try parser.parse()
    try self.init(
      type: NPYType(descr: fields.descr), isFortranOrder: fields.isFortranOrder,
      shape: fields.shape, dataOffset: dataOffset)
  }
}

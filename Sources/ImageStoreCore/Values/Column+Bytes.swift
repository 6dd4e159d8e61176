extension Column {
  /// Bytes of any number for each image, such as an encoded thumbnail, a hash or a record of another library.
  ///
  ///     let hashes = Column.Bytes([[0xCA, 0xFE], [], [0x01]])
  ///     print(hashes.count, hashes[0])  // 3 [202, 254]
  ///
  /// All bytes are in one array, image after image. As a collection it has the bytes of each image.
  public struct Bytes: Hashable, Sendable {
    /// The bytes of all images, one image after another.
    public private(set) var values: [UInt8]
    /// Where the bytes of each image begin, and after the last where they end: one number more than
    /// there are images.
    public private(set) var offsets: [Int]

    /// Bytes of no images.
    public init() {
      values = []
      offsets = [0]
    }

    /// Bytes from one sequence per image.
    public init(_ values: some Sequence<some Sequence<UInt8>>) {
      var (bytes, offsets) = ([UInt8](), [0])
      for value in values {
        bytes.append(contentsOf: value)
        offsets.append(bytes.count)
      }
      self.values = bytes
      self.offsets = offsets
    }

    /// Bytes that are in one array.
    ///
    /// - Parameters:
    ///   - values: the bytes of all images, one image after another.
    ///   - offsets: where those of each begin, and after the last where they end.
    /// - Throws: ``StoreError/Code/invalidArgument`` if the offsets do not rise from 0 to the
    ///   number of bytes.
    public init(_ values: [UInt8], offsets: [Int]) throws(StoreError) {
      var isRising = offsets.first == 0 && offsets.last == values.count
      for position in offsets.indices.dropFirst() where offsets[position] < offsets[position - 1] {
        isRising = false
      }
      guard isRising else {
        throw StoreError(
          .invalidArgument,
          "the offsets of the bytes must rise from 0 to \(values.count), the number of bytes"
        )
      }
      self.values = values
      self.offsets = offsets
    }

    /// Appends the bytes of one image.
    public mutating func append(_ value: some Sequence<UInt8>) {
      values.append(contentsOf: value)
      offsets.append(values.count)
    }

    /// Appends the bytes of further images.
    public mutating func append(contentsOf other: Bytes) {
      let start = values.count
      values += other.values
      offsets.reserveCapacity(offsets.count + other.count)
      for offset in other.offsets.dropFirst() { offsets.append(start + offset) }
    }

    func gathering(_ indices: [Int]) -> Bytes {
      var gathered = Bytes()
      gathered.offsets.reserveCapacity(indices.count + 1)
      gathered.values.reserveCapacity(indices.reduce(0) { $0 + offsets[$1 + 1] - offsets[$1] })
      for index in indices { gathered.append(self[index]) }
      return gathered
    }
  }
}

extension Column.Bytes: RandomAccessCollection {
  /// 0.
  public var startIndex: Int { 0 }
  /// The number of images.
  public var endIndex: Int { offsets.count - 1 }

  /// The bytes of one image.
  public subscript(position: Int) -> ArraySlice<UInt8> { values[offsets[position]..<offsets[position + 1]] }
}

extension Column {
  /// Where the bytes of each image begin and end, which formats keep in an array of its own; nil
  /// for columns of another kind.
  package var offsets: [Int]? { if case .bytes(let bytes) = self { bytes.offsets } else { nil } }
}

extension Column {
  /// A column from the bytes and offsets of a file.
  ///
  /// - Throws: ``StoreError/Code/corrupt`` for offsets that do not fit the bytes.
  package static func stored(_ values: [UInt8], offsets: [Int]) throws(StoreError) -> Column {
    do throws(StoreError) {
      return .bytes(try Bytes(values, offsets: offsets))
    } catch {
      throw StoreError(.corrupt, error.message)
    }
  }

  /// Text as the bytes of its UTF-8.
  package var utf8: Column {
    if case .string(let texts) = self { .bytes(Bytes(texts.lazy.map(\.utf8))) } else { self }
  }
}

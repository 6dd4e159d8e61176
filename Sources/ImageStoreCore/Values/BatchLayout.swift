/// How images are laid out one after another in memory: their formats and where each begins.
public struct BatchLayout: Sendable, Hashable {
  private enum Storage: Hashable {
    case uniform(ImageFormat, count: Int)
    /// `offsets` has one more element than `formats`: the last is the end.
    case mixed(formats: [ImageFormat], offsets: [Int])
  }
  private let storage: Storage

  private init(storage: Storage) { self.storage = storage }

  /// `count` images of one format.
  ///
  /// - Precondition: the images together take fewer than 2^63 bytes.
  public init(_ format: ImageFormat, count: Int) {
    precondition(count >= 0 && count <= Int.max / format.byteCount)
    self.init(storage: .uniform(format, count: count))
  }

  /// Images that each have a format of their own.
  public init(_ formats: [ImageFormat]) {
    if let first = formats.first, formats.allSatisfy({ $0 == first }) {
      self.init(first, count: formats.count)
      return
    }
    var offsets: [Int] = []
    offsets.reserveCapacity(formats.count + 1)
    var end = 0
    for format in formats {
      offsets.append(end)
      end += format.byteCount
    }
    offsets.append(end)
    self.init(storage: .mixed(formats: formats, offsets: offsets))
  }

  /// How many images there are.
  public var count: Int {
    switch storage {
    case .uniform(_, let count): count
    case .mixed(let formats, _): formats.count
    }
  }

  /// The format of all images, or nil if they differ (or there are none and no format is known).
  public var uniformFormat: ImageFormat? {
    switch storage {
    case .uniform(let format, _): format
    case .mixed: nil
    }
  }

  /// The bytes that all images take together.
  public var byteCount: Int {
    switch storage {
    case .uniform(let format, let count): format.byteCount * count
    case .mixed(_, let offsets): offsets[offsets.count - 1]
    }
  }

  /// The format of an image.
  ///
  /// - Precondition: `position` is in `0..<count`.
  public subscript(position: Int) -> ImageFormat {
    precondition(position >= 0 && position < count, "no image at position \(position)")
    return switch storage {
    case .uniform(let format, _): format
    case .mixed(let formats, _): formats[position]
    }
  }

  /// The range of bytes of an image.
  ///
  /// - Precondition: `position` is in `0..<count`.
  public func byteRange(of position: Int) -> Range<Int> {
    precondition(position >= 0 && position < count, "no image at position \(position)")
    switch storage {
    case .uniform(let format, _):
      let start = position * format.byteCount
      return start..<start + format.byteCount
    case .mixed(_, let offsets):
      return offsets[position]..<offsets[position + 1]
    }
  }
}

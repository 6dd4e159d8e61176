/// How an image is resized.
///
/// Images are reduced as Pillow does it, with every pixel taking part (antialiased); the rule is in
/// Docs/Resizing.md to the bit.
public enum Resizing: Sendable, Hashable, Codable {
  /// The shorter side becomes that long, the longer one in proportion, rounded down: what
  /// torchvision's `Resize(size)` does.
  case shorterSide(Int)
  /// Scaled to cover the size in both directions, then cropped to its middle: torchvision's
  /// `Resize` and `CenterCrop`.
  case fill(height: Int, width: Int)
  /// Scaled to fit into the size, in the middle of it, with zeros around.
  case fit(height: Int, width: Int)
  /// Exactly the size, without keeping proportions: Pillow's `resize`.
  case stretch(height: Int, width: Int)
}

/// How a pixel of a resized image is calculated.
public enum ResizeFilter: String, Sendable, Hashable, Codable, CaseIterable {
  /// The pixel nearest to its middle, unchanged: for masks, whose values are numbers of classes.
  case nearest
  /// A triangle over the pixels it covers, and at least over two in each direction.
  case bilinear
  /// A cubic (a = -0.5) over twice as many; sharper, and beyond the samples' range at edges, where
  /// it is clipped.
  case bicubic
}

extension Resizing {
  /// The format of an image after resizing.
  ///
  /// - Throws: ``StoreError/Code/invalidArgument`` for a size that is not positive;
  ///   ``StoreError/Code/limitExceeded`` for more bytes than an image has.
  public func resized(_ format: ImageFormat) throws(StoreError) -> ImageFormat {
    let plan = try plan(format)
    return try ImageFormat(
      validating: plan.window.height, width: plan.window.width, channels: format.channels,
      elementType: format.elementType)
  }

  /// The request to a resampler that resizes a whole image in this way.
  ///
  /// - Throws: as ``resized(_:)``.
  package func request(
    for format: ImageFormat, filter: ResizeFilter
  ) throws(StoreError) -> ResampleRequest {
    let plan = try plan(format)
    return ResampleRequest(
      region: ImageRegion(wholeOf: format), height: plan.height, width: plan.width, window: plan.window,
      filter: filter)
  }

  /// Checks the sizes themselves.
  package func validate() throws(StoreError) {
    let (height, width) = size
    guard height > 0, width > 0 else {
      throw StoreError(
        .invalidArgument, "images cannot be resized to \(height)x\(width)", remedy: "give sizes of 1 or more")
    }
    _ = try ImageFormat(validating: height, width: width, channels: 1, elementType: .uint8)
  }

  /// The stated size; for ``shorterSide(_:)`` that side, twice.
  private var size: (height: Int, width: Int) {
    switch self {
    case .shorterSide(let side): (side, side)
    case .fill(let height, let width), .fit(let height, let width), .stretch(let height, let width):
      (height, width)
    }
  }

  /// The size of the whole resized image, and the window of it that is delivered.
  private func plan(
    _ format: ImageFormat
  ) throws(StoreError) -> (height: Int, width: Int, window: ImageRegion) {
    try validate()
    let (height, width) = size
    // The products are below 2^74; what they are divided by is positive.
    let isWide = Self.isProduct(height, format.width, over: width, format.height)
    switch self {
    case .shorterSide(let side):
      let isPortrait = format.height >= format.width
      let rows = isPortrait ? try Self.scaled(side, format.height, format.width) : side
      let columns = isPortrait ? side : try Self.scaled(side, format.width, format.height)
      return (rows, columns, ImageRegion(row: 0, column: 0, height: rows, width: columns))
    case .fill:
      let columns = isWide ? try Self.scaled(height, format.width, format.height) : width
      let rows = isWide ? height : try Self.scaled(width, format.height, format.width)
      let window = ImageRegion(
        row: Self.half(rows - height), column: Self.half(columns - width), height: height, width: width)
      return (rows, columns, window)
    case .fit:
      let columns = isWide ? width : max(1, try Self.scaled(height, format.width, format.height))
      let rows = isWide ? max(1, try Self.scaled(width, format.height, format.width)) : height
      let window = ImageRegion(
        row: -((height - rows) / 2), column: -((width - columns) / 2), height: height, width: width)
      return (rows, columns, window)
    case .stretch:
      return (height, width, ImageRegion(row: 0, column: 0, height: height, width: width))
    }
  }

  /// `side * length / other`, rounded down.
  private static func scaled(_ side: Int, _ length: Int, _ other: Int) throws(StoreError) -> Int {
    let product = side.multipliedFullWidth(by: length)
    guard product.high < other else {
      throw StoreError(.limitExceeded, "a side of \(length) pixels resized by \(side)/\(other) is too large")
    }
    let quotient = other.dividingFullWidth(product).quotient
    guard quotient <= ImageFormat.maximumByteCount else {
      throw StoreError(
        .limitExceeded, "a side of \(quotient) pixels is too large",
        remedy: "give a smaller size, or crop first")
    }
    return quotient
  }

  private static func isProduct(_ a: Int, _ b: Int, over c: Int, _ d: Int) -> Bool {
    let (first, second) = (a.multipliedFullWidth(by: b), c.multipliedFullWidth(by: d))
    return (first.high, first.low) > (second.high, second.low)
  }

  /// Half of a number from 0 on, rounded half to even, as Python rounds.
  private static func half(_ value: Int) -> Int {
    value / 2 + (value % 4 == 3 ? 1 : 0)
  }
}

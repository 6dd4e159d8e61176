package import ImageStoreCore

/// How images lie in an array: the format of each and the distance between neighbours.
package struct NPYImages: Sendable, Hashable {
  package let format: ImageFormat
  /// How many images the array holds.
  package let count: Int
  /// From one image, row, pixel or sample to the next, in bytes.
  package let imageStride, rowStride, pixelStride, sampleStride: Int
  /// Whether samples stand in the other byte order than the machine's.
  package let isSwapped: Bool

  /// Whether the bytes of an image are those a store delivers, one after another.
  package var isDirect: Bool {
    !isSwapped && sampleStride == format.elementType.byteCount && pixelStride == format.bytesPerPixel
      && rowStride == format.bytesPerRow
  }

  /// An array that is one image: (height, width) or (height, width, channels).
  ///
  /// - Throws: ``StoreError/Code/unsupported`` for another number of dimensions and for types no image
  ///   has; ``StoreError/Code/limitExceeded`` for sizes no image has.
  package init(imageOf header: NPYHeader) throws(StoreError) {
    guard header.shape.count == 2 || header.shape.count == 3 else {
      throw StoreError(
        .unsupported, "an array of the shape \(header.shapeDescription) as an image",
        remedy: "images are (height, width) or (height, width, channels)")
    }
    try self.init(header, shape: [1] + header.shape)
  }

  /// An array of images: (count, height, width) or (count, height, width, channels).
  ///
  /// - Throws: as ``init(imageOf:)``.
  package init(imagesOf header: NPYHeader) throws(StoreError) {
    guard header.shape.count == 3 || header.shape.count == 4 else {
      throw StoreError(
        .unsupported, "an array of the shape \(header.shapeDescription) as images",
        remedy: "images are (count, height, width) or (count, height, width, channels)")
    }
    try self.init(header, shape: header.shape)
  }

  private init(_ header: NPYHeader, shape: [Int]) throws(StoreError) {
    guard let elementType = header.type.elementType else {
      throw StoreError(
        .unsupported, "an array of '\(header.type.description)' as images",
        remedy: "images are bool, uint8, uint16, a signed integer or a float")
    }
    count = shape[0]
    format = try ImageFormat(
      validating: shape[1], width: shape[2], channels: shape.count == 4 ? shape[3] : 1,
      elementType: elementType)
    isSwapped = header.type.isSwapped
    if header.isFortranOrder {
      imageStride = elementType.byteCount
      rowStride = imageStride * count
      pixelStride = rowStride * format.height
      sampleStride = pixelStride * format.width
    } else {
      sampleStride = elementType.byteCount
      pixelStride = format.bytesPerPixel
      rowStride = format.bytesPerRow
      imageStride = format.byteCount
    }
  }
}

extension NPYHeader {
  /// The shape as Python prints it.
  package var shapeDescription: String {
    "(" + shape.map(String.init).joined(separator: ", ") + (shape.count == 1 ? ",)" : ")")
  }
}

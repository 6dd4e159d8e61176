import ImageStoreCore

/// How the dimensions of a dataset are those of images.
struct ImageShape: Sendable {
  /// Images, rows, columns and channels, where the dataset has fewer dimensions with a 1.
  let extents: [Int]
  /// Which of these the dataset has, in its order.
  let dimensions: [Int]
  let format: ImageFormat

  var count: Int { extents[0] }

  /// Reads a shape as (N,H,W,C), (N,H,W), or, where the dataset is known to be one image, (H,W,C) or (H,W).
  ///
  /// - Throws: ``StoreError/Code/unsupported`` for other shapes and element types.
  init(_ dataset: DatasetDescription, isSingle: Bool) throws(StoreError) {
    guard let elementType = dataset.type?.elementType else {
      throw StoreError(
        .unsupported, "samples of the type \(dataset.type?.name ?? "of no number")",
        remedy: "images have \(ElementType.allCases.map(\.name).joined(separator: ", "))", key: dataset.name)
    }
    let shape = dataset.shape
    switch (shape.count, isSingle) {
    case (4, _): dimensions = [0, 1, 2, 3]
    case (3, false): dimensions = [0, 1, 2]
    case (3, true): dimensions = [1, 2, 3]
    case (2, _): dimensions = [1, 2]
    default:
      throw StoreError(
        .unsupported, "the shape \(dataset.shapeText) is none of images",
        remedy: "give a dataset of (N,H,W,C), (N,H,W), (H,W,C) or (H,W)", key: dataset.name)
    }
    var extents = [1, 1, 1, 1]
    for (dimension, extent) in zip(dimensions, shape) { extents[dimension] = extent }
    self.extents = extents
    do throws(StoreError) {
      format = try ImageFormat(
        validating: extents[1], width: extents[2], channels: extents[3], elementType: elementType)
    } catch {
      throw error.at(key: dataset.name)
    }
  }

  /// Numbers of a dataset's dimensions, such as the extent of its chunks, with a 1 where it has none.
  func padded(_ numbers: [Int]) -> [Int] {
    var padded = [1, 1, 1, 1]
    for (dimension, number) in zip(dimensions, numbers) { padded[dimension] = number }
    return padded
  }
}

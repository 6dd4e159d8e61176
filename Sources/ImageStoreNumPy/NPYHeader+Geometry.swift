package import ImageStoreCore
package import ImageStoreSupport

extension NPYHeader {
  /// How the images of an array are laid out in it.
  ///
  /// - Throws: as ``ArrayGeometry``, and ``StoreError/Code/unsupported`` for types no image has.
  package func geometry(
    _ contents: ArrayGeometry.Contents = .images, _ description: StoreDescription = StoreDescription()
  ) throws(StoreError) -> ArrayGeometry {
    try ArrayGeometry(
      shape: shape, isFortranOrder: isFortranOrder, elementType: type.imageElementType(),
      isSwapped: type.isSwapped, contents, description)
  }

  /// The shape as Python prints it.
  package var shapeDescription: String { ArrayGeometry.text(shape) }
}

extension NPYType {
  /// The type of pixels this is.
  ///
  /// - Throws: ``StoreError/Code/unsupported`` for types no image has.
  package func imageElementType() throws(StoreError) -> ElementType {
    guard let elementType else {
      throw StoreError(
        .unsupported, "an array of the type '\(description)' cannot be images",
        remedy: "images are bool, integers or floats; convert it with numpy's astype")
    }
    return elementType
  }
}

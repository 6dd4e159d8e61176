package import ImageStoreCore

/// JPEG among the codecs of encoded images. It is always there, so that a JPEG is known for one; what decodes it is there
/// with the trait `JPEG` alone.
package struct JPEG: ImageCodec {
  package let name = "JPEG"
  package let number: UInt8 = 2
  package let fileSuffixes = ["jpg", "jpeg", "jpe"]

  package init() {}

  package func recognizes(_ head: RawSpan) -> Bool {
    guard head.byteCount >= 3 else { return false }
    return unsafe head.unsafeLoad(fromByteOffset: 0, as: UInt8.self) == 0xFF
      && head.unsafeLoad(fromByteOffset: 1, as: UInt8.self) == 0xD8
      && head.unsafeLoad(fromByteOffset: 2, as: UInt8.self) == 0xFF
  }

  package func makeDecoder() throws(StoreError) -> any ImageDecoder {
    throw .missingTrait("JPEG", "a JPEG")
  }
}

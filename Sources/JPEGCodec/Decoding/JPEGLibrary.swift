#if JPEG
import CImageStoreJPEG
import ImageStoreCore

/// libjpeg's decoder, made for the first image.
///
/// Invariant behind `@unchecked Sendable` and `@safe`: the value alone holds the library's state.
@safe struct JPEGLibrary: ~Copyable, @unchecked Sendable {
  private var state: OpaquePointer?

  deinit { unsafe image_jpeg_decoder_free(state) }

  /// Decodes a file, or a region of it.
  mutating func decode(_ request: image_jpeg_request) throws(StoreError) -> image_jpeg_result {
    if unsafe state == nil { unsafe state = image_jpeg_decoder_make() }
    guard let state = unsafe state else {
      throw StoreError(
        .limitExceeded, "libjpeg could not create a decoder",
        remedy: "free memory, or build with the headers of the library that is installed")
    }
    return unsafe withUnsafePointer(to: request) { unsafe image_jpeg_decode(state, $0) }
  }
}

extension image_jpeg_result {
  /// The library's message.
  var text: String {
    unsafe withUnsafeBytes(of: message) { bytes in
      unsafe String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
    }
  }

  /// The error of a call that failed.
  var error: StoreError? {
    switch status {
    case IMAGE_JPEG_OK: nil
    case IMAGE_JPEG_UNSUPPORTED:
      StoreError(.unsupported, "libjpeg does not decode this JPEG: \(text)", remedy: "convert it to PNG")
    case IMAGE_JPEG_LIMIT: StoreError(.limitExceeded, "the JPEG takes too much memory: \(text)")
    default: StoreError(.corrupt, "the JPEG is damaged: \(text)", remedy: "get it again")
    }
  }
}
#endif

import ImageStoreCore
import ImageStoreTesting
import Testing

/// Images for tests, in memory.
enum Samples {
  static let format = ImageFormat(height: 4, width: 6, channels: 3)

  /// Labeled noise of one format.
  static func uniform(_ count: Int, seed: UInt64 = 1, format: ImageFormat = format) -> ModelImages {
    var synthetic = SyntheticImages(seed: seed)
    return synthetic.uniform(format, count: count)
  }

  /// Labeled noise of different sizes.
  static func mixed(_ count: Int, seed: UInt64 = 1) -> ModelImages {
    var synthetic = SyntheticImages(seed: seed)
    return synthetic.mixed(format, count: count)
  }

  static func store(_ images: ModelImages) throws -> InMemoryStore {
    try InMemoryStore(copying: ModelStore(images))
  }

  static func bytes(of batch: borrowing ImageBatch) -> [UInt8] {
    unsafe batch.pixels.withUnsafeBytes { unsafe [UInt8]($0) }
  }
}

/// Checks that a call throws a `StoreError` of a code, and returns it.
@discardableResult
func expectError(
  _ code: StoreError.Code, sourceLocation: SourceLocation = #_sourceLocation, _ body: () throws -> Void
) -> StoreError? {
  let error = #expect(throws: StoreError.self, sourceLocation: sourceLocation, performing: body)
  #expect(error?.code == code, sourceLocation: sourceLocation)
  return error
}

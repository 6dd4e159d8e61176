/// A store that checks the checksum of every image before it reads it.
///
///     let train = try LMDBStore(at: "train.lmdb").verifyingReads()
///
/// If pixels are mapped, that is one more pass over them; if a format checks them as it decodes, it
/// costs nothing. Images without a checksum are read without a check:
/// ``ImageStore/checksumCoverage`` says whether there are any.
public struct VerifyingStore: StoreWrapper {
  public let base: any ImageStore

  init(_ base: any ImageStore) { self.base = base }

  public func read(
    _ indices: Span<Int>, regions: Span<ImageRegion>, into destination: inout OutputRawSpan
  ) throws(StoreError) {
    try base.verify(indices)
    try base.read(indices, regions: regions, into: &destination)
  }

  public func forEachImage(
    _ indices: Span<Int>,
    _ body: (_ position: Int, _ format: ImageFormat, _ pixels: RawSpan) throws(StoreError) -> Void
  ) throws(StoreError) {
    try base.verify(indices)
    try base.forEachImage(indices, body)
  }
}

extension ImageStore {
  /// This store with the checksum of every image checked when it is read.
  public func verifyingReads() -> VerifyingStore { VerifyingStore(self) }
}

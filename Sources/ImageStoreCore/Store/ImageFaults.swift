/// The images of a store that cannot be read, and why.
///
///     let faults = try store.findFaults()
///     let whole = try store.subset(faults.intactIndices)
public struct ImageFaults: Sendable, Hashable {
  /// An image that cannot be read.
  public struct Fault: Sendable, Hashable {
    /// The index of the image.
    public let index: Int
    /// What is wrong with it.
    public let error: StoreError
  }

  /// The number of images examined: all images of the store.
  public let imageCount: Int
  /// The images that cannot be read, in the order of their indices.
  public internal(set) var faults: [Fault] = []

  /// Whether all images can be read.
  public var isEmpty: Bool { faults.isEmpty }

  /// The indices of the images that can be read.
  public var intactIndices: [Int] {
    let broken = Set(faults.map(\.index))
    return (0..<imageCount).filter { !broken.contains($0) }
  }
}

extension ImageStore {
  /// Reads every image, and continues after an image that cannot be read.
  ///
  /// - Parameters:
  ///   - comparingChecksums: whether images must also agree with the store's checksums.
  ///   - progress: called from time to time with the number of images examined.
  /// - Returns: the images that cannot be read.
  /// - Throws: ``StoreError/Code/busy`` if the store changes in the meantime; then nothing is known
  ///   of any image.
  public func findFaults(
    comparingChecksums: Bool = false, progress: (_ checked: Int) -> Void = { _ in }
  ) throws(StoreError) -> ImageFaults {
    var result = ImageFaults(imageCount: count)
    let step = 256
    for start in stride(from: 0, to: count, by: step) {
      let end = min(start + step, count)
      do throws(StoreError) {
        try check(Array(start..<end), comparingChecksums)
      } catch {
        guard error.code != .busy else { throw error }
        for index in start..<end {
          do throws(StoreError) {
            try check([index], comparingChecksums)
          } catch {
            guard error.code != .busy else { throw error }
            result.faults.append(ImageFaults.Fault(index: index, error: error.at(image: index)))
          }
        }
      }
      progress(end)
    }
    return result
  }

  private func check(_ indices: [Int], _ comparingChecksums: Bool) throws(StoreError) {
    if comparingChecksums { try verify(indices.span) }
    try forEachImage(indices.span) { (_, _, _) throws(StoreError) in }
  }
}

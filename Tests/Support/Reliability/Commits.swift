import ImageStoreCore
package import ImageStoreTesting

/// The images that each commit to a store adds: known from its number, so that writers, readers and
/// checks in different processes agree without a word.
package struct Commits: Sendable {
  private let format: ImageFormat
  private let isMixed: Bool
  package let imagesPerCommit: Int

  package init(_ backend: Backend, imagesPerCommit: Int) {
    format = backend.format
    isMixed = backend.isMixed
    self.imagesPerCommit = imagesPerCommit
  }

  /// The images of one commit.
  package func images(of commit: Int) -> ModelImages {
    var synthetic = SyntheticImages(seed: UInt64(commit) &* 0x1_0000_0001 &+ 17)
    var images =
      isMixed
      ? synthetic.mixed(format, count: imagesPerCommit) : synthetic.uniform(format, count: imagesPerCommit)
    let indices = commit * imagesPerCommit..<(commit + 1) * imagesPerCommit
    images.columns = [
      "name": .string(indices.map { "photograph, no. \($0)" }),
      "camera": .int64(indices.map { Int64($0) &* 0x0123_4567_89AB }),
      "exposure": .double(indices.map { Double($0) / 7 }),
    ]
    // Written under another name than their own, and of lengths that differ.
    images.columns["crop/box"] = vectors(indices.flatMap { [Int64($0), -Int64($0), 1 << 40, 7] }, width: 4)
    images.columns["preview"] = .bytes(
      Column.Bytes(
        indices.map { index in (0..<index % 5 * 3).map { UInt8(truncatingIfNeeded: index &* 31 &+ $0) } }))
    images.classNames = (0..<10).map { "class \($0)" }
    return images
  }

  /// The images of the first commits.
  package func images(ofFirst count: Int) -> ModelImages {
    var images = ModelImages()
    for commit in 0..<count {
      let next = self.images(of: commit)
      images.append(contentsOf: next)
      images.classNames = next.classNames
    }
    return images
  }
}

private func vectors(_ values: [Int64], width: Int) -> Column {
  do throws(StoreError) {
    return .int64Vectors(try Column.Vectors(values, width: width))
  } catch {
    preconditionFailure("\(error)")
  }
}

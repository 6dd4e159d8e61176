import ImageStoreCore
import StoreIO

extension HDF5Store {
  /// Whether the pixels are deflated.
  var isCompressed: Bool {
    switch source {
    case .chunked(let pixels, _): pixels.pipeline.filters.contains(.deflate)
    case .each(let table): table.kinds.contains { !$0.filters.isEmpty }
    case .mapped, .resident, .constant, .library: false
    }
  }

  /// Checks that the file has nothing but what a store has, since an append writes the file anew.
  ///
  /// - Throws: ``StoreError/Code/unsupported`` naming what would be lost.
  func checkHoldsNothingElse() throws(StoreError) {
    let extra = try libraryFile.withFile { (session, file) throws(StoreError) -> String? in
      let root = try session.rootGroup(of: file)
      let known: Set = [
        DatasetNames.images, DatasetNames.labels, DatasetNames.meta, DatasetNames.columns,
        DatasetNames.checksums, DatasetNames.classNames,
      ]
      let links = try session.links(of: root).map(\.name)
      if let link = links.first(where: { !known.contains($0) }) { return link }
      let attributes = try session.attributeNames(of: root)
      if let name = attributes.first(where: {
        $0 != DatasetNames.classNames && $0 != DatasetNames.formatVersion
      }) {
        return "the attribute \(name)"
      }
      for link in links where link != DatasetNames.checksums && link != DatasetNames.columns {
        guard let object = try session.open(link, in: file) else { continue }
        if let name = try session.attributeNames(of: object).first {
          return "the attribute \(name) of \(link)"
        }
      }
      return nil
    }
    guard let extra else { return }
    throw StoreError(
      .unsupported, "the file has more than a store, which an append would lose: \(extra)",
      remedy: "convert it to a new file first", path: path)
  }
}

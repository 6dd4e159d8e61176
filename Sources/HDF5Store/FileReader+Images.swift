import CImageStoreHDF5
import ImageStoreCore
import ImageStoreSupport

extension FileReader {
  /// Finds the images of a group that has a dataset for each, by rising name.
  func imageTable(
    _ session: borrowing HDF5Session, _ group: borrowing HDF5Handle, name: String
  ) throws(StoreError) -> ImageTable {
    var table = ImageTable()
    let access = try session.linkAccess()
    for link in try session.links(of: group, fileByteCount: file.byteCount) {
      let path = name + "/" + link.name
      do throws(StoreError) {
        guard link.isLocal else {
          throw StoreError(
            .unsupported, "a link that leads out of the file", remedy: "open the file it leads to")
        }
        let object = try session.handle(
          unsafe H5Oopen(group.id, link.name, access.id), "opening it")
        guard H5Iget_type(object.id) == H5I_DATASET else {
          throw StoreError(.unsupported, "something other than a dataset among the images")
        }
        try append(session, object, name: path, to: &table)
      } catch {
        throw error.at(image: table.count, key: path)
      }
    }
    return table
  }

  private func append(
    _ session: borrowing HDF5Session, _ object: borrowing HDF5Handle, name: String, to table: inout ImageTable
  ) throws(StoreError) {
    let dataset = try session.describe(object, name: name, fileByteCount: file.byteCount)
    let shape = try ImageShape(dataset, isSingle: true)
    guard shape.count == 1, let type = dataset.type else {
      throw StoreError(.unsupported, "\(dataset.shapeText) is not the shape of one image")
    }
    func kind(_ filters: [FilterPipeline.Filter]) -> ImageTable.Kind {
      ImageTable.Kind(format: shape.format, type: type, filters: filters)
    }
    switch dataset.layout {
    case .contiguous(let offset): table.append(kind([]), offset: offset, chunkByteCount: 0)
    case .chunked(let extent, let filters):
      if let filters, extent == dataset.shape,
        let entry = try session.chunkTable(object, dataset, extent: extent, in: library, budget)?
          .entries.first,
        entry.offset >= 0, entry.byteCount > 0, entry.filterMask == 0
      {
        guard !filters.filters.isEmpty || Int(entry.byteCount) == shape.format.byteCount else {
          throw StoreError(.corrupt, "a chunk of \(entry.byteCount) bytes for \(shape.format.byteCount)")
        }
        table.append(
          kind(filters.filters), offset: entry.offset,
          chunkByteCount: filters.filters.isEmpty ? 0 : entry.byteCount)
      } else {
        table.append(kind([]), try source(session, object, dataset, shape))
      }
    case .compact, .unwritten, .other:
      table.append(kind([]), try source(session, object, dataset, shape))
    }
  }
}

import CImageStoreHDF5
import ImageStoreCore
import ImageStoreSupport

extension ContentsReader {
  /// Images with one dataset each, with further information from these datasets.
  func members(
    _ session: borrowing HDF5Session, _ handle: borrowing HDF5Handle, _ members: FoundImages.Members,
    _ description: StoreDescription
  ) throws(StoreError) -> HDF5Contents {
    try refuse([.axis], of: description, "the images are a dataset each")
    var contents: HDF5Contents
    var labels = members.labels
    var attributes: FoundLabels?
    if let encoded = try encoded(session, handle, members, description) {
      try refuse([.dimensions, .dtype, .channelOrder], of: description, "the images are encoded")
      contents = HDF5Contents(
        images: .encoded(encoded), count: encoded.count, format: encoded.uniformFormat)
      if let format = contents.format { try description.check(format) }
    } else {
      contents = try self.members(session, members, handle, description)
      if labels == nil, members.labelPaths == nil, description.labels == nil {
        attributes = try attributeLabels(session, handle, members)
      }
    }
    contents.notes += members.notes
    contents.names.formUnion(members.names)
    contents.names.formUnion(members.paths.prefix(4096))
    if description.labels != nil { labels = nil }
    if let labels {
      contents.records.foundLabels = labels
      contents.records.classNames = members.classNames
    } else if let paths = members.labelPaths, description.labels == nil {
      let found = try gathered(session, handle, paths)
      contents.take(.found(found), from: members.labelPaths?.first ?? "")
    } else {
      try findLabels(
        session, handle, images: members.name, members: members.paths, description, in: &contents)
      if let attributes, contents.records.labels == nil, contents.records.foundLabels == nil {
        contents.take(.found(attributes), from: "the attribute of each image")
      }
    }
    return contents
  }

  /// A table of images that have a dataset each.
  func members(
    _ session: borrowing HDF5Session, _ members: FoundImages.Members, _ handle: borrowing HDF5Handle,
    _ description: StoreDescription, isOwn: Bool = false
  ) throws(StoreError) -> HDF5Contents {
    var table = ImageTable()
    var notes: [ReadingNote] = []
    var description = description
    if let dimensions = description.dimensions {
      // An image has no axis that counts images.
      description.dimensions = Dimensions(dimensions.description.filter { $0 != "N" }) ?? dimensions
    }
    for path in members.paths {
      do throws(StoreError) {
        let object = try session.openDataset(path, in: handle)
        try append(session, object, name: path, description, isOwn: isOwn, to: &table, &notes)
      } catch {
        throw error.at(image: table.count, key: path)
      }
    }
    var contents = HDF5Contents(images: .each(table), count: table.count, format: table.uniformFormat)
    contents.notes = notes
    return contents
  }

  /// Images that are each the bytes of a PNG or JPEG, or nil if the first is not.
  private func encoded(
    _ session: borrowing HDF5Session, _ handle: borrowing HDF5Handle, _ members: FoundImages.Members,
    _ description: StoreDescription
  ) throws(StoreError) -> EncodedImages? {
    var images = EncodedImages(description)
    for (index, path) in members.paths.enumerated() {
      let object = try session.openDataset(path, in: handle)
      let dataset = try session.describe(object, name: path, fileByteCount: file.byteCount)
      if index == 0, dataset.shape.count > 1 { return nil }
      guard try append(session, handle, dataset, isOne: true, to: &images), images.count == index + 1 else {
        if index == 0 { return nil }
        throw StoreError(
          .unsupported, "a dataset of \(dataset.shapeText) of \(dataset.typeText) is among encoded images",
          image: index,
          key: path)
      }
    }
    return members.paths.isEmpty ? nil : images
  }

  private func append(
    _ session: borrowing HDF5Session, _ object: borrowing HDF5Handle, name: String,
    _ description: StoreDescription, isOwn: Bool, to table: inout ImageTable, _ notes: inout [ReadingNote]
  ) throws(StoreError) {
    let dataset = try session.describe(object, name: name, fileByteCount: file.byteCount)
    let shape = dataset.shape
    if !isOwn, shape.count == 3, shape[0] <= 4, shape[2] > 4, shape[1] > 4, description.dimensions == nil,
      description.shape == nil, !library.isMATLAB
    {
      throw StoreError(
        .unsupported,
        "an image of the shape \(dataset.shapeText) may be \(shape[0])x\(shape[1])x\(shape[2]), or "
          + "\(shape[1])x\(shape[2])x\(shape[0]) with channels first",
        remedy: "give --dimensions HWC or --dimensions CHW")
    }
    guard (2...3).contains(shape.count) else {
      throw StoreError(
        .unsupported, "\(dataset.shapeText) of \(dataset.typeText) is not one image",
        remedy: "name the images with --images")
    }
    let arranged = try arranged(session, object, dataset, .oneImage, description)
    guard arranged.count == 1, let format = arranged.format, let type = dataset.type else {
      throw StoreError(.unsupported, "the shape \(dataset.shapeText) is not that of one image")
    }
    if notes.isEmpty { notes = arranged.notes }
    func kind(_ filters: [FilterPipeline.Filter]) -> ImageTable.Kind {
      ImageTable.Kind(format: format, type: type, filters: filters)
    }
    switch arranged.images {
    case .mapped(let offset, _): table.append(kind([]), offset: offset, chunkByteCount: 0)
    case .chunked(let pixels, _)
    where pixels.table.extent == dataset.shape && pixels.table.entries.count == 1:
      let entry = pixels.table.entries[0]
      guard entry.offset >= 0, entry.byteCount > 0, entry.filterMask == 0 else {
        return table.append(kind([]), arranged.images)
      }
      let filters = pixels.pipeline.filters
      guard !filters.isEmpty || Int(entry.byteCount) == format.byteCount else {
        throw StoreError(
          .corrupt, "a chunk has \(entry.byteCount) bytes, but its image takes \(format.byteCount)")
      }
      table.append(
        kind(filters), offset: entry.offset, chunkByteCount: filters.isEmpty ? 0 : entry.byteCount)
    default: table.append(kind([]), arranged.images)
    }
  }
}

import CImageStoreHDF5
import ImageStoreCore
import ImageStoreSupport

extension ContentsReader {
  /// Images in one dataset or in a group that has a dataset for each, with the labels that go with them.
  func object(
    _ session: borrowing HDF5Session, _ handle: borrowing HDF5Handle, _ name: String,
    _ description: StoreDescription
  ) throws(StoreError) -> HDF5Contents {
    guard let object = try session.open(name, in: handle) else {
      throw StoreError(
        .notFound, "there is no dataset or group of this name",
        remedy: try "the file has \(session.names(in: handle, fileByteCount: file.byteCount))", key: name)
    }
    let dataset: DatasetDescription
    if session.isGroup(object) {
      let members = try series(session, object, name: name)
      return try self.members(session, handle, members, description)
    } else {
      dataset = try session.describe(object, name: name, fileByteCount: file.byteCount)
    }
    let stated = try statedMasks(session, handle, object, dataset, description)
    let description = stated?.description ?? description
    var contents: HDF5Contents
    if description.axis == nil,
      let images = try encoded(session, handle, dataset, description)
    {
      try refuse([.dimensions, .axis, .channelOrder], of: description, "the images are encoded")
      contents = HDF5Contents(
        images: .encoded(images), count: images.count, format: images.uniformFormat)
      if let format = contents.format { try description.check(format) }
      if let bounds = try flatBounds(session, handle, dataset) {
        contents.names.insert(bounds.name)
        contents.notes.append(
          ReadingNote(.decided, "\(name) is encoded images one after another, by \(bounds.name)"))
      }
    } else {
      let kind = try self.contents(session, handle, dataset, description)
      contents = try arranged(session, object, dataset, kind, description)
    }
    contents.names.insert(name)
    if let stated {
      contents.notes.append(stated.note)
      contents.names.formUnion(stated.names)
    } else if dataset.type?.kind == .unsigned {
      contents.signs = PackedBitSigns(name: name, shape: dataset.shape)
    }
    for attribute in try session.attributeNames(of: object).prefix(64)
    where !DatasetNames.describingAttributes.contains(attribute)
      && !(stated != nil && StatedMasks.isTelling(attribute))
    {
      contents.notes.append(ReadingNote(.notRead, "the attribute \(attribute) of \(name)"))
    }
    try findLabels(session, handle, images: name, description, in: &contents)
    return contents
  }

  func refuse(
    _ options: [StoreDescription.Option], of description: StoreDescription, _ reason: String
  ) throws(StoreError) {
    guard let option = options.first(where: description.options.contains) else { return }
    throw .unusedOption(option.rawValue, reason)
  }

  /// Whether a dataset is one image or many: one if its name says so and the description does not,
  /// or if its label is one value.
  private func contents(
    _ session: borrowing HDF5Session, _ handle: borrowing HDF5Handle, _ dataset: DatasetDescription,
    _ description: StoreDescription
  ) throws(StoreError) -> ArrayGeometry.Contents {
    let shape = dataset.shape
    guard (2...4).contains(shape.count), description.axis == nil, dataset.type?.elementType != nil
    else { return .images }
    var companions: [String] = []
    if let name = description.labelsName {
      companions = [name]
    } else if description.labels == nil {
      companions = try labelNames(session, handle, images: dataset.name)
    }
    for name in companions {
      // Faults of labels that were found do not keep images from being read.
      guard let labels = try? known(session, handle, name) else { continue }
      let axes = labels.shape.filter { $0 != 1 }
      if axes.count == 1, axes != [shape[0]], axes[0] == shape[shape.count - 1], shape.count > 2,
        description.dimensions == nil
      {
        let isTurned = library.isMATLAB
        let letters = Dimensions.withImagesLast(shape, isTurned: isTurned)
        let first = isTurned ? (shape.count == 4 ? "NCWH" : "NWH") : shape.count == 4 ? "NHWC" : "NHW"
        throw StoreError(
          .unsupported,
          "an array of the shape \(dataset.shapeText) has \(axes[0]) labels in \(name), as many as its last axis has elements",
          remedy: "give --dimensions \(letters), or --labels none with --dimensions \(first)",
          key: dataset.name)
      }
      if shape.count == 2, axes.count == 1, library.isMATLAB {
        try refuseFlatOfMATLAB(dataset, axes[0], description)
      }
      if shape.count == 2, axes == [shape[0]], shape[0] > 1 { try refuseFlat(dataset, description) }
      guard shape.count == 3 else { continue }
      if labels.count == 1 { return shape[0] == 1 && labels.shape != [] ? .images : .oneImage }
      if labels.shape.first == shape[0] || labels.count == shape[0] { return .images }
      if labels.shape == Array(shape.dropLast()) { return .oneImage }
    }
    let ownName = dataset.name.split(separator: "/").last.map { $0.lowercased() } ?? ""
    let isCalledOne = ["image", "img", "picture"].contains(ownName)
    if shape.count == 2, !isCalledOne, !ArrayNames.find(in: [ownName]).isEmpty {
      try refuseFlat(dataset, description)
    }
    return shape.count == 3 && isCalledOne && (shape[2] <= 4 || library.isMATLAB && shape[0] <= 4)
      ? .oneImage : .images
  }

  /// Refuses an array that may be one image, or the samples of many images in one axis.
  private func refuseFlat(
    _ dataset: DatasetDescription, _ description: StoreDescription
  ) throws(StoreError) {
    guard description.dimensions == nil, description.shape == nil, !library.isMATLAB else { return }
    let (count, samples) = (dataset.shape[0], dataset.shape[1])
    throw StoreError(
      .unsupported,
      "an array of the shape \(dataset.shapeText) may be \(count) images of \(samples) samples each, or one of \(count)x\(samples)",
      remedy: "give --shape HxWxC, or --dimensions HW", key: dataset.name)
  }

  /// Refuses an array of MATLAB with two axes, one of which has as many elements as there are
  /// labels: the other one has the samples of an image.
  private func refuseFlatOfMATLAB(
    _ dataset: DatasetDescription, _ count: Int, _ description: StoreDescription
  ) throws(StoreError) {
    guard description.dimensions == nil, dataset.shape.contains(count) else { return }
    let isFirst = dataset.shape[0] == count
    throw StoreError(
      .unsupported,
      "an array of the shape \(dataset.shapeText) may be \(count) images of \(dataset.shape[isFirst ? 1 : 0]) samples each, or one image",
      remedy: isFirst
        ? "give --shape HxW with --dimensions NWH if MATLAB made columns of the images, NHW if others made rows; or --dimensions WH"
        : "give --shape HxW with --dimensions DN, or --dimensions WH for one image", key: dataset.name)
  }

  /// Finds how the samples of a dataset form images.
  ///
  /// - Throws: ``StoreError/Code/unsupported`` for types and shapes that are not those of images,
  ///   ``StoreError/Code/invalidArgument`` if they are not as described.
  func arranged(
    _ session: borrowing HDF5Session, _ object: borrowing HDF5Handle, _ dataset: DatasetDescription,
    _ kind: ArrayGeometry.Contents, _ description: StoreDescription
  ) throws(StoreError) -> HDF5Contents {
    do throws(StoreError) {
      guard let type = dataset.type, let elementType = type.elementType else {
        throw StoreError(
          .unsupported, "samples of \(dataset.typeText) are not read",
          remedy: "images have \(ElementType.allCases.map(\.name).joined(separator: ", "))")
      }
      if description.axis != nil { return try packed(session, object, dataset, type, description) }
      var (description, notes) = (description, [ReadingNote]())
      if kind != .ours, description.dimensions == nil,
        let dimensions = try matlabDimensions(session, object, dataset, kind)
      {
        description.dimensions = dimensions
        notes.append(
          ReadingNote(
            .decided,
            "\(dataset.name) \(dataset.shapeText) was written by MATLAB, whose axes are turned: read as \(dimensions)"
          ))
      }
      let geometry = try ArrayGeometry(
        shape: dataset.shape, elementType: elementType, kind, description)
      if let other = geometry.otherDimensions {
        notes.append(
          ReadingNote(
            .decided,
            "\(dataset.name) \(dataset.shapeText) is read as \(geometry.dimensions), not as \(other)"))
      }
      let plain = DatasetShape(geometry, dataset)
      var isChunked = false
      if case .chunked = dataset.layout { isChunked = true }
      var isUnwritten = false
      if case .unwritten = dataset.layout { isUnwritten = true }
      let isPlain = geometry.isDirect && (!isChunked || plain.dimensions.count == dataset.shape.count)
      let isInOrder = geometry.count <= 1 || geometry.imageStride == geometry.format.byteCount
      var contents = HDF5Contents(
        images: .encoded(EncodedImages(StoreDescription())), count: geometry.count, format: geometry.format)
      if isUnwritten || isPlain && isInOrder && plain.dimensions == plain.dimensions.sorted() {
        contents.images = try images(session, object, dataset, plain)
      } else {
        let raw = try DatasetShape(alongFirstAxisOf: dataset, elementType)
        let isByImage = geometry.dimensions.position(of: .image) == 0
        let source = try images(session, object, dataset, raw)
        try checkWhole(source, isByImage: isByImage, byteCount: raw.count * raw.format.byteCount)
        contents.images = .turned(
          TurnedImages(.strided(geometry), source, raw, isByImage: isByImage), type)
      }
      contents.notes = notes
      return contents
    } catch {
      throw error.at(key: dataset.name)
    }
  }

  /// Masks in packed bits.
  private func packed(
    _ session: borrowing HDF5Session, _ object: borrowing HDF5Handle, _ dataset: DatasetDescription,
    _ type: StoredType, _ description: StoreDescription
  ) throws(StoreError) -> HDF5Contents {
    guard type.kind == .unsigned, type.byteCount == 1 else {
      throw StoreError(
        .invalidArgument, "packed bits cannot be \(dataset.typeText)",
        remedy: "packed bits are uint8; leave --axis out")
    }
    try refuse([.dimensions, .channelOrder], of: description, "packed bits have their order by --axis")
    let bits = try PackedBits(shape: dataset.shape, itemByteCount: 1, description)
    let raw = try DatasetShape(alongFirstAxisOf: dataset, .uint8)
    let isByImage = dataset.shape.count > 1 && dataset.shape[0] == bits.count
    let source = try images(session, object, dataset, raw)
    try checkWhole(source, isByImage: isByImage, byteCount: raw.count * raw.format.byteCount)
    return HDF5Contents(
      images: .turned(TurnedImages(.packed(bits), source, raw, isByImage: isByImage), type),
      count: bits.count, format: bits.format)
  }

  /// Checks that a dataset whose images each are spread over all of it may be in memory.
  private func checkWhole(_ source: HDF5Images, isByImage: Bool, byteCount: Int) throws(StoreError) {
    switch source {
    case .chunked, .library:
      if !isByImage {
        try budget.take(byteCount, for: "the images, each of which is spread over all chunks,")
      }
    default: break
    }
  }

  /// The order of axes of an array of MATLAB, whose first axis varies fastest; nil for other
  /// arrays.
  private func matlabDimensions(
    _ session: borrowing HDF5Session, _ object: borrowing HDF5Handle, _ dataset: DatasetDescription,
    _ kind: ArrayGeometry.Contents
  ) throws(StoreError) -> Dimensions? {
    guard (2...4).contains(dataset.shape.count) else { return nil }
    if !library.isMATLAB {
      guard try session.attribute("MATLAB_class", of: object) != nil else { return nil }
    }
    return switch (dataset.shape.count, kind) {
    case (4, _): "NCWH"
    case (3, .oneImage): "CWH"
    case (3, _): "NWH"
    default: "WH"
    }
  }
}

extension LibraryFile {
  /// Whether the file says that MATLAB wrote it: by the text before its superblock, or by the
  /// suffix of its name.
  var isMATLAB: Bool {
    guard superblock.base > 0 else { return false }
    if path.hasSuffix(".mat") { return true }
    guard let head = unsafe map.bytes(at: 0, count: 10) else { return false }
    return unsafe head.elementsEqual("MATLAB 7.3".utf8)
  }
}

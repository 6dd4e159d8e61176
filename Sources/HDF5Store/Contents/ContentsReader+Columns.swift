import CImageStoreHDF5
import ImageStoreCore
import ImageStoreSupport

extension ContentsReader {
  /// The columns in the group `columns`, as this package writes them.
  func ownColumns(
    _ session: borrowing HDF5Session, _ handle: borrowing HDF5Handle
  ) throws(StoreError) -> [String: StoredColumn] {
    var columns: [String: StoredColumn] = [:]
    for link in try columnLinks(session, handle) {
      let dataset = try describe(session, handle, "\(DatasetNames.columns)/\(link.name)")
      guard let values = try values(session, handle, dataset) else { continue }
      var column = StoredColumn(values: values, isOwn: true)
      if dataset.shape.count == 2, dataset.type != nil { column.width = dataset.shape[1] }
      column.offsets = try offsets(session, handle, link.name)
      let name = ColumnName.unescaped(link.name, in: .path)
      guard columns.updateValue(column, forKey: name) == nil else {
        throw StoreError(.corrupt, "there are two columns of this name", key: dataset.name)
      }
    }
    return columns
  }

  private func columnLinks(
    _ session: borrowing HDF5Session, _ handle: borrowing HDF5Handle
  ) throws(StoreError) -> [(name: String, isLocal: Bool)] {
    guard let group = try session.open(DatasetNames.columns, in: handle), session.isGroup(group) else {
      return []
    }
    return try session.links(of: group, fileByteCount: file.byteCount)
  }

  /// Where the bytes of a column begin and end, if it is one of bytes.
  private func offsets(
    _ session: borrowing HDF5Session, _ handle: borrowing HDF5Handle, _ link: String
  ) throws(StoreError) -> StoredValues? {
    for group in [DatasetNames.offsets, DatasetNames.columnOffsets] {
      if let dataset = try known(session, handle, "\(group)/\(link)"), dataset.isIntegers {
        return try values(session, handle, dataset)
      }
    }
    return nil
  }

  /// Makes columns of other datasets with one value, or the same number of values, for each image,
  /// in a file of another program.
  ///
  /// Datasets that cannot be columns are left for the notes.
  ///
  /// - Parameter images: the name of the images.
  func findColumns(
    _ session: borrowing HDF5Session, _ handle: borrowing HDF5Handle, images: String,
    _ description: StoreDescription, in contents: inout HDF5Contents
  ) throws(StoreError) {
    let images = images.split(separator: "/").joined(separator: "/")
    var left = Set(contents.names.map { $0.split(separator: "/").joined(separator: "/") })
    if description.labels == StoreDescription.Labels.none || description.labelsPath != nil {
      left.formUnion(try labelNames(session, handle, images: images))
    }
    for link in try columnLinks(session, handle) where link.isLocal {
      let name = "\(DatasetNames.columns)/\(link.name)"
      try addColumn(
        session, handle, name, as: [ColumnName.unescaped(link.name, in: .path)], in: &contents)
      left.insert(name)
    }
    let names = try session.arrayNames(in: handle, fileByteCount: file.byteCount, beside: images)
    let groupSizes = names.reduce(into: [:]) { $0[Self.group(of: $1), default: 0] += 1 }
    for name in names.prefix(Self.mostArrays) where !left.contains(name) && name != DatasetNames.checksums {
      let group = Self.group(of: name)
      // If a group has as many datasets as there are images, each belongs to one image.
      guard group.isEmpty || group == Self.group(of: images) || groupSizes[group] != contents.count,
        name != images, !name.hasPrefix(images + "/"), group != DatasetNames.offsets,
        group != DatasetNames.columnOffsets,
        let short = ArrayNames.columnName(of: name, beside: images),
        !isAlias(session, handle, name, contents.names)
      else { continue }
      try addColumn(session, handle, name, as: [short, name], in: &contents)
      left.insert(name)
    }
  }

  /// More arrays than this are not examined for columns.
  private static let mostArrays = 1 << 10

  private static func group(of name: String) -> Substring {
    name.lastIndex(of: "/").map { name[..<$0] } ?? ""
  }

  /// Makes a column of a dataset, if it can be one.
  ///
  /// - Parameter names: its possible names; the first free one is used.
  private func addColumn(
    _ session: borrowing HDF5Session, _ handle: borrowing HDF5Handle, _ name: String, as names: [String],
    in contents: inout HDF5Contents
  ) throws(StoreError) {
    let records = contents.records
    let free = names.first {
      (try? Column.validate(name: $0)) != nil && records.columns[$0] == nil && records.foundColumns[$0] == nil
    }
    guard let free else { return }
    do throws(StoreError) {
      guard try !session.isDangling(name, in: handle), let dataset = try known(session, handle, name),
        let column = try column(session, handle, dataset, of: contents.count)
      else { return }
      // Values that only the library can read, or that may exceed 63 bits, are read now, so that
      // reading all columns later does not fail.
      var isSure = dataset.type.map { $0.kind != .unsigned || $0.byteCount < 8 } ?? true
      if case .library = column.values.place, case .chunked = dataset.layout { isSure = false }
      if isSure {
        contents.records.columns[free] = column
      } else if let values = try self.column(session, handle, column.values) {
        contents.records.foundColumns[free] =
          if let width = column.width { try values.vectors(width: width) } else { values }
      } else {
        return
      }
      contents.names.insert(name)
      if let offsets = column.offsets { contents.names.insert(offsets.dataset.name) }
      for attribute in try session.attributeNames(of: session.openDataset(name, in: handle)).prefix(16)
      where !DatasetNames.describingAttributes.contains(attribute) {
        contents.notes.append(ReadingNote(.notRead, "the attribute \(attribute) of \(name)"))
      }
    } catch {
      guard [.unsupported, .limitExceeded, .notFound].contains(error.code) else { throw error }
      // Why it is not read; for others, the shape is the reason.
      guard error.code == .limitExceeded, contents.notes.count < 16 else { return }
      contents.notes.append(ReadingNote(.notRead, "\(name), \(error.message)"))
      contents.names.insert(name)
    }
  }

  /// The column that a dataset of another program is, or nil if it has no value for each image that
  /// a column can have.
  private func column(
    _ session: borrowing HDF5Session, _ handle: borrowing HDF5Handle, _ dataset: DatasetDescription,
    of count: Int
  ) throws(StoreError) -> StoredColumn? {
    if dataset.name.hasPrefix(DatasetNames.columns + "/"), dataset.type?.elementType == .uint8,
      dataset.shape.count == 1
    {
      let link = String(dataset.name.dropFirst(DatasetNames.columns.count + 1))
      if let offsets = try offsets(session, handle, link), offsets.dataset.count == count + 1,
        let values = try values(session, handle, dataset)
      {
        return StoredColumn(values: values, offsets: offsets, isOwn: false)
      }
    }
    guard let width = FoundLabels.width(of: dataset.shape, imageCount: count), dataset.isColumn,
      width == 1 || dataset.type != nil, let values = try values(session, handle, dataset)
    else { return nil }
    return StoredColumn(values: values, width: width > 1 ? width : nil, isOwn: false)
  }
}

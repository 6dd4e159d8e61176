import CImageStoreHDF5
import ImageStoreCore
import ImageStoreSupport

/// The interpretation of a dataset of labels.
enum LabelReading {
  /// Integers that are read when they are asked for.
  case stored(StoredValues)
  case found(FoundLabels)
}

extension HDF5Contents {
  /// Uses labels, or columns made from them, or notes that they are not read.
  mutating func take(_ reading: LabelReading, from name: String) {
    switch reading {
    case .stored(let values): records.labels = values
    case .found(.labels(let labels, let classNames)):
      records.foundLabels = labels
      if let classNames { records.classNames = classNames }
    case .found(.columns(let columns)):
      for column in columns { records.foundColumns[column.name] = column.values }
      notes.append(
        ReadingNote(
          .decided, "\(name) has \(FoundLabels.text(of: columns)): the column \(columns[0].name), no labels"))
    case .found(.unread(let reason)): notes.append(ReadingNote(.notRead, "\(name), \(reason)"))
    }
  }

  var hasLabels: Bool { records.labels != nil || records.foundLabels != nil }
}

extension ContentsReader {
  /// The names of datasets that may have the labels of some images, the likeliest first.
  func labelNames(
    _ session: borrowing HDF5Session, _ handle: borrowing HDF5Handle, images: String
  ) throws(StoreError) -> [String] {
    let names = try session.arrayNames(in: handle, fileByteCount: file.byteCount, beside: images)
    var found = ArrayNames.labels(of: images, in: names)
    for name in [DatasetNames.labels, DatasetNames.meta] where names.contains(name) && !found.contains(name) {
      // A split has labels of its own.
      if ArrayNames.find(in: [images]).first?.split == nil { found.append(name) }
    }
    return found.filter { $0 != images }
  }

  /// Finds the labels of images that this package did not write, or reads those that are named.
  func findLabels(
    _ session: borrowing HDF5Session, _ handle: borrowing HDF5Handle, images: String,
    members: [String] = [], _ description: StoreDescription, in contents: inout HDF5Contents
  ) throws(StoreError) {
    switch description.labels {
    case StoreDescription.Labels.none?, .file?: return
    case .named(let name):
      contents.take(try named(session, handle, name, count: contents.count, members: members), from: name)
      contents.names.insert(name)
    case nil:
      for name in try labelNames(session, handle, images: images) {
        let reading: LabelReading
        do throws(StoreError) {
          if let dataset = try known(session, handle, name) {
            reading = try interpreted(session, handle, dataset, count: contents.count)
          } else if let paths = try partners(session, handle, members, in: name) {
            reading = .found(try gathered(session, handle, paths))
          } else {
            continue
          }
        } catch {
          guard [.unsupported, .limitExceeded, .notFound].contains(error.code) else { throw error }
          reading = .found(.unread(error.message))
        }
        contents.take(reading, from: name)
        contents.names.insert(name)
        if contents.hasLabels { return }
      }
    }
  }

  /// The datasets of a group that have the names of the images, as `labels/0` goes with `images/0`;
  /// nil if there is not one for each.
  private func partners(
    _ session: borrowing HDF5Session, _ handle: borrowing HDF5Handle, _ members: [String], in name: String
  ) throws(StoreError) -> [String]? {
    guard !members.isEmpty, let group = try session.open(name, in: handle), session.isGroup(group) else {
      return nil
    }
    let names = Set(try session.links(of: group, fileByteCount: file.byteCount).filter(\.isLocal).map(\.name))
    var paths: [String] = []
    for member in members {
      guard let own = member.split(separator: "/").last.map(String.init), names.contains(own) else {
        return nil
      }
      paths.append("\(name)/\(own)")
    }
    // An image for each image is a mask.
    guard let first = try known(session, handle, paths[0]), first.count <= FoundLabels.largestWidth
    else {
      return nil
    }
    return paths
  }

  /// Labels that the caller has named.
  ///
  /// - Throws: ``StoreError/Code/unsupported`` if they are not one whole number or name per image.
  func named(
    _ session: borrowing HDF5Session, _ handle: borrowing HDF5Handle, _ name: String, count: Int,
    members: [String] = []
  ) throws(StoreError) -> LabelReading {
    let dataset: DatasetDescription
    let reading: LabelReading
    if let paths = try partners(session, handle, members, in: name) {
      dataset = try describe(session, handle, paths[0])
      reading = .found(try gathered(session, handle, paths))
    } else {
      dataset = try describe(session, handle, name)
      reading = try interpreted(session, handle, dataset, count: count)
    }
    switch reading {
    case .stored, .found(.labels): return reading
    case .found(.unread(let reason)):
      throw StoreError(
        .unsupported, "values of \(dataset.typeText) cannot be labels: \(reason)",
        remedy: "name other labels, or give --labels none",
        key: name)
    case .found(.columns(let columns)):
      throw StoreError(
        .unsupported,
        "these are not labels, but \(FoundLabels.text(of: columns)) (\(dataset.shapeText) of \(dataset.typeText))",
        remedy: "leave --labels out to read them as columns, or give --labels none", key: name)
    }
  }

  /// The meaning of a dataset of labels.
  private func interpreted(
    _ session: borrowing HDF5Session, _ handle: borrowing HDF5Handle, _ dataset: DatasetDescription,
    count: Int
  ) throws(StoreError) -> LabelReading {
    let axes = dataset.shape.filter { $0 != 1 }
    let isOnePerImage = count == 1 ? axes.isEmpty : axes == [count]
    guard isOnePerImage || (count == 1 ? axes.count == 1 : axes.count == 2 && axes[0] == count) else {
      let shape = "the shape \(dataset.shapeText)"
      let perImage = count > 0 && dataset.count % count == 0 ? dataset.count / count : 0
      return .found(
        .unread(
          axes.first == count && perImage > 1
            ? "\(shape): \(perImage) values per image" : "\(shape) for \(count) images"))
    }
    guard let values = try values(session, handle, dataset) else {
      return .found(.unread(dataset.typeText))
    }
    if isOnePerImage, case .number(let type) = dataset.elements, type.kind != .float,
      type.kind != .unsigned || type.byteCount < 8
    {
      return .stored(values)
    }
    guard let column = try column(session, handle, values) else { return .found(.unread(dataset.typeText)) }
    var names: [Int: String]?
    if case .enumeration(_, let all) = dataset.elements { names = all }
    return .found(
      FoundLabels(column, shape: dataset.shape, imageCount: count, names: names))
  }

  /// Labels with one dataset per image.
  func gathered(
    _ session: borrowing HDF5Session, _ handle: borrowing HDF5Handle, _ paths: [String]
  ) throws(StoreError) -> FoundLabels {
    var all: Column?
    var perImage = 0
    for (index, path) in paths.enumerated() {
      guard let dataset = try known(session, handle, path), let values = try values(session, handle, dataset),
        let column = try column(session, handle, values)
      else { return .unread("none for image \(index)") }
      guard index == 0 || all?.kind == column.kind && column.count == perImage else {
        return .unread("\(dataset.shapeText) of \(dataset.typeText) for image \(index)")
      }
      if index == 0 {
        all = column
        perImage = column.count
      } else {
        try all?.append(column)
      }
    }
    guard let all else { return .unread("no values") }
    return FoundLabels(all, shape: [paths.count, perImage], imageCount: paths.count)
  }

  /// Labels that are an attribute of each image's dataset, if the first has one.
  func attributeLabels(
    _ session: borrowing HDF5Session, _ handle: borrowing HDF5Handle, _ members: FoundImages.Members
  ) throws(StoreError) -> FoundLabels? {
    guard let first = members.paths.first else { return nil }
    let attributes = try session.attributeNames(of: session.openDataset(first, in: handle))
    guard let name = ArrayNames.labels(of: "image", in: attributes).first else { return nil }
    var numbers: [Int64] = []
    var texts: [String] = []
    for path in members.paths {
      let object = try session.openDataset(path, in: handle)
      if texts.isEmpty, let number = try session.integerAttribute(name, of: object) {
        numbers.append(number)
      } else if numbers.isEmpty, try session.attributeText(name, of: object) != nil,
        let text = try session.stringsAttribute(name, of: object, limit: 1 << 20), text.count == 1
      {
        texts.append(text[0])
      } else {
        return .unread("the attribute \(name) of \(path) is neither a whole number nor text")
      }
    }
    let column: Column = texts.isEmpty ? .int64(numbers) : .string(texts)
    return FoundLabels(column, shape: [members.paths.count], imageCount: members.paths.count)
  }
}

extension StoredValues {
  /// All values in the order of the file, or nil if they are neither numbers nor text.
  func column() throws(StoreError) -> Column? {
    switch dataset.elements {
    case .number(let type), .enumeration(let type, _):
      type.kind == .float ? .double(try doubles()) : .int64(try integers())
    case .text: .string(try strings())
    case .blobs: try blobs()
    case .other: nil
    }
  }
}

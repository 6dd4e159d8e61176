import ImageStoreCore
import ImageStoreSupport

/// The meaning of a dataset by the data next to it.
struct StatedDataset {
  var description: StoreDescription
  var note: ReadingNote
  /// The datasets that say so.
  var names: Set<String>
}

extension ContentsReader {
  /// The meaning of a dataset of bytes by its attributes, or by attributes and small datasets of
  /// its group, if the caller does not describe it and they say that it is packed bits.
  func statedMasks(
    _ session: borrowing HDF5Session, _ handle: borrowing HDF5Handle, _ object: borrowing HDF5Handle,
    _ dataset: DatasetDescription, _ description: StoreDescription
  ) throws(StoreError) -> StatedDataset? {
    guard description.options.isSubset(of: [.images, .labels]), let type = dataset.type,
      type.kind == .unsigned, type.byteCount == 1
    else { return nil }
    var masks = StatedMasks()
    var names: Set<String> = []
    try addAttributes(of: object, session, to: &masks)
    let place = dataset.name.split(separator: "/").dropLast().joined(separator: "/")
    let group = try place.isEmpty ? session.rootGroup(of: handle) : session.open(place, in: handle)
    if let group, session.isGroup(group) {
      try addAttributes(of: group, session, to: &masks)
      for link in try session.links(of: group, fileByteCount: file.byteCount).prefix(64)
      where link.isLocal && StatedMasks.isTelling(link.name) {
        let name = place.isEmpty ? link.name : "\(place)/\(link.name)"
        // Values that cannot be read are ignored.
        guard name != dataset.name, let other = try? known(session, handle, name), other.isIntegers,
          other.shape.count <= 1, (1...4).contains(other.count),
          let values = try? values(session, handle, other)?.integers()
        else { continue }
        masks.add(link.name, values.map { Int($0) })
        names.insert(name)
      }
    }
    guard let found = masks.description(ofArray: dataset.shape, itemByteCount: 1),
      let axis = found.description.axis, let shape = found.description.shape
    else { return nil }
    var said = description
    (said.shape, said.axis, said.bitOrder) = (shape, axis, found.description.bitOrder)
    return StatedDataset(
      description: said,
      note: ReadingNote(
        .decided,
        "\(dataset.name) \(dataset.shapeText) is packed bits, \(axis.rawValue) of \(shape), by \(found.source)"
      ),
      names: names)
  }

  private func addAttributes(
    of object: borrowing HDF5Handle, _ session: borrowing HDF5Session, to masks: inout StatedMasks
  ) throws(StoreError) {
    for name in try session.attributeNames(of: object).prefix(64) where StatedMasks.isTelling(name) {
      if let values = try session.integersAttribute(name, of: object, most: 4) {
        masks.add(name, values.map { Int($0) })
      } else if try session.attributeText(name, of: object) != nil,
        let texts = try? session.stringsAttribute(name, of: object, limit: 1 << 16), texts.count == 1
      {
        masks.add(name, texts[0])
      }
    }
  }
}

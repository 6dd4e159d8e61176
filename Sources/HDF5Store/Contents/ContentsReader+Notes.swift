import CImageStoreHDF5
import ImageStoreCore
import ImageStoreSupport

extension ContentsReader {
  /// The parts of the file that were not read: datasets and groups, with their shapes, and
  /// attributes.
  ///
  /// - Parameter names: the names of the parts that were read or already have a note.
  func unread(
    _ session: borrowing HDF5Session, _ handle: borrowing HDF5Handle, except names: Set<String>
  ) throws(StoreError) -> [ReadingNote] {
    let known = Set(names.map { $0.split(separator: "/").joined(separator: "/") })
    var notes: [ReadingNote] = []
    var places: [String] = [""]
    // Groups that were partly read are examined; the others are only named.
    for name in known.sorted() {
      let components = name.split(separator: "/")
      for depth in 1..<max(1, components.count) {
        let place = components.prefix(depth).joined(separator: "/")
        if !places.contains(place), places.count < 64 { places.append(place) }
      }
    }
    for place in places where !known.contains(place) || place.isEmpty {
      guard let group = try group(session, handle, at: place) else { continue }
      let prefix = place.isEmpty ? "" : place + "/"
      if !place.isEmpty {
        for name in try session.attributeNames(of: group).prefix(16) {
          notes.append(ReadingNote(.notRead, "the attribute \(name) of \(place)"))
        }
      }
      for link in try session.links(of: group, fileByteCount: file.byteCount) {
        let name = prefix + link.name
        guard !known.contains(name), !places.contains(name), name != DatasetNames.checksums,
          !isAlias(session, handle, name, known)
        else { continue }
        // Nobody reads a longer list, and finding a shape opens the dataset.
        let text =
          notes.count < 16 && link.isLocal
          ? session.text(of: name, in: handle, fileByteCount: file.byteCount) : name
        notes.append(ReadingNote(.notRead, text))
        if notes.count >= 1 << 12 { break }
      }
    }
    let root = try session.rootGroup(of: handle)
    for name in try session.attributeNames(of: root)
    where !DatasetNames.ownAttributes.contains(name) && !DatasetNames.allClassNames.contains(name) {
      notes.append(ReadingNote(.notRead, "the attribute \(name)"))
    }
    return notes
  }

  private func group(
    _ session: borrowing HDF5Session, _ handle: borrowing HDF5Handle, at place: String
  ) throws(StoreError) -> HDF5Handle? {
    if place.isEmpty { return try session.rootGroup(of: handle) }
    guard let object = try session.open(place, in: handle), session.isGroup(object) else { return nil }
    return object
  }

  /// Whether a name is a second name of a part that was read.
  func isAlias(
    _ session: borrowing HDF5Session, _ handle: borrowing HDF5Handle, _ name: String, _ known: Set<String>
  ) -> Bool {
    guard let object = try? session.open(name, in: handle), CHDF5_link_count(object.id) > 1 else {
      return false
    }
    for other in known.prefix(64) where other != name {
      if let read = try? session.open(other, in: handle), CHDF5_is_same_object(object.id, read.id) {
        return true
      }
    }
    return false
  }
}

import CImageStoreHDF5
import ImageStoreCore
import ImageStoreSupport

extension ContentsReader {
  /// Names of groups with other data next to photographs; groups with such names are not classes.
  private static let otherWords: Set = [
    "depth", "seg", "segmentation", "mask", "masks", "label", "labels", "flow", "normal", "normals", "edges",
    "instances", "target", "targets", "meta", "metadata", "annotations",
  ]

  /// The images in a group: a dataset each, a group for each class, or a group for each sample.
  ///
  /// - Parameters:
  ///   - path: of the group; empty for the root.
  ///   - isNamed: whether the caller has named the group. If not, datasets in the root are images
  ///     only if their names number them or they are encoded images.
  /// - Returns: nil if there are none.
  func within(
    _ session: borrowing HDF5Session, _ handle: borrowing HDF5Handle, _ path: String, isNamed: Bool
  ) throws(StoreError) -> FoundImages? {
    let group = try self.group(session, handle, path)
    var members = FoundImages.Members(name: path.isEmpty ? "/" : path, paths: [])
    let links = try order(of: group, session, &members.notes)
    let prefix = path.isEmpty ? "" : path + "/"
    if isNamed, !path.isEmpty, links.count <= 256 {
      for known in ArrayNames.find(in: links)
      where !NumberedNames.areAlike(known.images, links) {
        let name = prefix + known.images
        if hasShapeOfImages(session, handle, name) != nil { return .object(name) }
      }
    }
    var groups: [String] = []
    var arrays: [String] = []
    for link in links {
      let name = prefix + link
      do throws(StoreError) {
        guard let object = try session.open(name, in: handle) else { continue }
        if session.isGroup(object) {
          if !link.hasPrefix("#"), name != DatasetNames.columns { groups.append(link) }
        } else if try isOneImage(session, object, name: name) {
          members.paths.append(name)
        } else if hasShapeOfImages(session, handle, name) == true {
          arrays.append(name)
        }
      } catch {
        // A link out of the file in a group of images is an error and is not skipped.
        if path.isEmpty, [.unsupported, .corrupt, .notFound].contains(error.code) { continue }
        throw error
      }
    }
    if !path.isEmpty, groups.isEmpty, members.paths.count + arrays.count == 1 {
      return .object((members.paths + arrays)[0])
    }
    if members.paths.count > (isNamed ? 0 : 1), groups.isEmpty || members.paths.count > groups.count {
      if isNamed || areSeries(members.paths) { return .members(members) }
      if try areEncoded(session, handle, members.paths) { return .members(members) }
    }
    if groups.isEmpty { return nil }
    if let samples = try samples(session, handle, groups.map { prefix + $0 }, members) { return samples }
    if let classes = try classes(session, handle, groups, prefix, members) { return classes }
    guard groups.count == 1, prefix.split(separator: "/").count < 8 else { return nil }
    return try within(session, handle, prefix + groups[0], isNamed: isNamed)
  }

  private func group(
    _ session: borrowing HDF5Session, _ handle: borrowing HDF5Handle, _ path: String
  ) throws(StoreError) -> HDF5Handle {
    if path.isEmpty { return try session.rootGroup(of: handle) }
    guard let group = try session.open(path, in: handle), session.isGroup(group) else {
      throw StoreError(.notFound, "there is no group of this name", key: path)
    }
    return group
  }

  /// A group of images for each class.
  private func classes(
    _ session: borrowing HDF5Session, _ handle: borrowing HDF5Handle, _ groups: [String], _ prefix: String,
    _ members: FoundImages.Members
  ) throws(StoreError) -> FoundImages? {
    var members = members
    members.paths = []
    var labels: [Int] = []
    var names: [String] = []
    for name in groups.sorted(by: { $0.utf8.lexicographicallyPrecedes($1.utf8) }) {
      guard let group = try session.open(prefix + name, in: handle),
        try isImageInGroup(session, group)
      else { continue }
      if Self.otherWords.contains(name.lowercased()) { return nil }
      let series = try series(session, group, name: prefix + name)
      members.paths += series.paths
      if labels.isEmpty { members.notes += series.notes }
      members.names.insert(prefix + name)
      labels += Array(repeating: names.count, count: series.paths.count)
      names.append(name)
    }
    if names.count == 1, prefix.isEmpty { return .object(names[0]) }
    guard names.count > 1 else { return nil }
    members.labels = labels
    members.classNames = names
    members.notes.append(
      ReadingNote(.decided, "the groups of images are classes: \(names.prefix(6).joined(separator: ", "))"))
    return .members(members)
  }

  /// A group for each sample, with an image and perhaps a label in it.
  private func samples(
    _ session: borrowing HDF5Session, _ handle: borrowing HDF5Handle, _ groups: [String],
    _ members: FoundImages.Members
  ) throws(StoreError) -> FoundImages? {
    guard let first = try session.open(groups[0], in: handle) else { return nil }
    let names = try session.links(of: first, fileByteCount: file.byteCount).prefix(256).filter(\.isLocal).map(
      \.name)
    var images: String?
    for found in ArrayNames.find(in: names)
    where found.split == nil && !NumberedNames.areAlike(found.images, names) {
      guard let object = try session.open("\(groups[0])/\(found.images)", in: handle) else { continue }
      if try isOneImage(session, object, name: found.images) { images = found.images }
    }
    guard let images else { return nil }
    var members = members
    members.paths = groups.map { "\($0)/\(images)" }
    members.names.formUnion(groups)
    var labels: String?
    for name in ArrayNames.labels(of: images, in: names) where labels == nil {
      if let dataset = try known(session, handle, "\(groups[0])/\(name)"), dataset.count <= 256 {
        labels = name
      }
    }
    if let labels { members.labelPaths = groups.map { "\($0)/\(labels)" } }
    // `cat/img_0` is the first image of a class.
    guard labels != nil || !images.contains(where: \.isNumber) else { return nil }
    let others = names.filter { $0 != images && $0 != labels }
    members.notes += others.map { ReadingNote(.notRead, "\($0) in each group, such as \(groups[0])/\($0)") }
    return .members(members)
  }

  /// The datasets of a group in their order.
  func series(
    _ session: borrowing HDF5Session, _ group: borrowing HDF5Handle, name: String, isOwn: Bool = false
  ) throws(StoreError) -> FoundImages.Members {
    var members = FoundImages.Members(name: name, paths: [])
    if isOwn {
      // Names of as many digits are in the order of their numbers.
      for link in try session.links(of: group, fileByteCount: file.byteCount) {
        try checkIsLocal(link, name)
        members.paths.append("\(name)/\(link.name)")
      }
      return members
    }
    members.paths = try order(of: group, session, &members.notes, name: name).map { "\(name)/\($0)" }
    members.names.insert(name)
    return members
  }

  private func checkIsLocal(_ link: (name: String, isLocal: Bool), _ group: String) throws(StoreError) {
    guard !link.isLocal else { return }
    throw StoreError(
      .unsupported, "this link leads to another file", remedy: "open the file it leads to",
      key: "\(group)/\(link.name)")
  }

  /// The names in a group in the order of their creation, if the group has it; otherwise by the
  /// numbers in them.
  ///
  /// - Parameter name: of the group, in which links out of the file are refused; nil if they are
  ///   skipped.
  private func order(
    of group: borrowing HDF5Handle, _ session: borrowing HDF5Session, _ notes: inout [ReadingNote],
    name: String? = nil
  ) throws(StoreError) -> [String] {
    let tracks = try session.tracksCreation(group)
    let links = try session.links(of: group, fileByteCount: file.byteCount, byCreation: tracks)
    if let name { for link in links { try checkIsLocal(link, name) } }
    let names = links.filter(\.isLocal).map(\.name)
    let place = name.map { " in \($0)" } ?? ""
    if tracks {
      if !names.indices.dropFirst().allSatisfy({
        names[$0 - 1].utf8.lexicographicallyPrecedes(names[$0].utf8)
      }) {
        notes.append(ReadingNote(.decided, "the images\(place) come in the order in which they were written"))
      }
      return names
    }
    let sorted = NumberedNames.sorted(names)
    if sorted != names {
      notes.append(
        ReadingNote(.decided, "the images\(place) come in the order of the numbers in their names"))
    } else if names.count > 1, !names.allSatisfy({ $0.contains(where: \.isNumber) }) {
      // They are not numbered, so labels next to them may be in another order.
      notes.append(ReadingNote(.decided, "the images\(place) come in the order of their names"))
    }
    return sorted
  }

  /// Whether names differ by a number alone.
  private func areSeries(_ paths: [String]) -> Bool {
    let stems = Set(paths.map { $0.filter { !$0.isNumber } })
    return stems.count == 1 && paths.allSatisfy { $0.contains(where: \.isNumber) }
  }

  private func areEncoded(
    _ session: borrowing HDF5Session, _ handle: borrowing HDF5Handle, _ paths: [String]
  ) throws(StoreError) -> Bool {
    guard let first = try known(session, handle, paths[0]) else { return false }
    return first.shape.count < 2
  }
}

import ImageStoreCore
import ImageStoreNumPy
import ImageStoreSupport

extension PackedBitWriterSession {
  /// Writes labels, columns, checksums and the description, and makes the masks count.
  ///
  /// An append leaves values for masks that the header does not count yet; readers use as many
  /// values as there are masks, and their state. The description that names the files is written
  /// first, so that the files of a dead writer can be identified.
  func complete() throws(StoreError) {
    guard target.old == nil || state.count > 0 else { return try completeWithoutMasks() }
    var description = description()
    // The description that replaces the first one once the masks count.
    let after = target.old != nil && state.hasNewClassNames ? try description.encoded() : nil
    if let old = target.old?.store { description.classNames = old.classNames }
    try write(description.encoded(), to: PackedBitDescription.fileName)
    try writeLabels()
    try write(Column.int64(checksums).npyBytes(), to: PackedBitContents.checksumsName)
    if let after { try target.held?.prepareFile(with: after) }
    let shape = layout.map { [state.nextIndex, $0.rows, $0.bytesPerRow] } ?? [0, 0, 0]
    try target.commit(
      NPYHeader(NPYType(.uint8), shape: shape).bytes, at: 0,
      then: { () throws(StoreError) in
        if after != nil { try target.held?.putPreparedFile(as: PackedBitDescription.fileName) }
      })
  }

  /// Gives masks other class names: only the description has them, and it is replaced in one step.
  private func completeWithoutMasks() throws(StoreError) {
    guard let old = target.old?.store, state.hasNewClassNames else { return }
    if old.count > 0, old.folder?.checksums == nil {
      try write(Column.int64(checksums).npyBytes(), to: PackedBitContents.checksumsName)
    }
    try write(description().encoded(), to: PackedBitDescription.fileName)
  }

  /// The new state of the masks, and the state of the earlier ones.
  func description() -> PackedBitDescription {
    let old = target.old?.store
    var states = [
      PackedBitDescription.State(
        count: state.nextIndex, checksums: PackedBitDescription.State.checksums(of: labels),
        checksumsCRC32: CRC32.checksum(of: checksums.map(Int.init)), classNames: state.classNames)
    ]
    if state.count > 0, let before = old?.folder?.state {
      states.append(
        PackedBitDescription.State(
          count: before.count, checksums: before.checksums, checksumsCRC32: before.checksumsCRC32,
          classNames: old?.classNames))
    }
    return PackedBitDescription(
      height: layout?.height, width: layout?.width, axis: layout?.axis ?? axis,
      bitOrder: layout?.bitOrder ?? .big, classNames: state.classNames, states: states)
  }

  private func writeLabels() throws(StoreError) {
    if let labels = labels.labels {
      try write(Column.int64(labels.map(Int64.init)).npyBytes(), to: PackedBitContents.labelsName)
    }
    try writeColumns(in: PackedBitContents.columnsFolder) { (column) throws(StoreError) in
      try column.npyBytes()
    }
    try writeColumns(in: PackedBitContents.offsetsFolder) { $0.offsetsNPYBytes() }
  }

  /// Writes the files of columns in a folder: the values of all columns, and the offsets of columns
  /// of bytes.
  private func writeColumns(
    in folder: String, _ bytes: (Column) throws(StoreError) -> [UInt8]?
  ) throws(StoreError) {
    let hasSome = labels.columns.values.contains {
      folder == PackedBitContents.columnsFolder || $0.kind == .bytes
    }
    guard hasSome else { return }
    try createFolder(folder)
    for (name, column) in labels.columns.sorted(by: { $0.key < $1.key }) {
      do throws(StoreError) {
        guard let bytes = try bytes(column) else { continue }
        try write(bytes, to: PackedBitContents.file(ofColumn: name, in: folder))
      } catch {
        throw error.at(key: name)
      }
    }
    if target.old == nil { try FileSystem.synchronizeFolder("\(target.storePath)/\(folder)") }
  }

  /// Creates a folder of columns, if needed; for a store that grows, in the locked folder itself.
  private func createFolder(_ name: String) throws(StoreError) {
    guard target.held == nil else { return try target.held!.createFolder(name) }
    let root = try Folder(target.storePath)
    guard root.kind(of: name) == nil else { return }
    try root.createFolder(name)
    try root.synchronizeNames()
  }

  /// Writes a small file of the store: into the new folder, or replacing the existing file.
  private func write(_ bytes: [UInt8], to name: String) throws(StoreError) {
    let path = "\(target.storePath)/\(name)"
    guard let held = target.held, let known = target.old?.store.folder else {
      return try FileSystem.write(bytes, toNewFile: path)
    }
    let state = known.fileStates[name]
    if state == nil, FileSystem.kind(of: path, followingLinks: false) != nil,
      !known.ownFiles().contains(Array(name.utf8))
    {
      throw StoreError(
        .unsupported, "format.json does not name this file", remedy: "move it elsewhere",
        path: path)
    }
    try held.replaceFile(name, with: bytes, expecting: state, like: PackedBitImages.name)
  }
}

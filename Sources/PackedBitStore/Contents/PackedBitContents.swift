import ImageStoreCore
import ImageStoreSupport

/// What a folder of masks has, all of it opened when the store is: whoever appends to the folder afterwards, or puts another store
/// in its place, changes nothing of it.
struct PackedBitContents: Sendable {
  let description: PackedBitDescription
  /// What the description says of as many masks as there are; nil if it says nothing of them.
  let state: PackedBitDescription.State?
  /// How masks are packed; nil if there are none.
  let layout: PackedBitLayout?
  let images: PackedBitImages
  let labels: MappedFile?
  /// The files of columns by their names.
  let columns: [String: MappedFile]
  /// Where bytes begin and end, of columns that have bytes.
  let offsets: [String: MappedFile]
  let checksums: MappedFile?
  /// The files as they were, by their paths in the folder.
  let fileStates: [String: FileState]

  static let labelsName = "labels.npy"
  static let checksumsName = "checksums.npy"
  static let columnsFolder = "columns"
  static let offsetsFolder = "offsets"

  /// The path in the folder of a column's file, or of its offsets.
  static func file(ofColumn name: String, in folder: String = columnsFolder) -> String {
    "\(folder)/\(ColumnName.escaped(name, for: .path)).npy"
  }

  /// Opens the files of a folder by its descriptor, neither following links nor waiting for pipes.
  ///
  /// A writer may finish, or put another store in the place of this one, between any two of them; then it is tried again.
  init(at path: String) throws(StoreError) {
    for _ in 0..<10 {
      let before = Self.identities(path)
      do throws(StoreError) {
        let found = try PackedBitContents(openedAt: path)
        if found.state != nil || found.description.states == nil || Self.identities(path) == before {
          self = found
          return
        }
      } catch {
        if Self.identities(path) == before { throw error }
      }
    }
    self = try PackedBitContents(openedAt: path)
  }

  /// What writers change: the description is replaced, then the header written that counts masks.
  private static func identities(_ path: String) -> [FileState?] {
    [PackedBitDescription.fileName, PackedBitImages.name].map { FileState(ofPath: "\(path)/\($0)") }
  }

  private init(openedAt path: String) throws(StoreError) {
    let folder = try Folder(path)
    var files = Files()
    description = try PackedBitDescription.read(try files.open(PackedBitDescription.fileName, in: folder))
    let stated: PackedBitLayout?
    do throws(StoreError) {
      stated = try description.layout()
    } catch {
      throw error.at(path: "\(path)/\(PackedBitDescription.fileName)")
    }
    images = try PackedBitImages(array: try files.map(PackedBitImages.name, in: folder), layout: stated)
    // An append to no masks that did not end may have left a size.
    layout = images.count == 0 ? nil : stated
    let count = images.count
    let state = description.states?.first { $0.count == count }
    self.state = state
    if let state {
      labels = try state.hasLabels ? files.map(Self.labelsName, in: folder) : nil
      columns = try files.columns(state.names(in: Self.columnsFolder), Self.columnsFolder, in: folder)
      offsets = try files.columns(state.names(in: Self.offsetsFolder), Self.offsetsFolder, in: folder)
    } else {
      labels = try files.mapIfThere(Self.labelsName, in: folder)
      columns = try files.columns(
        Self.names(in: Self.columnsFolder, of: folder), Self.columnsFolder, in: folder)
      offsets = try files.columns(
        Self.names(in: Self.offsetsFolder, of: folder), Self.offsetsFolder, in: folder)
    }
    // Without checksums masks are read as well; who asks for them to be checked is told.
    checksums = try files.mapIfThere(Self.checksumsName, in: folder)
    fileStates = files.states
  }

  /// The files of labels, columns and checksums that the description names, for the masks there are or for others: these this package
  /// wrote. As bytes, since two spellings of one name are two files.
  func ownFiles() -> Set<[UInt8]> {
    var files: Set<[UInt8]> = []
    for state in description.states ?? [] {
      files.insert(Array(Self.checksumsName.utf8))
      if state.hasLabels { files.insert(Array(Self.labelsName.utf8)) }
      for place in [Self.columnsFolder, Self.offsetsFolder] {
        for name in state.names(in: place) { files.insert(Array(Self.file(ofColumn: name, in: place).utf8)) }
      }
    }
    return files
  }

  /// The columns in a folder whose description names none, or those that have offsets.
  private static func names(in place: String, of folder: borrowing Folder) throws(StoreError) -> [String] {
    guard folder.kind(of: place) != nil else { return [] }
    let columns = try folder.folder(place)
    var names: [String] = []
    for file in try columns.names() where file.hasSuffix(".npy") {
      // A name that is not UTF-8 is that of no column.
      guard columns.kind(of: file) != nil else { continue }
      let name = ColumnName.unescaped(String(file.dropLast(4)), in: .path)
      do throws(StoreError) {
        try Column.validate(name: name)
      } catch {
        throw error.at(path: "\(columns.path)/\(file)")
      }
      names.append(name)
    }
    return names
  }

  /// Files that have been opened, and what they were.
  private struct Files {
    var states: [String: FileState] = [:]

    mutating func open(_ name: String, in folder: borrowing Folder, as known: String? = nil)
      throws(StoreError) -> File
    {
      let file = try File(name, in: folder, .read)
      states[known ?? name] = try file.state()
      return file
    }

    mutating func map(_ name: String, in folder: borrowing Folder, as known: String? = nil) throws(StoreError)
      -> MappedFile
    {
      try MappedFile(open(name, in: folder, as: known))
    }

    mutating func mapIfThere(_ name: String, in folder: borrowing Folder) throws(StoreError) -> MappedFile? {
      folder.kind(of: name) == nil ? nil : try map(name, in: folder)
    }

    /// Files of columns by the names of these.
    mutating func columns(
      _ names: [String], _ place: String, in folder: borrowing Folder
    ) throws(StoreError) -> [String: MappedFile] {
      guard !names.isEmpty else { return [:] }
      let folder = try folder.folder(place)
      var columns: [String: MappedFile] = [:]
      for name in names {
        let path = PackedBitContents.file(ofColumn: name, in: place)
        let file = String(path.dropFirst(place.count + 1))
        // Before there were escapes, files had all names as they are.
        let isThere = folder.kind(of: file) != nil || name.contains("/")
        columns[name] = try map(isThere ? file : "\(name).npy", in: folder, as: path)
      }
      return columns
    }
  }
}

import ImageStoreCore
import ImageStorePlatform
import ImageStoreSupport

/// The contents of a folder of masks, all opened with the store: later appends to the folder, or
/// another store in its place, do not change them.
struct PackedBitContents: Sendable {
  let description: PackedBitDescription
  /// The description's state for the current number of masks; nil if it has none.
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
  /// A writer may finish, or replace the store, between any two of them; then they are opened
  /// again.
  init(at path: String) throws(StoreError) {
    for attempt in 0..<200 {
      if attempt > 4 { usleep(1000) }
      let before = Glimpse(path)
      do throws(StoreError) {
        let found = try PackedBitContents(openedAt: path)
        let now = Glimpse(path)
        let isOfOneState = found.state != nil || found.description.states == nil || now.masks == before.masks
        if now.description == before.description, now.hasEdit == before.hasEdit, isOfOneState {
          self = found
          return
        }
      } catch {
        if Glimpse(path) == before { throw error }
      }
    }
    throw StoreError(.busy, "other programs keep changing it", remedy: "try again", path: path)
  }

  /// Changes by a writer: the description is replaced, then the header that counts masks is
  /// written, or the files of an edit are moved into place.
  private struct Glimpse: Equatable {
    let description: FileState?
    let masks: FileState?
    let hasEdit: Bool

    init(_ path: String) {
      description = FileState(ofPath: "\(path)/\(PackedBitDescription.fileName)")
      masks = FileState(ofPath: "\(path)/\(PackedBitImages.name)")
      hasEdit = FileSystem.kind(of: "\(path)/\(PackedBitEdit.folderName)", followingLinks: false) == .folder
    }
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
    // An unfinished append to an empty store may have left a size.
    layout = images.count == 0 ? nil : stated
    let isEdited = PackedBitEdit.isCommitted(description, in: folder)
    let state = description.state(count: images.count, isEdited: isEdited)
    self.state = state
    if let state {
      if isEdited { files.edited = Set(description.edit?.map { Array($0.utf8) } ?? []) }
      labels = try state.hasLabels ? files.labels(in: folder) : nil
      columns = try files.columns(state.names(in: Self.columnsFolder), Self.columnsFolder, in: folder)
      offsets = try files.columns(state.names(in: Self.offsetsFolder), Self.offsetsFolder, in: folder)
    } else {
      labels = try files.mapIfThere(Self.labelsName, in: folder)
      columns = try files.columns(
        Self.names(in: Self.columnsFolder, of: folder), Self.columnsFolder, in: folder)
      offsets = try files.columns(
        Self.names(in: Self.offsetsFolder, of: folder), Self.offsetsFolder, in: folder)
    }
    // Masks can be read without checksums; checking them reports the error.
    checksums = try files.mapIfThere(Self.checksumsName, in: folder)
    fileStates = files.states
  }

  /// The files of labels, columns and checksums that the description names, for the masks there are
  /// or for others: these this package wrote. As bytes, since two spellings of one name are two
  /// files.
  func ownFiles() -> Set<[UInt8]> {
    var files: Set<[UInt8]> = []
    for state in description.states ?? [] {
      files.insert(Array(Self.checksumsName.utf8))
      files.formUnion(state.files.map { Array($0.utf8) })
    }
    return files
  }

  /// The columns in a folder whose description names none, or those that have offsets.
  private static func names(in place: String, of folder: borrowing Folder) throws(StoreError) -> [String] {
    guard folder.kind(of: place) != nil else { return [] }
    let columns = try folder.folder(place)
    var names: [String] = []
    for file in try columns.names() where file.hasSuffix(".npy") {
      // A name that is not UTF-8 cannot be that of a column.
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

  /// Files that have been opened, and their states.
  private struct Files {
    var states: [String: FileState] = [:]
    /// The files that an edit has written next to the old ones, which no longer count.
    var edited: Set<[UInt8]> = []

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

    mutating func labels(in folder: borrowing Folder) throws(StoreError) -> MappedFile {
      let name = PackedBitContents.labelsName
      guard edited.contains(Array(name.utf8)) else { return try map(name, in: folder) }
      return try map(name, in: folder.folder(PackedBitEdit.folderName))
    }

    /// Files of columns by the names of these.
    mutating func columns(
      _ names: [String], _ place: String, in folder: borrowing Folder
    ) throws(StoreError) -> [String: MappedFile] {
      let isEdited = names.map {
        edited.contains(Array(PackedBitContents.file(ofColumn: $0, in: place).utf8))
      }
      var columns: [String: MappedFile] = [:]
      let old = zip(names, isEdited).filter { !$1 }.map(\.0)
      let new = zip(names, isEdited).filter { $1 }.map(\.0)
      if !old.isEmpty { try map(columns: old, place, in: folder.folder(place), to: &columns) }
      if !new.isEmpty {
        try map(
          columns: new, place, in: folder.folder(PackedBitEdit.folderName).folder(place), to: &columns)
      }
      return columns
    }

    private mutating func map(
      columns names: [String], _ place: String, in folder: borrowing Folder,
      to columns: inout [String: MappedFile]
    ) throws(StoreError) {
      for name in names {
        let path = PackedBitContents.file(ofColumn: name, in: place)
        let file = String(path.dropFirst(place.count + 1))
        // Before there were escapes, all names were used for files as they are.
        let isThere = folder.kind(of: file) != nil || name.contains("/")
        columns[name] = try map(isThere ? file : "\(name).npy", in: folder, as: path)
      }
    }
  }
}

internal import ImageStoreCore
internal import ImageStoreSupport

/// What is known of a folder of images once it is opened.
struct FolderContents: Sendable {
  /// How the folder is laid out.
  enum Kind: Sendable {
    /// `labels.csv` names the images.
    case labelsCSV
    /// `0.png 1.png ...` with `N.csv`, or one CSV per image.
    case numbered
    /// A folder per class.
    case classFolders
    /// PNGs and nothing else.
    case plain
  }

  /// The format of the images as far as it is known.
  enum Format: Sendable {
    case uniform(ImageFormat)
    case mixed
    case unknown

    /// The format if it is known to be that of all images.
    var uniform: ImageFormat? {
      if case .uniform(let format) = self { format } else { nil }
    }
  }

  var kind: Kind
  var paths: ImagePaths
  var labels: [Int]?
  var classNames: [String]?
  var format = Format.unknown
  /// The columns by their names, and where in `labels.csv` each is.
  var columns: [String: Int] = [:]
  /// `labels.csv`, kept open so that the columns of this snapshot can be read later.
  var table: CSVFile?
  var description: StoreDescription?
  /// `store.json` as it was when it was read.
  var descriptionState: FileState?
  /// The state that the description knows for this `labels.csv`.
  var state: StoreDescription.State?

  /// Finds out how a folder is laid out and reads what names its images.
  ///
  /// - Throws: ``StoreError/Code/unrecognized`` if it has no images this package knows how to find;
  ///   ``StoreError/Code/corrupt``.
  static func read(_ folder: borrowing Folder) throws(StoreError) -> FolderContents {
    if folder.kind(of: labelsFileName) != nil { return try readLabelsCSV(folder) }
    let names = try folder.names().filter { !$0.hasPrefix(".") }
    let images = names.filter(isImage)
    guard images.isEmpty else { return try readNumbered(folder, names: names, images: images) }
    var folders: [String] = []
    for name in names where folder.kind(of: name) == .folder { folders.append(name) }
    if let contents = try readClassFolders(folder, classes: folders) { return contents }
    throw StoreError(
      .unrecognized, "a folder with neither labels.csv, nor PNGs, nor folders of them", path: folder.path)
  }

  static let labelsFileName = "labels.csv"

  /// What torchvision's ImageFolder takes for images, so that a JPEG is refused by name and not left out.
  private static let suffixes = [
    ".png", ".jpg", ".jpeg", ".ppm", ".bmp", ".pgm", ".tif", ".tiff", ".webp",
  ]

  static func isImage(_ name: String) -> Bool {
    let name = name.lowercased()
    return suffixes.contains { name.hasSuffix($0) }
  }
}

public import ImageStoreCore
import ImageStoreNumPy
import ImageStoreSupport

/// Images that are one array in a file of its own: numpy's `.npy`, IDX as MNIST has it, or bare samples.
///
///     let digits = try ArrayStore(at: "train-images-idx3-ubyte")
///
///     var description = StoreDescription()
///     description.dimensions = "NCHW"
///     let images = try ArrayStore(at: "X_train.npy", description)
///
/// An array of three axes is (N, H, W), one of four (N, H, W, C). Describe other orders with
/// ``ImageStoreCore/StoreDescription/dimensions``, and images whose samples are in one axis with
/// ``ImageStoreCore/StoreDescription/shape``. Bare samples need a shape. Files are mapped: an image
/// is read where it is. A file that gzip compressed is inflated to memory when it is opened.
///
/// Labels are in another file: `StoreCatalog` and the command line take its name, and IDX files
/// called `...labels-idx1...` are found next to their images.
public final class ArrayStore: ImageStore {
  /// The path the store was opened at.
  public let path: String
  public let format: ImageFormat?
  public let notes: [ReadingNote]

  let file: ArrayFile
  let geometry: ArrayGeometry
  let threads: Int
  private let labelsFile: ArrayFile?
  private let beside: Beside
  private let knownLabels = Cached<[Int]?>()

  /// Opens an array of images.
  ///
  /// - Parameters:
  ///   - path: the file.
  ///   - description: the caller's description of it: `dimensions`, `shape`, `elementType`,
  ///     `channelOrder`; `labels` may only be `none`.
  ///   - threads: how many threads a large call may use; nil for one per processor.
  /// - Throws: ``StoreError/Code/notFound``, ``StoreError/Code/corrupt`` if the file is cut short,
  ///   ``StoreError/Code/unsupported`` for an array that cannot be images,
  ///   ``StoreError/Code/invalidArgument`` if the array is not as described.
  public convenience init(
    at path: some StorePath, _ description: StoreDescription = StoreDescription(), threads: Int? = nil
  ) throws(StoreError) {
    try self.init(at: path.storePath(), description, Beside(), threads: threads)
  }

  /// Information on the images from files next to the array.
  struct Beside {
    var labels: [Int]?
    var classNames: [String]?
    var columns: [String: Column] = [:]
    var notes: [ReadingNote] = []
    /// The arrays that say so.
    var used: [String] = []
  }

  init(
    at path: String, _ description: StoreDescription, _ beside: Beside, threads: Int?
  ) throws(StoreError) {
    self.path = path
    self.beside = beside
    file = try ArrayFile(path, description)
    do throws(StoreError) {
      geometry = try file.geometry(description)
      try file.check(geometry)
    } catch {
      throw error.at(path: path)
    }
    format = geometry.count > 0 ? geometry.format : nil
    let found = description.labels == StoreDescription.Labels.none ? nil : try ArrayFile.labels(beside: path)
    let imageCount = geometry.count
    let doFit = found.map { $0.shape == [imageCount] } ?? true
    labelsFile = doFit ? found : nil
    self.threads = Workers.threadCount(threads)
    var notes: [ReadingNote] = []
    if description.dimensions == nil, let other = geometry.otherDimensions {
      notes.append(ReadingNote(.decided, "the axes are \(geometry.dimensions), not \(other)"))
    }
    if description.dimensions == nil, description.shape == nil, geometry.dimensions == "HWC" {
      notes.append(ReadingNote(.decided, "the array \(ArrayGeometry.text(file.shape)) is one image"))
    }
    if let found, !doFit {
      let name = FileSystem.split(found.path).name
      notes.append(ReadingNote(.notRead, "\(name), \(found.shape[0]) labels for \(imageCount) images"))
    }
    if let labelsFile {
      notes.append(ReadingNote(.decided, "labels of \(FileSystem.split(labelsFile.path).name)"))
    }
    self.notes = notes + beside.notes
    guard file.kind == .npy else { return }
    do throws(StoreError) {
      try PackedBitSigns(name: file.stem, shape: file.shape).check(
        self, description, stated: file.statedMasks())
    } catch {
      throw error.at(path: path)
    }
  }

  public var count: Int { geometry.count }
  public var classNames: [String]? { beside.classNames }
  public var columnNames: [String] { beside.columns.keys.sorted() }

  public func column(_ name: String) throws(StoreError) -> Column {
    guard let column = beside.columns[name] else { throw .noColumn(name, among: columnNames).at(path: path) }
    return column
  }

  public var sourcePaths: [String] { [path] + [labelsFile?.path].compactMap { $0 } }
  public var checksumCoverage: ChecksumCoverage { .noImages }

  public func format(at index: Int) throws(StoreError) -> ImageFormat {
    guard index >= 0, index < count else { throw .indexOutOfRange(index, count: count).at(path: path) }
    return geometry.format
  }

  public func labels() throws(StoreError) -> [Int]? {
    if let labels = beside.labels { return labels }
    guard let labelsFile else { return nil }
    return try knownLabels.value { () throws(StoreError) in
      let values = try labelsFile.values()
      guard
        case .labels(let labels, _) = FoundLabels(
          values.values, shape: values.shape, imageCount: count)
      else {
        throw StoreError(
          .corrupt, "\(values.values.count) labels for \(count) images",
          remedy: "give --labels none, or the file that has them", path: labelsFile.path)
      }
      return labels
    }
  }

  public func advise(_ pattern: AccessPattern) { file.bytes.advise(pattern) }
}

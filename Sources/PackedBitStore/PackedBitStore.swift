public import ImageStoreCore
import NumPyFormat
import StoreIO

/// Masks at one bit a pixel, in a folder that numpy opens.
///
/// The folder has `masks.npy` (uint8 as `numpy.packbits` makes it), `labels.npy`, `columns/NAME.npy`,
/// `checksums.npy` (the CRC-32 of each mask's bytes) and `format.json`:
///
///     masks = numpy.load("store.bits/masks.npy", mmap_mode="r")
///     mask = numpy.unpackbits(masks[42], axis=0, count=1080)      # packed along rows
///
/// Masks are delivered as bool images of one channel, a byte 0 or 1 a pixel; other forms by
/// ``read(_:regions:as:into:)``. Only the bytes that hold a region are touched.
public final class PackedBitStore: ImageStore {
  /// The path the store was opened at.
  public let path: String
  /// How masks are packed, or nil where there are none.
  public let layout: PackedBitLayout?
  public let classNames: [String]?
  public let columnNames: [String]

  let masks: MaskFile
  let threads: Int
  private let labelsPath: String?
  /// The folder with columns and checksums, or nil for a file by itself.
  private let folder: String?
  private let knownLabels = Cached<[Int]>()
  private let knownChecksums = Cached<[Int]?>()
  private let description: PackedBitDescription?

  static let labelsName = "labels.npy"
  static let checksumsName = "checksums.npy"
  static let columnsFolder = "columns"

  /// Opens a folder of masks.
  ///
  /// - Parameters:
  ///   - path: the folder.
  ///   - threads: how many threads unpack many crops; nil stands for one for each processor.
  /// - Throws: ``StoreError/Code/notFound``, ``StoreError/Code/corrupt`` for files that contradict each
  ///   other or are cut short, ``StoreError/Code/unrecognized`` and ``StoreError/Code/unsupported`` for
  ///   other things.
  public init(at path: String, threads: Int? = nil) throws(StoreError) {
    (description, layout, masks) = try Self.open(path)
    self.path = path
    folder = path
    classNames = description?.classNames
    self.threads = Workers.threadCount(threads)
    let labels = "\(path)/\(Self.labelsName)"
    labelsPath = FileSystem.kind(of: labels) == .file ? labels : nil
    columnNames = try Self.columnNames(in: "\(path)/\(Self.columnsFolder)")
  }

  /// Opens the description and the masks that it describes: a writer may finish between the two.
  private static func open(
    _ path: String
  ) throws(StoreError) -> (PackedBitDescription, PackedBitLayout?, MaskFile) {
    var tries = 0
    while true {
      let description = try PackedBitDescription.read(in: path)
      let layout: PackedBitLayout?
      do throws(StoreError) {
        layout = try description.layout()
      } catch {
        throw error.at(path: "\(path)/\(PackedBitDescription.fileName)")
      }
      tries += 1
      do throws(StoreError) {
        let masks = try MaskFile(array: "\(path)/\(MaskFile.name)", layout: layout)
        let isDescribed = description.states?.contains { $0.count == masks.count } ?? true
        if isDescribed || tries == 10 { return (description, layout, masks) }
      } catch {
        if tries == 10 { throw error }
      }
    }
  }

  /// Opens a file of packed masks that does not describe itself: an `.npy` array, or its bare bytes.
  ///
  /// - Parameters:
  ///   - path: the file. An array in Fortran order, which `numpy.packbits` makes of one, is turned to C
  ///     order in memory.
  ///   - layout: how the masks are packed.
  ///   - labels: an `.npy` file with the labels, if there is one.
  ///   - threads: how many threads unpack many crops; nil stands for one for each processor.
  /// - Throws: ``StoreError/Code/corrupt`` where the file's size or shape is not that of such masks.
  public init(
    file path: String, layout: PackedBitLayout, labels: String? = nil, threads: Int? = nil
  ) throws(StoreError) {
    self.path = path
    self.layout = layout
    let start = try FileSystem.start(of: path, count: NPYHeader.magic.count)
    masks =
      try start == NPYHeader.magic
      ? MaskFile(array: path, layout: layout) : MaskFile(bare: path, layout: layout)
    self.threads = Workers.threadCount(threads)
    labelsPath = labels
    folder = nil
    description = nil
    classNames = nil
    columnNames = []
  }

  private static func columnNames(in folder: String) throws(StoreError) -> [String] {
    guard FileSystem.kind(of: folder) == .folder else { return [] }
    var names: [String] = []
    for file in try FileSystem.names(in: folder) where file.hasSuffix(".npy") {
      let name = String(file.dropLast(4))
      do throws(StoreError) {
        try Column.validate(name: name)
      } catch {
        throw error.at(path: "\(folder)/\(file)")
      }
      names.append(name)
    }
    return names.sorted()
  }

  public var count: Int { masks.count }
  public var format: ImageFormat? { layout?.format }

  public func format(at index: Int) throws(StoreError) -> ImageFormat {
    guard index >= 0, index < count, let layout else {
      throw .indexOutOfRange(index, count: count).at(path: path)
    }
    return layout.format
  }

  public func labels() throws(StoreError) -> [Int]? {
    guard let labelsPath else { return nil }
    return try knownLabels.value { () throws(StoreError) in
      let labels = unsafe try values(at: labelsPath) { (header, data) throws(StoreError) in
        try unsafe header.integers(in: data)
      }
      return Array(labels.prefix(count))
    }
  }

  public func column(_ name: String) throws(StoreError) -> Column {
    guard let folder, columnNames.contains(name) else {
      throw .noColumn(name, among: columnNames).at(path: path)
    }
    let column = unsafe try values(at: "\(folder)/\(Self.columnsFolder)/\(name).npy") {
      (header, data) throws(StoreError) in try unsafe header.column(in: data)
    }
    return column.count == count ? column : column.gathering(0..<count)
  }

  public var checksumCoverage: ChecksumCoverage {
    guard let folder, FileSystem.kind(of: "\(folder)/\(Self.checksumsName)") == .file else { return .noImages }
    return .allImages
  }

  /// The CRC-32 of each mask's bytes, or nil where they are not known.
  func checksums() throws(StoreError) -> [Int]? {
    guard let folder else { return nil }
    return try knownChecksums.value { () throws(StoreError) in
      let path = "\(folder)/\(Self.checksumsName)"
      guard FileSystem.kind(of: path) == .file else { return nil }
      return unsafe try values(at: path) { (header, data) throws(StoreError) in
        try unsafe header.integers(in: data)
      }
    }
  }

  /// Reads an array with a value a mask. Values past the last mask are those of an append that is not
  /// finished; too few are an error.
  private func values<Values>(
    at path: String, _ read: (NPYHeader, UnsafeRawBufferPointer) throws(StoreError) -> Values
  ) throws(StoreError) -> Values {
    do throws(StoreError) {
      let map = try MappedFile(path)
      let header = try unsafe withRawSpan(of: map.bytes) { (file) throws(StoreError) in
        try NPYHeader(parsing: file)
      }
      guard try header.valueCount() >= count else {
        throw StoreError(.corrupt, "\(try header.valueCount()) values for \(count) masks")
      }
      defer { withExtendedLifetime(map) {} }
      return try unsafe read(header, header.data(in: map.bytes))
    } catch {
      throw error.at(path: path)
    }
  }

  public func advise(_ pattern: AccessPattern) { masks.map.advise(pattern) }

  /// What the description says of as many masks as there are, or nil where it says nothing of them.
  var state: PackedBitDescription.State? { description?.states?.first { $0.count == count } }

  var isDescriptionIntact: Bool { description?.isIntact ?? true }
  /// Whether a writer of this package wrote `format.json`, which then knows of the masks there are.
  var isDescriptionOwn: Bool { description?.states != nil }
}

extension FileSystem {
  /// The first bytes of a file, or all where it has fewer.
  fileprivate static func start(of path: String, count: Int) throws(StoreError) -> [UInt8] {
    let file = try File(path, .read)
    var bytes = [UInt8](repeating: 0, count: min(count, try file.byteCount()))
    var span = bytes.mutableSpan
    try unsafe span.withUnsafeMutableBytes { (buffer) throws(StoreError) in
      try unsafe file.read(at: 0, into: buffer)
    }
    return bytes
  }
}

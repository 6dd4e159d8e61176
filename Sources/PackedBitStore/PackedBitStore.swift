public import ImageStoreCore
import ImageStoreNumPy
import ImageStoreSupport

/// Masks at one bit per pixel, in a folder that numpy opens.
///
/// The folder has `masks.npy` (uint8 as `numpy.packbits` makes it), `labels.npy`,
/// `columns/NAME.npy`, `offsets/NAME.npy` for columns of bytes, `checksums.npy` (the CRC-32 of each
/// mask's bytes) and `format.json`:
///
///     masks = numpy.load("store.bits/masks.npy", mmap_mode="r")
///     mask = numpy.unpackbits(masks[42], axis=0, count=1080)      # packed along rows
///
/// Masks are delivered as bool images of one channel, with a byte 0 or 1 per pixel;
/// ``read(_:regions:as:into:)`` delivers other forms. Only the bytes that hold a region are
/// touched.
public final class PackedBitStore: ImageStore {
  /// The path the store was opened at.
  public let path: String
  /// How masks are packed, or nil if there are none.
  public let layout: PackedBitLayout?
  public let classNames: [String]?
  public let columnNames: [String]

  let images: PackedBitImages
  let threads: Int
  /// The folder that was opened; nil for a file by itself.
  let folder: PackedBitContents?
  private let labelsFile: MappedFile?
  private let knownLabels = Cached<[Int]>()
  private let knownChecksums = Cached<[Int]?>()

  /// Opens a folder of masks.
  ///
  /// - Parameters:
  ///   - path: the folder.
  ///   - threads: how many threads unpack many crops; nil for one per processor.
  /// - Throws: ``StoreError/Code/notFound``, ``StoreError/Code/corrupt`` for files that contradict
  ///   each other or are cut short, ``StoreError/Code/unrecognized`` and
  ///   ``StoreError/Code/unsupported`` for anything else.
  public init(at path: some StorePath, threads: Int? = nil) throws(StoreError) {
    let path = try path.storePath()
    let folder = try PackedBitContents(at: path)
    self.path = path
    self.folder = folder
    layout = folder.layout
    images = folder.images
    classNames = folder.description.classNames(of: folder.state)
    columnNames = folder.columns.keys.sorted()
    labelsFile = folder.labels
    self.threads = Workers.threadCount(threads)
  }

  /// Opens a file of packed masks that does not describe itself: an `.npy` array, or its bare bytes.
  ///
  /// - Parameters:
  ///   - path: the file. An array in Fortran order, which `numpy.packbits` returns for a Fortran
  ///     array, is converted to C order in memory.
  ///   - layout: how the masks are packed.
  ///   - labels: an `.npy` file with the labels, if there is one.
  ///   - threads: how many threads unpack many crops; nil for one per processor.
  /// - Throws: ``StoreError/Code/corrupt`` if the file's size or shape is not that of such masks.
  public init(
    file path: some StorePath, layout: PackedBitLayout, labels: (any StorePath)? = nil, threads: Int? = nil
  ) throws(StoreError) {
    let path = try path.storePath()
    self.path = path
    self.layout = layout
    let map = try MappedFile(path)
    let isArray = unsafe map.bytes.starts(with: NPYHeader.magic)
    images =
      try isArray ? PackedBitImages(array: map, layout: layout) : PackedBitImages(bare: map, layout: layout)
    self.threads = Workers.threadCount(threads)
    labelsFile = try labels.map { (path) throws(StoreError) in try MappedFile(path.storePath()) }
    folder = nil
    classNames = nil
    columnNames = []
  }

  /// Opens a file of packed masks that does not describe itself, with a description of it.
  ///
  /// - Parameters:
  ///   - path: an `.npy` array or bare bytes. Axes of extent 1 count as if they were not there.
  ///   - description: the shape, the axis and the order of bits; bits that run on from row to row
  ///     have the axis ``ImageStoreCore/StoreDescription/PackingAxis/flat``, and are packed again
  ///     in memory.
  ///   - labels: an `.npy` file with the labels, if there is one.
  ///   - threads: how many threads unpack many crops; nil for one per processor.
  /// - Throws: ``StoreError/Code/invalidArgument`` if the file does not have such masks.
  public init(
    file path: some StorePath, _ description: StoreDescription, labels: (any StorePath)? = nil,
    threads: Int? = nil
  ) throws(StoreError) {
    let path = try path.storePath()
    self.path = path
    let map = try MappedFile(path)
    do throws(StoreError) {
      let isArray = unsafe map.bytes.starts(with: NPYHeader.magic)
      let header =
        try isArray
        ? unsafe withRawSpan(of: map.bytes) { (file) throws(StoreError) in try NPYHeader(parsing: file) }
        : nil
      if let header { _ = try unsafe header.data(in: map.bytes) }
      guard header?.type.isInteger ?? true, header?.type.kind != .bool else {
        throw StoreError(
          .unsupported, "an array of the type '\(header!.type.description)' cannot be packed bits",
          remedy: "numpy.packbits makes uint8; leave --axis out if the array has one value per pixel")
      }
      let bits = try PackedBits(
        shape: header?.shape, itemByteCount: header?.type.byteCount ?? map.byteCount, description)
      if header == nil { try unsafe bits.checkPadding(map.bytes) }
      let layout = try PackedBitLayout(
        height: bits.format.height, width: bits.format.width, axis: bits.axis == .rows ? .rows : .columns,
        bitOrder: bits.bitOrder == .little ? .little : .big)
      self.layout = layout
      if let header, header.isFortranOrder {
        images = try PackedBitImages(array: map, layout: layout)
      } else {
        images = try PackedBitImages(map, bits, layout: layout, dataOffset: header?.dataOffset ?? 0)
      }
    } catch {
      throw error.at(path: path)
    }
    self.threads = Workers.threadCount(threads)
    labelsFile = try labels.map { (path) throws(StoreError) in try MappedFile(path.storePath()) }
    folder = nil
    classNames = nil
    columnNames = []
  }

  public var sourcePaths: [String] { [path] + (folder == nil ? [labelsFile?.path].compactMap { $0 } : []) }
  public var count: Int { images.count }
  public var format: ImageFormat? { layout?.format }

  public func format(at index: Int) throws(StoreError) -> ImageFormat {
    guard index >= 0, index < count, let layout else {
      throw .indexOutOfRange(index, count: count).at(path: path)
    }
    return layout.format
  }

  public func labels() throws(StoreError) -> [Int]? {
    guard let labelsFile else { return nil }
    return try knownLabels.value { () throws(StoreError) in
      try unsafe values(of: labelsFile) { (header, data) throws(StoreError) in
        // Other programs write whole numbers as floats.
        guard !header.type.isInteger, case .double(let values) = try unsafe header.column(in: data),
          case .labels(let labels, _) = FoundLabels(
            .double(values), shape: [values.count], imageCount: values.count)
        else { return try unsafe header.integers(in: data) }
        return labels
      }
    }
  }

  public func column(_ name: String) throws(StoreError) -> Column {
    guard let file = folder?.columns[name] else {
      throw .noColumn(name, among: columnNames).at(path: path)
    }
    if let offsets = folder?.offsets[name] { return try bytes(of: file, offsets) }
    return try unsafe array(of: file) { (header, data) throws(StoreError) in
      if let width = header.vectorWidth { try header.checkVectors(width) }
      let limit = ValueLimit(storedByteCount: file.allocatedByteCount)
      try limit.check(count: count * (header.vectorWidth ?? 1), of: header.type)
      let column = try unsafe header.column(of: count, in: data)
      var left = limit
      try left.count(column)
      return column
    }
  }

  /// A column of bytes, which has those of all masks in one file and in another where those of each
  /// begin and end.
  private func bytes(of file: MappedFile, _ offsets: MappedFile) throws(StoreError) -> Column {
    let places = try unsafe array(of: offsets) { (header, data) throws(StoreError) in
      let found = try header.valueCount()
      guard found > count else {
        throw StoreError(.corrupt, "\(found) offsets for \(count) masks")
      }
      return try unsafe header.counting(count + 1).integers(in: data)
    }
    return try unsafe array(of: file) { (header, data) throws(StoreError) in
      guard header.type == NPYType(.uint8), header.shape.count == 1 else {
        throw StoreError(
          .corrupt,
          "an array of the type '\(header.type.description)' and the shape \(header.shapeDescription) cannot be a column of bytes"
        )
      }
      let end = places[count]
      guard end >= 0, end <= data.count else {
        throw StoreError(.corrupt, "the file has \(data.count) bytes, but \(offsets.path) says \(end)")
      }
      return try unsafe .stored([UInt8](data.prefix(end)), offsets: places)
    }
  }

  /// The CRC-32 of each mask's bytes, ``unknownChecksum`` for masks of which none is known; nil if
  /// that is all.
  func maskChecksums() throws(StoreError) -> [Int]? {
    guard let file = folder?.checksums else { return nil }
    return try knownChecksums.value { () throws(StoreError) in
      try unsafe values(of: file) { (header, data) throws(StoreError) in
        try unsafe header.integers(in: data)
      }
    }
  }

  /// Stands for the checksum of a mask that had none when others were appended: one made then would
  /// vouch for damage.
  static let unknownChecksum = -1

  /// Reads the values of the masks there are. Values past these are those of an append that did not
  /// end; too few are an error.
  private func values<Values>(
    of file: MappedFile, _ read: (NPYHeader, UnsafeRawBufferPointer) throws(StoreError) -> Values
  ) throws(StoreError) -> Values {
    try unsafe array(of: file) { (header, data) throws(StoreError) in
      guard try header.valueCount() >= count else {
        throw StoreError(.corrupt, "\(try header.valueCount()) values for \(count) masks")
      }
      try ValueLimit(storedByteCount: file.allocatedByteCount).check(count: count, of: header.type)
      return try unsafe read(header.counting(count), data)
    }
  }

  /// Lends the array of a file.
  private func array<Result>(
    of file: MappedFile, _ read: (NPYHeader, UnsafeRawBufferPointer) throws(StoreError) -> Result
  ) throws(StoreError) -> Result {
    do throws(StoreError) {
      let header = try unsafe withRawSpan(of: file.bytes) { (file) throws(StoreError) in
        try NPYHeader(parsing: file)
      }
      defer { withExtendedLifetime(file) {} }
      return try unsafe read(header, header.data(in: file.bytes))
    } catch {
      throw error.at(path: file.path)
    }
  }
}

import ImageStoreCore
import ImageStoreDeflate
import ImageStoreNumPy
import ImageStoreSupport

/// Images that have an array each, in a file of its own. A file is mapped when its image is read.
final class ArrayFilesStore: ImageStore {
  let path: String
  let count: Int
  let format: ImageFormat?
  let classNames: [String]?
  let columnNames: [String]
  let notes: [ReadingNote]

  /// The files, by their paths in the folder.
  private let names: [String]
  private let kinds: [ImageFormat]
  private let kindOfImage: [UInt32]
  private let given: [Int]?
  private let columns: [String: Column]
  private let description: StoreDescription
  private let threads: Int

  /// Further information on the images.
  struct Records {
    var labels: [Int]?
    var classNames: [String]?
    var columns: [String: Column] = [:]
    var notes: [ReadingNote] = []
  }

  /// Reads the header of each file.
  init(
    at path: String, _ names: [String], _ description: StoreDescription, _ records: Records, threads: Int?
  ) throws(StoreError) {
    self.path = path
    self.names = names
    self.description = description
    self.threads = Workers.threadCount(threads)
    count = names.count
    given = records.labels
    classNames = records.classNames
    columns = records.columns
    columnNames = records.columns.keys.sorted()
    notes = records.notes
    var numbers: [ImageFormat: UInt32] = [:]
    var kinds: [ImageFormat] = []
    var kindOfImage: [UInt32] = []
    kindOfImage.reserveCapacity(names.count)
    for name in names {
      let file = try ArrayFile("\(path)/\(name)", StoreDescription())
      let format = try file.imageGeometry(description).format
      if numbers[format] == nil {
        numbers[format] = UInt32(kinds.count)
        kinds.append(format)
      }
      kindOfImage.append(numbers[format]!)
    }
    self.kinds = kinds
    self.kindOfImage = kindOfImage
    format = kinds.count == 1 ? kinds[0] : nil
  }

  var sourcePaths: [String] { [path] }
  var checksumCoverage: ChecksumCoverage { .noImages }
  var isZeroCopy: Bool { false }

  func format(at index: Int) throws(StoreError) -> ImageFormat {
    guard index >= 0, index < count else { throw .indexOutOfRange(index, count: count).at(path: path) }
    return kinds[Int(kindOfImage[index])]
  }

  func labels() throws(StoreError) -> [Int]? { given }

  func column(_ name: String) throws(StoreError) -> Column {
    guard let column = columns[name] else { throw .noColumn(name, among: columnNames).at(path: path) }
    return column
  }

  func read(
    _ indices: Span<Int>, regions: Span<ImageRegion>, into destination: inout OutputRawSpan
  ) throws(StoreError) {
    let plan: GatherPlan
    do throws(StoreError) {
      plan = try GatherPlan(indices, regions: regions, in: self)
    } catch {
      throw error.at(path: path)
    }
    try unsafe destination.appendBytes(plan.byteCount) { (memory) throws(StoreError) in
      try Workers.performRuns(of: plan.count, minimum: 4, threads: threads) { (run) throws(StoreError) in
        for position in run {
          let index = plan.indices[position]
          do throws(StoreError) {
            try unsafe read(
              index, plan.region(at: position), of: plan.format(at: position),
              into: plan.slot(of: position, in: memory))
          } catch {
            throw error.at(image: index)
          }
        }
      }
    }
  }

  private func read(
    _ index: Int, _ region: ImageRegion, of format: ImageFormat, into slot: UnsafeMutableRawBufferPointer
  ) throws(StoreError) {
    let file = try ArrayFile("\(path)/\(names[index])", StoreDescription())
    do throws(StoreError) {
      let geometry = try file.imageGeometry(description)
      // Other programs may write the file again.
      guard geometry.format == format else {
        throw StoreError(
          .corrupt, "the image is \(geometry.format), but it was \(format) when the store was opened")
      }
      try file.check(geometry)
      try unsafe file.withSamples { (samples) throws(StoreError) in
        unsafe geometry.copy(region, from: samples, to: slot.baseAddress!)
        if format.elementType == .bool { unsafe TruthValues.normalize(slot) }
      }
    } catch {
      throw error.at(path: file.path)
    }
  }

  func forEachImage(
    _ indices: Span<Int>,
    _ body: (_ position: Int, _ format: ImageFormat, _ pixels: RawSpan) throws(StoreError) -> Void
  ) throws(StoreError) {
    try borrowDecoded(indices, body)
  }
}

extension ArrayFile {
  /// The layout of an array that is one image.
  ///
  /// - Throws: ``StoreError/Code/unsupported`` for an array that may be several.
  func imageGeometry(_ description: StoreDescription) throws(StoreError) -> ArrayGeometry {
    do throws(StoreError) {
      if shape.count == 3, shape[2] > 4, description.dimensions == nil, description.shape == nil {
        throw StoreError(
          .unsupported,
          "an array of the shape \(ArrayGeometry.text(shape)) may be an image of \(shape[2]) channels, one of \(shape[0]) with channels first, or \(shape[0]) images",
          remedy: "give --dimensions HWC or CHW if each file is an image, NHW if each has many")
      }
      return try ArrayGeometry(
        shape: shape, isFortranOrder: isFortranOrder, elementType: type.imageElementType(),
        isSwapped: type.isSwapped, .oneImage, description)
    } catch {
      throw error.at(path: path)
    }
  }

  /// Calls with the first sample of the array, all of which is in memory until it returns.
  func withSamples(_ body: (UnsafeRawPointer) throws(StoreError) -> Void) throws(StoreError) {
    defer { withExtendedLifetime(bytes) {} }
    guard let inflated else { return try unsafe body(samples) }
    try unsafe inflated.forEach(count: 1) { _ in
      dataOffset..<inflated.byteCount
    } _: { (_, start) throws(StoreError) in
      try unsafe body(start)
    }
  }
}

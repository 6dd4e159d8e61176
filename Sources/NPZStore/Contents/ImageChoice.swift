import ImageStoreCore
import ImageStoreNumPy
import ImageStoreSupport

/// The arrays of an archive of another program that are the images, and those that may be their
/// labels.
struct ImageChoice {
  let archive: ZipArchive
  let description: StoreDescription
  let arrays: [ArchiveArray]
  /// The keys of the arrays of images.
  private(set) var used: Set<String> = []
  /// The keys of arrays that may be the labels, the likeliest first.
  private(set) var labelKeys: [String] = []
  /// Whether only its position says that an array has the labels.
  private(set) var decidesLabels = false
  /// The names of images that have one entry each.
  private(set) var names: [String] = []
  /// A class per image and the names of the classes, if images are in folders.
  private(set) var classes: ([Int], [String])?
  private(set) var notes: [ReadingNote] = []

  init(_ archive: ZipArchive, _ description: StoreDescription) throws(StoreError) {
    self.archive = archive
    self.description = description
    arrays = try archive.otherArrays()
    keys = archive.arrayKeys
  }

  private let keys: [String]

  mutating func images() throws(StoreError) -> NPZContents.Images {
    if let key = description.images {
      guard let found = try archive.array(named: key) else { throw archive.noArray(key) }
      return try images(in: try archive.array(found.name, found.entry))
    }
    let directory = archive.directory
    if directory.numberedCount > 0 || !directory.strayNumbers.isEmpty {
      if let option = [("axis", description.axis != nil)].first(where: { $0.1 })?.0 {
        throw .unusedOption(option, "the archive has an array for each image")
      }
      labelKeys = Self.usualLabels.filter { keys.contains($0) }
      return .entries(ImagePositions(directory))
    }
    if let named = archive.imageArrays().first, let found = try archive.array(named: named.images) {
      return try images(in: try archive.array(found.name, found.entry))
    }
    return try unnamedImages()
  }

  private static let usualLabels = ["labels", "outputs", "y", "label", "targets", "target", "classes"]

  // MARK: One array

  private mutating func images(in array: ArchiveArray) throws(StoreError) -> NPZContents.Images {
    used.insert(array.key)
    let header: NPYHeader
    do throws(StoreError) {
      header = try array.readable()
      if let flat = flatImages(in: array, header) {
        used.insert(flat.key)
        notes.append(
          ReadingNote(.decided, "\(array.text) is encoded images one after another, by \(flat.key)"))
        chooseLabels(of: array, count: flat.places.count)
        return .encoded(flat.places)
      }
      let stated = statedMasks(array)
      if let stated {
        used.formUnion(stated.keys)
        notes.append(
          ReadingNote(
            .decided,
            "\(array.text) is packed bits, \(stated.description.axis!.rawValue) of \(stated.description.shape!), by \(stated.source)"
          ))
      }
      let description = stated?.description ?? description
      if description.axis != nil {
        let bits = try PackedBits(shape: header.shape, itemByteCount: header.type.byteCount, description)
        guard header.type.isInteger, !header.isFortranOrder else {
          throw StoreError(
            .unsupported, "an array of the type '\(header.type.description)' cannot be packed bits",
            remedy: "numpy.packbits makes uint8 in C order")
        }
        chooseLabels(of: array, count: bits.count)
        return .bits(array, bits)
      }
      if description.bitOrder != nil { throw .unusedOption("bit-order", "packed bits also need --axis") }
      let said = try order(of: array, header)
      let geometry = try header.geometry(.images, said)
      if description.dimensions == nil, let other = geometry.otherDimensions {
        notes.append(
          ReadingNote(.decided, "the axes of \(array.text) are \(geometry.dimensions), not \(other)"))
      }
      if labelKeys.isEmpty { chooseLabels(of: array, count: geometry.count) }
      return .array(array, geometry)
    } catch {
      throw hinting(error, array).at(path: archive.path, key: array.key)
    }
  }

  /// The labels that go with an array: by its name, or else those next to it.
  private mutating func chooseLabels(of array: ArchiveArray, count: Int) {
    labelKeys = ArrayNames.labels(of: array.key, in: keys)
    guard labelKeys.isEmpty else { return }
    let others = arrays.filter { $0.key != array.key && $0.hasOneValue(perImageOf: count) }
    if let only = others.first, others.count == 1,
      Self.isPositional(only.key) || Self.isForLabels(only.key)
    {
      labelKeys = [only.key]
      decidesLabels = true
    }
  }

  /// The description of an array, with the order of its axes if it follows from the arrays next to
  /// it.
  private mutating func order(
    of array: ArchiveArray, _ header: NPYHeader
  ) throws(StoreError) -> StoreDescription {
    var said = description
    guard said.dimensions == nil, said.shape == nil else { return said }
    let shape = header.shape
    guard (2...4).contains(shape.count) else { return said }
    let labels = ArrayNames.labels(of: array.key, in: keys).compactMap { key in
      arrays.first { $0.key == key }
    }
    let counts = labels.compactMap { array -> Int? in
      guard let header = array.header else { return nil }
      return header.shape.count { $0 != 1 } <= 1 ? header.elementCount : nil
    }
    let labelCount = counts.first
    if let labelCount, labelCount != shape[0], shape.count > 2, shape.last == labelCount {
      let letters = Dimensions.withImagesLast(shape)
      throw StoreError(
        .unsupported,
        "an array of the shape \(header.shapeDescription) has \(labelCount) labels, as many as its last axis has elements",
        remedy: "give --dimensions \(letters) if images are in the last axis, or --labels none")
    }
    switch shape.count {
    case 3:
      let isOne = labelCount.map { $0 != shape[0] } ?? true && shape[2] <= 4
      said.dimensions = isOne ? "HWC" : "NHW"
      if labelCount == nil || isOne {
        notes.append(
          ReadingNote(
            .decided,
            isOne
              ? "\(array.text) is one image, not \(shape[0])"
              : "\(array.text) is \(shape[0]) images of one channel"))
      }
    case 2:
      let isOfMany = labelCount.map { $0 == shape[0] && $0 != 1 } ?? archive.isNameOfMany(array.key)
      guard !isOfMany || Self.isSingular(array.key) && labelCount == nil else {
        throw StoreError(
          .unsupported,
          "an array of the shape \(header.shapeDescription) may be \(shape[0]) images of \(shape[1]) samples each, or one image",
          remedy: "give --shape HxWxC, or --dimensions HW for one image")
      }
      said.dimensions = "HW"
      notes.append(ReadingNote(.decided, "\(array.text) is one image"))
    default: break
    }
    return said
  }

  /// An error that says which arrays there are if the caller named none.
  private func hinting(_ error: StoreError, _ array: ArchiveArray) -> StoreError {
    guard let header = array.header, header.shape.count == 1, header.type.elementType == .uint8,
      description.axis == nil
    else { return error }
    return StoreError(
      .unsupported, "an array of the shape \(header.shapeDescription) cannot be images",
      remedy: "if it is packed bits, give --shape HxW and --axis rows, columns or flat")
  }

  // MARK: Arrays of any names

  /// Arrays of any names: one per image, or one with all of them.
  private mutating func unnamedImages() throws(StoreError) -> NPZContents.Images {
    let names = archive.directory.named.filter {
      $0.name.hasSuffix(".npy") && !ArchiveArray.isHidden($0.name)
        && NPZContents.column(ofEntry: $0.name) == nil && $0.name != NPZContents.classNamesEntry
    }
    let problems = archive.directory.problems.filter { !ArchiveArray.isHidden($0.name) }
    if names.count > ZipArchive.mostArrays {
      if let problem = problems.first(where: { $0.name.hasSuffix(".npy") }) {
        throw problem.error.at(path: archive.path)
      }
      return try entries(names.filter { !Self.usualLabels.contains(String($0.name.dropLast(4))) })
    }
    let candidates = arrays.filter { array in
      names.contains { $0.name == array.name } && !Self.isForLabels(array.key)
    }
    let flat = candidates.filter { array in array.header.map { flatImages(in: array, $0) != nil } ?? false }
    if flat.count == 1 { return try images(in: flat[0]) }
    let stated = candidates.filter { statedMasks($0) != nil }
    if stated.count == 1 { return try images(in: stated[0]) }
    if description.axis != nil || description.dimensions != nil || description.shape != nil {
      let fitting = candidates.filter { $0.canBeImages(rank: 1...8) && fits($0) }
      if fitting.count == 1 { return try images(in: fitting[0]) }
      if description.axis != nil { throw nothing(among: candidates, problems) }
    }
    let dense = candidates.filter { $0.canBeImages(rank: 4...4) }
    if dense.count == 1 { return try images(in: dense[0]) }
    let single = candidates.filter { $0.canBeImages(rank: 2...3) }
    if single.count == 1, dense.isEmpty { return try images(in: single[0]) }
    if single.isEmpty, dense.isEmpty, let encoded = try encodedEntries() {
      return try self.encoded(encoded.found, encoded.classes)
    }
    guard dense.isEmpty, !single.isEmpty else { throw nothing(among: candidates, problems) }
    if let problem = problems.first(where: { $0.name.hasSuffix(".npy") }) {
      throw problem.error.at(path: archive.path)
    }
    if description.dimensions == nil,
      let wide = single.first(where: { $0.header!.shape.count == 3 && $0.header!.shape[2] > 4 })
    {
      throw StoreError(
        .unsupported, "it is not clear which arrays are images: \(wide.text) may be one or many",
        remedy: "name the array with --images, or give --dimensions HWC or CHW if each is an image; "
          + listing(candidates), path: archive.path)
    }
    return try entries(names.filter { named in single.contains { $0.name == named.name } })
  }

  /// Whether an array has the stated shape.
  private func fits(_ array: ArchiveArray) -> Bool {
    guard let header = array.header else { return false }
    if description.axis != nil {
      return (try? PackedBits(shape: header.shape, itemByteCount: header.type.byteCount, description)) != nil
    }
    guard header.shape.count > 1 else { return false }
    return (try? header.geometry(.images, description)) != nil
  }

  /// One image per entry, by the numbers in their names if they have some.
  private mutating func entries(
    _ found: [ZipDirectory.Named]
  ) throws(StoreError) -> NPZContents.Images {
    var found = found
    // Names that differ in numbers alone have an order; of others, the one they were saved in.
    if let order = NumberedNames.order(of: NameList(found.map(\.name))) {
      found = order.map { found[$0] }
      notes.append(ReadingNote(.decided, "images are in the order of the numbers in their names"))
    }
    names = found.map { String($0.name.dropLast(4)) }
    used = Set(names)
    labelKeys = Self.usualLabels.filter { keys.contains($0) }
    if labelKeys.isEmpty {
      let others = arrays.filter {
        Self.isForLabels($0.key) && $0.hasOneValue(perImageOf: found.count)
      }
      if others.count == 1 { labelKeys = [others[0].key] }
    }
    return .entries(ImagePositions(named: found))
  }

  /// Encoded images, an entry each.
  private mutating func encoded(
    _ found: [ZipDirectory.Named], _ classes: ([Int], [String])?
  ) throws(StoreError) -> NPZContents.Images {
    let refused: [StoreDescription.Option] = [.dimensions, .dtype, .channelOrder, .bitOrder]
    if let option = refused.first(where: description.options.contains) {
      throw .unusedOption(option.rawValue, "the images are encoded")
    }
    names = found.map(\.name)
    labelKeys = Self.usualLabels.filter { keys.contains($0) }
    self.classes = classes
    return .encoded(
      found.map { EncodedEntries.Place(entry: archive.directory.entries[$0.position], name: $0.name) })
  }

  /// The error for an archive in which no array is clearly the images.
  private func nothing(
    among candidates: [ArchiveArray], _ problems: [ZipDirectory.Problem]
  ) -> StoreError {
    if let problem = problems.first(where: { _ in candidates.isEmpty }) {
      return problem.error.at(path: archive.path)
    }
    if let only = arrays.first, arrays.count == 1, let problem = only.problem {
      return problem.at(path: archive.path, key: only.name)
    }
    if candidates.count > 1,
      candidates.allSatisfy({ $0.header?.shape.count == 1 && $0.header?.type.elementType == .uint8 })
    {
      return StoreError(
        .unrecognized, "it is not clear which array has the images",
        remedy:
          "give --images NAME, and if they are packed bits --shape HxW and --axis flat; \(listing(arrays))",
        path: archive.path)
    }
    guard !arrays.isEmpty else {
      let others = archive.directory.named.prefix(3).map(\.name).joined(separator: ", ")
      return StoreError(
        .unrecognized, "the archive has no arrays that could be images",
        remedy: others.isEmpty
          ? "it is empty" : "it has \(others); unpack it with 'unzip FILE -d FOLDER', and give the folder",
        path: archive.path)
    }
    return StoreError(
      .unrecognized, "it is not clear which array has the images",
      remedy: "give --images NAME, and --labels NAME if it has labels; \(listing(arrays))",
      path: archive.path)
  }

  private func listing(_ arrays: [ArchiveArray]) -> String {
    let shown = arrays.prefix(8).map { $0.header == nil ? "\($0.key) (objects)" : $0.text }
    let others = arrays.count > 8 ? " and \(arrays.count - 8) more" : ""
    return "there are " + shown.joined(separator: ", ") + others
  }

  /// Whether a name is one that numpy gives to arrays without a name.
  private static func isPositional(_ key: String) -> Bool {
    key.hasPrefix("arr_") && key.dropFirst(4).allSatisfy(\.isNumber)
  }

  /// Whether a word of a name says that it has labels.
  private static func isForLabels(_ key: String) -> Bool {
    key.split(whereSeparator: { !$0.isLetter }).contains {
      !ArrayNames.labels(of: "images", in: [String($0)]).isEmpty
    } || usualLabels.contains(key)
  }

  private static func isSingular(_ key: String) -> Bool {
    ["image", "img"].contains(key.split(whereSeparator: { !$0.isLetter }).last?.lowercased() ?? "")
  }
}

extension ArrayGeometry {
  /// An array that is one image.
  ///
  /// - Parameter isOurs: whether this package wrote it, so that its shape has one reading.
  init(
    imageOf header: NPYHeader, _ description: StoreDescription, isOurs: Bool
  ) throws(StoreError) {
    var said = description
    if isOurs, said.dimensions == nil { said.dimensions = header.shape.count == 3 ? "HWC" : "HW" }
    if header.shape.count != 2 && header.shape.count != 3 {
      throw StoreError(
        .unsupported, "an array of the shape \(header.shapeDescription) cannot be an image",
        remedy: "images are (height, width) or (height, width, channels)")
    }
    self = try header.geometry(.oneImage, said)
  }
}

internal import ImageStoreCodecs
internal import ImageStoreCore
internal import ImageStoreSupport

/// Reads the images of a database that another program wrote, one per value, with their labels.
struct ForeignReader {
  private let plan: ForeignPlan
  private var description: StoreDescription
  private let raw: ArrayGeometry?
  private var kind: ForeignKind?
  private var pickles: PickledImages
  private var positions = MixedPositions()
  private var locations = EncodedImages.Locations()
  private let decoder: EncodedImageDecoder
  private var isDirect = true
  private var labels = ValueLabels()
  /// Images that cannot be read, with their errors; the others are read.
  private var broken: [Int: StoreError] = [:]
  private var notes: [ReadingNote]
  /// Whether the values are planes of channels, whose order this reader determines.
  private var hasPlanes = false

  /// If more values than this are not images, opening the database throws the first error.
  private static let mostBroken = 10_000

  static func contents(_ tree: Tree, _ description: StoreDescription) throws(StoreError) -> LMDBContents {
    var reader = try ForeignReader(tree, description)
    try reader.readAll()
    return try reader.contents(tree)
  }

  private init(_ tree: Tree, _ description: StoreDescription) throws(StoreError) {
    plan = try ForeignPlan(tree, description)
    notes = plan.notes
    raw = try Self.rawGeometry(description)
    self.description = description
    pickles = PickledImages(description)
    decoder = ImageCodecs.decoder(description)
    guard !plan.images.isEmpty else {
      throw StoreError(
        .unrecognized, "the database has no images",
        remedy: "give the database or the prefix of keys that has them with --images")
    }
  }

  /// How raw pixels are laid out, if their shape is stated.
  private static func rawGeometry(_ description: StoreDescription) throws(StoreError) -> ArrayGeometry? {
    guard let shape = description.shape else { return nil }
    let dimensions = description.dimensions ?? (shape.channels == nil ? "HW" : "HWC")
    var extents: [Int] = []
    for axis in dimensions.axes {
      switch axis {
      case .image: continue
      case .row: extents.append(shape.height)
      case .column: extents.append(shape.width)
      case .channel: extents.append(shape.channels ?? 1)
      case .flat:
        return try ArrayGeometry(
          shape: [1, shape.height, shape.width, shape.channels ?? 1],
          elementType: description.elementType ?? .uint8, .ours)
      }
    }
    var stated = description
    stated.dimensions = dimensions
    return try ArrayGeometry(
      shape: extents, elementType: description.elementType ?? .uint8, .oneImage, stated)
  }

  private mutating func readAll() throws(StoreError) {
    for (image, position) in plan.images.enumerated() {
      do throws(StoreError) {
        try add(position)
      } catch {
        let error = error.at(image: image, key: shownName(plan.entries.keys[position]))
        // If no value can be read, the format of the others is not known; and a wrong description
        // is wrong for all values.
        guard kind != nil, broken.count < Self.mostBroken, error.code != .unusedOption,
          error.code != .missingTrait
        else { throw error }
        broken[image] = error
        let (offset, byteCount) = plan.entries.location(position)
        _ = positions.append(positions.formats.first ?? ImageFormat(height: 1, width: 1))
        positions.place(at: offset)
        locations.append(offset: offset, byteCount: byteCount)
        labels.appendNone()
      }
    }
    if broken.count == plan.images.count, let first = broken[0] { throw first }
    try ImageCodecs.checkUse(of: description) { decoder.hasUse(for: $0) }
    if description.palette == nil, decoder.hasUse(for: .palette) { notes.append(.expandedPalettes) }
    if let first = broken.keys.min() {
      notes.append(
        ReadingNote(
          .notRead,
          "\(broken.count) \(broken.count == 1 ? "value" : "values") that cannot be read, such as \(broken[first]!.key ?? "")"
        ))
    }
  }

  private mutating func add(_ position: Int) throws(StoreError) {
    let value = try unsafe plan.entries.value(position)
    let kind: ForeignKind
    if let known = self.kind {
      kind = known
    } else {
      kind = try unsafe ForeignKind(of: value, raw: raw)
      self.kind = kind
      if case .datum = kind { try unsafe decideChannels(Datum(value)) }
      if case .encoded = kind { try checkUnused() }
    }
    let image = try unsafe ForeignValue(kind, value, description, &pickles, decoder)
    if description.shape != nil || description.elementType != nil { try description.check(image.format) }
    let (offset, byteCount) = plan.entries.location(position)
    _ = positions.append(image.format)
    positions.place(at: offset + (image.pixels ?? 0))
    locations.append(offset: offset, byteCount: byteCount)
    isDirect = isDirect && image.pixels != nil
    labels.append(image.label)
  }

  /// Refuses options that cannot apply to encoded images.
  private func checkUnused() throws(StoreError) {
    if description.dimensions != nil {
      throw .unusedOption("dimensions", "the values are encoded images, which have one order of axes")
    }
  }

  /// The order of the planes of a Datum: the stated order; red first in databases of Caffe's own
  /// CIFAR converter, which copies CIFAR's planes under keys of five digits; otherwise blue first,
  /// as OpenCV gives pictures to Caffe's other tools.
  private mutating func decideChannels(_ datum: Datum) throws(StoreError) {
    guard !datum.isEncoded else { return }
    hasPlanes = true
    if datum.channels < 3 {
      if description.channelOrder != nil {
        throw .unusedOption("channel-order", "the images have \(datum.channels) channels")
      }
      return
    }
    guard description.channelOrder == nil else { return }
    let isOfCIFAR =
      datum.channels == 3 && datum.height == 32 && datum.width == 32
      && plan.images.allSatisfy { position in
        let key = plan.entries.keys[position]
        return key.count == 5 && key.allSatisfy { (0x30...0x39).contains($0) }
      }
    if isOfCIFAR { description.channelOrder = .rgb }
    let found =
      isOfCIFAR
      ? "red first, as in the databases of Caffe's CIFAR converter; --channel-order bgr reads the others"
      : datum.channels <= 4
        ? "blue first, as Caffe's tools write them; --channel-order rgb reads the others"
        : "as they are; --channel-order bgr turns the first three"
    notes.append(ReadingNote(.decided, "channels are \(found)"))
  }

  private func contents(_ tree: Tree) throws(StoreError) -> LMDBContents {
    var notes = notes
    let images: LMDBImages
    if let kind, !isDirect || !broken.isEmpty {
      images = .encoded(EncodedImages(kind, description, locations, positions, broken: broken))
    } else if positions.formats.count == 1 {
      images = .uniform(positions.formats[0], positions.uniform(), nil)
    } else {
      images = .mixed(positions, nil)
    }
    var values = ForeignColumns()
    // A protocol buffer leaves out a number that is 0.
    var isDatum = false
    if case .datum? = kind { isDatum = true }
    if labels.areOfSeveral {
      notes.append(
        ReadingNote(.decided, "of several numbers stored with each image, the one after it is the label"))
    }
    switch labels.found(defaultingToZero: isDatum) {
    case .labels(let numbers): values.labels = numbers
    case .texts(let texts): values.columns["label"] = .string(texts)
    case .several(let column): values.columns[FoundLabels.columnName] = column
    case .unread(let reason): notes.append(ReadingNote(.notRead, "labels in the values (\(reason))"))
    case nil: break
    }
    if let found = plan.labels {
      switch try ForeignLabels(found.entries, found.positions) {
      case .labels(let numbers): values.labels = numbers
      case .texts(let texts): values.columns["label"] = .string(texts)
      case .several(let column):
        values.columns[FoundLabels.columnName] = column
        let text = FoundLabels.text(of: [FoundLabels.NamedColumn(name: "", values: column)])
        notes.append(
          ReadingNote(.decided, "\(found.name) has \(text): the column \(FoundLabels.columnName), no labels"))
      case .unread(let reason):
        guard !plan.labelsAreNamed else {
          throw StoreError(.invalidArgument, "these are not labels: \(reason)", key: found.name)
        }
        notes.append(ReadingNote(.notRead, "\(found.name) as labels (\(reason))"))
      }
    } else if plan.labelsAreNamed {
      throw .unusedOption("labels", "the values contain their labels")
    }
    if description.labels == StoreDescription.Labels.none { values = ForeignColumns() }
    // Keys that are the indices carry no information.
    let areIndices = plan.images.enumerated().allSatisfy { index, position in
      plan.entries.keys[position].allSatisfy { (0x30...0x39).contains($0) }
        && Int(String(decoding: plan.entries.keys[position].suffix(18), as: UTF8.self)) == index
    }
    for position in plan.images { values.keys.append(plan.entries.keys[position]) }
    values.hasNames = !areIndices && values.columns["name"] == nil
    return LMDBContents(
      file: tree.file, meta: tree.meta, count: positions.count, images: images, labels: .values(values),
      hasSwappedChannels: description.channelOrder == .bgr && !hasPlanes, notes: notes)
  }
}

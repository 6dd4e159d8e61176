import CImageStoreHDF5
import ImageStoreCore
import ImageStoreSupport

/// The forms of values in a file that is appended to, if they can differ from this package's: types
/// of numbers, text, and the level of its compression. An append keeps these forms, and refuses
/// values that they cannot hold.
struct ValueForms: Sendable {
  var labels: StoredType?
  var columns: [String: DatasetDescription.Elements] = [:]
  var classNames: StoredText?
  /// The level that images are deflated at.
  var level: Int?

  static let int64 = StoredType(kind: .signed, byteCount: 8, isBigEndian: false)
  static let float64 = StoredType(kind: .float, byteCount: 8, isBigEndian: false)

  /// Checks that the forms can hold appended values.
  ///
  /// - Throws: ``StoreError/Code/unsupported``.
  func check(_ added: ImageLabels) throws(StoreError) {
    if let labels, labels != Self.int64, let values = added.labels,
      labels.encoded(values.map(Int64.init)) == nil
    {
      throw Self.noRoom("the labels in the file are \(labels.name), which cannot hold a new label", nil)
    }
    for (name, column) in added.columns {
      switch (column, columns[name]) {
      case (.int64(let values), .number(let type)?) where type != Self.int64:
        try Self.check(type.encoded(values), type, name)
      case (.int64Vectors(let vectors), .number(let type)?) where type != Self.int64:
        try Self.check(type.encoded(vectors.values), type, name)
      case (.double(let values), .number(let type)?) where type != Self.float64:
        try Self.check(type.encoded(values), type, name)
      case (.doubleVectors(let vectors), .number(let type)?) where type != Self.float64:
        try Self.check(type.encoded(vectors.values), type, name)
      case (.string(let values), .text(let text)?):
        guard values.allSatisfy(text.canHold) else {
          throw Self.noRoom("the text in the file is \(text.name), which cannot hold a new text", name)
        }
      default: continue
      }
    }
  }

  private static func check(_ encoded: [UInt8]?, _ type: StoredType, _ name: String) throws(StoreError) {
    guard encoded == nil else { return }
    throw noRoom("the values in the file are \(type.name), which cannot hold a new value exactly", name)
  }

  private static func noRoom(_ what: String, _ key: String?) -> StoreError {
    StoreError(.unsupported, what, remedy: "convert the file to a new one first", key: key)
  }
}

extension HDF5Store {
  /// Whether the pixels are deflated.
  var isCompressed: Bool {
    switch images {
    case .chunked(let pixels, _): pixels.pipeline.filters.contains(.deflate)
    case .each(let table): table.kinds.contains { !$0.filters.isEmpty }
    case .mapped, .resident, .constant, .library, .turned, .encoded: false
    }
  }

  /// The forms in the file of the values that an append writes again.
  func valueForms() throws(StoreError) -> ValueForms {
    var forms = ValueForms()
    forms.labels = records.labels?.dataset.type
    forms.columns = records.columns.mapValues(\.values.dataset.elements)
    (forms.classNames, forms.level) = try library.withFile { (session, file) throws(StoreError) in
      (
        try session.attributeText(DatasetNames.classNames, of: session.rootGroup(of: file)),
        try session.deflateLevel(ofImagesIn: file, fileByteCount: library.map.byteCount)
      )
    }
    return forms
  }
}

// Further properties in the header of an object, which reading does not need but rewriting must
// keep.

extension HDF5Session {
  /// Names of the links in a group by rising name, with whether each is a hard link.
  func hardLinks(
    of group: borrowing HDF5Handle, fileByteCount: Int
  ) throws(StoreError) -> [(name: String, isHard: Bool)] {
    let access = try linkAccess()
    var links: [(name: String, isHard: Bool)] = []
    for link in try self.links(of: group, fileByteCount: fileByteCount) {
      let type = unsafe CHDF5_link_type(group.id, link.name, access.id)
      links.append((link.name, type == H5L_TYPE_HARD.rawValue))
    }
    return links
  }

  /// Whether the type of a dataset has a name in the file, or is an enumeration with other members
  /// than h5py's bool.
  func hasTypeOfItsOwn(_ dataset: borrowing HDF5Handle) throws(StoreError) -> Bool {
    let type = try handle(H5Dget_type(dataset.id), "reading its type")
    if try check(H5Tcommitted(type.id), "reading its type") > 0 { return true }
    return H5Tget_class(type.id) == H5T_ENUM && H5Tget_nmembers(type.id) != 2
  }

  /// Whether an object keeps the order in which its attributes were created.
  func tracksAttributes(_ creation: borrowing HDF5Handle) throws(StoreError) -> Bool {
    var flags: UInt32 = 0
    try check(unsafe H5Pget_attr_creation_order(creation.id, &flags), "reading its properties")
    return flags != 0
  }

  /// Whether a group keeps the order in which its links were created.
  func tracksLinks(_ creation: borrowing HDF5Handle) throws(StoreError) -> Bool {
    var flags: UInt32 = 0
    try check(unsafe H5Pget_link_creation_order(creation.id, &flags), "reading its properties")
    return flags != 0
  }

  /// Whether a dataset may have another shape than it has.
  func mayGrow(_ dataset: borrowing HDF5Handle) throws(StoreError) -> Bool {
    let space = try handle(H5Dget_space(dataset.id), "reading its shape")
    var extents = [hsize_t](repeating: 0, count: 32)
    var most = extents
    try check(unsafe H5Sget_simple_extent_dims(space.id, &extents, &most), "reading its shape")
    return extents != most
  }

  func chunkExtent(_ creation: borrowing HDF5Handle, rank: Int) throws(StoreError) -> [Int] {
    var extents = [hsize_t](repeating: 0, count: rank)
    try check(unsafe H5Pget_chunk(creation.id, Int32(rank), &extents), "reading the shape of its chunks")
    return extents.map { Int(clamping: $0) }
  }

  /// The numbers of a dataset's filters, in the order of writing.
  func filterNumbers(_ creation: borrowing HDF5Handle) throws(StoreError) -> [Int] {
    try filters(creation).map(\.number)
  }

  /// The level at which `/images` is deflated, or the first dataset in it; nil if it is not.
  func deflateLevel(
    ofImagesIn file: borrowing HDF5Handle, fileByteCount: Int
  ) throws(StoreError) -> Int? {
    guard let images = try open(DatasetNames.images, in: file) else { return nil }
    guard isGroup(images) else { return try deflateLevel(of: images) }
    guard let first = try links(of: images, fileByteCount: fileByteCount).first else { return nil }
    return try deflateLevel(of: openDataset("\(DatasetNames.images)/\(first.name)", in: file))
  }

  private func deflateLevel(of dataset: borrowing HDF5Handle) throws(StoreError) -> Int? {
    let creation = try handle(H5Dget_create_plist(dataset.id), "reading its filters")
    let deflate = try filters(creation).first { $0.number == Int(CHDF5_filter_deflate()) }
    return deflate.map { min(9, Int($0.value)) }
  }

  private func filters(
    _ creation: borrowing HDF5Handle
  ) throws(StoreError) -> [(number: Int, value: UInt32)] {
    let count = try check(H5Pget_nfilters(creation.id), "reading its filters")
    var filters: [(number: Int, value: UInt32)] = []
    for position in 0..<UInt32(count) {
      var flags: UInt32 = 0
      var valueCount = 1
      var value: UInt32 = 0
      let number = try check(
        unsafe H5Pget_filter2(creation.id, position, &flags, &valueCount, &value, 0, nil, nil),
        "reading its filters")
      filters.append((Int(number), value))
    }
    return filters
  }

  /// How an attribute holds text; nil if the object has none of that name, or it has no text.
  func attributeText(_ name: String, of object: borrowing HDF5Handle) throws(StoreError) -> StoredText? {
    guard let attribute = try attribute(name, of: object) else { return nil }
    return try storedText(handle(H5Aget_type(attribute.id), "reading its type"))
  }
}

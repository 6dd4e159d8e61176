import ImageStoreCodecs
import ImageStoreCore
import ImageStoreSupport

/// Images that are the bytes of a PNG or JPEG each: rows of bytes, opaque elements, sequences of
/// any length, or datasets of one axis.
struct EncodedImages: Sendable {
  /// Where the bytes of an image are: in the file, or in ``memory`` if the offset is counted from there.
  struct Place: Sendable {
    var offset: Int
    var byteCount: Int
    var memory: Int?
  }

  /// The places of images of other programs.
  private var places: [Place] = []
  /// The index of a file of this package for its images; images of other programs are examined.
  let index: EncodedIndex?
  /// Whether the delivered image is the one that the bytes decode to by default.
  let areFiles: Bool
  private let description: StoreDescription
  /// Bytes that were not in one place in the file.
  private var memory: [PixelMemory] = []
  private var kinds: [ImageFormat] = []
  private var kindNumbers: [ImageFormat: UInt32] = [:]
  private var kindOfImage: [UInt32] = []
  private let decoders: IdlePool<EncodedImageDecoder>

  /// - Parameter description: the caller's description of encoded images.
  init(_ description: StoreDescription) {
    index = nil
    self.description = description
    areFiles = ImageCodecs.areDeliveredAsEncoded(description)
    decoders = IdlePool { () throws(StoreError) in ImageCodecs.decoder(description) }
  }

  /// Whether an option applies to one of the images.
  func haveUse(for option: StoreDescription.Option) -> Bool { decoders.hasIdle { $0.hasUse(for: option) } }

  /// The images of a file of this package.
  init(_ index: EncodedIndex, _ description: StoreDescription) throws(StoreError) {
    try ImageCodecs.checkUse(of: description, in: index)
    self.index = description.orientation == .upright ? index.upright() : index
    self.description = description
    areFiles = ImageCodecs.areDeliveredAsEncoded(description)
    decoders = IdlePool { ImageCodecs.decoder(description) }
  }

  /// Compares images with the index.
  func verifier() -> EncodedVerifier { EncodedVerifier(ImageCodecs.all(description)) }

  var count: Int { index?.count ?? places.count }
  /// The format all images have, or nil if they differ.
  var uniformFormat: ImageFormat? {
    if let index { return index.uniformFormat }
    return kinds.count == 1 ? kinds[0] : nil
  }

  func format(at image: Int) -> ImageFormat { index?.format(at: image) ?? kinds[Int(kindOfImage[image])] }

  func place(_ image: Int) -> Place {
    guard let index else { return places[image] }
    let range = index.range(of: image)
    return Place(offset: range.lowerBound, byteCount: range.count)
  }

  /// Lends the bytes of an image.
  func withBytes(
    _ image: Int, in file: MappedFile, _ body: (RawSpan) throws(StoreError) -> Void
  ) throws(StoreError) {
    try unsafe withRawSpan(of: bytes(place(image), in: file), body)
  }

  /// Keeps bytes that later positions refer to.
  mutating func keep(_ bytes: [UInt8]) throws(StoreError) -> Int {
    let kept = try PixelMemory(capacity: bytes.count)
    try kept.fill { (output) throws(StoreError) in
      try unsafe output.appendBytes(bytes.count) { (target) throws(StoreError) in
        unsafe target.copyBytes(from: bytes)
      }
    }
    memory.append(kept)
    return memory.count - 1
  }

  /// Adds an image; zeros after its end are padding.
  mutating func append(_ place: Place, in file: MappedFile) throws(StoreError) {
    do throws(StoreError) {
      var bytes = try unsafe self.bytes(place, in: file)
      unsafe bytes = StoredText.trimmed(bytes, .zeros)
      let format = try decoders.withObject { (decoder) throws(StoreError) in
        try unsafe Self.format(of: bytes, decoder)
      }
      if kindNumbers[format] == nil {
        kindNumbers[format] = UInt32(kinds.count)
        kinds.append(format)
      }
      kindOfImage.append(kindNumbers[format]!)
      places.append(Place(offset: place.offset, byteCount: bytes.count, memory: place.memory))
    } catch {
      throw error.at(image: places.count)
    }
  }

  private static func format(
    of bytes: UnsafeRawBufferPointer, _ decoder: EncodedImageDecoder
  ) throws(StoreError) -> ImageFormat {
    guard let format = try unsafe decoder.format(ofHead: RawSpan(_unsafeBytes: bytes)) else {
      throw StoreError(.corrupt, "the image ends before its header does")
    }
    return format
  }

  private func bytes(_ place: Place, in file: MappedFile) throws(StoreError) -> UnsafeRawBufferPointer {
    if let number = place.memory {
      let all = unsafe memory[number].bytes
      return unsafe UnsafeRawBufferPointer(rebasing: all[place.offset..<place.offset + place.byteCount])
    }
    guard let bytes = unsafe file.bytes(at: place.offset, count: place.byteCount) else {
      throw StoreError(.corrupt, "the image is beyond the end of the file")
    }
    return unsafe bytes
  }

  /// Decodes images, or a region of each, to their slots.
  func read(
    _ plan: borrowing GatherPlan, from file: MappedFile, into memory: UnsafeMutableRawBufferPointer,
    threads: Int
  ) throws(StoreError) {
    try unsafe plan.decode(by: decoders, threads: threads, into: memory) {
      (decoder, index, request, slot) throws(StoreError) in
      do throws(StoreError) {
        try unsafe decoder.decode(RawSpan(_unsafeBytes: bytes(place(index), in: file)), request, into: slot)
      } catch {
        throw error.at(image: index)
      }
    }
  }
}

extension ContentsReader {
  /// The images that the elements of a dataset are the bytes of, or nil if they are not such bytes.
  ///
  /// - Parameters:
  ///   - isOne: whether a dataset of one axis is one image.
  ///   - description: the caller's description of encoded images.
  func encoded(
    _ session: borrowing HDF5Session, _ handle: borrowing HDF5Handle, _ dataset: DatasetDescription,
    isOne: Bool = false, _ description: StoreDescription
  ) throws(StoreError) -> EncodedImages? {
    var images = EncodedImages(description)
    return try append(session, handle, dataset, isOne: isOne, to: &images) ? images : nil
  }

  /// Adds the images of a dataset.
  ///
  /// - Returns: whether its elements are such bytes; if not, nothing is added.
  func append(
    _ session: borrowing HDF5Session, _ handle: borrowing HDF5Handle, _ dataset: DatasetDescription,
    isOne: Bool, to images: inout EncodedImages
  ) throws(StoreError) -> Bool {
    let rowByteCount: Int
    if !isOne, let ranges = try flatRanges(session, handle, dataset) {
      return try append(session, handle, dataset, ranges, to: &images)
    }
    // Python's `bytes` written by h5py are text in HDF5.
    if case .text(let text) = dataset.elements, dataset.shape.count <= 1, text.form == .variable {
      return try appendSequences(session, handle, dataset, to: &images)
    }
    switch dataset.elements {
    case .text(let text) where dataset.shape.count <= 1:
      guard case .fixed(let byteCount, _) = text.form else { return false }
      rowByteCount = byteCount
    case .blobs(.variable) where dataset.shape.count <= 1:
      return try appendSequences(session, handle, dataset, to: &images)
    case .blobs(.opaque(let byteCount)) where dataset.shape.count <= 1: rowByteCount = byteCount
    case .number(let type) where type.byteCount == 1 && dataset.shape.count == (isOne ? 1 : 2):
      rowByteCount = dataset.shape.last ?? 0
    default: return false
    }
    guard rowByteCount > 0, dataset.count > 0 else { return false }
    let rowCount = dataset.count * dataset.elementByteCount / rowByteCount
    var (start, memory): (Int, Int?) = (0, nil)
    if case .contiguous(let offset) = dataset.layout {
      guard let head = unsafe file.bytes(at: offset, count: rowByteCount), unsafe ImageCodecs.areImage(head)
      else {
        return false
      }
      start = offset
    } else {
      // Only the first bytes decide whether they are images; chunks are decoded completely for
      // that.
      guard rowByteCount >= 32 else { return false }
      guard let values = try values(session, handle, dataset) else { return false }
      guard let bytes = try bytes(session, handle, values) else { return false }
      guard unsafe bytes.withUnsafeBytes({ unsafe ImageCodecs.areImage($0) }) else { return false }
      memory = try images.keep(bytes)
    }
    for row in 0..<rowCount {
      try images.append(
        EncodedImages.Place(offset: start + row * rowByteCount, byteCount: rowByteCount, memory: memory),
        in: file)
    }
    return true
  }

  /// The positions of images that follow one another in a dataset of bytes, by the offsets or
  /// lengths next to it; nil if there are none.
  func flatRanges(
    _ session: borrowing HDF5Session, _ handle: borrowing HDF5Handle, _ dataset: DatasetDescription
  ) throws(StoreError) -> [Range<Int>]? {
    try flatBounds(session, handle, dataset)?.ranges
  }

  /// Also the name of the dataset of offsets or lengths.
  func flatBounds(
    _ session: borrowing HDF5Session, _ handle: borrowing HDF5Handle, _ dataset: DatasetDescription
  ) throws(StoreError) -> (name: String, ranges: [Range<Int>])? {
    guard dataset.shape.count == 1, dataset.count > 0, case .number(let type) = dataset.elements,
      type.byteCount == 1
    else { return nil }
    let place = dataset.name.split(separator: "/").dropLast().joined(separator: "/")
    guard let group = try place.isEmpty ? session.rootGroup(of: handle) : session.open(place, in: handle),
      session.isGroup(group)
    else { return nil }
    for link in try session.links(of: group, fileByteCount: file.byteCount).prefix(256)
    where link.isLocal && FlatBytes.isTelling(link.name) {
      let name = place.isEmpty ? link.name : "\(place)/\(link.name)"
      // Values that cannot be read are ignored.
      guard name != dataset.name, let other = try? known(session, handle, name), other.isIntegers,
        other.shape.count == 1, let values = try? values(session, handle, other)?.integers(),
        let ranges = FlatBytes.ranges(values, byteCount: dataset.count)
      else { continue }
      return (name, ranges)
    }
    return nil
  }

  private func append(
    _ session: borrowing HDF5Session, _ handle: borrowing HDF5Handle, _ dataset: DatasetDescription,
    _ ranges: [Range<Int>], to images: inout EncodedImages
  ) throws(StoreError) -> Bool {
    var (start, memory): (Int, Int?) = (0, nil)
    if case .contiguous(let offset) = dataset.layout {
      guard let head = unsafe file.bytes(at: offset, count: ranges[0].count),
        unsafe ImageCodecs.areImage(head)
      else {
        return false
      }
      start = offset
    } else {
      guard let values = try values(session, handle, dataset),
        let bytes = try bytes(session, handle, values),
        unsafe bytes.withUnsafeBytes({ unsafe ImageCodecs.areImage($0) })
      else { return false }
      memory = try images.keep(bytes)
    }
    for range in ranges {
      try images.append(
        EncodedImages.Place(offset: start + range.lowerBound, byteCount: range.count, memory: memory),
        in: file)
    }
    return true
  }

  /// Adds the images that sequences of bytes on the file's heap are.
  private func appendSequences(
    _ session: borrowing HDF5Session, _ handle: borrowing HDF5Handle, _ dataset: DatasetDescription,
    to images: inout EncodedImages
  ) throws(StoreError) -> Bool {
    guard var heap = GlobalHeap(library), dataset.elementByteCount == GlobalHeap.referenceByteCount,
      let values = try values(session, handle, dataset),
      let references = try bytes(session, handle, values)
    else { return false }
    for index in 0..<dataset.count {
      let start = index * GlobalHeap.referenceByteCount
      let range = try unsafe references.span.withUnsafeBytes { (bytes) throws(StoreError) in
        try unsafe heap.range(
          UnsafeRawBufferPointer(rebasing: bytes[start..<start + GlobalHeap.referenceByteCount]))
      }
      guard let range, let bytes = unsafe file.bytes(at: range.lowerBound, count: range.count) else {
        if index == 0 { return false }
        throw StoreError(.corrupt, "the image has no bytes", image: index)
      }
      if index == 0, unsafe !ImageCodecs.areImage(bytes) { return false }
      try images.append(
        EncodedImages.Place(offset: range.lowerBound, byteCount: range.count), in: file)
    }
    return images.count > 0
  }
}

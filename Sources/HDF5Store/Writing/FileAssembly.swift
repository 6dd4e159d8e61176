import CImageStoreHDF5
import ImageStoreCore
import ImageStoreSupport

/// Completes the file whose pixels have been streamed.
///
/// libhdf5 writes a whole file next to the stream, but only reserves the room for contiguous
/// images. If that room is where the stream has its pixels, the bytes around it are copied to the
/// stream. If a release of the library puts the room elsewhere, and for stores of less than a page,
/// the pixels are copied to the library's file instead. Chunks and images with a dataset each are
/// copied by the library.
struct FileAssembly {
  /// The chunks that were streamed.
  struct Chunks {
    let sizes: [UInt32]
    let level: Int
  }

  let images: ImageRuns
  let chunks: Chunks?
  /// The index of encoded images.
  let encoded: EncodedRecords?
  let labels: ImageLabels
  let checksums: [UInt32]
  let classNames: [String]?
  /// How the file that is appended to has its values.
  let forms: ValueForms

  /// Completes the file, which is then in the staging folder, synced to the disk.
  func complete(_ pixels: borrowing PixelFile, in staging: borrowing Staging) throws(StoreError) {
    let whole = staging.path + ".library"
    let streamed = try MappedFile(pixels.path)
    let (address, unchecked) = try HDF5Session.run { (session) throws(StoreError) in
      let file = try session.createFile(
        whole, alignedByteCount: max(pixels.byteCount, PixelFile.start),
        hasSingleChunks: chunks != nil && images.uniformFormat == nil)
      try writeMarks(session, file)
      let address = try writeImages(session, file, streamed)
      try writeRecords(session, file)
      try session.flush(file)
      let unchecked = try MetadataChecksum.uncheckedRanges(session, file, at: whole)
      try session.close(file)
      return (address, unchecked)
    }
    if let address, address == PixelFile.start {
      try surround(pixels, from: whole, unchecked: unchecked)
      if pixels.path != staging.path { try staging.rename(pixels.path, to: staging.path) }
      return
    }
    let file = try File(whole, .update)
    if let address {
      guard let bytes = unsafe streamed.bytes(at: PixelFile.start, count: pixels.byteCount) else {
        throw StoreError(.corrupt, "another program cut short the pixels written so far")
      }
      try unsafe file.write(bytes, at: address)
    }
    try MetadataChecksum.add(to: whole, around: unchecked)
    try file.synchronize()
    try staging.rename(whole, to: staging.path)
  }

  /// Creates the mark of a file of this package, before anything else, so that it is near the
  /// start.
  private func writeMarks(
    _ session: borrowing HDF5Session, _ file: borrowing HDF5Handle
  ) throws(StoreError) {
    let root = try session.rootGroup(of: file)
    let mark = String(decoding: MetadataChecksum.magic, as: UTF8.self)
    try session.writeAttribute(DatasetNames.writer, of: root, [mark], isScalar: true)
    try session.writeAttribute(DatasetNames.formatVersion, of: root, UInt32(DatasetNames.version))
  }

  /// Copies the bytes before and after the images to the stream.
  private func surround(
    _ pixels: borrowing PixelFile, from path: String, unchecked: [Range<Int>]
  ) throws(StoreError) {
    let library = try MappedFile(path)
    let end = PixelFile.start + pixels.byteCount
    guard let before = unsafe library.bytes(at: 0, count: PixelFile.start),
      let after = unsafe library.bytes(at: end, count: library.byteCount - end)
    else {
      throw StoreError(.corrupt, "libhdf5 wrote a file of an unexpected size, \(library.byteCount) bytes")
    }
    try unsafe pixels.write(before, at: 0)
    try unsafe pixels.write(after, at: end)
    try pixels.resize(to: library.byteCount)
    try MetadataChecksum.add(to: pixels.path, around: unchecked)
    try pixels.synchronize()
  }

  /// Creates `/images`.
  ///
  /// - Returns: the position of the pixels for which the library has only reserved room.
  private func writeImages(
    _ session: borrowing HDF5Session, _ file: borrowing HDF5Handle, _ streamed: MappedFile
  ) throws(StoreError) -> Int? {
    if let encoded {
      let dataset = try session.createDataset(
        DatasetNames.encoded, in: file, session.type(of: .uint8), shape: [encoded.byteCount],
        creation: encoded.byteCount > 0 ? session.reservingCreation() : session.datasetCreation())
      guard encoded.byteCount > 0 else { return nil }
      guard let address = Int(exactly: CHDF5_dataset_offset(dataset.id)) else {
        throw StoreError(.system, "libhdf5 has reserved no room for the images")
      }
      return address
    }
    guard let format = images.uniformFormat else {
      try writeEach(session, file, streamed)
      return nil
    }
    let type = try session.type(of: format.elementType)
    let shape = [images.count] + format.shape
    guard let chunks else {
      let creation = try session.reservingCreation()
      let dataset = try session.createDataset(
        DatasetNames.images, in: file, type, shape: shape, creation: creation)
      guard let address = Int(exactly: CHDF5_dataset_offset(dataset.id)) else {
        throw StoreError(.system, "libhdf5 has reserved no room for the images")
      }
      return address
    }
    let imagesPerChunk = ChunkEncoder.imagesPerChunk(format)
    let creation = try session.chunkedCreation(
      extent: [imagesPerChunk] + format.shape, shuffles: format.elementType.byteCount > 1,
      level: chunks.level)
    let dataset = try session.createDataset(
      DatasetNames.images, in: file, type, shape: shape, grows: true, creation: creation)
    var origin = [Int](repeating: 0, count: shape.count)
    var position = PixelFile.start
    for size in chunks.sizes {
      try unsafe session.writeChunk(stored(streamed, &position, Int(size)), of: dataset, origin: origin)
      origin[0] += imagesPerChunk
    }
    return nil
  }

  /// Creates a dataset for each image, named by its index in eight digits.
  private func writeEach(
    _ session: borrowing HDF5Session, _ file: borrowing HDF5Handle, _ streamed: MappedFile
  ) throws(StoreError) {
    let group = try session.createGroup(DatasetNames.images, in: file)
    var position = PixelFile.start
    var index = 0
    for run in images.runs {
      let format = run.format
      let type = try session.type(of: format.elementType)
      let creation =
        try chunks == nil
        ? session.datasetCreation()
        : session.chunkedCreation(
          extent: format.shape, shuffles: format.elementType.byteCount > 1, level: chunks!.level)
      for _ in 0..<run.count {
        let dataset = try session.createDataset(
          DatasetNames.image(index), in: group, type, shape: format.shape, creation: creation)
        if let chunks {
          try unsafe session.writeChunk(
            stored(streamed, &position, Int(chunks.sizes[index])), of: dataset,
            origin: format.shape.map { _ in 0 })
        } else {
          try unsafe session.write(
            stored(streamed, &position, format.byteCount).baseAddress!, to: dataset, type)
        }
        index += 1
      }
    }
  }

  /// The next bytes of the stream.
  private func stored(
    _ streamed: MappedFile, _ position: inout Int, _ byteCount: Int
  ) throws(StoreError) -> UnsafeRawBufferPointer {
    guard let bytes = unsafe streamed.bytes(at: position, count: byteCount) else {
      throw StoreError(.corrupt, "another program cut short the pixels written so far")
    }
    position += byteCount
    return unsafe bytes
  }

  /// Creates the offsets of columns of bytes, which say where the bytes of each image begin and
  /// end.
  private func writeOffsets(
    _ session: borrowing HDF5Session, _ file: borrowing HDF5Handle, _ sums: borrowing HDF5Handle
  ) throws(StoreError) {
    let columns = labels.columns.filter { $0.value.kind == .bytes }
    guard !columns.isEmpty else { return }
    let name = encoded == nil ? DatasetNames.offsets : DatasetNames.columnOffsets
    let group = try session.createGroup(name, in: file)
    for (column, values) in columns.sorted(by: { $0.key < $1.key }) {
      guard let offsets = values.offsets else { continue }
      let link = ColumnName.escaped(column, for: .path)
      try session.write(offsets.map(Int64.init), as: link, in: group, ValueForms.int64)
      try session.writeAttribute("\(name)/\(link)", of: sums, CRC32.checksum(of: offsets))
    }
  }

  /// Creates everything except `/images`.
  private func writeRecords(
    _ session: borrowing HDF5Session, _ file: borrowing HDF5Handle
  ) throws(StoreError) {
    let root = try session.rootGroup(of: file)
    let sums = try session.write(
      checksums, as: DatasetNames.checksums, in: file, session.copy(CHDF5_uint32()), shape: [checksums.count])
    if let labels = self.labels.labels {
      try session.write(
        labels.map(Int64.init), as: DatasetNames.labels, in: file, forms.labels ?? ValueForms.int64)
      try session.link(DatasetNames.labels, as: DatasetNames.meta, in: file)
      try session.writeAttribute(DatasetNames.labels, of: sums, CRC32.checksum(of: labels))
    }
    if !labels.columns.isEmpty {
      let group = try session.createGroup(DatasetNames.columns, in: file)
      for (name, column) in labels.columns.sorted(by: { $0.key < $1.key }) {
        let link = ColumnName.escaped(name, for: .path)
        try session.write(column, as: link, in: group, forms.columns[name])
        try session.writeAttribute("\(DatasetNames.columns)/\(link)", of: sums, CRC32.checksum(of: column))
      }
    }
    try writeOffsets(session, file, sums)
    try encoded?.write(session, file, sums)
    if let classNames {
      if HDF5Session.isAttribute(classNames) {
        try session.writeAttribute(DatasetNames.classNames, of: root, classNames, forms.classNames)
      } else {
        try session.write(classNames, as: DatasetNames.classNames, in: file)
      }
      try session.writeAttribute(
        DatasetNames.classNames, of: sums, CRC32.checksum(of: classNames))
    }
  }
}

import ImageStoreCore
import ImageStoreSupport

/// The directory at the end of an archive: the unchanged records of existing entries, except those
/// of arrays that are written again or dropped; and records of new entries. Images come first.
struct DirectoryPlan {
  private let old: ZipArchive?
  private let images: [ZipWrittenEntry]
  /// The names of the entries of new images, by their number among these.
  private let imageName: (_ position: Int) -> String
  /// Old records other than those of images.
  private let kept: [ZipDirectory.Named]
  /// New records other than those of images.
  private let otherRecords: [UInt8]
  let byteCount: Int
  let entryCount: Int

  init(
    old: ZipArchive?, images: [ZipWrittenEntry], first: Int, imageName: @escaping (_ position: Int) -> String,
    others: [(name: String, entry: ZipWrittenEntry)], dropping dropped: Set<String> = []
  ) {
    self.imageName = imageName
    self.old = old
    self.images = images
    let named = old?.directory.named ?? []
    kept = named.filter { entry in
      !dropped.contains(entry.name) && !others.contains { $0.name == entry.name }
    }
    var otherRecords: [UInt8] = []
    for (name, entry) in others {
      var fields = ZipKeptFields()
      if let old, let before = named.first(where: { $0.name == name }) {
        unsafe fields = ZipKeptFields(ofRecord: old.directoryBytes(before.record))
      }
      ZipFormat.appendRecord(of: entry, name: name, keeping: fields, to: &otherRecords)
    }
    self.otherRecords = otherRecords
    var byteCount = old?.end.directoryByteCount ?? 0
    byteCount -= named.reduce(0) { $0 + $1.record.count }
    byteCount += kept.reduce(0) { $0 + $1.record.count } + otherRecords.count
    for (position, image) in images.enumerated() {
      let nameByteCount = ZipNumbering.images.nameByteCount(of: first + position)
      byteCount += ZipFormat.recordByteCount(of: image, nameByteCount: nameByteCount)
    }
    self.byteCount = byteCount
    let oldImageCount = (old?.directory.entries.count ?? 0) - named.count
    entryCount = oldImageCount + images.count + kept.count + others.count
  }

  /// Appends all records to `bytes`, which are passed to `take` from time to time.
  func write(
    to bytes: inout [UInt8], take: (inout [UInt8]) throws(StoreError) -> Void
  ) throws(StoreError) {
    if let old {
      // Between the records of other entries are those of images.
      var position = 0
      for entry in old.directory.named {
        try copy(position..<entry.record.lowerBound, of: old, to: &bytes, take)
        position = entry.record.upperBound
      }
      try copy(position..<old.end.directoryByteCount, of: old, to: &bytes, take)
    }
    for (position, image) in images.enumerated() {
      ZipFormat.appendRecord(of: image, name: imageName(position), to: &bytes)
      try take(&bytes)
    }
    if let old {
      for entry in kept { try copy(entry.record, of: old, to: &bytes, take) }
    }
    bytes += otherRecords
    try take(&bytes)
  }

  private func copy(
    _ range: Range<Int>, of old: ZipArchive, to bytes: inout [UInt8],
    _ take: (inout [UInt8]) throws(StoreError) -> Void
  ) throws(StoreError) {
    let step = 1 << 20
    for start in stride(from: range.lowerBound, to: range.upperBound, by: step) {
      unsafe bytes.append(contentsOf: old.directoryBytes(start..<min(start + step, range.upperBound)))
      try take(&bytes)
    }
  }
}

extension ZipArchive {
  /// A part of the directory, counted from its start.
  @unsafe func directoryBytes(_ range: Range<Int>) -> UnsafeRawBufferPointer {
    let start = end.directoryOffset
    return unsafe UnsafeRawBufferPointer(
      rebasing: file.bytes[start + range.lowerBound..<start + range.upperBound])
  }
}

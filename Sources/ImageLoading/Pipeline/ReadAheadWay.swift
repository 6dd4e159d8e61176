/// How the images of an epoch are fetched before workers read them.
enum ReadAheadWay: Equatable {
  /// The regions of the files, whole, in the order in which images need them: if all of it fits in
  /// memory and most of it is wanted. A disk gives it many times faster than images one by one, and
  /// later epochs have all in memory.
  case regions
  /// Long runs of the files, for images in order: so many images at a time, so many ahead of the workers.
  case runs(unit: Int, distance: Int)
  /// The windows of a block shuffle, each while the one before it is used.
  case windows
  /// One by one, in the order in which they are read: so many at a time, so many ahead of the workers.
  case images(unit: Int, distance: Int)

  /// How far ahead images are announced: enough to keep any disk busy, and little beside the memory
  /// of a machine.
  private static let mostBytesAhead = 64 << 20
  private static let mostImagesAhead = 4096

  /// Whether bytes that are not in memory have room in it, beside what else the process needs.
  static func fits(_ missing: Int, in room: Int) -> Bool { missing < room / 5 * 4 }

  /// - Parameters:
  ///   - hasAll: whether this process reads all images of a window.
  ///   - count: images of the epoch.
  ///   - window: images of its first window, if it has windows.
  ///   - imageByteCount: the mean of the bytes that images take where they are stored.
  ///   - missing: the bytes of the files that are not in memory; nil if the images are not in files
  ///     that are known.
  ///   - room: the bytes that files may take of memory.
  ///   - fetched: the bytes that may be kept of what comes over a network; nil if nothing does.
  ///   - decodes: whether images are decoded, as opposed to copied.
  init(
    _ order: SampleOrder, hasAll: Bool, count: Int, window: Int?, imageByteCount: Int, missing: Int?,
    room: Int, fetched: Int?, decodes: Bool = false
  ) {
    let ahead = max(1 << 20, min(Self.mostBytesAhead, room / 8))
    let distance = max(16, min(Self.mostImagesAhead, ahead / imageByteCount))
    let images = ReadAheadWay.images(unit: max(1, distance / 8), distance: distance)
    let (windowByteCount, isHuge) = (window ?? count).multipliedReportingOverflow(by: imageByteCount)
    if let fetched, window != nil {
      // A window is announced while the one before it is read, and has its place as blocks of that
      // are done with. Image by image, each would be a request.
      self = !isHuge && windowByteCount <= fetched / 8 * 7 ? .windows : images
      return
    }
    guard let missing else {
      self = images
      return
    }
    let (needed, overflow) = imageByteCount.multipliedReportingOverflow(by: count)
    let isDense = overflow || needed >= missing / 3
    // Decoding takes longer than reading what is large by itself; whole regions would have the
    // first batch wait for most of the file.
    let isSlow = decodes && imageByteCount >= 64 << 10
    switch order.kind {
    case .shuffled where isSlow, .weighted where isSlow, .classBalanced where isSlow: self = images
    case _ where Self.fits(missing, in: room) && isDense: self = .regions
    case .sequential where hasAll:
      let distance = max(16, ahead / imageByteCount)
      self = .runs(unit: max(1, distance / 16), distance: distance)
    case .blockShuffled, .storeBlockShuffled, .laneShuffled, .storeLaneShuffled:
      // Two windows at a time, and room for what else the process reads.
      self = !isHuge && windowByteCount < room / 3 ? .windows : images
    default: self = images
    }
  }
}

import ImageStoreTesting

/// The bytes of a file as a disk gets them: in sectors, each as it was after some of the writes to
/// it, and a size that comes by itself.
struct SectoredBytes {
  private static let sector = DiskModel.sector

  /// The bytes if every change that was waited for has reached the disk, and later the pending
  /// ones.
  private var bytes: [UInt8]
  private var firmSize = 0
  /// The size once all changes have come, and the one the disk knows.
  private var latestSize = 0
  private var size = 0
  private var pending: [(change: FileTrace.Change, number: Int)] = []
  /// The last change that has reached each sector, and whether any should have.
  private var latest: [Int] = []
  private var isWritten: [Bool] = []

  init(_ bytes: [UInt8]) { self.bytes = bytes }

  /// Makes a change that has been waited for.
  mutating func apply(_ change: FileTrace.Change) {
    switch change {
    case .write(_, let offset, let written, _):
      extend(to: offset + written.count)
      bytes.replaceSubrange(offset..<offset + written.count, with: written)
    case .size(_, let size):
      extend(to: size)
      bytes.removeLast(bytes.count - size)
    default: break
    }
  }

  private mutating func extend(to count: Int) {
    if bytes.count < count { bytes += [UInt8](repeating: 0, count: count - bytes.count) }
  }

  /// Ends the changes that have been waited for.
  mutating func beginPending() {
    firmSize = bytes.count
    latestSize = firmSize
    size = firmSize
  }

  /// Makes a change that may have reached the disk in part.
  ///
  /// - Parameters:
  ///   - sizeIsTaken: whether the size that it leaves has come.
  ///   - isTaken: whether it has reached a sector; asked once for each sector.
  mutating func applyPending(
    _ change: FileTrace.Change, sizeIsTaken: Bool, isTaken: () -> Bool
  ) {
    let number = pending.count
    pending.append((change, number))
    let range: Range<Int>
    switch change {
    case .write(_, let offset, let written, _):
      range = offset..<offset + written.count
      latestSize = max(latestSize, range.upperBound)
    case .size(_, let size):
      // What is cut off is zeros if the file grows again.
      range = size..<max(size, latestSize)
      latestSize = size
    default: return
    }
    if sizeIsTaken { size = latestSize }
    guard !range.isEmpty else { return }
    extend(to: range.upperBound)
    let sectors = range.lowerBound / Self.sector...(range.upperBound - 1) / Self.sector
    while latest.count <= sectors.upperBound {
      latest.append(-1)
      isWritten.append(false)
    }
    for sector in sectors {
      if case .write = change { isWritten[sector] = true }
      if isTaken() { latest[sector] = number }
    }
  }

  /// What the disk holds.
  ///
  /// - Parameter garbage: the seed of what is in sectors that were to be written behind what the
  ///   file had, and were not; nil for zeros.
  func bytes(garbage: UInt64?) -> [UInt8] {
    var result = bytes
    for (change, number) in pending {
      switch change {
      case .write(_, let offset, let written, _):
        copy(number, offset..<offset + written.count, to: &result) { written[$0 - offset] }
      case .size(_, let size): copy(number, size..<max(size, result.count), to: &result) { _ in 0 }
      default: break
      }
    }
    if let garbage {
      var generator = SplitMix64(seed: garbage)
      let first = (firmSize + Self.sector - 1) / Self.sector
      for sector in latest.indices where sector >= first && isWritten[sector] && latest[sector] < 0 {
        for place in sector * Self.sector..<min((sector + 1) * Self.sector, result.count) {
          result[place] = UInt8(truncatingIfNeeded: generator.next())
        }
      }
    }
    if result.count < size { result += [UInt8](repeating: 0, count: size - result.count) }
    return Array(result.prefix(size))
  }

  /// Does a change to the sectors that are as it left them, or as a later one did.
  private func copy(_ number: Int, _ range: Range<Int>, to result: inout [UInt8], _ byte: (Int) -> UInt8) {
    for sector in range.lowerBound / Self.sector..<(range.upperBound + Self.sector - 1) / Self.sector {
      guard sector < latest.count, latest[sector] >= number else { continue }
      let part = range.clamped(to: sector * Self.sector..<(sector + 1) * Self.sector)
      for place in part where place < result.count { result[place] = byte(place) }
    }
  }
}

import ImageStoreCore
import ImageStoreDeflate
import ImageStoreNumPy
import ImageStoreSupport

/// Masks of one bit per pixel in one array, which is in memory or in the map, whole.
final class BitArray: Sendable {
  let bits: PackedBits
  private let archive: ZipArchive
  private let array: ArchiveArray
  private let header: NPYHeader
  private let threads: Int
  private let inflated = Cached<PixelMemory>()

  init(
    _ archive: ZipArchive, _ array: ArchiveArray, _ bits: PackedBits, threads: Int
  ) throws(StoreError) {
    self.archive = archive
    self.array = array
    self.bits = bits
    self.threads = threads
    header = try array.readable()
  }

  /// Unpacks masks to the caller's memory.
  func read(
    _ plan: borrowing GatherPlan, into memory: UnsafeMutableRawBufferPointer
  ) throws(StoreError) {
    let known = try inflated.value { () throws(StoreError) in try inflate() }
    let base = unsafe known.bytes.baseAddress! + header.dataOffset
    let bits = bits
    try plan.performRuns(threads: threads) { (run) throws(StoreError) in
      for position in run {
        unsafe bits.unpack(
          plan.region(at: position), of: plan.indices[position], from: base,
          to: plan.slot(of: position, in: memory).baseAddress!)
      }
    }
    withExtendedLifetime(known) {}
  }

  private func inflate() throws(StoreError) -> PixelMemory {
    let entry = array.entry
    do throws(StoreError) {
      let source = try unsafe archive.compressedBytes(of: entry)
      let memory = try PixelMemory(capacity: entry.byteCount)
      try memory.fill { (output) throws(StoreError) in
        try unsafe output.appendBytes(entry.byteCount) { (target) throws(StoreError) in
          if entry.isDeflated {
            var inflater = Inflater(.raw)
            try unsafe inflater.inflate(source, into: target)
          } else {
            unsafe target.copyMemory(from: source)
          }
          try unsafe entry.check(UnsafeRawBufferPointer(target))
        }
      }
      return memory
    } catch {
      throw error.at(path: archive.path, key: array.key)
    }
  }

  /// Checks the array's checksum.
  func verify() throws(StoreError) {
    do throws(StoreError) {
      try archive.check(array.entry)
    } catch {
      throw error.at(path: archive.path, key: array.key)
    }
  }
}

import ImageStoreCore
import ImageStoreDeflate
import ImageStoreNumPy
import ImageStoreSupport

/// Masks of one bit per pixel in one array, which is read from the map, or as it is inflated.
final class BitArray: Sendable {
  let bits: PackedBits
  private let archive: ZipArchive
  private let array: ArchiveArray
  private let header: NPYHeader
  private let threads: Int
  private let inflated: DeflatedEntry?
  private let isChecked = Cached<Bool>()

  init(
    _ archive: ZipArchive, _ array: ArchiveArray, _ bits: PackedBits, threads: Int
  ) throws(StoreError) {
    self.archive = archive
    self.array = array
    self.bits = bits
    self.threads = threads
    header = try array.readable()
    inflated = array.entry.isDeflated ? DeflatedEntry(archive, array.entry, checks: true) : nil
  }

  /// Unpacks masks to the caller's memory.
  func read(
    _ plan: borrowing GatherPlan, into memory: UnsafeMutableRawBufferPointer
  ) throws(StoreError) {
    do throws(StoreError) {
      guard let inflated else { return try unsafe readMapped(plan, into: memory) }
      let (bits, offset, indices) = (bits, header.dataOffset, plan.indices)
      try unsafe inflated.forEach(count: plan.count) { position in
        let range = bits.byteRange(of: indices[position])
        return offset + range.lowerBound..<offset + range.upperBound
      } _: { (position, start) throws(StoreError) in
        let index = indices[position]
        // Only the mask's own bytes are touched.
        unsafe bits.unpack(
          plan.region(at: position), of: index, from: start - bits.byteRange(of: index).lowerBound,
          to: plan.slot(of: position, in: memory).baseAddress!)
      }
    } catch {
      throw error.at(path: archive.path, key: array.key)
    }
  }

  private func readMapped(
    _ plan: borrowing GatherPlan, into memory: UnsafeMutableRawBufferPointer
  ) throws(StoreError) {
    let bytes = try unsafe archive.compressedBytes(of: array.entry)
    _ = try isChecked.value { () throws(StoreError) in
      try unsafe array.entry.check(bytes)
      return true
    }
    let base = unsafe bytes.baseAddress! + header.dataOffset
    let bits = bits
    try plan.performRuns(threads: threads) { (run) throws(StoreError) in
      for position in run {
        unsafe bits.unpack(
          plan.region(at: position), of: plan.indices[position], from: base,
          to: plan.slot(of: position, in: memory).baseAddress!)
      }
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

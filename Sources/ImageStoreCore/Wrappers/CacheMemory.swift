import ImageStorePlatform
import Synchronization

/// Images kept in one block of memory, filled once and never emptied.
///
/// Invariant behind `@unchecked Sendable`: the bytes of an image are written by the one thread that
/// reserved their units, before their start is published with `releasing`; they are read only after
/// the start was seen with `acquiring`, and never written again.
@safe final class CacheMemory: @unchecked Sendable {
  private let base: UnsafeMutableRawPointer
  private let unitCount: Int
  /// For each image 1 + the unit at which it begins, or 0 if it is not kept.
  private let starts: AtomicArray<UInt32>
  private let used = Atomic(0)
  private let isFullFlag = Atomic(false)

  /// Images begin at multiples of a cache line.
  private static let unit = 64

  /// - Throws: ``StoreError/Code/limitExceeded`` if the system does not have so much memory.
  init(byteCount: Int, imageCount: Int) throws(StoreError) {
    let startByteCount = imageCount * MemoryLayout<UInt32>.stride
    unitCount = min(max(byteCount - startByteCount, 0) / Self.unit, Int(UInt32.max) - 1)
    starts = try AtomicArray(count: imageCount)
    var pointer: UnsafeMutableRawPointer?
    // The system gives pages when they are first written, so a budget that is not used costs nothing.
    guard unsafe posix_memalign(&pointer, Self.unit, max(unitCount, 1) * Self.unit) == 0,
      let pointer = unsafe pointer
    else {
      throw StoreError(
        .limitExceeded, "no memory for a cache of \(byteCount) bytes", remedy: "give it a smaller budget")
    }
    unsafe base = pointer
  }

  deinit {
    unsafe free(base)
  }

  /// Whether the last image that was offered found no room.
  var isFull: Bool { isFullFlag.load(ordering: .relaxed) }

  /// How many bytes of images are kept, with the bytes between them.
  var byteCount: Int { min(used.load(ordering: .relaxed), unitCount) * Self.unit }

  /// Where the bytes of an image are, or nil if it is not kept.
  @inline(__always)
  func image(_ index: Int) -> UnsafeRawPointer? {
    let start = unsafe starts.elements[index].load(ordering: .acquiring)
    return start == 0 ? nil : unsafe UnsafeRawPointer(base + (Int(start) - 1) * Self.unit)
  }

  /// Keeps an image if there is room. If several threads offer the same image at once, the last is
  /// kept.
  func keep(_ index: Int, _ pixels: RawSpan) {
    let units = (pixels.byteCount + Self.unit - 1) / Self.unit
    guard unsafe starts.elements[index].load(ordering: .relaxed) == 0 else { return }
    var first = used.load(ordering: .relaxed)
    while true {
      guard units <= unitCount - first else {
        isFullFlag.store(true, ordering: .relaxed)
        return
      }
      let (exchanged, seen) = used.compareExchange(
        expected: first, desired: first + units, ordering: .relaxed)
      if exchanged { break }
      first = seen
    }
    unsafe pixels.withUnsafeBytes { bytes in
      guard let source = bytes.baseAddress else { return }
      unsafe (base + first * Self.unit).copyMemory(from: source, byteCount: bytes.count)
    }
    unsafe starts.elements[index].store(UInt32(first + 1), ordering: .releasing)
  }
}

internal import ImageStorePlatform
package import Synchronization

/// A fixed number of atomic integers, all 0 at first, for what threads find out of each image or
/// block: whether it has been checked, where it is.
///
/// Memory is given by the system page by page, as elements are touched, so that a store of a
/// million images opens without writing them all.
///
/// Invariant behind `@unchecked Sendable` and `@safe`: every element is atomic, there are always as
/// many, and the memory is freed with the last reference.
@safe package final class AtomicArray<Element: AtomicElement>: @unchecked Sendable {
  package let count: Int
  /// The elements themselves, valid while the array lives, for loops that run once per image: what
  /// is generic here is not specialised in other modules, and an access through it would cost ten
  /// times as much.
  @unsafe package let elements: UnsafeMutablePointer<Atomic<Element>>

  /// - Throws: ``StoreError/Code/limitExceeded`` if the system does not have so much memory.
  package init(count: Int) throws(StoreError) {
    self.count = count
    // An integer whose bytes are 0 is 0, atomic or not, and calloc's memory need not be touched to be so.
    guard count >= 0, let memory = unsafe calloc(max(1, count), MemoryLayout<Atomic<Element>>.stride) else {
      throw StoreError(.limitExceeded, "no memory for \(count) atomic integers")
    }
    unsafe elements = memory.bindMemory(to: Atomic<Element>.self, capacity: max(1, count))
  }

  deinit { unsafe free(elements) }

  /// - Precondition: `index` is in `0..<count`.
  package subscript(index: Int) -> Element {
    get {
      precondition(index >= 0 && index < count)
      return unsafe Element.load(elements + index)
    }
    set {
      precondition(index >= 0 && index < count)
      unsafe Element.store(newValue, elements + index)
    }
  }
}

/// An integer that an ``AtomicArray`` may have as its element. `Atomic` has its operations for each
/// size by itself.
package protocol AtomicElement: FixedWidthInteger, AtomicRepresentable, Sendable {
  static func load(_ element: UnsafeMutablePointer<Atomic<Self>>) -> Self
  static func store(_ value: Self, _ element: UnsafeMutablePointer<Atomic<Self>>)
}

extension UInt8: AtomicElement {
  package static func load(_ element: UnsafeMutablePointer<Atomic<Self>>) -> Self {
    unsafe element.pointee.load(ordering: .relaxed)
  }
  package static func store(_ value: Self, _ element: UnsafeMutablePointer<Atomic<Self>>) {
    unsafe element.pointee.store(value, ordering: .relaxed)
  }
}

extension UInt32: AtomicElement {
  package static func load(_ element: UnsafeMutablePointer<Atomic<Self>>) -> Self {
    unsafe element.pointee.load(ordering: .relaxed)
  }
  package static func store(_ value: Self, _ element: UnsafeMutablePointer<Atomic<Self>>) {
    unsafe element.pointee.store(value, ordering: .relaxed)
  }
}

extension Int: AtomicElement {
  package static func load(_ element: UnsafeMutablePointer<Atomic<Self>>) -> Self {
    unsafe element.pointee.load(ordering: .relaxed)
  }
  package static func store(_ value: Self, _ element: UnsafeMutablePointer<Atomic<Self>>) {
    unsafe element.pointee.store(value, ordering: .relaxed)
  }
}

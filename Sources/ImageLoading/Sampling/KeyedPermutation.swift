internal import CImageStoreKernels

/// An order of the numbers in `0..<count`, in constant memory, chosen by a key.
///
/// A Feistel network over rows and columns of a rectangle of at least `count` cells; results that
/// are not below `count` are permuted again. `Docs/SampleOrder.md` specifies it to the bit.
struct KeyedPermutation: Sendable {
  private let kernel: image_kernels_permutation

  /// The most numbers a permutation may have.
  static let maximumCount = 1 << 62

  /// - Precondition: `count` is in `0...maximumCount`.
  init(count: Int, key: RandomKey) {
    precondition(count >= 0 && count <= Self.maximumCount)
    kernel = image_kernels_permutation_make(UInt64(count), key.value)
  }

  /// The number at a position in `0..<count`.
  subscript(position: Int) -> Int {
    var result: Int64 = 0
    unsafe withUnsafePointer(to: kernel) { kernel in
      unsafe image_kernels_permute(kernel, UInt64(position), 1, &result, 1)
    }
    return Int(result)
  }

  /// The position of a number in `0..<count`.
  func position(of number: Int) -> Int {
    unsafe withUnsafePointer(to: kernel) { kernel in
      unsafe Int(image_kernels_permutation_position(kernel, UInt64(number)))
    }
  }

  /// Writes the numbers at the positions `first`, `first + stride` and so on, all in `0..<count`.
  func fill(_ results: UnsafeMutableBufferPointer<Int>, first: Int, stride: Int) {
    guard let base = results.baseAddress else { return }
    unsafe base.withMemoryRebound(to: Int64.self, capacity: results.count) { base in
      unsafe withUnsafePointer(to: kernel) { kernel in
        unsafe image_kernels_permute(kernel, UInt64(first), UInt64(stride), base, results.count)
      }
    }
  }
}

import CImageStoreKernels
import ImageStoreTesting
import Testing

/// The kernels against the definition, at every length around a vector's and at odd addresses.
@Suite struct InterleaveTests {
  @Test(arguments: Array(0...70) + [1023, 1024, 1025])
  func agreesWithTheDefinition(count: Int) {
    var generator = SplitMix64(seed: UInt64(count))
    let planes = (0..<3).map { _ in (0..<count + 1).map { _ in UInt8.random(in: 0...255, using: &generator) }
    }
    let guarded = 7 as UInt8
    var mixed = [UInt8](repeating: guarded, count: 3 * count + 2)
    var apart = [[UInt8]](repeating: [UInt8](repeating: guarded, count: count + 2), count: 3)
    unsafe mixed.withUnsafeMutableBufferPointer { to in
      unsafe planes[0].withUnsafeBufferPointer { a in
        unsafe planes[1].withUnsafeBufferPointer { b in
          unsafe planes[2].withUnsafeBufferPointer { c in
            unsafe image_kernels_interleave3(
              a.baseAddress! + 1, b.baseAddress!, c.baseAddress! + 1, to.baseAddress! + 1, count)
          }
        }
      }
    }
    var expected = [guarded]
    for pixel in 0..<count { expected += [planes[0][pixel + 1], planes[1][pixel], planes[2][pixel + 1]] }
    #expect(mixed == expected + [guarded])

    var (a, b, c) = (apart[0], apart[1], apart[2])
    unsafe image_kernels_deinterleave3(Array(mixed.dropFirst()), &a, &b, &c, count)
    apart = [a, b, c]
    for plane in 0..<3 {
      #expect(Array(apart[plane][..<count]) == (0..<count).map { expected[1 + 3 * $0 + plane] })
      #expect(Array(apart[plane][count...]) == [guarded, guarded])
    }
  }
}

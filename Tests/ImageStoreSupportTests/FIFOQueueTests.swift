import ImageStoreSupport
import ImageStoreTesting
import Testing

@Suite struct FIFOQueueTests {
  private final class Block {}

  /// Whatever is done with it, it holds what an array would, and nothing that was taken out.
  @Test(arguments: 1...20) func isAnArrayWithoutItsBeginning(seed: UInt64) {
    var random = SplitMix64(seed: seed)
    var queue = FIFOQueue<Int>()
    var array: [Int] = []
    for step in 0..<2000 {
      switch Int.random(in: 0..<(step % 400 < 200 ? 5 : 9), using: &random) {
      case 0: #expect(queue.first == array.first && queue.isEmpty == array.isEmpty)
      case 1, 2:
        queue.append(step)
        array.append(step)
      case 3:
        queue.append(contentsOf: [step, -step])
        array += [step, -step]
      default: #expect(queue.popFirst() == (array.isEmpty ? nil : array.removeFirst()))
      }
    }
    #expect(queue.removeAll() == array && queue.isEmpty && queue.popFirst() == nil)
  }

  @Test func whatIsTakenOutIsReleased() {
    var queue = FIFOQueue<Block>()
    for _ in 0..<3 { queue.append(Block()) }
    weak let first = queue.first
    #expect(first != nil)
    _ = queue.popFirst()
    #expect(first == nil && !queue.isEmpty)
  }
}

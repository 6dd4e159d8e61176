import ImageStoreCore
import Testing

/// Images are located some at a time: gathers of every number of them around where such a part ends.
@Suite struct GatherCountTests {
  @Test func everyNumberOfImagesIsGathered() throws {
    let format = ImageFormat(height: 1, width: 3, channels: 1)
    var writer = InMemoryStore.Writer()
    for value in UInt8(0)..<70 { try writer.append([value, value &* 3, 255 &- value], format: format) }
    let store = try writer.makeStore()
    for count in 0...70 {
      let indices = (0..<count).map { ($0 * 37 + count) % 70 }
      let expected = indices.flatMap { [UInt8($0), UInt8($0) &* 3, 255 - UInt8($0)] }
      let batch = try store.read(indices)
      #expect([UInt8](copying: batch.pixels) == expected, "\(count) images")
    }
  }
}

import ImageStoreCore
import Testing

@Suite struct GatherPlanTests {
  private let format = ImageFormat(height: 4, width: 6, channels: 3)
  private let region = ImageRegion(row: 1, column: 2, height: 2, width: 3)

  @Test func wholeImagesOfOneFormat() throws {
    let indices = [4, 0, 4]
    let plan = try GatherPlan(indices.span, regions: Span(), of: 5, format: format)
    #expect(plan.count == 3 && plan.byteCount == 3 * 72)
    #expect(plan.isWhole && plan.crop(at: 2) == nil && plan.region(at: 1) == ImageRegion(wholeOf: format))
    #expect(plan.layout == BatchLayout(format, count: 3))
    #expect(plan.byteRange(of: 2) == 144..<216)
  }

  @Test func oneRegionForAllAndOneForEach() throws {
    let indices = [4, 0]
    let one = [region]
    let same = try GatherPlan(indices.span, regions: one.span, of: 5, format: format)
    #expect(!same.isWhole && same.crop(at: 1) == region && same.byteRange(of: 1) == 18..<36)
    let other = ImageRegion(row: 0, column: 0, height: 2, width: 3)
    let two = [region, other]
    let each = try GatherPlan(indices.span, regions: two.span, of: 5, format: format)
    #expect(each.region(at: 0) == region && each.region(at: 1) == other && each.byteCount == 36)
  }

  @Test func aRegionAsLargeAsTheImageIsTheWholeOfIt() throws {
    let indices = [1, 2]
    for regions in [
      [ImageRegion(wholeOf: format)], [ImageRegion](repeating: ImageRegion(wholeOf: format), count: 2),
    ] {
      let plan = try GatherPlan(indices.span, regions: regions.span, of: 5, format: format)
      #expect(plan.isWhole && plan.crop(at: 1) == nil)
    }
  }

  @Test func imagesOfDifferentFormats() throws {
    let formats = [
      format, ImageFormat(height: 2, width: 7), ImageFormat(height: 9, width: 9, elementType: .uint16),
    ]
    let indices = [2, 0, 1]
    let whole = try GatherPlan(indices.span, regions: Span()) { (index) throws(StoreError) in formats[index] }
    #expect(whole.uniformFormat == nil && whole.isWhole && whole.format(at: 0) == formats[2])
    #expect((0..<3).map { whole.byteRange(of: $0) } == [0..<162, 162..<234, 234..<248])

    let corner = [ImageRegion(row: 0, column: 0, height: 2, width: 2)]
    let cropped = try GatherPlan(indices.span, regions: corner.span) { (index) throws(StoreError) in
      formats[index]
    }
    #expect((0..<3).map { cropped.byteRange(of: $0) } == [0..<8, 8..<20, 20..<24])
    #expect(cropped.layout[1] == ImageFormat(height: 2, width: 2, channels: 3))
  }

  @Test func regionsOfDifferentSizes() throws {
    let other = ImageRegion(row: 0, column: 1, height: 4, width: 1)
    let (indices, regions) = ([4, 0, 2], [region, other, ImageRegion(wholeOf: format)])
    let plan = try GatherPlan(indices.span, regions: regions.span, of: 5, format: format)
    #expect(plan.uniformFormat == format && plan.layout.uniformFormat == nil && !plan.isWhole)
    #expect(plan.byteCount == 18 + 12 + 72)
    #expect((0..<3).map { plan.byteRange(of: $0) } == [0..<18, 18..<30, 30..<102])
    #expect(plan.crop(at: 0) == region && plan.crop(at: 1) == other && plan.crop(at: 2) == nil)
    #expect(plan.layout[1] == format.cropped(to: other))

    let mixed = try GatherPlan(indices.span, regions: regions.span) { (_) throws(StoreError) in format }
    #expect(mixed.layout == plan.layout && mixed.byteCount == plan.byteCount)
  }

  @Test func badArgumentsAreRefused() {
    func plan(_ indices: [Int], _ regions: [ImageRegion]) throws {
      _ = try GatherPlan(indices.span, regions: regions.span, of: 5, format: format)
      _ = try GatherPlan(indices.span, regions: regions.span) { (index) throws(StoreError) in
        guard (0..<5).contains(index) else { throw .indexOutOfRange(index, count: 5) }
        return format
      }
    }
    for index in [-1, 5, .max, .min] { expectError(.indexOutOfRange) { try plan([0, index], []) } }
    var outside = region
    outside.row = .max
    expectError(.invalidArgument) { try plan([0, 1], [outside]) }
    expectError(.invalidArgument) { try plan([0, 1, 2], [region, region]) }
    expectError(.invalidArgument) { try plan([], [region, region]) }
  }

  /// Images are located some at a time: gathers of every number of them around where such a part ends.
  @Test func everyNumberOfImagesIsGathered() throws {
    let format = ImageFormat(height: 1, width: 3, channels: 1)
    var writer = InMemoryStore.Writer()
    for value in UInt8(0)..<70 { try writer.append([value, value &* 3, 255 &- value], format: format) }
    let store = try writer.finish()
    for count in 0...70 {
      let indices = (0..<count).map { ($0 * 37 + count) % 70 }
      let expected = indices.flatMap { [UInt8($0), UInt8($0) &* 3, 255 - UInt8($0)] }
      let batch = try store.read(indices)
      #expect([UInt8](copying: batch.pixels) == expected, "\(count) images")
    }
  }
}

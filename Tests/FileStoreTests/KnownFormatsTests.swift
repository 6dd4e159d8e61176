import ImageStoreCore
import Testing

@testable import FileStore

@Suite struct KnownFormatsTests {
  @Test func formatsComeBackAsTheyWere() throws {
    let formats = ElementType.allCases.enumerated().map { number, type in
      ImageFormat(height: 1 + number * 700, width: 65_500 - number, channels: 1 + number, elementType: type)
    }
    let known = try KnownFormats(count: formats.count)
    #expect(formats.indices.allSatisfy { known[$0] == nil })
    for (index, format) in formats.enumerated() { known.note(format, of: index) }
    #expect(formats.indices.map { known[$0] } == formats)
  }

  @Test func whatDoesNotFitIsNotKnown() throws {
    let known = try KnownFormats(count: 1)
    for format in [ImageFormat(height: 1 << 26, width: 1), ImageFormat(height: 1, width: 1, channels: 32)] {
      known.note(format, of: 0)
      #expect(known[0] == nil)
    }
  }
}

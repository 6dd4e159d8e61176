import ImageStoreCore
import ImageStoreTesting
import Testing

/// The generators make what they say, the same on every platform.
@Suite struct SyntheticImagesTests {
  @Test func splitMixMatchesItsReference() {
    // The first numbers of the reference implementation in C from the seed 1234567.
    var generator = SplitMix64(seed: 1_234_567)
    #expect(generator.next() == 6_457_827_717_110_365_317)
    #expect(generator.next() == 3_203_168_211_198_807_973)
    #expect(generator.next() == 9_817_491_932_198_370_423)
  }

  @Test(arguments: ElementType.allCases, SyntheticImages.Kind.allCases)
  func imagesHaveTheirSizeAndRepeatFromTheirSeed(_ type: ElementType, _ kind: SyntheticImages.Kind) {
    let format = ImageFormat(height: 9, width: 10, channels: 2, elementType: type)
    var (first, second, third) = (
      SyntheticImages(seed: 5), SyntheticImages(seed: 5), SyntheticImages(seed: 6)
    )
    let image = first.image(kind, format: format)
    #expect(image.count == format.byteCount)
    #expect(image == second.image(kind, format: format))
    #expect(Set(image).count > 1)
    if type == .bool { #expect(Set(image) == [0, 1]) }
    if kind != .gradient { #expect(image != third.image(kind, format: format)) }
  }
}

import Testing

@testable import ImageLoading

/// How images are fetched, by what is known of them.
@Suite struct ReadAheadWayTests {
  private static let megabyte = 1 << 20

  private func way(
    _ order: SampleOrder = .shuffled(seed: 1, epoch: 0), count: Int = 1000, window: Int? = nil,
    image: Int = 100_000, missing: Int? = 100 * megabyte, room: Int = 1000 * megabyte, fetched: Int? = nil,
    decodes: Bool = false
  ) -> ReadAheadWay {
    ReadAheadWay(
      order, hasAll: true, count: count, window: window, imageByteCount: image, missing: missing, room: room,
      fetched: fetched, decodes: decodes)
  }

  private func isByImage(_ way: ReadAheadWay) -> Bool { if case .images = way { true } else { false } }
  private func isByRun(_ way: ReadAheadWay) -> Bool { if case .runs = way { true } else { false } }

  @Test func whatFitsIsFetchedByRegions() {
    #expect(way() == .regions && way(.sequential) == .regions)
    // Few of many images, or more than there is room for.
    #expect(isByImage(way(count: 100)))
    #expect(isByImage(way(room: 110 * Self.megabyte)) && isByRun(way(.sequential, room: 110 * Self.megabyte)))
  }

  @Test func largeImagesThatAreDecodedComeOneByOne() {
    #expect(isByImage(way(decodes: true)) && isByImage(way(.classBalanced(seed: 1, epoch: 0), decodes: true)))
    #expect(way(.sequential, decodes: true) == .regions)
    #expect(way(count: 100_000, image: 1000, decodes: true) == .regions)
  }

  @Test func windowsOfANetworkNeedRoomForOne() {
    let order = SampleOrder.blockShuffled(seed: 1, epoch: 0, blockSize: 10, window: 10)
    for (memory, isByWindow) in [(20, true), (12, true), (10, false), (1, false)] {
      let way = way(order, window: 100, missing: nil, fetched: memory * Self.megabyte)
      #expect(isByWindow ? way == .windows : isByImage(way), "\(memory) MB")
    }
  }
}

import Foundation
import ImageLoading
import ImageStoreCore
import ImageStoreTesting
import Testing

extension LoaderTests {
  /// 25 images of 9x14 with labels, their masks, and the store of both.
  struct Pairs {
    let images: ModelImages
    let masks: ModelImages
    let store: ZippedStore

    init() throws {
      var synthetic = SyntheticImages(seed: 31)
      images = synthetic.uniform(ImageFormat(height: 9, width: 14, channels: 3), count: 25)
      masks = synthetic.uniform(ImageFormat(height: 9, width: 14, elementType: .bool), count: 25)
      store = try ZippedStore(InMemoryStore(copying: ModelStore(images)), masks: ModelStore(masks))
    }

    /// The pixels of images and masks at some indices.
    func pixels(_ indices: [Int]) -> (images: [UInt8], masks: [UInt8]) {
      (indices.flatMap { images.pixels[$0] }, indices.flatMap { masks.pixels[$0] })
    }
  }

  /// All batches of a loader of pairs: indices, and the bytes of images and masks.
  func drain(_ loader: PairLoader) throws -> (indices: [Int], images: [UInt8], masks: [UInt8]) {
    var result = (indices: [Int](), images: [UInt8](), masks: [UInt8]())
    var batches = loader.makeBlockingIterator()
    while let batch = try batches.next() {
      #expect(batch.count == batch.images.count && batch.count == batch.masks.count)
      #expect(batch.masks.indices == batch.indices && batch.images.indices == batch.indices)
      result.indices += batch.indices
      result.images += bytes(batch.images.pixels)
      result.masks += bytes(batch.masks.pixels)
    }
    #expect(try batches.next() == nil)
    return result
  }

  @Test func imagesAndMasksAreCroppedAlike() async throws {
    let pairs = try Pairs()
    let augmentation = Augmentation(crop: .random(height: 4, width: 6), flipProbability: 0.5)
    let loader = pairs.store.batches(
      of: 4, in: .shuffled(seed: 2, epoch: 2), as: .float32(), augmentation: augmentation)
    var seen: [Int] = []
    for try await batch in loader {
      #expect(batch.images.shape == [batch.count, 3, 4, 6] && batch.masks.shape == [batch.count, 4, 6, 1])
      for (position, index) in batch.indices.enumerated() {
        let choice = NaiveChoice(augmentation, seed: 2, epoch: 2, sample: index, rows: 5, columns: 8)
        func window(_ model: ModelImages, _ tensor: TensorFormat) -> [UInt8] {
          NaiveTensor(format: model.formats[index], pixels: model.pixels[index]).window(
            tensor, row: choice.row, column: choice.column, height: 4, width: 6, flipped: choice.isFlipped)
        }
        let image = Array(bytes(batch.images.pixels)[batch.images.layout.byteRange(of: position)])
        let mask = Array(bytes(batch.masks.pixels)[batch.masks.layout.byteRange(of: position)])
        #expect(image == window(pairs.images, .float32()))
        #expect(mask == window(pairs.masks, .stored))
      }
      #expect(batch.labels == batch.indices.map { Int32(pairs.images.labels![$0]) })
      #expect(batch.state.position == seen.count + batch.count)
      seen += batch.indices
    }
    #expect(seen.sorted() == Array(0..<25))
    expectNothingLeft()
  }

  @Test func pairsAreSampledLikeImages() throws {
    let pairs = try Pairs()
    let order = SampleOrder.shuffled(seed: 5, epoch: 1)
    let whole = try drain(pairs.store.batches(of: 4, in: order))
    #expect(whole.indices == (try order.indices(of: 25).array(0..<25)))
    let (images, masks) = pairs.pixels(whole.indices)
    #expect(whole.images == images && whole.masks == masks)
    // The images alone come in the same order.
    #expect(try drain(pairs.store.images.batches(of: 4, in: order)).pixels == images)
    let shards = try (0..<2).map {
      try drain(pairs.store.batches(of: 3, in: order.sharded($0, of: 2, remainder: .drop)))
    }
    #expect((0..<12).flatMap { step in shards.map { $0.indices[step] } } == Array(whole.indices[..<24]))
  }

  @Test func pairsAreResumed() throws {
    let pairs = try Pairs()
    let order = SampleOrder.shuffled(seed: 5, epoch: 1)
    let augmentation = Augmentation(crop: .padded(by: 2), flipProbability: 0.5)
    let whole = try drain(pairs.store.batches(of: 25, in: order, augmentation: augmentation))
    var batches = pairs.store.batches(of: 4, in: order, augmentation: augmentation).makeBlockingIterator()
    _ = try batches.next()
    let saved = try JSONEncoder().encode(#require(try batches.next()).state)
    let state = try JSONDecoder().decode(LoaderState.self, from: saved)
    let rest = try drain(pairs.store.batches(of: 7, resuming: state, augmentation: augmentation))
    #expect(rest.indices == Array(whole.indices[8...]))
    #expect(rest.images == Array(whole.images[(8 * 9 * 14 * 3)...]))
    #expect(rest.masks == Array(whole.masks[(8 * 9 * 14)...]))
  }

  @Test func pairsAreDivided() throws {
    let pairs = try Pairs()
    let some = try drain(pairs.store.subset([7, 3, 20]).batches(of: 2))
    #expect(some.masks == pairs.pixels([7, 3, 20]).masks)
    var held: [[UInt8]] = []
    let alone = try pairs.store.images.folds(5, stratified: true, seed: 3)
    for (number, fold) in try pairs.store.folds(5, stratified: true, seed: 3).enumerated() {
      #expect(fold.training.count == 20 && fold.validation.count == 5)
      // The folds of pairs are those of their images.
      let indices = (0..<5).map(alone[number].validation.baseIndex)
      let pixels = try drain(fold.validation.batches(of: 2))
      #expect(pixels.images == pairs.pixels(indices).images && pixels.masks == pairs.pixels(indices).masks)
      held += indices.map { pairs.masks.pixels[$0] }
    }
    #expect(held.count == 25)
    let splits = try pairs.store.split([0.6, 0.2, 0.2], seed: 1)
    #expect(splits.map(\.count) == [15, 5, 5])
    #expect(try splits.flatMap { try drain($0.batches(of: 4)).masks }.count == 25 * 9 * 14)
  }

  @Test func aMaskThatCannotBeReadIsNamed() throws {
    let pairs = try Pairs()
    let masks = WatchedStore(pairs.store.masks) { (indices) throws(StoreError) in
      if indices.contains(9) { throw StoreError(.corrupt, "bit rot") }
    }
    let store = try ZippedStore(pairs.store.images, masks: masks)
    var batches = store.batches(of: 4).makeBlockingIterator()
    #expect(try batches.next()?.count == 4)
    #expect(try batches.next()?.count == 4)
    let error = #expect(throws: StoreError.self) { _ = try batches.next() }
    #expect(error?.image == 9)
    #expect(try batches.next() == nil)
  }

  @Test func masksOfAnotherSizeAreRefused() throws {
    var synthetic = SyntheticImages(seed: 32)
    let images = synthetic.mixed(ImageFormat(height: 5, width: 6, channels: 3), count: 6)
    var masks = ModelImages()
    for (index, format) in images.formats.enumerated() {
      masks.append(
        contentsOf: synthetic.uniform(
          ImageFormat(height: format.height + (index == 4 ? 1 : 0), width: format.width), count: 1))
    }
    let store = try ZippedStore(ModelStore(images), masks: ModelStore(masks))
    var batches = store.batches(of: 4).makeBlockingIterator()
    #expect(try batches.next()?.count == 4)
    let error = #expect(throws: StoreError.self) { _ = try batches.next() }
    #expect(error?.code == .invalidArgument && error?.image == 4)
  }

  @Test func samplesHaveTheTypeOfTheTensor() throws {
    let pairs = try Pairs()
    var batches = pairs.store.batches(of: 25, as: .float32(dimensions: .nhwc)).makeBlockingIterator()
    let batch = try #require(try batches.next())
    let floats = try batch.images.samples(as: Float.self)
    #expect(floats.count == 25 * 9 * 14 * 3)
    for offset in 0..<9 * 14 * 3 where floats[offset] != Float(pairs.images.pixels[0][offset]) {
      Issue.record("sample \(offset) is \(floats[offset])")
    }
    // A bool is read as a byte.
    let flags = try batch.masks.samples(as: UInt8.self)
    #expect(flags.count == 25 * 9 * 14 && flags[0] == pairs.masks.pixels[0][0])
    let error = #expect(throws: StoreError.self) { _ = try batch.images.samples(as: Double.self).count }
    #expect(error?.code == .invalidArgument)
  }
}

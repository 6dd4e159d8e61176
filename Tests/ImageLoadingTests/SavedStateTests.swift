import Foundation
import ImageLoading
import ImageStoreCore
import Testing

/// What is saved with a model is read by later versions: these are the bytes of the first.
@Suite struct SavedStateTests {
  static let orders: [(SampleOrder, String)] = [
    (.sequential, #"{"sequential":{}}"#),
    (.shuffled(seed: 9, epoch: 4), #"{"shuffled":{"epoch":4,"seed":9}}"#),
    (
      .blockShuffled(seed: 9, epoch: 4, blockSize: 7, window: 5),
      #"{"blockShuffled":{"blockSize":7,"epoch":4,"seed":9,"window":5}}"#
    ),
    (
      .blockShuffled(seed: 9, epoch: 4, blockSize: 7, window: 8, lanes: 4),
      #"{"laneShuffled":{"blockSize":7,"epoch":4,"lanes":4,"seed":9,"window":8}}"#
    ),
    (
      .weighted([0.5, 1, 2], seed: 9, epoch: 4, draws: 333),
      #"{"weighted":{"draws":333,"epoch":4,"seed":9,"weights":[0.5,1,2]}}"#
    ),
    (.classBalanced(seed: 9, epoch: 4), #"{"classBalanced":{"epoch":4,"seed":9}}"#),
  ]

  /// Decodes what an earlier version wrote, and encodes it to the same text.
  private func check<Value: Codable & Equatable>(_ value: Value, _ text: String) throws {
    let decoded = try JSONDecoder().decode(Value.self, from: Data(text.utf8))
    #expect(decoded == value)
    let encoder = JSONEncoder()
    encoder.outputFormatting = .sortedKeys
    #expect(try String(decoding: encoder.encode(value), as: UTF8.self) == text)
  }

  @Test(arguments: orders)
  func states(order: SampleOrder, kind: String) throws {
    try check(
      LoaderState(order: order.sharded(1, of: 3, remainder: .drop), imageCount: 3, position: 2),
      #"{"imageCount":3,"order":{"kind":\#(kind),"rank":{"count":3,"index":1,"padding":"drop"}},"position":2}"#
    )
    try check(
      LoaderState(order: order, imageCount: 3, position: 2),
      #"{"imageCount":3,"order":{"kind":\#(kind)},"position":2}"#)
  }

  @Test func tensors() throws {
    try check(
      TensorFormat.normalized(mean: [0.5], standardDeviation: [0.25]),
      #"{"elementType":"float32","layout":"nchw","mean":[127.5],"normalized":true,"scale":[0.015686275]}"#)
    try check(TensorFormat.stored(dimensions: .nchw), #"{"layout":"nchw","mean":[0],"scale":[1]}"#)
  }

  @Test func augmentations() throws {
    try check(
      Augmentation(crop: .random(height: 5, width: 6), flipProbability: 0.5, seed: 1, epoch: 2),
      #"{"crop":{"random":{"height":5,"width":6}},"epoch":2,"mirrorProbability":0.5,"seed":1}"#)
    try check(Augmentation(crop: .padded(by: 4)), #"{"crop":{"padded":{"by":4}},"mirrorProbability":0}"#)
    try check(
      Augmentation(crop: .fixed(ImageRegion(row: 1, column: 2, height: 3, width: 4))),
      #"{"crop":{"fixed":{"_0":{"column":2,"height":3,"row":1,"width":4}}},"mirrorProbability":0}"#)
  }
}

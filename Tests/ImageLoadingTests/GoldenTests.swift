import Foundation
import ImageLoading
import Testing

/// Orders against vectors that the Python reference made.
@Suite struct GoldenTests {
  struct Golden: Decodable {
    struct Shuffle: Decodable {
      let count: Int, seed: UInt64, epoch: Int, positions: [Int], indices: [Int]
    }
    struct Blocks: Decodable {
      let count: Int, seed: UInt64, epoch: Int, blockSize: Int, window: Int, indices: [Int]
    }
    struct Lanes: Decodable {
      let count: Int, seed: UInt64, epoch: Int, blockSize: Int, window: Int, lanes: Int, indices: [Int]
    }
    struct Weighted: Decodable { let weights: [Double], seed: UInt64, epoch: Int, indices: [Int] }
    struct Balanced: Decodable { let labels: [Int], seed: UInt64, epoch: Int, indices: [Int] }
    struct Fold: Decodable { let labels: [Int], count: Int, seed: UInt64, assignments: [Int] }
    let shuffles: [Shuffle], blocks: [Blocks], lanes: [Lanes]
    let weighted: Weighted, balanced: Balanced, folds: Fold
  }

  static let golden: Golden = {
    let url = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
      .appending(path: "Fixtures/sample_order_golden.json")
    do {
      return try JSONDecoder().decode(Golden.self, from: Data(contentsOf: url))
    } catch {
      fatalError("\(url.path): \(error)")
    }
  }()

  @Test func shuffles() throws {
    for vector in Self.golden.shuffles {
      let order = SampleOrder.shuffled(seed: vector.seed, epoch: vector.epoch)
      let indices = try order.indices(of: vector.count)
      #expect(vector.positions.map { indices[$0] } == vector.indices, "\(vector.count) images")
      if vector.positions.count == vector.count {
        #expect(indices.array(0..<vector.count) == vector.indices, "\(vector.count) images at once")
      }
    }
  }

  @Test func blockShuffles() throws {
    for vector in Self.golden.blocks {
      let order = SampleOrder.blockShuffled(
        seed: vector.seed, epoch: vector.epoch, blockSize: vector.blockSize, window: vector.window)
      let indices = try order.indices(of: vector.count)
      #expect(indices.array(0..<vector.count) == vector.indices, "\(vector.count) images")
      #expect(Array(indices) == vector.indices, "\(vector.count) images one by one")
    }
  }

  @Test func lanes() throws {
    for vector in Self.golden.lanes {
      let order = SampleOrder.blockShuffled(
        seed: vector.seed, epoch: vector.epoch, blockSize: vector.blockSize, window: vector.window,
        lanes: vector.lanes)
      let indices = try order.indices(of: vector.count)
      #expect(indices.array(0..<vector.count) == vector.indices, "\(vector.count) images")
      #expect(Array(indices) == vector.indices, "\(vector.count) images one by one")
    }
  }

  @Test func weightedDraws() throws {
    let vector = Self.golden.weighted
    let order = SampleOrder.weighted(
      vector.weights, seed: vector.seed, epoch: vector.epoch, draws: vector.indices.count)
    #expect(try Array(order.indices(of: vector.weights.count)) == vector.indices)
  }

  @Test func classBalancedDraws() throws {
    let vector = Self.golden.balanced
    let order = SampleOrder.classBalanced(
      seed: vector.seed, epoch: vector.epoch, draws: vector.indices.count)
    #expect(try Array(order.indices(of: vector.labels.count, labels: vector.labels)) == vector.indices)
  }

  @Test func folds() throws {
    let vector = Self.golden.folds
    let folds = try Partition(
      of: vector.labels.count, folds: vector.count, stratifying: vector.labels, seed: vector.seed)
    #expect(folds.assignments == vector.assignments)
  }
}

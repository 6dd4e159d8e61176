import Foundation
import XCTest

/// What the environment says of a run. `Benchmarks/run` sets it; by hand, one variable suffices:
///
///     IMAGE_STORES_BENCHMARK=1 swift test --package-path Benchmarks -c release
struct Settings {
  /// The folder with `images.npy`, `labels.npy` and `order.npy`; nil for synthetic images.
  let data: String?
  /// Where stores are written.
  let work: String
  /// Measurements are appended to this file, one JSON object per line.
  let output: String?
  let counts: [Int]
  /// How often the clock runs at most, after a run that warms up.
  let repeats: Int
  let round: Int
  /// A folder in CIFAR-10's layout for the decoding work.
  let cifar: String?
  /// What the build differs in, put behind the names of its subjects; nil for the usual one.
  let variant: String?
  /// Measure only what has one of these words in its name; empty for everything.
  let only: [String]

  static func current() throws -> Settings {
    let environment = ProcessInfo.processInfo.environment
    guard environment["IMAGE_STORES_BENCHMARK"] != nil else {
      throw XCTSkip("set IMAGE_STORES_BENCHMARK=1 to measure")
    }
    #if DEBUG
    throw XCTSkip("figures of a debug build mean nothing: swift test --package-path Benchmarks -c release")
    #else
    let counts = environment["IMAGE_STORES_COUNTS"] ?? "10000"
    return Settings(
      data: environment["IMAGE_STORES_DATA"],
      work: environment["IMAGE_STORES_WORK"]
        ?? FileManager.default.temporaryDirectory.appending(path: "image-stores-benchmark").path,
      output: environment["IMAGE_STORES_OUTPUT"],
      counts: counts.split(separator: ",").compactMap { Int($0) },
      repeats: environment["IMAGE_STORES_REPEATS"].flatMap { Int($0) } ?? 5,
      round: environment["IMAGE_STORES_ROUND"].flatMap { Int($0) } ?? 0,
      cifar: environment["IMAGE_STORES_CIFAR10"],
      variant: environment["IMAGE_STORES_VARIANT"],
      only: environment["IMAGE_STORES_ONLY"]?.split(separator: ",").map(String.init) ?? [])
    #endif
  }
}

import CIFAR10
import ImageStoreCore
import XCTest

/// Decoding CIFAR-10's pickles to contiguous NHWC, opening and parsing included.
final class DecodeBenchmarks: XCTestCase {
  func testDecode() throws {
    let settings = try Settings.current()
    guard let folder = settings.cifar else {
      throw XCTSkip("set IMAGE_STORES_CIFAR10 to a folder in CIFAR-10's layout")
    }
    let recorder = Recorder(settings)
    for threads in [1, 2] {
      var batch = ImageBatch()
      let count = try CIFAR10(at: folder).training.count
      try recorder.measure(
        "CIFAR10", "decode CIFAR-10", count: count, threads: threads,
        checksum: { Checksum.of(batch.pixels) }
      ) {
        let images = try CIFAR10(at: folder, threads: threads).training
        try images.read(0..<images.count, into: &batch)
      }
    }
    try recorder.save()
  }
}

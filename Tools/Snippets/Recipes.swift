import CIFAR10
import FileStore
import Foundation
import HDF5Store
import ImageLoading
import ImageStoreCore
import LMDBStore
import NPZStore
import PNGCodec
import PackedBitStore

/// What is done with images and masks.
private func step(_ images: RawSpan, _ masks: RawSpan) { precondition(images.byteCount >= masks.byteCount) }

private let small = ImageFormat(height: 8, width: 8)

/// Frames that a camera delivers, with their exposures.
private func frames() -> [([UInt8], Double)] {
  (0..<250).map { ([UInt8](repeating: UInt8($0), count: 64), Double($0) / 10) }
}

/// An image.
private let pixels = [UInt8](repeating: 7, count: 64)

/// The samples of an image as bytes.
private func samples(of format: ImageFormat) -> [UInt8] { [UInt8](repeating: 0, count: format.byteCount) }

struct Gradients: ImageStore {
  let count: Int
  var format: ImageFormat? { ImageFormat(height: 8, width: 8) }
  var checksumCoverage: ChecksumCoverage { .noImages }
  func labels() -> [Int]? { (0..<count).map { $0 % 10 } }
  func format(at index: Int) -> ImageFormat { ImageFormat(height: 8, width: 8) }
  func forEachImage(
    _ indices: Span<Int>, _ body: (Int, ImageFormat, RawSpan) throws(StoreError) -> Void
  ) throws(StoreError) {
    for position in indices.indices {
      let pixels = [UInt8](repeating: UInt8(indices[position] % 251), count: 64)
      try body(position, format(at: position), pixels.span.bytes)
    }
  }
}

func recipes() async throws {
  let cifar = try CIFAR10(at: "cifar-10-batches-py").training
  let train = try LMDBStore.write(cifar, to: "train.lmdb")
  let saved = try? JSONDecoder().decode(
    LoaderState.self, from: Data(contentsOf: URL(filePath: "epoch.json")))
  let state = saved ?? LoaderState(order: .shuffled(seed: 42, epoch: 0), imageCount: train.count)
  for try await batch in train.batches(of: 64, resuming: state) {
    step(batch.pixels, batch.labels)
    try JSONEncoder().encode(batch.state).write(to: URL(filePath: "epoch.json"), options: .atomic)
  }

  try await photographsOfEverySize()

  let pairs = try ZippedStore(NPZStore(at: "photographs.npz"), masks: PackedBitStore(at: "segments.bits"))
  let crops = Augmentation(crop: .random(height: 24, width: 24), flipProbability: 0.5)
  let order = SampleOrder.shuffled(seed: 42, epoch: 0)
  for try await batch in pairs.batches(of: 4, in: order, augmentation: crops) {
    step(batch.images.pixels, batch.masks.pixels)
  }

  try LMDBStore.write(to: "frames.lmdb", mode: .append) { writer in
    for (number, (frame, exposure)) in frames().enumerated() {
      try writer.append(frame, format: small, label: number % 2, columns: ["exposure": .number(exposure)])
      if number % 100 == 99 { try writer.commit() }
    }
  }
  let written = try LMDBStore(at: "frames.lmdb")
  precondition(written.count == 250)

  let described = try train.withColumns([
    "name": .string((0..<train.count).map { "\($0).png" }),
    "brightness": .double((0..<train.count).map { Double($0 % 200) }),
  ])
  let one = try described.filtered(column: "name", in: ["17.png"]).pixels(at: 0)
  let bright = try described.filtered { try $0.number("brightness") > 100 }
  for try await batch in bright.batches(of: 64, in: .classBalanced(seed: 42, epoch: 0)) {
    step(batch.pixels, batch.labels)
  }
  precondition(one.count == 32 * 32 * 3)

  for (k, fold) in try described.folds(5, stratified: true, seed: 7).enumerated() {
    try HDF5Store.write(fold.validation, to: "fold-\(k).h5")
  }

  let served = try LMDBStore(at: "train.lmdb")
  func png(_ index: Int) throws -> [UInt8] { try served.png(at: index) }
  let head = try png(3).prefix(4)
  precondition(head.elementsEqual([0x89, 0x50, 0x4E, 0x47]))

  let gradients = try NPZStore.write(Gradients(count: 20), to: "gradients.npz")
  precondition(gradients.count == 20)
  try workedOn(described, animals: gradients)
}

private func photographsOfEverySize() async throws {
  let photographs = try FileStore(at: "photographs").converted(channels: 3)
  let tensor = TensorFormat.normalized(mean: [0.45, 0.45, 0.45], standardDeviation: [0.22, 0.22, 0.22])
  let augmentation = Augmentation(crop: .randomResized(height: 64, width: 64), flipProbability: 0.5)
  for try await batch in photographs.batches(
    of: 4, in: .shuffled(seed: 42, epoch: 0), as: tensor, augmentation: augmentation)
  {
    step(batch.pixels, batch.labels)
  }
}

private func workedOn(_ described: AnnotatedStore, animals gradients: NPZStore) throws {
  try NPZStore.write(described, to: "set.npz")
  try NPZStore.edit("set.npz") { set in
    try set.relabeled { $0.index < 10 ? ($0.label! + 1) % 10 : $0.label! }
  }
  try NPZStore.remove([3, 14, 15, 92, 65], from: "set.npz")
  let copies = try NPZStore(at: "set.npz").findDuplicates()
  try NPZStore.remove(copies.duplicateIndices, from: "set.npz")
  let left = try NPZStore(at: "set.npz").count
  precondition(left == described.count - 5 - copies.duplicateIndices.count)

  let animals = try gradients.relabeled { $0.index % 2 }.namingClasses(["cat", "dog"])
  try HDF5Store.write(animals, to: "animals.h5")
  try NPZStore.write(animals.keepingClasses(["dog", "cat"]), to: "pets.npz")
  try FileStore.write(animals, to: "more")
  let all = try HDF5Store(at: "animals.h5").merging(NPZStore(at: "pets.npz"), FileStore(at: "more"))
  let parts = try all.split([0.8, 0.1, 0.1], stratified: true, seed: 7)
  try NPZStore.write(parts[0].filtered(classes: ["cat"]), to: "cats.npz")
  precondition(all.count == 60)

  for (name, type, channels) in [
    ("depth", ElementType.float32, 1), ("raw", .uint16, 1), ("bands", .uint16, 13), ("ct", .float32, 32),
  ] {
    let format = ImageFormat(height: 8, width: 8, channels: channels, elementType: type)
    try HDF5Store.write(to: "\(name).h5") { try $0.append(samples(of: format), format: format) }
  }

  try LMDBStore.write(to: "boxed.lmdb") { writer in
    for i in 0..<20 {
      let row = ["box": Column.Value.vector([i, i, 4, 9]), "tags": .vector([1, i % 2]), "jpg": .bytes([7])]
      try writer.append(pixels, format: small, columns: row)
    }
  }
  guard case .int64Vectors(let boxes) = try LMDBStore(at: "boxed.lmdb").column("box") else { return }
  precondition(boxes.count == 20 && boxes.width == 4)
}

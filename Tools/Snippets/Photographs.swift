import FileStore
import ImageLoading
import ImageStoreCore

func photographs() async throws {
  let photographs = try FileStore(at: "photographs").converted(channels: 3)
  let tensor = TensorFormat.normalized(
    mean: [0.485, 0.456, 0.406], standardDeviation: [0.229, 0.224, 0.225])
  let training = Augmentation(crop: .randomResized(height: 224, width: 224), flipProbability: 0.5)
  for try await batch in photographs.batches(
    of: 64, in: .shuffled(seed: 42, epoch: 0), as: tensor, augmentation: training)
  {
    let floats = try batch.samples(as: Float.self)
    precondition(batch.shape == [batch.count, 3, 224, 224] && floats.count == batch.count * 3 * 224 * 224)
  }

  let evaluation = Augmentation(resizing: .shorterSide(256), crop: .center(height: 224, width: 224))
  for try await batch in photographs.batches(of: 64, as: tensor, augmentation: evaluation) {
    step(batch.pixels, batch.labels)
  }

  let more = Augmentation(
    crop: .randomResized(height: 160, width: 160, scale: 0.5...1), rotatesByRightAngles: true,
    flipProbability: 0.5, colorJitter: ColorJitter(brightness: 0.4, contrast: 0.4, saturation: 0.4))
  let darken: ImageStep = { (index, format, pixels) throws(StoreError) in
    for offset in 0..<format.width * format.channels {
      pixels.storeBytes(of: 0, toByteOffset: offset, as: UInt8.self)
    }
  }
  for try await batch in photographs.batches(of: 16, as: tensor, augmentation: more, step: darken) {
    let moved = batch.transforms[0].position(row: 10, column: 20)
    precondition(batch.shape == [batch.count, 3, 160, 160] && moved.row.isFinite)
  }
}

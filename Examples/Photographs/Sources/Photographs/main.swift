import FileStore
import ImageLoading
import ImageStoreCore

let photographs = try FileStore(at: CommandLine.arguments[1]).converted(channels: 3)
let tensor = TensorFormat.normalized(
  mean: [0.485, 0.456, 0.406], standardDeviation: [0.229, 0.224, 0.225])
let augmentation = Augmentation(crop: .randomResized(height: 224, width: 224), flipProbability: 0.5)
for epoch in 0..<2 {
  let order = SampleOrder.shuffled(seed: 42, epoch: epoch)
  for try await batch in photographs.batches(of: 64, in: order, as: tensor, augmentation: augmentation) {
    print("epoch \(epoch), batch \(batch.number):", batch.shape!, try batch.samples(as: Float.self).count)
  }
}

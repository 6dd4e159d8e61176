// Trains a small network on a set in CIFAR-10's layout, from an LMDB store through the loader.
//
//     swift run -c release Classifier PATH-TO-CIFAR-10
import CIFAR10
import Foundation
import ImageLoading
import LMDBStore

let source = CommandLine.arguments.dropFirst().first ?? "../../Sources/imagestore/Resources/cifar-10-demo"
let folder = FileManager.default.temporaryDirectory.appending(path: "classifier-\(UUID().uuidString)").path
try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
defer { try? FileManager.default.removeItem(atPath: folder) }

let cifar = try CIFAR10(at: source)
let train = try LMDBStore.write(cifar.training, to: "\(folder)/train.lmdb")
let test = try LMDBStore.write(cifar.test, to: "\(folder)/test.lmdb")

let tensor = TensorFormat.normalized(mean: [0.5], standardDeviation: [0.25])
var network = Network(inputs: 32 * 32 * 3, hidden: 48, classes: 10, seed: 1)

var means: [Float] = []
for epoch in 0..<20 {
  let order = SampleOrder.shuffled(seed: 42, epoch: epoch)
  let augmentation = Augmentation(flipProbability: 0.5, seed: 42, epoch: epoch)
  var losses: [Float] = []
  for try await batch in train.batches(of: 20, in: order, as: tensor, augmentation: augmentation) {
    losses.append(network.train(try batch.samples(as: Float.self), batch.labels, rate: 0.002))
  }
  means.append(losses.reduce(0, +) / Float(losses.count))
  if epoch % 5 == 0 || epoch == 19 { print("epoch \(epoch): loss \(means[epoch])") }
}
guard means[19] < means[0] / 2 else { fatalError("the loss does not fall") }

var right = 0
for try await batch in test.batches(of: 20, as: tensor) {
  let inputs = try batch.samples(as: Float.self)
  for (image, label) in batch.labels.enumerated() where network.classify(inputs, image: image) == Int(label) {
    right += 1
  }
}
let accuracy = Double(right) / Double(test.count)
print("accuracy on \(test.count) images it has not seen: \(Int((accuracy * 100).rounded())) %")
guard accuracy > 0.5 else { fatalError("no better than chance; something is wrong with what was read") }

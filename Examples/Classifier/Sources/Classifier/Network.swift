import Foundation

/// A network of one hidden layer with a softmax on top, trained by gradient descent with momentum.
struct Network {
  let inputs: Int
  let hidden: Int
  let classes: Int
  /// `hidden` x `inputs` and `classes` x `hidden` weights, row by row, each row followed by its bias.
  private var first: Layer
  private var second: Layer

  init(inputs: Int, hidden: Int, classes: Int, seed: UInt64) {
    var generator = Generator(state: seed)
    self.inputs = inputs
    self.hidden = hidden
    self.classes = classes
    first = Layer(inputs: inputs, outputs: hidden, generator: &generator)
    second = Layer(inputs: hidden, outputs: classes, generator: &generator)
  }

  /// One step on a batch; the mean loss before it.
  mutating func train(_ pixels: Span<Float>, _ labels: [Int32], rate: Float) -> Float {
    var loss: Float = 0
    first.clearGradient()
    second.clearGradient()
    for (image, label) in labels.enumerated() {
      let input = Array(pixels: pixels, from: image * inputs, count: inputs)
      let activations = first.apply(input).map { max(0, $0) }
      var errors = softmax(second.apply(activations))
      loss -= log(max(errors[Int(label)], 1e-9))
      errors[Int(label)] -= 1
      var back = second.accumulate(errors, from: activations)
      for unit in 0..<hidden where activations[unit] == 0 { back[unit] = 0 }
      _ = first.accumulate(back, from: input)
    }
    let step = rate / Float(labels.count)
    first.descend(step)
    second.descend(step)
    return loss / Float(labels.count)
  }

  /// The most probable class of an image of a batch.
  func classify(_ pixels: Span<Float>, image: Int) -> Int {
    let input = Array(pixels: pixels, from: image * inputs, count: inputs)
    let scores = second.apply(first.apply(input).map { max(0, $0) })
    return scores.indices.max { scores[$0] < scores[$1] }!
  }

  private func softmax(_ scores: [Float]) -> [Float] {
    let most = scores.max()!
    let powers = scores.map { exp($0 - most) }
    let sum = powers.reduce(0, +)
    return powers.map { $0 / sum }
  }
}

extension Array where Element == Float {
  fileprivate init(pixels: Span<Float>, from start: Int, count: Int) {
    self.init(capacity: count) { output in
      for offset in 0..<count { output.append(pixels[start + offset]) }
    }
  }
}

/// A fully connected layer with its gradient and momentum.
struct Layer {
  private let inputs: Int
  private let outputs: Int
  private var weights: [Float]
  private var biases: [Float]
  private var gradient: [Float]
  private var biasGradient: [Float]
  private var momentum: [Float]
  private var biasMomentum: [Float]

  init(inputs: Int, outputs: Int, generator: inout Generator) {
    self.inputs = inputs
    self.outputs = outputs
    let spread = (2 / Float(inputs)).squareRoot()
    weights = (0..<inputs * outputs).map { _ in generator.normal() * spread }
    biases = [Float](repeating: 0, count: outputs)
    gradient = [Float](repeating: 0, count: weights.count)
    biasGradient = biases
    momentum = gradient
    biasMomentum = biases
  }

  func apply(_ input: [Float]) -> [Float] {
    (0..<outputs).map { output in
      var sum = SIMD8<Float>(repeating: 0)
      let row = output * inputs
      for start in stride(from: 0, to: inputs - 7, by: 8) {
        sum += vector(weights, row + start) * vector(input, start)
      }
      var total = biases[output] + sum.sum()
      for rest in (inputs & ~7)..<inputs { total += weights[row + rest] * input[rest] }
      return total
    }
  }

  /// Adds to the gradient what `errors` at the outputs say; the errors at the inputs.
  mutating func accumulate(_ errors: [Float], from input: [Float]) -> [Float] {
    var back = [Float](repeating: 0, count: inputs)
    for output in 0..<outputs where errors[output] != 0 {
      let error = errors[output]
      let row = output * inputs
      biasGradient[output] += error
      for index in 0..<inputs {
        gradient[row + index] += error * input[index]
        back[index] += error * weights[row + index]
      }
    }
    return back
  }

  mutating func clearGradient() {
    for index in gradient.indices { gradient[index] = 0 }
    for index in biasGradient.indices { biasGradient[index] = 0 }
  }

  mutating func descend(_ step: Float) {
    for index in weights.indices {
      momentum[index] = 0.9 * momentum[index] - step * gradient[index]
      weights[index] += momentum[index]
    }
    for index in biases.indices {
      biasMomentum[index] = 0.9 * biasMomentum[index] - step * biasGradient[index]
      biases[index] += biasMomentum[index]
    }
  }

  private func vector(_ values: [Float], _ start: Int) -> SIMD8<Float> {
    SIMD8(
      values[start], values[start + 1], values[start + 2], values[start + 3], values[start + 4],
      values[start + 5], values[start + 6], values[start + 7])
  }
}

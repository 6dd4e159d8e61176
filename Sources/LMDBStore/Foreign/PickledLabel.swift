internal import ImageStoreCore
internal import ImageStorePickle

/// The label of an image in a pickle.
enum PickledLabel {
  case none
  /// A whole number: by itself, as a float, alone in an array or list, or the position of the one 1
  /// among zeros.
  case number(Int)
  /// The likeliest of several whole numbers.
  case numberOfSeveral(Int)
  case text(String)
  /// Something else, in a few words.
  case other(String)

  init(_ value: PickleValue, in source: RawSpan) {
    switch value {
    case .none: self = .none
    case .int(let number): self = .number(number)
    case .bool(let bool): self = .number(bool ? 1 : 0)
    case .float(let number): self = Int(exactly: number).map { .number($0) } ?? .other("the number \(number)")
    case .string(let text): self = .text(text.text(in: source))
    case .bytes(let bytes):
      // Python 2 has bytes for texts.
      let text = bytes.text(in: source)
      let isText = bytes.count <= 256 && !text.contains { $0 == "\u{FFFD}" || $0 == "\0" }
      self = isText ? .text(text) : .other("\(bytes.count) bytes")
    case .list(let values), .tuple(let values):
      self = values.count == 1 ? PickledLabel(values[0], in: source) : .other("\(values.count) values")
    case .array(let array): self.init(array, in: source)
    case .dictionary: self = .other("a dictionary")
    case .object(let name, _): self = .other("a \(name)")
    }
  }

  private init(_ array: PickleArray, in source: RawSpan) {
    let count = array.shape.reduce(1, *)
    let number =
      count == 1
      ? array.integers(in: source)?.first : count <= 1 << 16 ? array.positionOfOne(in: source) : nil
    self = number.map { .number($0) } ?? .other("an array of the shape \(array.shape)")
  }

  var isNumber: Bool { if case .number = self { true } else { false } }
  var isText: Bool { if case .text = self { true } else { false } }
}

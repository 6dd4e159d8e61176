/// The labels inside values, such as those of pickled pairs.
struct ValueLabels {
  private var numbers: [Int] = []
  private var texts: [String] = []
  /// How many values have no label of a kind that is read, the first of them, and what it has
  /// instead.
  private var missingCount = 0
  private var firstMissing: (index: Int, what: String?)?
  private var brokenCount = 0
  /// Whether values have several numbers that may be the label.
  private(set) var areOfSeveral = false
  private var count = 0

  /// Adds the label of the next value.
  mutating func append(_ label: PickledLabel) {
    defer { count += 1 }
    switch label {
    case .number(let number), .numberOfSeveral(let number):
      if case .numberOfSeveral = label { areOfSeveral = true }
      numbers += repeatElement(0, count: count - numbers.count)
      numbers.append(number)
    case .text(let text):
      texts += repeatElement("", count: count - texts.count)
      texts.append(text)
    case .none: miss(nil)
    case .other(let what): miss(what)
    }
  }

  /// Adds a value that cannot be read.
  mutating func appendNone() {
    brokenCount += 1
    count += 1
  }

  private mutating func miss(_ what: String?) {
    missingCount += 1
    if firstMissing == nil || firstMissing?.what == nil && what != nil { firstMissing = (count, what) }
  }

  /// The labels; nil if no value has any.
  ///
  /// - Parameter isZero: whether values without a label have the label 0.
  func found(defaultingToZero isZero: Bool) -> ForeignLabels? {
    let known = count - brokenCount
    if numbers.isEmpty, texts.isEmpty {
      guard let what = firstMissing?.what else { return nil }
      return .unread("\(what)")
    }
    if texts.isEmpty, isZero || missingCount == 0 {
      return .labels(numbers + repeatElement(0, count: count - numbers.count))
    }
    if numbers.isEmpty, missingCount == 0 {
      return .texts(texts + repeatElement("", count: count - texts.count))
    }
    guard let firstMissing else { return .unread("some are numbers and some texts") }
    return .unread(
      "\(missingCount) of \(known) images have \(firstMissing.what ?? "none"), the first is image \(firstMissing.index)"
    )
  }
}

import ImageStoreCore

/// A running check: its factory, its folder and its random numbers.
struct CheckRun {
  let factory: StoreFactory
  let folder: String
  var random: SyntheticImages
  /// The names of the stores that may be in the folder when the check ends.
  var written: Set<String> = []

  init(_ factory: StoreFactory, folder: String, seed: UInt64) {
    self.factory = factory
    self.folder = folder
    random = SyntheticImages(seed: seed)
  }

  var capabilities: StoreCapabilities { factory.capabilities }

  /// The path of a store, which is expected to exist at the end.
  mutating func path(_ name: String = "store") -> String {
    written.insert(name + factory.suffix)
    return unwrittenPath(name)
  }

  /// The path of a store that must never appear.
  func unwrittenPath(_ name: String) -> String { "\(folder)/\(name)\(factory.suffix)" }

  /// A format the store can hold.
  func format(height: Int = 11, width: Int = 19) throws -> ImageFormat {
    for (type, channels) in [(ElementType.uint8, 3), (.uint8, 1), (.bool, 1)]
    where capabilities.holds(type, channels) {
      return ImageFormat(height: height, width: width, channels: channels, elementType: type)
    }
    for type in ElementType.allCases {
      for channels in 1...4 where capabilities.holds(type, channels) {
        return ImageFormat(height: height, width: width, channels: channels, elementType: type)
      }
    }
    throw PlanViolation("the capabilities hold no format")
  }

  /// Images the store can hold, all of one format.
  mutating func images(_ count: Int, height: Int = 11, width: Int = 19) throws -> ModelImages {
    random.uniform(try format(height: height, width: width), count: count)
  }

  /// Writes images run by run and opens the store.
  mutating func store(
    _ images: ModelImages, at path: String? = nil, mode: WriteMode = .create
  ) throws -> any ImageStore {
    let path = path ?? self.path()
    try write(images, to: path, mode: mode)
    return try factory.open(path)
  }

  /// Writes images in runs of random length.
  mutating func write(_ images: ModelImages, to path: String, mode: WriteMode = .create) throws {
    try factory.write(path, mode, WritePlan(steps(of: images), classNames: images.classNames))
  }

  /// Appends of runs of random length, which together append all images.
  mutating func steps(of images: ModelImages) -> [WritePlan.Step] {
    guard images.count > 0 else { return [.run(images)] }
    var steps: [WritePlan.Step] = []
    var start = 0
    while start < images.count {
      let most = min(images.count - start, max(1, images.count / 2))
      let end = start + Int.random(in: 1...most, using: &random.generator)
      let run = images.slice(start..<end)
      switch Int.random(in: 0..<(run.count <= 8 ? 3 : 2), using: &random.generator) {
      case 0: steps.append(.run(run))
      case 1: steps.append(.store(run))
      default: steps.append(.images(run))
      }
      start = end
    }
    return steps
  }

  /// Random indices, with repeats.
  mutating func indices(_ count: Int, below end: Int) -> [Int] {
    (0..<count).map { _ in Int.random(in: 0..<end, using: &random.generator) }
  }
}

extension CheckRun {
  func require(_ condition: Bool, _ message: @autoclosure () -> String) throws {
    guard condition else { throw PlanViolation(message()) }
  }

  func requireEqual<Value: Equatable>(_ what: String, _ got: Value, _ expected: Value) throws {
    try require(got == expected, "\(what): expected \(expected), got \(got)")
  }

  /// Compares lists, and tells the first difference rather than everything.
  func requireEqual<Element: Equatable>(
    _ what: String, _ got: [Element], _ expected: [Element]
  ) throws {
    if got == expected { return }
    try requireEqual("\(what): count", got.count, expected.count)
    for (position, pair) in zip(got, expected).enumerated() where pair.0 != pair.1 {
      if let got = pair.0 as? [UInt8], let expected = pair.1 as? [UInt8] {
        try requireEqual("\(what): at \(position)", got, expected)
      }
      throw PlanViolation("\(what): at \(position): expected \(pair.1), got \(pair.0)")
    }
  }

  /// Compares lists that may be missing.
  func requireEqual<Element: Equatable>(
    _ what: String, _ got: [Element]?, _ expected: [Element]?
  ) throws {
    if let got, let expected {
      let (got, expected): ([Element], [Element]) = (got, expected)
      return try requireEqual(what, got, expected)
    }
    try require(
      (got == nil) == (expected == nil),
      "\(what): expected \(expected == nil ? "none" : "some"), got \(got == nil ? "none" : "some")")
  }

  /// Checks that a call throws a `StoreError` of one of some codes.
  func requireError(
    _ codes: StoreError.Code..., what: String, _ body: () throws -> Void
  ) throws {
    let names = codes.map(\.rawValue).joined(separator: " or ")
    do {
      try body()
    } catch let error as StoreError {
      return try require(
        codes.contains(error.code), "\(what): expected \(names), got \(error.code.rawValue): \(error)")
    }
    throw PlanViolation("\(what): expected an error of \(names), got none")
  }

  /// Checks that nothing can be opened at a path, and that nothing is there.
  func requireNothing(at path: String, _ what: String) throws {
    do {
      _ = try factory.open(path)
    } catch is StoreError {
      return
    }
    throw PlanViolation("\(what): a store can be opened where none should be")
  }
}

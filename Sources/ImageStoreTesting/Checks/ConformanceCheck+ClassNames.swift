import ImageStoreCore

extension ConformanceCheck {
  /// A label keeps its meaning, whatever class names the images come with that are appended.
  static let classNames = [
    ConformanceCheck("class names of appended images: the same, more, others, or none") { run in
      guard run.capabilities.canAppend, run.capabilities.holdsClassNames
      else {
        return
      }
      for (number, append) in accepted.enumerated() {
        var all = try run.labeled(append.old)
        let path = run.path("accepted\(number)")
        try run.write(all, to: path)
        let more = try run.labeled(append.new)
        let adds = (append.names?.count ?? 0) > (append.old.names?.count ?? .max)
        let write = { [here = run] in
          try here.factory.write(path, .append, WritePlan([.run(more)], classNames: append.new.names))
        }
        guard run.capabilities.canAddClassNames || !adds else {
          try run.requireError(.invalidArgument, .unsupported, what: "\(append): more class names", write)
          try run.expect(try run.factory.open(path), holds: all)
          continue
        }
        try run.naming("\(append)", write)
        var expected = more
        expected.labels = append.labels
        all.append(contentsOf: expected)
        all.classNames = append.names
        try run.naming("\(append)") { try run.expect(try run.factory.open(path), holds: all) }
      }
    },
    ConformanceCheck("class names and labels that could be mistaken are refused") { run in
      guard run.capabilities.canAppend, run.capabilities.holdsClassNames
      else {
        return
      }
      for (number, append) in refused.enumerated() {
        let images = try run.labeled(append.old)
        let path = run.path("refused\(number)")
        try run.write(images, to: path)
        let more = try run.labeled(append.new)
        try run.requireError(.invalidArgument, .unsupported, what: "\(append)") {
          try run.factory.write(path, .append, WritePlan([.run(more)], classNames: append.new.names))
        }
        try run.naming("\(append)") { try run.expect(try run.factory.open(path), holds: images) }
      }
    },
    ConformanceCheck("a writer counts what it appends, and throws its first error again") { run in
      let path = run.path()
      let images = try run.images(5)
      try run.factory.write(path, .create, WritePlan(run.steps(of: images), isStrict: true))
      var all = images
      if run.capabilities.canAppend {
        let more = try run.images(3)
        try run.factory.write(path, .append, WritePlan(run.steps(of: more), isStrict: true))
        all.append(contentsOf: more)
      }
      let broken = [
        WritePlan.Step.raw([], BatchLayout(images.formats), ImageLabels(labels: images.labels)),
        .raw(images.gather([0]), BatchLayout([images.formats[0]]), ImageLabels(labels: [1, 2])),
      ]
      for mode in run.capabilities.canAppend ? [WriteMode.replace, .append] : [.replace] {
        for step in broken {
          try run.requireError(.invalidArgument, what: "pixels and labels that do not fit") {
            try run.factory.write(
              path, mode, WritePlan([.run(images), step], finishes: false, isStrict: true))
          }
          try run.expect(try run.factory.open(path), holds: all)
        }
      }
    },
  ]

  /// Class names and labels of images.
  struct Labeling {
    var names: [String]?
    var labels: [Int]
  }

  /// An append, and its expected result.
  struct NamedAppend: CustomStringConvertible {
    let old: Labeling
    let new: Labeling
    /// The expected contents of the store; nil if the append must be refused.
    var names: [String]?
    var labels: [Int]?

    init(
      _ old: [String]?, _ oldLabels: [Int], _ new: [String]?, _ newLabels: [Int],
      _ result: ([String]?, [Int])? = nil
    ) {
      self.old = Labeling(names: old, labels: oldLabels)
      self.new = Labeling(names: new, labels: newLabels)
      names = result?.0
      labels = result?.1
    }

    var description: String {
      "labels \(new.labels) of \(new.names.map { "\($0)" } ?? "no names") after \(old.labels) of "
        + "\(old.names.map { "\($0)" } ?? "no names")"
    }
  }

  private static let pets = ["cat", "dog"]

  private static let accepted = [
    NamedAppend(pets, [0, 1, 1], ["cat", "dog"], [1, 0], (pets, [1, 0])),
    NamedAppend(pets, [0, 1, 1], nil, [1, 0], (pets, [1, 0])),
    NamedAppend(pets, [0, 1, 1], ["cat", "dog", "cow"], [2, 0], (["cat", "dog", "cow"], [2, 0])),
    NamedAppend(pets, [0, 1, 1], ["dog", "cat"], [0, 1, 1], (pets, [1, 0, 0])),
    NamedAppend(pets, [0, 1, 1], ["dog"], [0], (pets, [1])),
    NamedAppend(pets, [0, 1, 1], ["cow", "dog"], [1, 0], (["cat", "dog", "cow"], [1, 2])),
    NamedAppend(nil, [0, 1, 1], ["cat", "dog"], [1, 0], (pets, [1, 0])),
    NamedAppend(nil, [0, 1, 1], nil, [7], (nil, [7])),
  ]

  private static let refused = [
    NamedAppend(pets, [0, 1], nil, [2]),
    NamedAppend(pets, [0, 1], ["dog", "cat"], [2]),
    NamedAppend(pets, [0, 1], ["cat"], [1]),
    NamedAppend(pets, [0, 1], ["dog", "dog"], [0]),
    NamedAppend(pets, [0, 2], ["cat", "dog", "cow"], [0]),
    NamedAppend(nil, [0, 2], ["cat", "dog"], [0]),
  ]
}

extension CheckRun {
  fileprivate mutating func labeled(_ labeling: ConformanceCheck.Labeling) throws -> ModelImages {
    var images = try images(labeling.labels.count, height: 3, width: 5)
    images.labels = labeling.labels
    images.classNames = labeling.names
    return images
  }

  /// Puts the name of the check in front of the failure.
  fileprivate func naming(_ what: String, _ body: () throws -> Void) throws {
    do {
      try body()
    } catch {
      throw PlanViolation("\(what): \(error)")
    }
  }
}

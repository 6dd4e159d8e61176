public import ImageStoreCore

/// A check's plan for a writer: the images it appends, and whether it finishes.
public struct WritePlan {
  /// One call of the writer.
  enum Step {
    /// `append(_:layout:labels:)`
    case run(ModelImages)
    /// `append(contentsOf:)` a store.
    case store(ModelImages)
    /// `append(_:format:label:columns:)` of each image by itself.
    case images(ModelImages)
    /// `append(_:layout:labels:)` with arguments as they are, right or wrong.
    case raw([UInt8], BatchLayout, ImageLabels)
  }

  let steps: [Step]
  /// Whether the writer is finished, or dropped.
  let finishes: Bool
  /// Called when all is appended and the writer neither finished nor dropped.
  let beforeEnd: () throws -> Void
  /// The class names to make the writer with.
  public let classNames: [String]?
  /// Whether the count has to begin at 0, and every error after the first has to be the first.
  let isStrict: Bool

  init(
    _ steps: [Step], classNames: [String]? = nil, finishes: Bool = true, isStrict: Bool = false,
    beforeEnd: @escaping () throws -> Void = {}
  ) {
    self.steps = steps
    self.classNames = classNames
    self.finishes = finishes
    self.isStrict = isStrict
    self.beforeEnd = beforeEnd
  }

  /// Appends the planned images, and finishes the writer or drops it.
  ///
  /// - Throws: what the writer throws, and a failure if it does something it must not do.
  public func run<Writer: ImageStoreWriter & ~Copyable>(_ writer: consuming Writer) throws {
    var expected = isStrict ? 0 : writer.count
    guard writer.count == expected else {
      throw PlanViolation("the count of a writer that has appended nothing is \(writer.count)")
    }
    for step in steps {
      do {
        try Self.take(step, &writer)
      } catch let first {
        let second = try Self.errorOfRepeating(step, &writer)
        // The writer has failed for good: finishing it must fail too.
        var last: (any Error)?
        do {
          _ = try writer.finish()
        } catch {
          last = error
        }
        guard let last else {
          throw PlanViolation("finish() succeeds after an append that failed with: \(first)")
        }
        for error in [second, last] where isStrict && error as? StoreError != first as? StoreError {
          throw PlanViolation("after '\(first)' another call throws another error: \(error)")
        }
        throw first
      }
      expected += step.count
      guard writer.count == expected else {
        throw PlanViolation("the writer's count is \(writer.count), expected \(expected)")
      }
    }
    try beforeEnd()
    if finishes { _ = try writer.finish() }
  }

  private static func take<Writer: ImageStoreWriter & ~Copyable>(
    _ step: Step, _ writer: inout Writer
  ) throws {
    switch step {
    case .run(let images):
      try append(
        images.pixels.flatMap { $0 }, BatchLayout(images.formats),
        ImageLabels(labels: images.labels, columns: images.columns), &writer)
    case .store(let images): try writer.append(contentsOf: ModelStore(images))
    case .images(let images):
      for index in 0..<images.count {
        try writer.append(
          images.pixels[index], format: images.formats[index], label: images.labels?[index],
          columns: images.columns.mapValues { $0.value(at: index) })
      }
    case .raw(let pixels, let layout, let labels): try append(pixels, layout, labels, &writer)
    }
  }

  private static func append<Writer: ImageStoreWriter & ~Copyable>(
    _ pixels: [UInt8], _ layout: BatchLayout, _ labels: ImageLabels, _ writer: inout Writer
  ) throws {
    let span = pixels.span
    try unsafe writer.append(span.bytes, layout: layout, labels: labels)
  }

  /// The error of a step that has failed, taken once more.
  private static func errorOfRepeating<Writer: ImageStoreWriter & ~Copyable>(
    _ step: Step, _ writer: inout Writer
  ) throws -> any Error {
    do {
      try take(step, &writer)
    } catch let error as StoreError {
      return error
    }
    throw PlanViolation("an append that failed succeeds when it is called again")
  }
}

extension WritePlan.Step {
  var count: Int {
    switch self {
    case .run(let images), .store(let images), .images(let images): images.count
    case .raw(_, let layout, _): layout.count
    }
  }
}

/// A writer that broke its promise while a plan ran.
struct PlanViolation: Error, CustomStringConvertible {
  let description: String
  init(_ description: String) { self.description = description }
}

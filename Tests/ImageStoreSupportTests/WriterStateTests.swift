import ImageStoreCore
import ImageStoreSupport
import Testing

/// A session that keeps what it is told to write, and fails when it is told to.
private struct Recording: WriterSession, ~Copyable {
  final class Result {
    var labels: [[Int]?] = []
    var firstIndices: [Int] = []
    var isComplete = false
  }

  var state: WriterState
  let result = Result()
  /// The number of the call of `write` that fails.
  var failing: Int?
  var failsToComplete = false

  mutating func write(_ pixels: RawSpan, layout: BatchLayout, labels: ImageLabels) throws(StoreError) {
    if failing == result.labels.count { throw StoreError(.system, "disk full") }
    result.labels.append(labels.labels)
    result.firstIndices.append(state.nextIndex)
  }

  consuming func complete() throws(StoreError) {
    if failsToComplete { throw StoreError(.system, "disk full") }
    result.isComplete = true
  }
}

@Suite struct WriterStateTests {
  private let format = ImageFormat(height: 1, width: 2)

  private func append(
    _ session: inout Recording, _ count: Int, labels: [Int]? = nil, columns: [String: Column] = [:],
    byteCount: Int? = nil
  ) throws(StoreError) {
    let pixels = [UInt8](repeating: 1, count: byteCount ?? count * format.byteCount)
    try unsafe session.append(
      pixels.span.bytes, layout: BatchLayout(format, count: count),
      labels: ImageLabels(labels: labels, columns: columns))
  }

  /// No closure can consume a session, so no macro can either.
  private func errorOfFinishing(_ session: consuming Recording) -> StoreError? {
    do throws(StoreError) {
      try session.finish()
      return nil
    } catch {
      return error
    }
  }

  private func code(_ body: () throws -> Void) -> StoreError.Code? {
    #expect(throws: StoreError.self, performing: body)?.code
  }

  @Test func countsWhatTheWriterAppended() throws {
    let old = WriterState.Existing(count: 7, classNames: nil, hasLabels: true, columns: [:])
    var session = Recording(state: try WriterState(path: "s", classNames: nil, appendingTo: old))
    #expect(session.state.count == 0 && session.state.nextIndex == 7)
    try append(&session, 2, labels: [0, 1])
    try append(&session, 0)
    try append(&session, 3, labels: [4, 5, 6])
    #expect(session.state.count == 5 && session.state.nextIndex == 12)
    let result = session.result
    #expect(result.firstIndices == [7, 9] && result.labels == [[0, 1], [4, 5, 6]])
    try session.finish()
    #expect(result.isComplete)
  }

  @Test func theFirstErrorIsTheOneThatIsThrownAgain() throws {
    var session = Recording(state: try WriterState(path: "s", classNames: nil))
    session.failing = 1
    try append(&session, 1)
    let first = try #require(throws: StoreError.self) { try append(&session, 1) }
    #expect(first == StoreError(.system, "disk full", path: "s"))
    session.failing = nil
    // What would be refused for another reason is refused for the first.
    #expect(throws: first) { try append(&session, 1, byteCount: 5) }
    #expect(throws: first) { try append(&session, 1) }
    #expect(session.state.count == 1)
    let result = session.result
    #expect(errorOfFinishing(session) == first)
    #expect(!result.isComplete)
  }

  @Test func failingToFinishNamesThePath() throws {
    let session = Recording(state: try WriterState(path: "s", classNames: nil), failsToComplete: true)
    #expect(errorOfFinishing(session) == StoreError(.system, "disk full", path: "s"))
  }

  @Test func whatDoesNotAgreeIsRefused() throws {
    let columns: [String: Column] = ["c": .int64([1])]
    let cases: [(String, (inout Recording) throws -> Void)] = [
      ("pixels", { try append(&$0, 1, labels: [1], columns: columns, byteCount: 3) }),
      ("labels", { try append(&$0, 1, labels: [1, 2], columns: columns) }),
      ("no labels", { try append(&$0, 1, columns: columns) }),
      ("no columns", { try append(&$0, 1, labels: [1]) }),
      ("another column", { try append(&$0, 1, labels: [1], columns: ["d": .int64([1])]) }),
      ("another kind", { try append(&$0, 1, labels: [1], columns: ["c": .double([1])]) }),
      ("too many values", { try append(&$0, 1, labels: [1], columns: ["c": .int64([1, 2])]) }),
      ("a name that is not one", { try append(&$0, 1, labels: [1], columns: ["a/b": .int64([1])]) }),
    ]
    let old = WriterState.Existing(count: 1, classNames: nil, hasLabels: true, columns: ["c": .int64])
    for (what, body) in cases {
      // After an append by the same writer, and after those of another.
      var session = Recording(state: try WriterState(path: "s", classNames: nil))
      try append(&session, 1, labels: [1], columns: columns)
      #expect(code { try body(&session) } == .invalidArgument, "\(what)")
      var appending = Recording(state: try WriterState(path: "s", classNames: nil, appendingTo: old))
      #expect(code { try body(&appending) } == .invalidArgument, "\(what), to a store that is there")
    }
  }

  @Test func samplesOfBoolAre0And1() throws {
    var session = Recording(state: try WriterState(path: "s", classNames: nil))
    let bool = ImageFormat(height: 1, width: 2, elementType: .bool)
    let pixels: [UInt8] = [0, 1, 1, 2]
    let error = #expect(throws: StoreError.self) {
      try unsafe session.append(
        pixels.span.bytes, layout: BatchLayout(bool, count: 2), labels: ImageLabels())
    }
    #expect(error?.code == .invalidArgument && error?.image == 1)
  }

  @Test func labelsAreTranslatedByName() throws {
    let old = WriterState.Existing(count: 2, classNames: ["cat", "dog"], hasLabels: true, columns: [:])
    var session = Recording(
      state: try WriterState(path: "s", classNames: ["ship", "cat"], appendingTo: old) { [0, 1] })
    #expect(session.state.classNames == ["cat", "dog", "ship"] && session.state.hasNewClassNames)
    try append(&session, 3, labels: [0, 1, -1])
    #expect(session.result.labels == [[2, 0, -1]])
    #expect(code { try append(&session, 1, labels: [2]) } == .invalidArgument)
  }

  @Test func classNamesThatCannotBeMatchedNameThePath() {
    let old = WriterState.Existing(count: 2, classNames: ["cat", "dog"], hasLabels: true, columns: [:])
    let error = #expect(throws: StoreError.self) {
      _ = try WriterState(path: "s", classNames: ["ship", "ship"], appendingTo: old)
    }
    #expect(error?.code == .invalidArgument && error?.path == "s")
  }
}

package import ImageStoreCore

/// The sessions of a writer that commits before it finishes: a commit ends one session, and the
/// next one continues to append to the store. So a commit is the same as finishing, with the same
/// guarantees.
package struct ResumableSession<Session: WriterSession & ~Copyable>: ~Copyable {
  /// The current session; nil after an error in ending or beginning one.
  package private(set) var session: Session?
  /// How many images the sessions before it have appended.
  private var countBefore = 0
  private var failure: StoreError?
  private let mode: WriteMode
  private let begin: @Sendable (_ mode: WriteMode) throws(StoreError) -> Session

  /// - Parameter begin: begins a session; called once now, and again after each commit, to append.
  package init(
    _ mode: WriteMode, begin: @escaping @Sendable (_ mode: WriteMode) throws(StoreError) -> Session
  ) throws(StoreError) {
    session = try begin(mode)
    self.mode = mode
    self.begin = begin
  }

  /// How many images this writer has appended.
  package var count: Int {
    switch session {
    case .some(let session): countBefore + session.state.count
    case nil: countBefore
    }
  }

  package mutating func append(
    _ pixels: RawSpan, layout: BatchLayout, labels: ImageLabels
  ) throws(StoreError) {
    if let failure { throw failure }
    try session!.append(pixels, layout: layout, labels: labels)
  }

  /// Commits the appended images and continues.
  package mutating func commit() throws(StoreError) {
    if let failure { throw failure }
    guard mode == .create || mode == .append else {
      throw StoreError(
        .unsupported,
        "this writer replaces a store, which stays until the new one is finished, so it cannot commit before",
        remedy: "write a new store, or finish this one and append to it", path: session!.state.path)
    }
    try session!.state.checkIsUsable()
    let added = session!.state.count
    guard added > 0, let ended = session.take() else { return }
    do throws(StoreError) {
      try ended.finish()
      countBefore += added
      session = try begin(.append)
    } catch {
      failure = error
      throw error
    }
  }

  package consuming func finish() throws(StoreError) {
    if let failure { throw failure }
    guard let session = session.take() else { return }
    try session.finish()
  }
}

extension ResumableSession where Session: EncodedWriterSession, Session: ~Copyable {
  /// Whether images that are given encoded are kept as they are.
  package var keepsEncodedImages: Bool {
    switch session {
    case .some(let session): session.encodedLayout != nil
    case nil: false
    }
  }

  package mutating func append(
    encoded: RawSpan, byteCounts: [Int], labels: ImageLabels
  ) throws(StoreError) {
    if let failure { throw failure }
    try session!.append(encoded: encoded, byteCounts: byteCounts, labels: labels)
  }
}

extension ResumableSession: Sendable where Session: Sendable, Session: ~Copyable {}

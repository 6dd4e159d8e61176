internal import Dispatch
internal import ImageStoreCore
internal import ImageStorePlatform
internal import Synchronization

/// The end of the program on Ctrl-C, SIGTERM or, when its terminal is closed, SIGHUP, after
/// incomplete files are removed.
struct Interruption: Error {
  let signal: Int32

  /// Prints what exists, once incomplete files are gone, and ends the process.
  func endOrderly() -> Never {
    Console.error("imagestore: interrupted; \(Self.left.withLock { $0 })")
    end()
  }

  /// Sets the text on what exists if the program is interrupted from now on, for the line that it
  /// ends with.
  static func leaves(_ text: String) { left.withLock { $0 = text } }

  private static let left = Mutex("nothing was written")

  /// Ends the process as the signal would have done.
  func end() -> Never {
    unwatch(signal)
    raise(signal)
    exit(128 + signal)
  }

  /// Catches the signals from now on. The first one makes ``InterruptibleStore`` fail, so that writers are
  /// dropped and clean up after themselves; a second one ends the process at once.
  static func watch() {
    for number in [SIGINT, SIGTERM, SIGHUP] {
      // Under nohup a program should continue.
      guard !ignore(number) || number != SIGHUP else { continue }
      let source = DispatchSource.makeSignalSource(signal: number, queue: .global())
      source.setEventHandler {
        let (isFirst, _) = caught.compareExchange(expected: 0, desired: number, ordering: .relaxed)
        if !isFirst { Interruption(signal: number).end() }
      }
      source.resume()
      sources.withLock { $0.append(Source(source: source)) }
    }
  }

  /// The signal that was caught, or nil.
  static var pending: Interruption? {
    let signal = caught.load(ordering: .relaxed)
    return signal == 0 ? nil : Interruption(signal: signal)
  }

  /// Calls `body`; an error after a signal is the interruption's.
  static func whileWatching<Result>(_ body: () throws -> Result) throws -> Result {
    watch()
    do {
      return try body()
    } catch {
      throw pending ?? error
    }
  }

  // Kept so that they continue watching; never removed.
  private struct Source: @unchecked Sendable {
    let source: any DispatchSourceSignal
  }
  private static let sources = Mutex<[Source]>([])
  private static let caught = Atomic<Int32>(0)
}

/// Ignores a signal, and says whether it was ignored before.
private func ignore(_ number: Int32) -> Bool {
  unsafe unsafeBitCast(signal(number, SIG_IGN), to: Int.self) == unsafeBitCast(SIG_IGN, to: Int.self)
}
private func unwatch(_ number: Int32) { _ = signal(number, SIG_DFL) }

/// A store whose reads fail once the user has asked for an end.
struct InterruptibleStore: PixelKeepingWrapper {
  let base: any ImageStore

  func read(
    _ indices: Span<Int>, regions: Span<ImageRegion>, into destination: inout OutputRawSpan
  ) throws(StoreError) {
    try check()
    try base.read(indices, regions: regions, into: &destination)
  }

  func withBaseIndices(
    _ indices: Span<Int>, _ body: (_ baseIndices: Span<Int>) throws(StoreError) -> Void
  ) throws(StoreError) {
    try check()
    try body(indices)
  }

  func forEachImage(
    _ indices: Span<Int>,
    _ body: (_ position: Int, _ format: ImageFormat, _ pixels: RawSpan) throws(StoreError) -> Void
  ) throws(StoreError) {
    try base.forEachImage(indices) { (position, format, pixels) throws(StoreError) in
      try check()
      try body(position, format, pixels)
    }
  }

  private func check() throws(StoreError) {
    if Interruption.pending != nil { throw StoreError(.system, "interrupted") }
  }
}

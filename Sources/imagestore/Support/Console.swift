internal import ImageStorePlatform

/// The two streams a person reads.
enum Console {
  /// Whether standard error is a terminal.
  static let isTerminal = isatty(STDERR_FILENO) == 1

  /// Writes text to standard output as it is.
  static func write(_ text: String) { put(text, STDOUT_FILENO) }

  /// Writes a line to standard output.
  static func line(_ text: String = "") { write(text + "\n") }

  /// Writes a line to standard error.
  static func error(_ text: String) { put(text + "\n", STDERR_FILENO) }

  /// Writes to standard error without a line's end, for what is drawn over again.
  static func draw(_ text: String) { put(text, STDERR_FILENO) }

  /// Text from a file as a terminal may show it: without control characters.
  static func printable(_ text: String) -> String {
    String(
      String.UnicodeScalarView(
        text.unicodeScalars.map { $0.properties.generalCategory == .control ? "\u{FFFD}" : $0 }))
  }

  /// The columns of the terminal behind standard error.
  static var width: Int {
    var size = winsize()
    guard unsafe ioctl(STDERR_FILENO, UInt(TIOCGWINSZ), &size) == 0, size.ws_col > 0 else { return 80 }
    return Int(size.ws_col)
  }

  private static func put(_ text: String, _ descriptor: Int32) {
    var rest = Array(text.utf8)[...]
    while !rest.isEmpty {
      let count = unsafe rest.withUnsafeBytes { unsafe write_(descriptor, $0.baseAddress, $0.count) }
      // A reader that went away, as `| head` does, does not end the work in progress.
      guard count > 0 else { return }
      rest = rest.dropFirst(count)
    }
  }
}

private func write_(_ descriptor: Int32, _ bytes: UnsafeRawPointer?, _ count: Int) -> Int {
  #if canImport(Darwin)
  unsafe Darwin.write(descriptor, bytes, count)
  #elseif canImport(Glibc)
  unsafe Glibc.write(descriptor, bytes, count)
  #else
  unsafe Musl.write(descriptor, bytes, count)
  #endif
}

/// Seconds since some moment, never going back.
func monotonicSeconds() -> Double {
  var time = timespec()
  unsafe clock_gettime(CLOCK_MONOTONIC, &time)
  return Double(time.tv_sec) + Double(time.tv_nsec) * 1e-9
}

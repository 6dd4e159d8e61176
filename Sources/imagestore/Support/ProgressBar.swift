/// Shows the progress of long work: a bar with rate and time left on a terminal, a line now and
/// then elsewhere.
final class ProgressBar {
  private let title: String
  private let total: Int
  private let isQuiet: Bool
  private let start = monotonicSeconds()
  private var nextReport: Double
  private var hasDrawn = false

  /// Seconds between two drawings, the first two lines, and later lines.
  private static let drawInterval = 0.1
  private static let firstLineAfter = 2.0
  private static let lineInterval = 10.0

  /// - Parameter title: the name of the work, such as `writing`.
  init(_ title: String, total: Int, isQuiet: Bool) {
    self.title = title
    self.total = total
    self.isQuiet = isQuiet
    nextReport = start + (Console.isTerminal ? 0.2 : Self.firstLineAfter)
  }

  /// Reports that `done` images of the total are done.
  func update(_ done: Int) {
    guard !isQuiet else { return }
    let now = monotonicSeconds()
    guard now >= nextReport else { return }
    if Console.isTerminal {
      Console.draw("\r\u{1B}[K" + bar(done, seconds: now - start, width: Console.width - 1))
      hasDrawn = true
      nextReport = now + Self.drawInterval
    } else {
      Console.error(line(done, seconds: now - start))
      nextReport = now + Self.lineInterval
    }
  }

  /// Removes the bar.
  func finish() {
    if hasDrawn { Console.draw("\r\u{1B}[K") }
    hasDrawn = false
  }

  deinit { finish() }

  private func line(_ done: Int, seconds: Double) -> String {
    "\(title): \(Numbers.grouped(done)) of \(Numbers.count(total, "image"))\(rate(done, seconds))"
  }

  private func rate(_ done: Int, _ seconds: Double) -> String {
    guard done > 0, seconds > 0 else { return "" }
    let perSecond = Double(done) / seconds
    let left = Double(total - done) / perSecond
    return ", \(Numbers.grouped(Int(perSecond)))/s, \(Numbers.clock(left)) left"
  }

  private func bar(_ done: Int, seconds: Double, width: Int) -> String {
    let share = total > 0 ? Double(done) / Double(total) : 1
    let head = "\(title) "
    let tail =
      " \(Int(share * 100))% \(Numbers.grouped(done))/\(Numbers.grouped(total))\(rate(done, seconds))"
    let room = min(40, width - head.count - tail.count - 2)
    guard room >= 5 else { return String((head + tail).prefix(max(0, width))) }
    let filled = Int(Double(room) * share)
    return head + "[" + String(repeating: "=", count: filled)
      + String(repeating: " ", count: room - filled) + "]" + tail
  }
}

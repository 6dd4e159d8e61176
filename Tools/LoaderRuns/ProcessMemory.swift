import Foundation

/// What the system says of this process' memory, threads and time.
enum ProcessMemory {
  /// A number of /proc/self/status; 0 if the system has none.
  private static func status(_ name: String) -> Int {
    guard let text = try? String(contentsOfFile: "/proc/self/status", encoding: .utf8) else { return 0 }
    let line = text.split(separator: "\n").first { $0.hasPrefix("\(name):") }
    return line?.split(whereSeparator: { $0 == " " || $0 == "\t" }).dropFirst().first.flatMap { Int($0) } ?? 0
  }

  /// Kilobytes of memory that are not pages of a file.
  static var anonymous: Int { status("RssAnon") }
  /// The most kilobytes that have been in memory at once, pages of mapped files included.
  static var peak: Int { status("VmHWM") }
  static var threads: Int { status("Threads") }

  /// Seconds of the processor that all threads have taken.
  static var processorSeconds: Double {
    var time = timespec()
    unsafe clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time)
    return Double(time.tv_sec) + Double(time.tv_nsec) * 1e-9
  }

  static func printPeak() {
    print("  peak of resident memory, mapped pages included: \(peak / 1024) MB")
  }
}

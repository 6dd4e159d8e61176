/// Numbers as people read them.
enum Numbers {
  /// For example `1,234,567`.
  static func grouped(_ number: Int) -> String {
    let digits = Array(String(number.magnitude))
    var result = number < 0 ? "-" : ""
    for (position, digit) in digits.enumerated() {
      if position > 0 && (digits.count - position) % 3 == 0 { result.append(",") }
      result.append(digit)
    }
    return result
  }

  /// For example `31.4 MB`, in powers of 1000.
  static func bytes(_ count: Int) -> String {
    var value = Double(count)
    var unit = 0
    let units = ["bytes", "kB", "MB", "GB", "TB"]
    while value >= 999.5 && unit < units.count - 1 {
      value /= 1000
      unit += 1
    }
    return "\(unit == 0 ? "\(count)" : significant(value)) \(units[unit])"
  }

  /// Three digits or so: `0.28`, `3.14`, `31.4`, `314`.
  static func significant(_ value: Double) -> String {
    fixed(value, value < 9.995 ? 2 : value < 99.95 ? 1 : 0)
  }

  /// A number with some digits after the point.
  static func fixed(_ value: Double, _ digits: Int) -> String {
    guard value.isFinite, abs(value) < 1e15 else { return "\(value)" }
    var scale = 1.0
    for _ in 0..<digits { scale *= 10 }
    let scaled = Int((abs(value) * scale).rounded())
    let whole = scaled / Int(scale)
    let sign = value < 0 && scaled > 0 ? "-" : ""
    guard digits > 0 else { return "\(sign)\(whole)" }
    let fraction = String(scaled % Int(scale))
    return "\(sign)\(whole).\(String(repeating: "0", count: digits - fraction.count))\(fraction)"
  }

  /// For example `0:07`, `12:31`, `2:03:59`.
  static func clock(_ seconds: Double) -> String {
    let total = Int(min(max(0, seconds.rounded(.up)), 359_999))
    let parts = [total / 60 % 60, total % 60].map { $0 < 10 ? "0\($0)" : "\($0)" }
    return total < 3600 ? "\(total / 60):\(parts[1])" : "\(total / 3600):\(parts[0]):\(parts[1])"
  }

  /// For example `1 image`, `1,200 images`.
  static func count(_ number: Int, _ noun: String, plural: String? = nil) -> String {
    "\(grouped(number)) \(number == 1 ? noun : plural ?? noun + "s")"
  }
}

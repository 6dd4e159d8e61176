#if ObjectStorage
/// A moment as signatures write it, in UTC, without a calendar of the system's.
struct SigningTime: Sendable, Hashable {
  /// `20130524T000000Z`.
  let text: String
  /// `20130524`.
  var day: String { String(text.prefix(8)) }

  /// - Parameter seconds: since 1970.
  init(seconds: Int64) {
    let (year, month, day) = Self.date(ofDay: Int64((Double(seconds) / 86_400).rounded(.down)))
    let second = ((seconds % 86_400) + 86_400) % 86_400
    text =
      Self.padded(year, 4) + Self.padded(month, 2) + Self.padded(day, 2) + "T" + Self.padded(second / 3600, 2)
      + Self.padded(second / 60 % 60, 2) + Self.padded(second % 60, 2) + "Z"
  }

  /// Seconds since 1970 of `2026-11-26T05:43:49Z`, with or without a fraction; nil if it is not such a time.
  static func seconds(_ text: String) -> Int64? {
    let words = text.split(whereSeparator: { "-T:Z.".contains($0) })
    guard words.count >= 6, text.hasSuffix("Z"),
      let year = Int64(words[0]), let month = Int64(words[1]), let day = Int64(words[2]),
      let hour = Int64(words[3]), let minute = Int64(words[4]), let second = Int64(words[5]),
      (1970...9999).contains(year), (1...12).contains(month), (1...31).contains(day), (0...23).contains(hour),
      (0...59).contains(minute), (0...60).contains(second)
    else { return nil }
    return Self.day(year, month, day) * 86_400 + hour * 3600 + minute * 60 + second
  }

  private static func padded(_ number: Int64, _ width: Int) -> String {
    let text = String(number)
    return String(repeating: "0", count: max(0, width - text.count)) + text
  }

  /// The Gregorian date of a day since 1970, and the day of a date: Howard Hinnant's
  /// "chrono-Compatible Low-Level Date Algorithms".
  private static func date(ofDay days: Int64) -> (year: Int64, month: Int64, day: Int64) {
    let shifted = days + 719_468
    let era = (shifted >= 0 ? shifted : shifted - 146_096) / 146_097
    let dayOfEra = shifted - era * 146_097
    let yearOfEra = (dayOfEra - dayOfEra / 1460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
    let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
    let fromMarch = (5 * dayOfYear + 2) / 153
    let month = fromMarch < 10 ? fromMarch + 3 : fromMarch - 9
    return (yearOfEra + era * 400 + (month <= 2 ? 1 : 0), month, dayOfYear - (153 * fromMarch + 2) / 5 + 1)
  }

  private static func day(_ year: Int64, _ month: Int64, _ day: Int64) -> Int64 {
    let year = month <= 2 ? year - 1 : year
    let era = year / 400
    let yearOfEra = year - era * 400
    let dayOfYear = (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5 + day - 1
    return era * 146_097 + yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear - 719_468
  }
}
#endif

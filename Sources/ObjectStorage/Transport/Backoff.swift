#if ObjectStorage
/// The delay after a failed try: a random part of a time that doubles, so that many clients do not
/// return together ("full jitter" of the AWS Architecture Blog's "Exponential Backoff And Jitter",
/// 2015).
struct Backoff {
  static let shortest = Duration.milliseconds(50)
  static let longest = Duration.seconds(5)

  /// - Parameters:
  ///   - tries: how many tries have failed, from 1.
  ///   - fraction: a random number from 0 to 1.
  static func delay(afterTries tries: Int, fraction: Double) -> Duration {
    min(longest, shortest * (1 << min(tries - 1, 16))) * fraction
  }
}

/// How many requests may be in progress: half as many after an answer that says "slow down", and
/// one more after as many good answers as the current limit.
struct Pace {
  let most: Int
  private(set) var limit: Int
  private var good = 0
  /// The number of the first request that was begun after the last halving: answers to earlier ones
  /// carry no new information.
  private var era = 0

  init(most: Int) {
    self.most = most
    limit = most
  }

  mutating func succeeded() {
    guard limit < most else { return }
    good += 1
    if good >= limit {
      good = 0
      limit += 1
    }
  }

  /// - Parameters:
  ///   - attempt: the number of the request that was answered so.
  ///   - next: the number that the next request will have.
  mutating func wasThrottled(_ attempt: Int, next: Int) {
    guard attempt >= era else { return }
    era = next
    good = 0
    limit = max(1, limit / 2)
  }
}

/// The times that requests take, so that one that takes far longer than most is repeated.
struct Latencies {
  private static let window = 64
  private static let fewest = 16
  /// At most one of this many requests is made twice.
  private static let share = 20
  private var samples: [Int: [Duration]] = [:]
  private var next = 0
  private(set) var requestCount = 0
  private(set) var hedgeCount = 0

  /// Sizes within a factor of two count as equal.
  private static func kind(_ weight: Int) -> Int { Int.bitWidth - weight.leadingZeroBitCount }

  mutating func add(_ duration: Duration, weight: Int) {
    requestCount += 1
    let kind = Self.kind(weight)
    if samples[kind, default: []].count < Self.window {
      samples[kind, default: []].append(duration)
    } else {
      samples[kind]![next % Self.window] = duration
    }
    next &+= 1
  }

  /// When a request of a size is made a second time; nil if it is not.
  func patience(weight: Int) -> Duration? {
    guard hedgeCount * Self.share < requestCount, let known = samples[Self.kind(weight)],
      known.count >= Self.fewest
    else { return nil }
    return max(.milliseconds(20), known.sorted()[known.count / 2] * 4)
  }

  mutating func hedged() { hedgeCount += 1 }
}
#endif

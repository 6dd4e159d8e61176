#if ObjectStorage
internal import CImageStoreCurl
internal import ImageStoreCore
internal import ImageStoreSupport
internal import Synchronization

/// The transfers that one thread drives. Nothing else touches it.
@safe final class HTTPDriver {
  /// After this many contradictory answers, it is not an accident.
  private static let wrongAnswerLimit = 6
  private let inbox: HTTPInbox
  private let multi: OpaquePointer
  private let authorizer: (any RequestAuthorizer)?
  private let certificates: String?
  private let counters: HTTPCounters
  private var pace: Pace
  private var latencies = Latencies()
  private var random = SystemRandomNumberGenerator()

  /// The transfers that have not begun, in the order of the calls.
  private var waiting = FIFOQueue<HTTPTransfer>()
  /// The transfers that wait for their next try.
  private var delayed: [HTTPTransfer] = []
  /// The transfers that wait for credentials.
  private var parked: [ObjectIdentifier: HTTPTransfer] = [:]
  private var running: [UInt64: HTTPAttempt] = [:]
  private var attemptCount: UInt64 = 0
  /// When tries are checked next for arriving bytes.
  private var nextLook = ContinuousClock.now
  /// Whether the server has answered at all: until it has, it may be the wrong name of one.
  private var hasAnswered = false

  init(
    _ inbox: HTTPInbox, _ multi: OpaquePointer, connections: Int, _ authorizer: (any RequestAuthorizer)?,
    certificates: String?, _ counters: HTTPCounters
  ) {
    self.inbox = inbox
    unsafe self.multi = multi
    self.authorizer = authorizer
    self.certificates = certificates
    self.counters = counters
    pace = Pace(most: connections)
  }

  /// Drives transfers until the inbox is closed.
  func run() {
    image_curl_prepare_thread()
    while true {
      let (new, ready, isClosed) = inbox.take()
      if isClosed {
        end(new)
        return
      }
      waiting.append(contentsOf: new)
      for transfer in ready {
        parked[ObjectIdentifier(transfer)] = nil
        delay(transfer, until: .now)
      }
      let now = ContinuousClock.now
      hedge(now)
      endStalls(now)
      startReady(now)
      let code = unsafe image_curl_run(multi, Int32(clamping: idleMilliseconds(now)))
      // libcurl has no memory, or is used wrongly: do not spin.
      if code != 0 { unsafe image_curl_run(multi, 10) }
      while let handle = unsafe image_curl_next_ended(multi) { unsafe finish(handle) }
    }
  }

  /// How long there is nothing to do except moving bytes.
  private func idleMilliseconds(_ now: ContinuousClock.Instant) -> Int {
    var next: ContinuousClock.Instant?
    if running.count < pace.limit {
      for transfer in delayed { next = min(next ?? transfer.due!, transfer.due!) }
      for attempt in running.values {
        if let time = attempt.hedgeAt { next = min(next ?? time, time) }
      }
    }
    // Often enough to see a stall.
    let longest = running.isEmpty ? 60_000 : 250
    guard let next else { return longest }
    return min(longest, max(0, (next - now).milliseconds))
  }

  // MARK: - Beginning

  private func startReady(_ now: ContinuousClock.Instant) {
    while running.count < pace.limit {
      if let index = delayed.firstIndex(where: { $0.due! <= now }) {
        begin(delayed.remove(at: index), now)
      } else if let transfer = waiting.popFirst() {
        begin(transfer, now)
      } else {
        return
      }
    }
  }

  private func begin(_ transfer: HTTPTransfer, _ now: ContinuousClock.Instant) {
    let deadline = transfer.deadline ?? now + transfer.request.patience.deadline
    transfer.deadline = deadline
    transfer.due = nil
    transfer.tries += 1
    var memory: PixelMemory?
    if case .memory(let target, _) = transfer.request.sink { memory = target }
    let hedgeAt =
      transfer.request.mayBeHedged
      ? latencies.patience(weight: transfer.request.weight).map { now + $0 } : nil
    if !start(transfer, into: memory, hedgeAt: hedgeAt, isHedge: false, now) {
      complete(transfer, .failure(HTTPFailure(kind: .tooLong, message: "no memory for a request")))
    }
  }

  private func start(
    _ transfer: HTTPTransfer, into memory: PixelMemory?, hedgeAt: ContinuousClock.Instant?, isHedge: Bool,
    _ now: ContinuousClock.Instant
  ) -> Bool {
    attemptCount += 1
    guard
      let handle = unsafe transfer.request.start(
        on: multi, as: attemptCount, into: memory,
        signature: authorizer?.signature(for: transfer.request) ?? [],
        remaining: transfer.deadline! - now, opensConnection: transfer.needsNewConnection || isHedge,
        certificates: certificates)
    else { return false }
    unsafe running[attemptCount] = HTTPAttempt(
      transfer: transfer, handle: handle, begun: now, hedgeAt: hedgeAt, isHedge: isHedge, memory: memory,
      watch: transfer.request.patience.stall.map {
        StallWatch(patience: $0 * (1 << min(transfer.stalls, 4)), now: now)
      })
    transfer.attempts.append(attemptCount)
    counters.attempts.add(1, ordering: .relaxed)
    return true
  }

  /// Makes a second request for those that take far longer than most.
  private func hedge(_ now: ContinuousClock.Instant) {
    guard running.count < pace.limit else { return }
    for (identifier, attempt) in running {
      guard let time = attempt.hedgeAt, time <= now, running.count < pace.limit else { continue }
      running[identifier]!.hedgeAt = nil
      guard latencies.patience(weight: attempt.transfer.request.weight) != nil,
        case .memory(_, let byteCount) = attempt.transfer.request.sink,
        let memory = try? PixelMemory(capacity: byteCount),
        start(attempt.transfer, into: memory, hedgeAt: nil, isHedge: true, now)
      else { continue }
      latencies.hedged()
      counters.hedges.add(1, ordering: .relaxed)
    }
  }

  // MARK: - Ending

  /// Ends tries that receive hardly any bytes.
  private func endStalls(_ now: ContinuousClock.Instant) {
    guard now >= nextLook else { return }
    nextLook = now + .milliseconds(200)
    for identifier in running.keys {
      guard let attempt = running[identifier], let patience = attempt.watch?.patience,
        unsafe running[identifier]!.watch!.isStalled(image_curl_progress(attempt.handle), now: now)
      else { continue }
      running[identifier] = nil
      unsafe image_curl_release(multi, attempt.handle)
      let transfer = attempt.transfer
      transfer.attempts.removeAll { $0 == identifier }
      transfer.needsNewConnection = true
      transfer.stalls += 1
      let seconds = patience.milliseconds / 1000
      let message = "less than 1 KiB per second for \(seconds) s"
      retry(transfer, HTTPFailure(kind: .exhausted, message: message), nil)
    }
  }

  private func finish(_ handle: OpaquePointer) {
    let result = unsafe image_curl_result_of(handle)
    let identifier = unsafe result.identifier
    guard let attempt = running.removeValue(forKey: identifier) else { return }
    let transfer = attempt.transfer
    transfer.attempts.removeAll { $0 == identifier }
    unsafe counters.connections.add(Int(result.connections), ordering: .relaxed)
    if unsafe result.code == 0 { hasAnswered = true }
    let verdict = unsafe transfer.request.verdict(on: result)
    if case .answer(let response) = verdict, response.isSuccess, let memory = attempt.memory {
      unsafe memory.assumeFilled(result.body_count)
    }
    unsafe image_curl_release(multi, handle)

    switch verdict {
    case .answer(var response):
      response.tries = transfer.tries
      if response.isSuccess {
        pace.succeeded()
        latencies.add(.now - attempt.begun, weight: transfer.request.weight)
      } else if let remedy = authorizer?.remedy(for: response), transfer.remedies.insert(remedy).inserted {
        // No part of the answer is kept: the request is begun again once that is done.
        retry(transfer, after: remedy)
        return
      }
      settle(transfer, attempt, response)
    case .again(let failure, let isThrottle, let wait):
      if isThrottle {
        pace.wasThrottled(Int(identifier), next: Int(attemptCount) + 1)
        counters.throttles.add(1, ordering: .relaxed)
      }
      if unsafe result.code != 0 { transfer.needsNewConnection = true }
      retry(transfer, failure, wait)
    case .failure(let failure):
      // The second request, if there is one, would get the same answer.
      complete(transfer, .failure(failure))
    }
  }

  /// Delivers an answer, from whichever of two requests has it first.
  private func settle(_ transfer: HTTPTransfer, _ attempt: HTTPAttempt, _ response: HTTPResponse) {
    drop(transfer)
    if response.isSuccess, attempt.isHedge, let copy = attempt.memory,
      case .memory(let target, let byteCount) = transfer.request.sink
    {
      let place = unsafe target.beginFilling()
      unsafe place.copyMemory(from: copy.bytes)
      target.assumeFilled(byteCount)
    }
    complete(transfer, .success(response))
  }

  /// Ends the tries in progress of a transfer: nothing may write to its memory afterwards.
  private func drop(_ transfer: HTTPTransfer) {
    for identifier in transfer.attempts {
      if let other = running.removeValue(forKey: identifier) {
        unsafe image_curl_release(multi, other.handle)
      }
    }
    transfer.attempts.removeAll()
  }

  private func retry(_ transfer: HTTPTransfer, after remedy: AuthorizationRemedy) {
    drop(transfer)
    guard remedy == .credentials, let authorizer else {
      delay(transfer, until: .now)
      return
    }
    parked[ObjectIdentifier(transfer)] = transfer
    authorizer.readCredentials { [inbox] in inbox.resume(transfer) }
  }

  private func retry(_ transfer: HTTPTransfer, _ failure: HTTPFailure, _ wait: Duration?) {
    var failure = failure
    failure.tries = transfer.tries
    transfer.failure = failure
    if failure.kind == .wrongAnswer { transfer.wrongAnswers += 1 }
    // The second request is still in progress.
    guard transfer.attempts.isEmpty else { return }
    counters.failures.add(1, ordering: .relaxed)
    let patience = transfer.request.patience
    let isUnknown = !hasAnswered && failure.status == nil
    if isUnknown, failure.remedy == nil {
      failure.remedy = "check the address, and that the server runs and can be reached from here"
    }
    let most = isUnknown ? min(3, patience.tries) : patience.tries
    let jitter = Backoff.delay(afterTries: transfer.tries, fraction: Double.random(in: 0...1, using: &random))
    let due = ContinuousClock.now + max(jitter, wait ?? .zero)
    guard transfer.tries < most, transfer.wrongAnswers < Self.wrongAnswerLimit, due < transfer.deadline!
    else {
      complete(transfer, .failure(failure))
      return
    }
    delay(transfer, until: due)
  }

  private func delay(_ transfer: HTTPTransfer, until due: ContinuousClock.Instant) {
    transfer.due = due
    delayed.append(transfer)
  }

  private func complete(_ transfer: HTTPTransfer, _ result: Result<HTTPResponse, HTTPFailure>) {
    drop(transfer)
    transfer.completion(result)
  }

  /// Ends everything in progress.
  private func end(_ new: [HTTPTransfer]) {
    let failure = HTTPFailure(kind: .refused, message: "the folder was closed while it was read")
    var rest = waiting.removeAll() + new + delayed + parked.values
    for attempt in running.values where !attempt.isHedge { rest.append(attempt.transfer) }
    for attempt in running.values where attempt.isHedge && attempt.transfer.attempts.count == 1 {
      rest.append(attempt.transfer)
    }
    for transfer in rest { complete(transfer, .failure(failure)) }
    unsafe image_curl_multi_free(multi)
  }
}
#endif

#if ObjectStorage
internal import CImageStoreCurl
internal import ImageStoreCore

/// A request until it is answered, over all its tries.
///
/// Invariant behind `@unchecked Sendable`: only the transport's thread changes it.
final class HTTPTransfer: @unchecked Sendable {
  let request: HTTPRequest
  let completion: @Sendable (Result<HTTPResponse, HTTPFailure>) -> Void
  /// How many tries have been begun, not counting second requests.
  var tries = 0
  /// How many tries were ended because hardly any bytes arrived: an overloaded server gets more
  /// time with each.
  var stalls = 0
  /// How many answers contradicted themselves or the request.
  var wrongAnswers = 0
  /// The numbers of the tries that are in progress: one, or two if it is hedged.
  var attempts: [UInt64] = []
  var deadline: ContinuousClock.Instant?
  /// When the next try begins, if one has failed.
  var due: ContinuousClock.Instant?
  var needsNewConnection = false
  var failure: HTTPFailure?
  var remedies: Set<AuthorizationRemedy> = []

  init(_ request: HTTPRequest, _ completion: @escaping @Sendable (Result<HTTPResponse, HTTPFailure>) -> Void)
  {
    self.request = request
    self.completion = completion
  }
}

/// One try of a request.
@safe struct HTTPAttempt {
  let transfer: HTTPTransfer
  let handle: OpaquePointer
  let begun: ContinuousClock.Instant
  /// When a second request is made; nil if none is, or one has been.
  var hedgeAt: ContinuousClock.Instant?
  let isHedge: Bool
  /// Where the body of a range goes: the caller's memory, or that of a second request.
  let memory: PixelMemory?
  var watch: StallWatch?
}

/// Checks whether bytes arrive: libcurl's own limit is for an average, which stays high for long
/// after a burst.
struct StallWatch {
  private static let bytesPerSecond = 1024
  /// How long fewer bytes are a stall.
  let patience: Duration
  private var since: ContinuousClock.Instant
  private var byteCount = 0

  init(patience: Duration, now: ContinuousClock.Instant) {
    self.patience = patience
    since = now
  }

  /// - Parameter total: how many bytes have arrived so far.
  mutating func isStalled(_ total: Int, now: ContinuousClock.Instant) -> Bool {
    if total - byteCount >= Self.bytesPerSecond * patience.milliseconds / 1000 {
      byteCount = total
      since = now
    }
    return now - since >= patience
  }
}

extension HTTPRequest {
  /// Begins a try.
  ///
  /// - Parameters:
  ///   - memory: where the body goes, or nil for memory of the transfer's own.
  ///   - signature: headers in addition to the request's.
  /// - Returns: nil if there is no memory.
  func start(
    on multi: OpaquePointer, as identifier: UInt64, into memory: PixelMemory?,
    signature: [(name: String, value: String)], remaining: Duration, opensConnection: Bool,
    certificates: String?
  ) -> OpaquePointer? {
    var lines = ""
    for (name, value) in headers + signature { lines += "\(name): \(value)\n" }
    var parameters = unsafe image_curl_request()
    unsafe parameters.identifier = identifier
    if let memory, case .memory(_, let byteCount) = sink {
      let target = unsafe memory.beginFilling()
      unsafe parameters.target = target.baseAddress?.assumingMemoryBound(to: UInt8.self)
      unsafe parameters.capacity = byteCount
    } else if case .bytes(let limit) = sink {
      unsafe parameters.capacity = limit
    }
    if let body {
      // The transfer, which lives until the handle is released, keeps the body.
      unsafe parameters.body = body.bytes.baseAddress?.assumingMemoryBound(to: UInt8.self)
      unsafe parameters.body_count = body.byteCount
    }
    unsafe parameters.expected_status = expectedStatus ?? 0
    unsafe parameters.connect_milliseconds = max(1, patience.connecting.milliseconds)
    unsafe parameters.total_milliseconds = max(1, remaining.milliseconds)
    unsafe parameters.opens_connection = opensConnection ? 1 : 0
    unsafe parameters.follows_redirections = followsRedirections ? 1 : 0
    unsafe parameters.bypasses_proxy = bypassesProxy ? 1 : 0
    return unsafe method.rawValue.withCString { method in
      unsafe url.withCString { url in
        unsafe lines.withCString { lines in
          unsafe parameters.method = method
          unsafe parameters.url = url
          unsafe parameters.headers = lines
          guard let certificates else { return unsafe image_curl_start(multi, &parameters) }
          return unsafe certificates.withCString { path in
            unsafe parameters.certificates = path
            return unsafe image_curl_start(multi, &parameters)
          }
        }
      }
    }
  }
}

extension Duration {
  /// Rounded up, so that the time has passed when the timer ends.
  var milliseconds: Int {
    let (seconds, attoseconds) = components
    return Int(clamping: seconds) * 1000 + Int((attoseconds + 999_999_999_999_999) / 1_000_000_000_000_000)
  }
}
#endif

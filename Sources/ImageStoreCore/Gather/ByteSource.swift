/// Bytes that stores read by address, from any kind of source.
///
/// The bytes have one address for as long as the source lives, so reading from any source is adding
/// an offset to that address. Sources differ in when the bytes are there: bytes of a map and of
/// memory always are; bytes of a file that is read ahead arrive sooner if they are announced; bytes
/// of a remote object would be fetched to a range of addresses reserved for the whole object. So a
/// store says what it is going to read, once per call and not per image.
package protocol ByteSource: AnyObject, Sendable {
  /// How many bytes there are.
  var byteCount: Int { get }

  /// All bytes, at addresses that stay while the source lives. Only those that ``makeReadable(_:)``
  /// was called for may be touched.
  @unsafe var bytes: UnsafeRawBufferPointer { get }

  /// Tells the source in which order the bytes will be read.
  func advise(_ pattern: AccessPattern)

  /// Requests what will be read soon. It does not wait for the bytes, and cannot fail.
  func willRead(_ ranges: Span<Range<Int>>)

  /// Returns when bytes may be touched.
  ///
  /// - Throws: ``StoreError/Code/system`` if they cannot be read.
  func makeReadable(_ ranges: Span<Range<Int>>) throws(StoreError)

  /// The share of the bytes that can be read without waiting, from 0 to 1, by samples.
  func residentShare() -> Double

  /// Fetches bytes and returns when they are there. If that fails, reading them throws the error.
  func fetch(_ range: Range<Int>)

  /// How many bytes are fetched at once if all of the source is wanted.
  static var regionByteCount: Int { get }

  /// Fetches ``regionByteCount`` bytes, or what is left of them at the end, and returns when they
  /// are there. Bytes that are to stay in memory are best fetched so.
  func fetchRegion(_ number: Int)

  /// Lets go of bytes that will not be read soon, so that others have the memory.
  func letGo(_ ranges: Span<Range<Int>>)
}

extension ByteSource {
  package func advise(_ pattern: AccessPattern) {}
  package func willRead(_ ranges: Span<Range<Int>>) {}
  package func makeReadable(_ ranges: Span<Range<Int>>) throws(StoreError) {}
  package func residentShare() -> Double { 1 }
  package func fetch(_ range: Range<Int>) {}

  /// As much as the largest page that common processors map, for which a system takes memory in one piece.
  package static var regionByteCount: Int { 2 << 20 }

  package func fetchRegion(_ number: Int) {
    let start = number * Self.regionByteCount
    fetch(start..<min(start + Self.regionByteCount, byteCount))
  }

  package func letGo(_ ranges: Span<Range<Int>>) {}

  /// Lends all bytes, to be read while `body` runs.
  package func withBytes<Result>(
    _ body: (RawSpan) throws(StoreError) -> Result
  ) throws(StoreError) -> Result {
    let whole = [0..<byteCount]
    try makeReadable(whole.span)
    defer { withExtendedLifetime(self) {} }
    return try unsafe withRawSpan(of: bytes, body)
  }
}

// The bytes that have been written are there.
extension PixelMemory: ByteSource {}

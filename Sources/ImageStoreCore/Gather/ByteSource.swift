/// Bytes that stores read by address, wherever they come from.
///
/// The bytes have one address for as long as the source lives, so that reading through it is adding
/// an offset to it, whatever the source is. What differs is when they are there: those of a map and
/// of memory always are; those of a file that is read ahead come sooner if they are announced;
/// those of a remote object would be fetched to a range of addresses reserved for all of it. So a
/// store says what it is going to read, once per call and not per image.
package protocol ByteSource: AnyObject, Sendable {
  /// How many bytes there are.
  var byteCount: Int { get }

  /// All bytes, at addresses that stay while the source lives. Only those that ``makeReadable(_:)`` was called for may be
  /// touched.
  @unsafe var bytes: UnsafeRawBufferPointer { get }

  /// Tells in which order the bytes will be read.
  func advise(_ pattern: AccessPattern)

  /// Requests what will be read soon. It does not wait for the bytes, and cannot fail.
  func willRead(_ ranges: Span<Range<Int>>)

  /// Returns when bytes may be touched.
  ///
  /// - Throws: ``StoreError/Code/system`` if they cannot be had.
  func makeReadable(_ ranges: Span<Range<Int>>) throws(StoreError)

  /// The share of the bytes that can be read without waiting, from 0 to 1, by samples.
  func residentShare() -> Double

  /// Fetches bytes and returns when they are there. What cannot be had is found when it is read.
  func fetch(_ range: Range<Int>)

  /// Lets go of bytes that will not be read soon, so that others have the memory.
  func letGo(_ ranges: Span<Range<Int>>)
}

extension ByteSource {
  package func advise(_ pattern: AccessPattern) {}
  package func willRead(_ ranges: Span<Range<Int>>) {}
  package func makeReadable(_ ranges: Span<Range<Int>>) throws(StoreError) {}
  package func residentShare() -> Double { 1 }
  package func fetch(_ range: Range<Int>) {}
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

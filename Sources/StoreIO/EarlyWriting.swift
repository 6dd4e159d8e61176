internal import CSystem

/// Lets the disk write what a file was given while its writer makes more, so that synchronising it at the end
/// waits for little.
///
/// For files that are written from front to back, each byte once.
package struct EarlyWriting: Sendable {
  /// Large enough that the disk is asked seldom and allocates in one piece, small enough that it is never idle.
  private static let stepByteCount = 4 << 20

  private var begun: Int

  /// - Parameter start: where the first byte is written.
  package init(from start: Int = 0) { begun = start }

  /// Notes that everything before `end` has been written.
  package mutating func note(_ end: Int, of file: borrowing File) {
    guard end - begun >= Self.stepByteCount else { return }
    image_stores_begin_writing(file.descriptor, Int64(begun), Int64(end - begun))
    begun = end
  }
}

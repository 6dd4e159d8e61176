#if os(Linux)
import ImageStoreReliability
import Testing

/// Files that grow in their place.
@Suite struct VisibleCommitTests {
  /// Once the record is written that makes an append count, readers may have the file mapped: if
  /// the disk then fails, the writer says so and takes nothing back.
  @Test(
    .enabled(if: Fault.isAvailable, "not in a build for a sanitizer"),
    arguments: Backend.all.filter(\.growsInPlace).map(\.name))
  func whatReadersMayHaveCountedIsNotTakenBack(backend: String) throws {
    let output = try Stress.run("faults", backend, "sync-EIO")
    let line = try #require(output.split(separator: "\n").first { $0.contains("append sync-EIO") })
    #expect(line.contains("reportedAfterCommit: 1"), "\(line)")
  }
}
#endif

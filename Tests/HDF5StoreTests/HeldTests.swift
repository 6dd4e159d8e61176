import CImageStoreFaults
import CImageStoreHDF5
import Foundation
import ImageStoreCore
import Synchronization
import Testing

@testable import HDF5Store

private final class Flag: Sendable {
  let value = Atomic(false)
}

/// What an open store still reads, whatever happens to its name and its process.
@Suite struct HeldTests {
  /// Columns of every kind, text so unlike in length that it goes to a heap.
  static func labels(_ range: Range<Int>) -> ImageLabels {
    ImageLabels(
      labels: Array(range),
      columns: [
        "number": .int64(range.map { Int64($0) * 3 }), "half": .double(range.map { Double($0) / 2 }),
        "short": .string(range.map { "s\($0)" }),
        "long": .string(range.map { $0 == 5 ? String(repeating: "x", count: 20_000) : "l\($0)" }),
      ])
  }

  static func write(_ count: Int, to path: String, _ mode: WriteMode = .create, from start: Int = 0) throws {
    var writer = try HDF5Store.Writer(to: path, mode: mode, classNames: ["a", "b"])
    let pixels = (start..<start + count).flatMap(WriterTests.image)
    try unsafe writer.append(
      pixels.span.bytes, layout: BatchLayout(WriterTests.format, count: count),
      labels: labels(start..<start + count))
    try writer.finish()
  }

  private func expect(_ store: HDF5Store, holds count: Int) throws {
    let expected = Self.labels(0..<count)
    #expect(try store.labels() == expected.labels)
    for (name, column) in expected.columns { #expect(try store.column(name) == column, "\(name)") }
    #expect(try store.bytes() == (0..<count).flatMap(WriterTests.image))
    try store.verify()
  }

  @Test func aStoreKeepsWhatItHadWhenItsNameGoes() throws {
    let folder = try TemporaryFolder()
    let path = "\(folder.path)/store.h5"
    try Self.write(50, to: path)
    let first = try HDF5Store(at: path)
    try Self.write(10, to: path, .append, from: 50)
    let second = try HDF5Store(at: path)
    try Self.write(7, to: path, .replace)
    let third = try HDF5Store(at: path)
    try FileManager.default.removeItem(atPath: path)
    try expect(first, holds: 50)
    try expect(second, holds: 60)
    try expect(third, holds: 7)
  }

  @Test func whatOnlyTheLibraryReadsIsKeptToo() throws {
    let folder = try TemporaryFolder()
    let path = "\(folder.path)/scaled.h5"
    let values = (0..<200).map { UInt8($0) }
    try LibraryFiles.create(path) { _, file in
      for (name, shape, chunk) in [("images", [10, 4, 5], [3, 4, 5]), ("labels", [10], [4])] {
        let dataset = LibraryFiles.dataset(name, file, CHDF5_uint8(), shape: shape, chunk: chunk) {
          creation in
          // A filter of the library's own that this package has not got.
          #expect(H5Pset_scaleoffset(creation, H5Z_SO_INT, 0) >= 0)
        }
        LibraryFiles.write(Array(values[..<shape.reduce(1, *)]), dataset, CHDF5_uint8())
        H5Dclose(dataset)
      }
    }
    let store = try HDF5Store(at: path)
    try FileManager.default.removeItem(atPath: path)
    try Data("something else".utf8).write(to: URL(filePath: path))
    #expect(try store.bytes() == values)
    #expect(try store.labels() == Array(0..<10))
  }

  @Test func splitsAreOfOneFile() throws {
    let folder = try TemporaryFolder()
    let path = "\(folder.path)/splits.h5"
    try FileManager.default.copyItem(atPath: Fixtures.path("splits.h5"), toPath: path)
    let splits = try HDF5Store.splits(at: path)
    try FileManager.default.removeItem(atPath: path)
    #expect(try splits[.test]?.labels() == Fixtures.labels(4))
    #expect(try splits[.test]?.bytes() == Fixtures.ramp(.uint8, count: 360))
  }

  /// Another thread is in the library nearly all the time; a child that inherited its lock could
  /// not open a file.
  @Test func aForkWaitsForTheLibrary() async {
    await #expect(processExitsWith: .success) {
      // A fork copies the locks of Swift's runtime as they are: all types are looked up before there is one.
      for _ in 0..<3 { _ = try? HDF5Store(at: Fixtures.path("columns.h5")).column("name") }
      let isOver = Flag()
      let thread = Thread {
        while !isOver.value.load(ordering: .relaxed) { _ = try? HDF5Store(at: Fixtures.path("columns.h5")) }
      }
      thread.start()
      for _ in 0..<40 {
        usleep(500)
        let child = faults_fork()
        if child == 0 {
          var signals = sigset_t()
          unsafe sigemptyset(&signals)
          unsafe sigaddset(&signals, SIGALRM)
          unsafe pthread_sigmask(SIG_UNBLOCK, &signals, nil)
          alarm(20)
          let store = try? HDF5Store(at: Fixtures.path("columns.h5"))
          _exit((try? store?.column("name")) == nil ? 3 : 0)
        }
        var status: Int32 = 0
        _ = unsafe waitpid(child, &status, 0)
        precondition(status == 0, "the child of a fork ends with status \(status)")
      }
      isOver.value.store(true, ordering: .relaxed)
    }
  }
}

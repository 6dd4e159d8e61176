import FileStore
import ImageStoreCore

/// A backend in one of its layouts, as the benchmarks use it.
struct Subject: Sendable {
  let name: String
  /// The name of its store in the work folder.
  let fileName: String
  /// Whether its pixels lie uncompressed in a file that is mapped.
  let isMapped: Bool
  let write:
    @Sendable (_ source: any ImageStore, _ path: String, _ mode: WriteMode, _ threads: Int) throws -> Void
  let open: @Sendable (_ path: String, _ threads: Int) throws -> any ImageStore

  static let all: [Subject] = [
    Subject(
      name: "FileStore", fileName: "ours-files", isMapped: false,
      write: { _ = try FileStore.write($0, to: $1, mode: $2, threads: $3) },
      open: { try FileStore(at: $0, threads: $1) })
  ]
}

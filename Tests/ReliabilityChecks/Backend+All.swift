import FileStore
import ImageStoreCore

extension Backend {
  /// Every backend in every layout that writes or reads in its own way.
  package static let all: [Backend] = [
    Backend(
      "files", suffix: "",
      write: { path, mode, run in
        try run(FileStore.Writer(to: path, mode: mode, classNames: run.classNames, threads: 2))
      },
      open: { try FileStore(at: $0, threads: 2) }),
    Backend(
      "files-flat", suffix: "",
      write: { path, mode, run in
        try run(
          FileStore.Writer(to: path, mode: mode, layout: .flat, classNames: run.classNames, threads: 1))
      },
      open: { try FileStore(at: $0, threads: 1) }),
  ]
}

import FileStore
import ImageStoreCore
import LMDBStore

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
    Backend(
      "lmdb", suffix: ".lmdb",
      write: { path, mode, run in
        try run(LMDBStore.Writer(to: path, mode: mode, classNames: run.classNames, threads: 2))
      },
      open: { try LMDBStore(at: $0, threads: 2) }),
    Backend(
      "lmdb-per-image", suffix: ".lmdb",
      write: { path, mode, run in
        try run(
          LMDBStore.Writer(
            to: path, mode: mode, layout: .perImage, classNames: run.classNames, threads: 1))
      },
      open: { try LMDBStore(at: $0, threads: 1) }),
  ]
}

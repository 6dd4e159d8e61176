import Foundation
import ImageStorePlatform
import Testing

/// The program is told to end while it writes.
@Suite struct InterruptionTests {
  /// Whatever the signal, nothing is left, and the line says so.
  @Test(arguments: [SIGINT, SIGTERM, SIGHUP], ["out", "out.lmdb", "out.h5", "out.npz"])
  func nothingIsLeft(_ signal: Int32, _ name: String) throws {
    let folder = try TemporaryFolder()
    let before = folder.names
    let outcome = try Tool.run(["convert", demoSet, name], in: folder) { process in
      // It has begun to write once something is there.
      while folder.names == before, process.isRunning {}
      kill(process.processIdentifier, signal)
    }
    // A short write may have ended before the signal came.
    if folder.names.isEmpty || outcome.status < 0 {
      #expect(folder.names.isEmpty)
      #expect(outcome.error.hasSuffix("imagestore: interrupted; nothing was written\n"), "\(outcome.error)")
    } else {
      #expect(folder.names == [name])
      try folder.run("verify", name, "--against", demoSet).succeeded()
    }
  }
}

import ImageStoreCorpora
import ImageStoreReliability
import ImageStoreSupport
import Testing

/// Readers of damaged and of strangers' files, for long, and many at once.
@Suite struct ReadingTests {
  @Test(arguments: Backend.all)
  func everyFlippedBitIsFoundOrHarmless(_ backend: Backend) throws {
    try Stress.run("flips", backend.name, Stress.kills == nil ? "120" : "3000")
  }

  @Test(arguments: Backend.all)
  func noFileStaysOpen(_ backend: Backend) throws {
    try Stress.run("files", backend.name, Stress.kills == nil ? "100" : "10000")
  }

  @Test(.enabled(if: Fault.isAvailable, "a sanitizer keeps memory back"), arguments: Backend.all)
  func memoryStaysFlat(_ backend: Backend) throws {
    try Stress.run("memory", backend.name, Stress.kills == nil ? "3000" : "100000")
  }

  @Test(arguments: Backend.all)
  func threadsAndProcessesReadWhileOneAppends(_ backend: Backend) throws {
    try Stress.run("concurrency", backend.name, Stress.kills == nil ? "5" : "100")
  }

  /// Appended to, replaced, moved away, by this process and another: nothing that is read changes.
  @Test(arguments: Backend.all)
  func anOpenStoreKeepsWhatItHad(_ backend: Backend) throws {
    try Stress.run("held", backend.name)
  }

  @Test(arguments: Backend.all)
  func aForkOfABusyProcessReads(_ backend: Backend) throws {
    try Stress.run("fork-busy", backend.name, Stress.kills == nil ? "10" : "100")
  }

  @Test(arguments: Backend.all)
  func oneStoreIsOpenedTwiceAndKeptOverAFork(_ backend: Backend) throws {
    try Stress.run("fork", backend.name)
  }

  @Test(.enabled(if: Corpora.folder != nil, "set IMAGE_STORES_CORPORA to have files of other projects read"))
  func filesOfOtherProjectsAreReadOrRefused() throws {
    let folder = try #require(Corpora.folder)
    try Stress.run("corpora", folder)
  }
}

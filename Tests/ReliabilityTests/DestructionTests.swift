import ImageStoreReliability
import Testing

/// Writers among files and folders that are not theirs.
@Suite struct DestructionTests {
  /// One backend of each kind: how images are laid out makes no difference to what is around them.
  static let backends = Backend.onePerKind.map(\.name)

  /// In a process of its own, so that one that waits for a pipe is ended, and says over what.
  @Test(arguments: backends, DestructionCheck.all.map(\.description))
  func nothingOfTheUsersIsDestroyed(_ backend: String, _ check: String) throws {
    try Stress.run("destruction", backend, check)
  }
}

import ImageStoreCore
import ImageStoreTesting
import Testing

/// The example of the article on stores of one's own keeps every promise.
@Suite struct ExampleStoreTests {
  static let factory = StoreFactory(
    "ExampleStore", suffix: ".example",
    capabilities: {
      var capabilities = StoreCapabilities()
      capabilities.holds = { type, _ in type == .uint8 }
      capabilities.holdsMixedSizes = false
      capabilities.holdsColumns = false
      capabilities.holdsClassNames = false
      capabilities.canAppend = false
      return capabilities
    }(),
    write: { path, mode, plan in try plan.run(ExampleStore.Writer(to: path, mode: mode)) },
    open: { path in try ExampleStore(at: path) })

  @Test(arguments: ConformanceCheck.all)
  func conforms(_ check: ConformanceCheck) throws { try check.run(on: Self.factory, seed: 1) }
}

import ImageStoreCore
import ImageStoreTesting
import Testing

@Suite struct ConformanceTests {
  @Test(arguments: ConformanceCheck.all)
  func memory(_ check: ConformanceCheck) throws {
    for seed in 1...3 { try check.run(on: .shelf("in memory"), seed: UInt64(seed)) }
  }
}

import ImageStoreCore
import ImageStorePlatform
import ImageStoreTesting
import Synchronization
import Testing

/// The suite finds faults: every mutant fails it.
@Suite struct SuiteSelfTests {
  @Test(arguments: Mutant.Fault.allCases)
  func findsFaultOfStore(_ fault: Mutant.Fault) {
    var factory = StoreFactory.shelf("\(fault)") { Mutant(base: $0, fault: fault) }
    factory.capabilities.manyImages = 200
    #expect(throws: ConformanceFailure.self) { try checkConformance(of: factory, seed: 1) }
  }

  private static func factory(_ fault: MutantWriter.Fault?) -> StoreFactory {
    let shelf = MutantWriter.Shelf()
    var capabilities = StoreCapabilities()
    capabilities.isFileBased = false
    capabilities.holdsMixedFormats = true
    capabilities.manyImages = 200
    return StoreFactory(
      fault.map { "\($0)" } ?? "without a fault", capabilities: capabilities,
      write: { path, mode, plan in
        try plan.run(MutantWriter(fault, shelf, at: path, mode: mode, classNames: plan.classNames))
      },
      open: { path in
        guard let store = shelf.stores.withLock({ $0[path] }) else { throw StoreError(.notFound, path) }
        return store
      })
  }

  @Test(arguments: MutantWriter.Fault.allCases)
  func findsFaultOfWriter(_ fault: MutantWriter.Fault) {
    #expect(throws: ConformanceFailure.self) { try checkConformance(of: Self.factory(fault), seed: 1) }
  }

  /// What the writers above are found by is their fault alone.
  @Test func aWriterWithoutAFaultConforms() throws {
    try checkConformance(of: Self.factory(nil), seed: 1)
  }

  /// The ways in which stores of this package once took appended class names, counted, and failed.
  @Test(
    arguments: [
      (.oldClassNamesKept, "class names of appended images"),
      (.newClassNamesTaken, "class names of appended images"),
      (.otherClassNamesRefused, "class names of appended images"),
      (.namesMatchedByOrder, "class names of appended images"),
      (.labelsWithoutNamesTaken, "class names and labels that could be mistaken"),
      (.labelsOfTheStoreNamed, "class names and labels that could be mistaken"),
      (.countsWhatWasThere, "a writer counts what it appends"),
      (.secondErrorIsAnother, "a writer counts what it appends"),
    ] as [(MutantWriter.Fault, String)])
  func namesTheBehaviorThatIsPinned(_ fault: MutantWriter.Fault, _ check: String) {
    let failure = #expect(throws: ConformanceFailure.self) {
      try checkConformance(of: Self.factory(fault), seed: 1)
    }
    #expect(failure?.check.hasPrefix(check) == true, "\(String(describing: failure))")
  }

  @Test func findsWhatShouldHaveBeenRefused() {
    var factory = StoreFactory.shelf("holds more than it says")
    factory.capabilities.holds = { type, _ in type != .float64 }
    let failure = #expect(throws: ConformanceFailure.self) { try checkConformance(of: factory) }
    #expect(failure?.check == "every sample type and number of channels, kept or refused")

    factory = .shelf("mixes sizes though it says it cannot")
    factory.capabilities.holdsMixedSizes = false
    #expect(throws: ConformanceFailure.self) { try checkConformance(of: factory) }

    factory = .shelf("grows though it says it cannot")
    factory.capabilities.canAppend = false
    #expect(throws: ConformanceFailure.self) { try checkConformance(of: factory) }
  }

  @Test func findsStrayFiles() throws {
    var factory = StoreFactory.shelf("litters")
    let write = factory.write
    let check = try #require(ConformanceCheck.all.first)
    factory.capabilities.isFileBased = true
    try check.run(on: factory)
    factory.write = { path, mode, plan in
      try write(path, mode, plan)
      // Nobody asked for this folder.
      #expect(unsafe mkdir("\(path).tmp", 0o755) == 0)
    }
    let failure = #expect(throws: ConformanceFailure.self) { try check.run(on: factory) }
    #expect(failure?.message == "files are left over: [\"store.tmp\"]")
  }

  @Test func failuresNameStoreCheckAndSeed() throws {
    let factory = StoreFactory.shelf("broken") { Mutant(base: $0, fault: .labelsShifted) }
    let failure = try #require(throws: ConformanceFailure.self) {
      try checkConformance(of: factory, seed: 77)
    }
    #expect(failure.store == "broken")
    #expect(failure.seed == 77)
    #expect(failure.description.hasPrefix("broken fails \"\(failure.check)\" (seed 77): labels()"))
    #expect(!failure.description.contains("\n"))
  }
}

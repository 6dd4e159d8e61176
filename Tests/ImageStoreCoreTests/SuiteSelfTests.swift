import ImageStoreCore
import ImageStoreTesting
import Synchronization
import Testing

#if canImport(Darwin)
import Darwin
#elseif canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#endif

/// The suite finds faults: every mutant fails it.
@Suite struct SuiteSelfTests {
  @Test(arguments: Mutant.Fault.allCases)
  func findsFaultOfStore(_ fault: Mutant.Fault) {
    var factory = StoreFactory.shelf("\(fault)") { Mutant(base: $0, fault: fault) }
    factory.capabilities.manyImages = 200
    #expect(throws: ConformanceFailure.self) { try checkConformance(of: factory, seed: 1) }
  }

  @Test(arguments: MutantWriter.Fault.allCases)
  func findsFaultOfWriter(_ fault: MutantWriter.Fault) {
    let shelf = MutantWriter.Shelf()
    var capabilities = StoreCapabilities()
    capabilities.isFileBased = false
    capabilities.holdsMixedFormats = true
    capabilities.manyImages = 200
    let factory = StoreFactory(
      "\(fault)", capabilities: capabilities,
      write: { path, mode, plan in
        try plan.run(MutantWriter(fault, shelf, at: path, mode: mode, classNames: plan.classNames))
      },
      open: { path in
        guard let store = shelf.stores.withLock({ $0[path] }) else { throw StoreError(.notFound, path) }
        return store
      })
    #expect(throws: ConformanceFailure.self) { try checkConformance(of: factory, seed: 1) }
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

import ImageStoreCore
import ImageStoreTesting
import NPZStore
import Testing

/// Archives of one way of writing and reading.
private func factory(
  _ compression: Compression, _ layout: NPZStore.Layout? = nil, threads: Int
) -> StoreFactory {
  var capabilities = StoreCapabilities()
  capabilities.holdsMixedFormats = true
  // What PNG holds.
  if layout == .encoded {
    capabilities.holds = { type, channels in
      type == .bool ? channels == 1 : [.uint8, .uint16].contains(type) && channels <= 4
    }
  }
  return StoreFactory(
    "NPZStore, \(compression.rawValue), \(threads) threads", suffix: ".npz", capabilities: capabilities,
    write: { path, mode, plan in
      try plan.run(
        NPZStore.Writer(
          to: path, mode: mode, compression: compression, layout: layout, classNames: plan.classNames,
          threads: threads))
    },
    open: { try NPZStore(at: $0, threads: threads) })
}

@Suite struct ConformanceTests {
  @Test(arguments: ConformanceCheck.all, [Compression.none, .small])
  func conforms(_ check: ConformanceCheck, _ compression: Compression) throws {
    try check.run(on: factory(compression, threads: compression == .none ? 1 : 3), seed: 1)
  }

  @Test(arguments: ConformanceCheck.all)
  func conformsEncoded(_ check: ConformanceCheck) throws {
    try check.run(on: factory(.small, .encoded, threads: 2), seed: 2)
  }
}

import ImageStoreCore
import ImageStoreTesting
import ShardedStore
import Testing

/// Data sets of small shards, of one layout.
private func factory(_ layout: ShardedStore.Layout, shardSize: Int) -> StoreFactory {
  var capabilities = StoreCapabilities()
  capabilities.holdsMixedFormats = true
  // What PNG holds.
  if layout == .encoded {
    capabilities.holds = { type, channels in
      type == .bool ? channels == 1 : [.uint8, .uint16].contains(type) && channels <= 4
    }
  }
  return StoreFactory(
    "ShardedStore, \(layout.rawValue), shards of \(shardSize)", capabilities: capabilities,
    write: { path, mode, plan in
      try plan.run(
        ShardedStore.Writer(
          to: path, mode: mode, shardSize: shardSize, layout: layout, classNames: plan.classNames, threads: 2)
      )
    },
    open: { try ShardedStore(at: $0, threads: 2) })
}

@Suite struct ConformanceTests {
  @Test(arguments: ConformanceCheck.all, [20_000, 128 << 20])
  func conforms(_ check: ConformanceCheck, _ shardSize: Int) throws {
    try check.run(on: factory(.arrays, shardSize: shardSize), seed: 1)
  }

  @Test(arguments: ConformanceCheck.all)
  func conformsEncoded(_ check: ConformanceCheck) throws {
    try check.run(on: factory(.encoded, shardSize: 20_000), seed: 2)
  }
}

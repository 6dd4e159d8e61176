import ImageStoreCore
import ImageStoreTesting
import LMDBStore
import Testing

private func factory(_ layout: LMDBStore.Layout, threads: Int?) -> StoreFactory {
  var capabilities = StoreCapabilities()
  capabilities.holdsMixedFormats = true
  // What PNG holds.
  if layout == .encoded {
    capabilities.holds = { type, channels in
      type == .bool ? channels == 1 : [.uint8, .uint16].contains(type) && channels <= 4
    }
  }
  return StoreFactory(
    "LMDBStore, \(layout.rawValue), threads \(threads ?? 0)", capabilities: capabilities,
    write: { path, mode, plan in
      try plan.run(
        LMDBStore.Writer(
          to: path, mode: mode, layout: layout, classNames: plan.classNames))
    },
    open: { path in try LMDBStore(at: path, threads: threads) })
}

@Suite struct LMDBStoreConformanceTests {
  @Test(arguments: ConformanceCheck.all)
  func conformsInBlocks(_ check: ConformanceCheck) throws {
    try check.run(on: factory(.automatic, threads: 3), seed: 1)
  }

  @Test(arguments: ConformanceCheck.all)
  func conformsByTheImage(_ check: ConformanceCheck) throws {
    try check.run(on: factory(.perImage, threads: 1), seed: 2)
  }

  @Test(arguments: ConformanceCheck.all)
  func conformsEncoded(_ check: ConformanceCheck) throws {
    try check.run(on: factory(.encoded, threads: 2), seed: 3)
  }
}

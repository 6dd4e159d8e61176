import ImageStoreCore
import ImageStoreTesting
import PackedBitStore
import Testing

private func factory(_ axis: PackingAxis) -> StoreFactory {
  var capabilities = StoreCapabilities()
  capabilities.holds = { type, channels in type == .bool && channels == 1 }
  capabilities.holdsMixedSizes = false
  return StoreFactory(
    "PackedBitStore, \(axis.rawValue)", suffix: ".bits", capabilities: capabilities,
    write: { path, mode, plan in
      try plan.run(
        PackedBitStore.Writer(to: path, mode: mode, axis: axis, classNames: plan.classNames, threads: 2))
    },
    open: { try PackedBitStore(at: $0, threads: 2) })
}

@Suite struct ConformanceTests {
  @Test(arguments: ConformanceCheck.all, PackingAxis.allCases)
  func conforms(_ check: ConformanceCheck, _ axis: PackingAxis) throws {
    try check.run(on: factory(axis))
  }
}

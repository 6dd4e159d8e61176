import HDF5Store
import ImageStoreCore
import ImageStoreTesting
import Testing

/// What every store promises, for every layout of this one.
@Suite struct ConformanceTests {
  static func factory(
    _ name: String, _ compression: Compression, _ layout: HDF5Store.Layout = .uniform, threads: Int?
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
      name, suffix: ".h5", capabilities: capabilities,
      write: { path, mode, plan in
        try plan.run(
          HDF5Store.Writer(
            to: path, mode: mode, compression: compression, layout: layout, classNames: plan.classNames,
            threads: threads))
      },
      open: { path in try HDF5Store(at: path, threads: threads) })
  }

  @Test(arguments: ConformanceCheck.all)
  func contiguous(_ check: ConformanceCheck) throws {
    try check.run(on: Self.factory("contiguous HDF5", .none, threads: nil), seed: 1)
  }

  @Test(arguments: ConformanceCheck.all)
  func contiguousOnOneThread(_ check: ConformanceCheck) throws {
    try check.run(on: Self.factory("contiguous HDF5", .none, threads: 1), seed: 2)
  }

  @Test(arguments: ConformanceCheck.all)
  func chunked(_ check: ConformanceCheck) throws {
    try check.run(on: Self.factory("chunked HDF5", .fast, threads: 2), seed: 3)
  }

  @Test(arguments: ConformanceCheck.all)
  func encoded(_ check: ConformanceCheck) throws {
    try check.run(on: Self.factory("encoded HDF5", .none, .encoded, threads: 2), seed: 4)
  }
}

import FileStore
import ImageStoreCore
import ImageStoreTesting
import Testing

private func factory(_ layout: FileStore.Layout, threads: Int?, compression: Compression) -> StoreFactory {
  var capabilities = StoreCapabilities()
  capabilities.holds = { type, channels in
    switch type {
    case .bool: channels == 1
    case .uint8, .uint16: channels <= 4
    default: false
    }
  }
  capabilities.holdsMixedFormats = true
  // More than one subfolder.
  capabilities.manyImages = 1200
  return StoreFactory(
    "FileStore, \(layout.rawValue), \(compression.rawValue), threads \(threads ?? 0)",
    capabilities: capabilities,
    write: { path, mode, plan in
      try plan.run(
        FileStore.Writer(
          to: path, mode: mode, layout: layout, compression: compression, classNames: plan.classNames,
          threads: threads))
    },
    open: { path in try FileStore(at: path, threads: threads) })
}

@Suite struct FileStoreConformanceTests {
  @Test(arguments: ConformanceCheck.all)
  func conformsInSubfolders(_ check: ConformanceCheck) throws {
    try check.run(on: factory(.subfolders, threads: 3, compression: .fast), seed: 1)
  }

  @Test(arguments: ConformanceCheck.all)
  func conformsFlat(_ check: ConformanceCheck) throws {
    try check.run(on: factory(.flat, threads: 1, compression: .none), seed: 2)
  }

  @Test(arguments: ConformanceCheck.all)
  func conformsEncoded(_ check: ConformanceCheck) throws {
    try check.run(on: factory(.encoded, threads: 2, compression: .fast), seed: 3)
  }
}

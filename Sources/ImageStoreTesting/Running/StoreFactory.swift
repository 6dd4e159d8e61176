public import ImageStoreCore

/// How the suite writes and opens stores of one kind.
///
/// A backend whose writer is `MyStore.Writer` and which keeps a store in a file needs only this:
///
///     import ImageStoreTesting
///     import Testing
///
///     let factory = StoreFactory(
///       "MyStore", suffix: ".my",
///       capabilities: {
///         var capabilities = StoreCapabilities()
///         capabilities.holds = { type, channels in type == .uint8 && channels <= 4 }
///         capabilities.holdsMixedSizes = false
///         return capabilities
///       }(),
///       write: { path, mode, plan in
///         try plan.run(MyStore.Writer(to: path, mode: mode, classNames: plan.classNames))
///       },
///       open: { path in try MyStore(at: path) })
///
///     @Suite struct MyStoreConformanceTests {
///       @Test(arguments: ConformanceCheck.all)
///       func conforms(_ check: ConformanceCheck) throws { try check.run(on: factory, seed: 1) }
///     }
///
/// or, without a test framework, `try checkConformance(of: factory, seed: 1)`. Each layout or option
/// of a backend that changes how it reads or writes deserves a factory of its own.
public struct StoreFactory: Sendable {
  /// The name of the store in failures.
  public var name: String
  /// The suffix of the last component of a store's path, such as `.npz`.
  public var suffix: String
  /// What stores of the kind can hold.
  public var capabilities: StoreCapabilities
  /// Makes a writer for a path (whose parent folder exists) and a mode, and passes it to
  /// ``WritePlan/run(_:)``, which consumes it.
  public var write: @Sendable (_ path: String, _ mode: WriteMode, _ plan: WritePlan) throws -> Void
  /// Opens the store at a path; throws if there is none.
  public var open: @Sendable (_ path: String) throws -> any ImageStore

  /// Describes a kind of store to the suite; the parameters are the properties.
  public init(
    _ name: String, suffix: String = "", capabilities: StoreCapabilities = StoreCapabilities(),
    write: @escaping @Sendable (_ path: String, _ mode: WriteMode, _ plan: WritePlan) throws -> Void,
    open: @escaping @Sendable (_ path: String) throws -> any ImageStore
  ) {
    self.name = name
    self.suffix = suffix
    self.capabilities = capabilities
    self.write = write
    self.open = open
  }
}

/// What a store can hold. The suite checks that images it can hold are kept exactly, and that
/// others are refused.
public struct StoreCapabilities: Sendable {
  /// Whether an image of a sample type and number of channels can be stored; heights and widths do
  /// not matter. Images that cannot be stored must be refused with ``StoreError/Code/unsupported``.
  public var holds: @Sendable (_ elementType: ElementType, _ channels: Int) -> Bool = { _, _ in true }
  /// Whether images of different heights and widths can be in one store.
  public var holdsMixedSizes = true
  /// Whether images of different sample types and channels can be in one store; if false the
  /// suite tries none.
  public var holdsMixedFormats = false
  /// Whether a store can have no labels.
  public var holdsUnlabeled = true
  /// The labels that can be stored.
  public var labels: ClosedRange<Int> = Int.min...Int.max
  /// Whether columns are kept.
  public var holdsColumns = true
  /// Whether class names are kept.
  public var holdsClassNames = true
  /// Whether a store of no images can be written and opened.
  public var holdsNothing = true
  /// Whether ``WriteMode/append`` works on an existing store; if false it must throw
  /// ``StoreError/Code/unsupported``.
  public var canAppend = true
  /// Whether appended images can bring further class names; if false such an append must be refused with
  /// ``StoreError/Code/invalidArgument`` or ``StoreError/Code/unsupported``.
  public var canAddClassNames = true
  /// Whether stores are files or folders at the path, so that the suite looks for stray files.
  public var isFileBased = true
  /// How many images the check of many small images writes.
  public var manyImages = 3000

  /// A store that holds everything but images of different formats.
  public init() {}
}

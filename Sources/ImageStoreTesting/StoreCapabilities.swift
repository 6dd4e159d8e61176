public import ImageStoreCore

/// What a store can hold. The suite checks that what it can is kept exactly, and that what it cannot
/// is refused.
public struct StoreCapabilities: Sendable {
  /// Whether an image of a sample type and number of channels can be stored; heights and widths are
  /// no matter. What cannot be must be refused with ``StoreError/Code/unsupported``.
  public var holds: @Sendable (_ elementType: ElementType, _ channels: Int) -> Bool = { _, _ in true }
  /// Whether images of different heights and widths can stand in one store.
  public var holdsMixedSizes = true
  /// Whether images of different sample types and channels can stand in one store; where false the
  /// suite tries none.
  public var holdsMixedFormats = false
  /// Whether a store can do without labels.
  public var holdsUnlabeled = true
  /// The labels that can be stored.
  public var labels: ClosedRange<Int> = Int.min...Int.max
  /// Whether columns are kept.
  public var holdsColumns = true
  /// Whether class names are kept.
  public var holdsClassNames = true
  /// Whether a store of no images can be written and opened.
  public var holdsNothing = true
  /// Whether ``WriteMode/append`` works on a store that is there; where false it must throw
  /// ``StoreError/Code/unsupported``.
  public var canAppend = true
  /// Whether appended images can bring further class names; where false such an append must be refused with
  /// ``StoreError/Code/invalidArgument`` or ``StoreError/Code/unsupported``.
  public var canAddClassNames = true
  /// Off for the stores of this package that do not share their writers' frame yet.
  package var checksSharedFrame = true
  /// Whether stores are files or folders at the path, so that the suite looks for stray files.
  public var isFileBased = true
  /// How many images the check of many small images writes.
  public var manyImages = 3000

  /// A store that holds everything but images of different formats.
  public init() {}
}

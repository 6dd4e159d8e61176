/// The limits of a pickle. Honest pickles stay far below these numbers.
package struct PickleLimits: Sendable {
  /// The most instructions: they bound the stack, the memo and every container, which an
  /// instruction fills by at most one value each. Enough for a batch of a million named images.
  package var opcodeCount = 1 << 22
  /// The most lists, tuples, dictionaries and objects, which take more memory than the byte that
  /// makes one. Numbers of numpy and byte strings of protocol 2 take a tuple each.
  package var nodeCount = 1 << 20
  /// The deepest nesting of lists, tuples, dictionaries and objects.
  package var depth = 100
  /// The most values once every shared reference is followed, so that code that walks the result
  /// does not meet values multiplied by a few memo entries.
  package var valueCount = 1 << 22

  package init() {}
}

/// The values that a pickle has stored under numbers.
///
/// Picklers count up, so entries are in an array; a number far beyond what has been used, which would
/// cost the memory of all below it, goes to a table instead.
struct PickleMemo {
  private var dense: [PickleMachine.Item?] = []
  private var sparse: [Int: PickleMachine.Item] = [:]

  /// How many entries there are, which is the number that MEMOIZE gives its entry.
  private(set) var count = 0

  subscript(index: Int) -> PickleMachine.Item? {
    get {
      if index < dense.count, let item = dense[index] { return item }
      return sparse.isEmpty ? nil : sparse[index]
    }
    set {
      if index >= dense.count {
        guard index <= 2 * count + 16 else {
          if sparse.updateValue(newValue!, forKey: index) == nil { count += 1 }
          return
        }
        while dense.count <= index { dense.append(nil) }
      }
      if dense[index] == nil && (sparse.isEmpty || sparse.removeValue(forKey: index) == nil) { count += 1 }
      dense[index] = newValue
    }
  }
}

import ImageStoreCore

extension PickleMachine {
  /// The values an item leads to, each node turned once and then shared.
  ///
  /// - Throws: ``StoreError/Code/corrupt`` for a cycle or an array never built;
  ///   ``StoreError/Code/limitExceeded`` for nesting deeper, or shared references that stand for more
  ///   values, than ``PickleLimits`` allow.
  func value(of item: Item) throws(StoreError) -> PickleValue {
    var resolver = Resolver(machine: self)
    return try resolver.value(of: item, depth: 0).value
  }

  /// Where a stretch is, as the result says it.
  func resolve(_ stretch: Stretch) -> PickleBytes {
    switch stretch {
    case .source(let range): .source(range)
    case .owned(let index): .owned(owned[index])
    }
  }

  private struct Resolved {
    var value: PickleValue
    /// How many values it is once every reference is followed.
    var size = 1
    /// How many levels of nodes it has.
    var height = 0
  }

  private struct Resolver {
    enum State {
      case untouched, underway
      case done(Resolved)
    }
    let machine: PickleMachine
    var states: [State]

    init(machine: PickleMachine) {
      self.machine = machine
      states = Array(repeating: .untouched, count: machine.nodes.count)
    }

    mutating func value(of item: Item, depth: Int) throws(StoreError) -> Resolved {
      if case .node(let index) = item { return try value(ofNode: index, depth: depth + 1) }
      return Resolved(value: try leaf(item))
    }

    private func leaf(_ item: Item) throws(StoreError) -> PickleValue {
      switch item {
      case .none: return .none
      case .bool(let bool): return .bool(bool)
      case .int(let int): return .int(int)
      case .float(let float): return .float(float)
      case .bytes(let stretch): return .bytes(machine.resolve(stretch))
      case .text(let stretch): return .string(machine.resolve(stretch))
      case .global(let global):
        throw StoreError(
          .unsupported, "the pickle holds \(global.name) itself as a value",
          remedy: "this package reads data and runs no code from a pickle; save the arrays with numpy.save")
      case .mark, .node: throw StoreError(.corrupt, "the pickle has a MARK in place of a value")
      }
    }

    private mutating func value(ofNode index: Int, depth: Int) throws(StoreError) -> Resolved {
      let limits = machine.limits
      switch states[index] {
      case .underway: throw StoreError(.corrupt, "the pickle holds a list, tuple or dictionary within itself")
      case .done(let resolved):
        try check(depth: depth + resolved.height)
        return resolved
      case .untouched: break
      }
      try check(depth: depth)
      states[index] = .underway
      let node = machine.nodes[index]
      var values: [PickleValue] = []
      values.reserveCapacity(node.items.count)
      var size = 1
      var height = 0
      for item in node.items {
        if case .node(let index) = item {
          let child = try value(ofNode: index, depth: depth + 1)
          values.append(child.value)
          size += child.size
          height = max(height, child.height)
        } else {
          values.append(try leaf(item))
          size += 1
        }
        guard size <= limits.valueCount else {
          throw StoreError(
            .limitExceeded, "the pickle's shared references expand to more than \(limits.valueCount) values")
        }
      }
      let resolved = Resolved(value: try assemble(node.kind, values), size: size, height: height + 1)
      states[index] = .done(resolved)
      return resolved
    }

    private func check(depth: Int) throws(StoreError) {
      guard depth <= machine.limits.depth else {
        throw StoreError(.limitExceeded, "the pickle nests deeper than \(machine.limits.depth) levels")
      }
    }

    private func assemble(_ kind: Node.Kind, _ values: [PickleValue]) throws(StoreError) -> PickleValue {
      switch kind {
      case .list: return .list(values)
      case .tuple: return .tuple(values)
      case .dictionary: return .dictionary(entries(values))
      case .object: return .object(className: Global.cifarImage.name, attributes: entries(values))
      case .array(let array): return .array(array)
      case .unbuiltArray: throw StoreError(.corrupt, "the pickle holds an array that BUILD never fills")
      case .dtype: throw StoreError(.unsupported, "the pickle holds a dtype as a value")
      }
    }

    private func entries(_ values: [PickleValue]) -> [PickleValue.Entry] {
      stride(from: 0, to: values.count, by: 2).map {
        PickleValue.Entry(key: values[$0], value: values[$0 + 1])
      }
    }
  }
}

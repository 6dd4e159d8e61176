import ImageStoreCore

extension PickleMachine {
  /// `dtype("u1", False, True)`: a kind and a size; BUILD may add the byte order.
  mutating func makeDtype(_ arguments: [Item]) throws(StoreError) {
    guard (1...3).contains(arguments.count), let description = text(arguments[0]) else {
      throw cursor.refused("makes a dtype from something other than its name")
    }
    let order = description.first.flatMap { "<>=|".contains($0) ? $0 : nil }
    let name = order == nil ? description[...] : description.dropFirst()
    guard let type = Self.sampleTypes[String(name)] else {
      throw cursor.refused("makes the dtype '\(description)'; numbers of 1, 2, 4 and 8 bytes are read")
    }
    push(Node(kind: .dtype(type, isBigEndian: order == ">", isBuilt: false)))
  }

  /// The state of a dtype: a version, the byte order, subarray, names and fields (none, or it is not a
  /// number), then size and alignment, which say nothing of a number.
  mutating func buildDtype(_ index: Int, _ type: ElementType, state: [Item]) throws(StoreError) {
    guard state.count >= 5, case .none = state[2], case .none = state[3], case .none = state[4],
      let order = text(state[1]), order.count == 1, "<>=|".contains(order)
    else { throw cursor.refused("builds a dtype that is not a plain number type") }
    nodes[index].kind = .dtype(type, isBigEndian: order == ">", isBuilt: true)
  }

  /// The meaning of a dtype on the stack.
  func sampleType(_ item: Item) throws(StoreError) -> (ElementType, isBigEndian: Bool) {
    guard case .node(let index) = item, case .dtype(let type, let isBigEndian, _) = nodes[index].kind
    else { throw cursor.refused("takes something that is not a dtype as one") }
    return (type, isBigEndian)
  }

  private static let sampleTypes: [String: ElementType] = [
    "b1": .bool, "u1": .uint8, "u2": .uint16, "u4": .uint32, "u8": .uint64, "i1": .int8, "i2": .int16,
    "i4": .int32, "i8": .int64,
    "f2": .float16, "f4": .float32, "f8": .float64,
  ]
}

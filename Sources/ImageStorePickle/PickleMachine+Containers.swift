import ImageStoreCore

extension PickleMachine {
  /// Performs an instruction that makes or fills a list, tuple or dictionary; false for any other.
  mutating func fillContainer(_ opcode: Opcode) throws(StoreError) -> Bool {
    switch opcode {
    case .emptyList: push(Node(kind: .list))
    case .emptyTuple: push(Node(kind: .tuple))
    case .emptyDict: push(Node(kind: .dictionary))
    case .list: push(Node(kind: .list, items: try popToMark()))
    case .tuple: push(Node(kind: .tuple, items: try popToMark()))
    case .dict: push(Node(kind: .dictionary, items: try pairs(popToMark())))
    case .tuple1: try pushTuple(1)
    case .tuple2: try pushTuple(2)
    case .tuple3: try pushTuple(3)
    case .append:
      let item = try pop()
      try extendList([item])
    case .appends: try extendList(popToMark())
    case .setitem:
      let value = try pop()
      let key = try pop()
      try extendDictionary([key, value])
    case .setitems: try extendDictionary(pairs(popToMark()))
    default: return false
    }
    return true
  }

  private mutating func pushTuple(_ count: Int) throws(StoreError) {
    var items: [Item] = []
    for _ in 0..<count { items.append(try pop()) }
    items.reverse()
    push(Node(kind: .tuple, items: items))
  }

  private mutating func extendList(_ items: [Item]) throws(StoreError) {
    guard case .node(let index) = try top(), case .list = nodes[index].kind else {
      throw cursor.refused("appends to something that is not a list")
    }
    nodes[index].items += items
  }

  private mutating func extendDictionary(_ items: [Item]) throws(StoreError) {
    guard case .node(let index) = try top(), case .dictionary = nodes[index].kind else {
      throw cursor.refused("sets items of something that is not a dictionary")
    }
    nodes[index].items += items
  }

  private func pairs(_ items: [Item]) throws(StoreError) -> [Item] {
    guard items.count.isMultiple(of: 2) else { throw cursor.corrupt("has a key without a value") }
    return items
  }
}

import ImageStoreCore

/// The stack machine that pickles are programs of, without anything that could call, import or make
/// an object: names are symbols from an allow-list, and only numpy's way of spelling an array has a
/// meaning.
///
/// Lists and other values with identity are nodes that values refer to by number, so that a shared
/// reference costs nothing and a cycle is seen before anyone walks it.
struct PickleMachine {
  /// A value on the stack.
  enum Item {
    case mark
    case none
    case bool(Bool)
    case int(Int)
    case float(Double)
    case bytes(Stretch)
    case text(Stretch)
    case global(Global)
    case node(Int)
  }

  /// Bytes of the source, or of ``owned`` by number.
  enum Stretch {
    case source(Range<Int>)
    case owned(Int)
  }

  /// A value with identity: its kind and, for a container, its contents (keys and values by turns
  /// for a dictionary and an object).
  struct Node {
    enum Kind {
      case list
      case tuple
      case dictionary
      case dtype(ElementType, isBigEndian: Bool, isBuilt: Bool)
      /// An array whose BUILD is still to come.
      case unbuiltArray
      // Apart, so that the many nodes that are not arrays are small.
      indirect case array(PickleArray)
      case object(isBuilt: Bool)
    }
    var kind: Kind
    var items: [Item] = []
  }

  var cursor: PickleCursor
  let limits: PickleLimits
  var stack: [Item] = []
  var nodes: [Node] = []
  var owned: [[UInt8]] = []
  /// Bytes read to decode them, and items that were copied.
  private var decodedByteCount = 0
  private var copiedItemCount = 0
  private var memo = PickleMemo()

  init(_ cursor: PickleCursor, limits: PickleLimits) {
    self.cursor = cursor
    self.limits = limits
  }

  /// Runs the program to STOP and answers its result.
  mutating func run() throws(StoreError) -> Item {
    var opcodeCount = 0
    while true {
      let opcode = try cursor.next()
      opcodeCount += 1
      guard opcodeCount <= limits.opcodeCount else {
        throw cursor.beyondLimit("is beyond the \(limits.opcodeCount) a pickle may have")
      }
      if opcode == .stop { break }
      if try !pushScalar(opcode), try !fillContainer(opcode) { try perform(opcode) }
      guard nodes.count <= limits.nodeCount else {
        throw cursor.beyondLimit("makes more than \(limits.nodeCount) containers and objects")
      }
    }
    let result = try pop()
    guard stack.isEmpty else {
      throw cursor.corrupt("leaves \(stack.count) values on the stack in addition to the result")
    }
    guard cursor.offset == cursor.count else {
      throw cursor.corrupt("is followed by \(cursor.count - cursor.offset) bytes")
    }
    // The result needs neither.
    stack = []
    memo = PickleMemo()
    return result
  }

  // Numbers and strings come first: nearly all instructions of a batch are these.
  @inline(__always)
  private mutating func pushScalar(_ opcode: Opcode) throws(StoreError) -> Bool {
    switch opcode {
    case .binint1: stack.append(.int(Int(try cursor.number(UInt8.self))))
    case .binint2: stack.append(.int(Int(try cursor.number(UInt16.self))))
    case .binint: stack.append(.int(Int(try cursor.number(Int32.self))))
    case .shortBinstring, .shortBinbytes:
      stack.append(.bytes(.source(try cursor.take(Int(cursor.number(UInt8.self))))))
    case .binbytes: stack.append(.bytes(.source(try cursor.take(Int(cursor.number(UInt32.self))))))
    case .binstring: stack.append(.bytes(.source(try cursor.take(Int(cursor.number(Int32.self))))))
    case .binbytes8, .bytearray8: stack.append(.bytes(.source(try cursor.take(cursor.length()))))
    case .shortBinunicode: stack.append(.text(.source(try cursor.take(Int(cursor.number(UInt8.self))))))
    case .binunicode: stack.append(.text(.source(try cursor.take(Int(cursor.number(UInt32.self))))))
    case .binunicode8: stack.append(.text(.source(try cursor.take(cursor.length()))))
    case .binput: try remember(Int(cursor.number(UInt8.self)))
    case .longBinput: try remember(Int(cursor.number(UInt32.self)))
    case .memoize: try remember(memo.count)
    case .binget: try recall(Int(cursor.number(UInt8.self)))
    case .longBinget: try recall(Int(cursor.number(UInt32.self)))
    case .none: stack.append(.none)
    case .newtrue: stack.append(.bool(true))
    case .newfalse: stack.append(.bool(false))
    case .binfloat: stack.append(.float(Double(bitPattern: try cursor.number(UInt64.self).byteSwapped)))
    default: return false
    }
    return true
  }

  private mutating func perform(_ opcode: Opcode) throws(StoreError) {
    switch opcode {
    case .proto:
      let version = try cursor.number(UInt8.self)
      guard version <= 5 else { throw cursor.refused("asks for protocol \(version); 0 to 5 are known") }
    case .frame: try cursor.beginFrame(cursor.length())
    case .mark: stack.append(.mark)
    case .pop:
      guard stack.popLast() != nil else { throw cursor.corrupt("finds the stack empty") }
    case .popMark: _ = try popToMark()
    case .dup: stack.append(try top())
    case .global:
      let module = try cursor.takeLine()
      let name = try cursor.takeLine()
      try pushGlobal(module: cursor.excerpt(module), name: cursor.excerpt(name))
    case .stackGlobal: try stackGlobal()
    case .reduce: try reduce()
    case .newobj: try makeObject()
    case .build: try build()
    case .int, .long, .float, .string, .unicode: try pushText(opcode)
    case .long1: try pushLong(cursor.take(Int(cursor.number(UInt8.self))))
    case .long4: try pushLong(cursor.take(Int(cursor.number(Int32.self))))
    case .get: try recall(memoIndex())
    case .put: try remember(memoIndex())
    case .inst:
      let module = try cursor.takeLine()
      let name = try cursor.takeLine()
      throw cursor.refused("calls \(cursor.excerpt(module)).\(cursor.excerpt(name))")
    case .nextBuffer, .readonlyBuffer:
      throw cursor.refused("takes a buffer from outside the file")
    default: throw cursor.refused("is not allowed, because data does not need it")
    }
  }
}

extension PickleMachine {
  /// The last value, taken off the stack.
  mutating func pop() throws(StoreError) -> Item {
    switch stack.popLast() {
    case nil: throw cursor.corrupt("finds the stack empty")
    case .mark: throw cursor.corrupt("finds a MARK in place of a value")
    case let item?: return item
    }
  }

  /// The last value.
  func top() throws(StoreError) -> Item {
    switch stack.last {
    case nil: throw cursor.corrupt("finds the stack empty")
    case .mark: throw cursor.corrupt("finds a MARK in place of a value")
    case let item?: return item
    }
  }

  /// Where the values after the last MARK begin.
  func positionAfterMark() throws(StoreError) -> Int {
    var position = stack.count
    while position > 0 {
      if case .mark = stack[position - 1] { return position }
      position -= 1
    }
    throw cursor.corrupt("finds no MARK")
  }

  /// The values after the last MARK, taken off the stack with it.
  mutating func popToMark() throws(StoreError) -> [Item] {
    let start = try positionAfterMark()
    let items = Array(stack[start...])
    stack.removeLast(items.count + 1)
    return items
  }

  /// Makes a node and pushes it.
  mutating func push(_ node: Node) {
    nodes.append(node)
    stack.append(.node(nodes.count - 1))
  }

  /// Keeps bytes that are encoded in the source.
  mutating func own(_ bytes: [UInt8]) -> Stretch {
    owned.append(bytes)
    return .owned(owned.count - 1)
  }

  /// Counts bytes that are about to be decoded, or searched for parts to decode.
  ///
  /// Decoding the same source again and again could ask for any time and memory; no honest pickle needs
  /// more than its text decoded twice, a byte of which takes at most two.
  mutating func countDecoding(_ byteCount: Int) throws(StoreError) {
    decodedByteCount += byteCount
    guard decodedByteCount <= 4 * cursor.count else {
      throw cursor.beyondLimit("decodes more than four times the pickle's own size")
    }
  }

  /// Counts items that two nodes are about to have each for itself, for the same reason.
  mutating func countCopying(_ itemCount: Int) throws(StoreError) {
    copiedItemCount += itemCount
    guard copiedItemCount <= limits.valueCount else {
      throw cursor.beyondLimit("copies more than \(limits.valueCount) values")
    }
  }

  private mutating func remember(_ index: Int) throws(StoreError) {
    memo[index] = try top()
  }

  private mutating func recall(_ index: Int) throws(StoreError) {
    guard let item = memo[index] else {
      throw cursor.corrupt("asks for memo entry \(index), which does not exist")
    }
    stack.append(item)
  }
}

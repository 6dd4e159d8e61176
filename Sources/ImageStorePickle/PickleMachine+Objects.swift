import ImageStoreCore

// The instructions that in Python import, call and build. Here they know the few forms in which numpy
// spells an array, a dtype, a number and bytes, and the record CIFAR_Image.

extension PickleMachine {
  mutating func pushGlobal(module: String, name: String) throws(StoreError) {
    guard let global = Global(module: module, name: name) else {
      throw cursor.refused("names \(module).\(name)")
    }
    stack.append(.global(global))
  }

  mutating func stackGlobal() throws(StoreError) {
    let name = try pop()
    let module = try pop()
    guard case .text(let nameText) = name, case .text(let moduleText) = module else {
      throw cursor.refused("takes a name that is not text")
    }
    try pushGlobal(module: excerpt(moduleText), name: excerpt(nameText))
  }

  mutating func reduce() throws(StoreError) {
    let arguments = try items(ofTuple: pop())
    let callee = try pop()
    guard case .global(let global) = callee else {
      throw cursor.refused("calls something that is not a name")
    }
    switch global {
    case .reconstruct: try reconstruct(arguments)
    case .dtype: try makeDtype(arguments)
    case .scalar: try makeScalar(arguments)
    case .frombuffer: try fromBuffer(arguments)
    case .encode: try encode(arguments)
    case .ndarray, .cifarImage: throw cursor.refused("calls \(global.name)")
    }
  }

  /// NEWOBJ: an object without attributes yet.
  mutating func makeObject() throws(StoreError) {
    let arguments = try items(ofTuple: pop())
    let type = try pop()
    guard case .global(let global) = type else {
      throw cursor.refused("makes an object of something that is not a class")
    }
    guard case .cifarImage = global, arguments.isEmpty else {
      throw cursor.refused("makes a \(global.name)")
    }
    push(Node(kind: .object(isBuilt: false)))
  }

  mutating func build() throws(StoreError) {
    let state = try pop()
    guard case .node(let index) = try top() else {
      throw cursor.refused("builds something that is not an object")
    }
    switch nodes[index].kind {
    case .dtype(let type, _, isBuilt: false): try buildDtype(index, type, state: items(ofTuple: state))
    case .unbuiltArray: try buildArray(index, state: items(ofTuple: state))
    case .object(isBuilt: false):
      guard case .node(let attributes) = state, case .dictionary = nodes[attributes].kind else {
        throw cursor.refused("gives an object a state that is not a dictionary")
      }
      try countCopying(nodes[attributes].items.count)
      nodes[index] = Node(kind: .object(isBuilt: true), items: nodes[attributes].items)
    default: throw cursor.refused("builds an object that takes no state")
    }
  }

  /// `_reconstruct(ndarray, (0,), b"b")`: the arguments say nothing, BUILD has it all.
  private mutating func reconstruct(_ arguments: [Item]) throws(StoreError) {
    guard arguments.count == 3, case .global(.ndarray) = arguments[0],
      case .node(let shape) = arguments[1], case .tuple = nodes[shape].kind
    else { throw cursor.refused("reconstructs something other than a numpy array") }
    push(Node(kind: .unbuiltArray))
  }

  /// The state of an array: a version (1), shape, dtype, whether in Fortran order, bytes.
  private mutating func buildArray(_ index: Int, state: [Item]) throws(StoreError) {
    guard state.count == 5, case .int(1) = state[0], case .bool(let isFortranOrder) = state[3] else {
      throw cursor.refused("builds an array from a state whose version is not 1")
    }
    guard case .bytes(let bytes) = state[4] else {
      throw cursor.refused("builds an array from values that are not bytes, such as objects")
    }
    nodes[index].kind = .array(
      try array(bytes, dtype: state[2], shape: state[1], isFortranOrder: isFortranOrder))
  }

  /// `_frombuffer(bytes, dtype, shape, "C" or "F")`.
  private mutating func fromBuffer(_ arguments: [Item]) throws(StoreError) {
    guard arguments.count == 4, case .bytes(let bytes) = arguments[0],
      let order = text(arguments[3]), order == "C" || order == "F"
    else { throw cursor.refused("makes an array from something other than bytes in order C or F") }
    let array = try array(
      bytes, dtype: arguments[1], shape: arguments[2], isFortranOrder: order == "F")
    push(Node(kind: .array(array)))
  }

  private func array(
    _ bytes: Stretch, dtype: Item, shape: Item, isFortranOrder: Bool
  ) throws(StoreError) -> PickleArray {
    let (type, isBigEndian) = try sampleType(dtype)
    var extents: [Int] = []
    var byteCount = type.byteCount
    for item in try items(ofTuple: shape) {
      guard case .int(let extent) = item, extent >= 0 else {
        throw cursor.corrupt("builds an array whose shape has something other than whole numbers from 0")
      }
      let (product, overflow) = byteCount.multipliedReportingOverflow(by: extent)
      guard !overflow else { throw cursor.corrupt("builds an array larger than memory") }
      byteCount = product
      extents.append(extent)
    }
    guard extents.count <= 32 else { throw cursor.corrupt("builds an array of \(extents.count) axes") }
    let contents = resolve(bytes)
    guard contents.count == byteCount else {
      throw cursor.corrupt(
        "builds a \(type.name) array of shape \(extents) from \(contents.count) bytes; it takes \(byteCount)")
    }
    return PickleArray(
      elementType: type, isBigEndian: isBigEndian, shape: extents, isFortranOrder: isFortranOrder,
      bytes: contents)
  }

  /// `scalar(dtype, bytes)`, which becomes a plain number.
  private mutating func makeScalar(_ arguments: [Item]) throws(StoreError) {
    guard arguments.count == 2, case .bytes(let stretch) = arguments[1] else {
      throw cursor.refused("makes a number from something other than a dtype and bytes")
    }
    let (type, isBigEndian) = try sampleType(arguments[0])
    let bits = try unsafe withBytes(of: stretch) { (bytes) throws(StoreError) -> Int in
      guard bytes.count == type.byteCount else {
        throw cursor.corrupt("makes a \(type.name) from \(bytes.count) bytes")
      }
      return decodeInteger(type, isBigEndian: isBigEndian, size: bytes.count) { unsafe bytes[$0] }
    }
    switch type {
    case .bool: stack.append(.bool(bits != 0))
    case .float64: stack.append(.float(Double(bitPattern: UInt64(bitPattern: Int64(bits)))))
    case .float32:
      stack.append(.float(Double(Float(bitPattern: UInt32(truncatingIfNeeded: bits)))))
    case .float16: throw cursor.refused("makes a float16 number")
    default: stack.append(.int(bits))
    }
  }

  /// `encode(text, "latin1")`: bytes, one a character.
  private mutating func encode(_ arguments: [Item]) throws(StoreError) {
    guard arguments.count == 2, case .text(let stretch) = arguments[0],
      let codec = text(arguments[1]), codec == "latin1" || codec == "latin-1"
    else { throw cursor.refused("encodes something other than text as latin1") }
    try countDecoding(resolve(stretch).count)
    let decoded = try unsafe withBytes(of: stretch) { (text) throws(StoreError) in
      try unsafe latin1(text)
    }
    guard let decoded else {
      stack.append(.bytes(stretch))
      return
    }
    stack.append(.bytes(own(decoded)))
  }

  /// The characters of a UTF-8 text as bytes, or nil if they are the same bytes.
  private func latin1(_ text: UnsafeRawBufferPointer) throws(StoreError) -> [UInt8]? {
    guard unsafe text.contains(where: { $0 >= 0x80 }) else { return nil }
    var decoded: [UInt8] = []
    decoded.reserveCapacity(text.count)
    var position = 0
    while position < text.count {
      let byte = unsafe text[position]
      position += 1
      guard byte >= 0x80 else {
        decoded.append(byte)
        continue
      }
      // U+0080 to U+00FF are C2 or C3 and one more byte.
      let next = unsafe position < text.count ? text[position] : 0
      guard byte & 0xFE == 0xC2, next & 0xC0 == 0x80 else {
        throw cursor.corrupt("encodes text as latin1 that has other characters")
      }
      decoded.append(byte << 6 | next & 0x3F)
      position += 1
    }
    return decoded
  }
}

extension PickleMachine {
  /// The contents of a tuple.
  func items(ofTuple item: Item) throws(StoreError) -> [Item] {
    guard case .node(let index) = item, case .tuple = nodes[index].kind else {
      throw cursor.refused("takes arguments that are not a tuple")
    }
    return nodes[index].items
  }

  /// Lends the bytes of a stretch.
  func withBytes<Result>(
    of stretch: Stretch, _ body: (UnsafeRawBufferPointer) throws(StoreError) -> Result
  ) throws(StoreError) -> Result {
    switch stretch {
    case .source(let range): return try unsafe body(cursor.bytes(range))
    case .owned(let index):
      let bytes = owned[index]
      return try unsafe bytes.span.bytes.withUnsafeBytes(body)
    }
  }

  /// A short string of either Python.
  func text(_ item: Item) -> String? {
    switch item {
    case .bytes(let stretch), .text(let stretch): excerpt(stretch)
    default: nil
    }
  }

  private func excerpt(_ stretch: Stretch) -> String {
    switch stretch {
    case .source(let range): cursor.excerpt(range)
    case .owned(let index): String(decoding: owned[index].prefix(80), as: UTF8.self)
    }
  }
}
